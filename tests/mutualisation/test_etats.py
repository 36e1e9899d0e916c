"""Every (state, act, role) cell of mutualisation.etats, played against the workflows; docs/etats.md says the same."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.etats import (
    ARBITRAGE,
    ARRET,
    CONVENTION,
    CYCLE,
    DECISIONS,
    DEPOT,
    EFFET_AC,
    EFFETS,
    ETAPE,
    EVALUATION,
    TABLES,
    Table,
)
from mutualisation.management.commands.etats import document, target
from mutualisation.models import (
    Convention,
    Cycle,
    Declaration,
    EffetAC,
    Evaluation,
    EvaluationDelegation,
    Ligne,
)
from mutualisation.models.cycle import DATES
from mutualisation.workflows.arret import confirm_for_commune, confirm_for_epci, reopen
from mutualisation.workflows.complement import Reponse, answer_completion, ask_completion
from mutualisation.workflows.convention import follow_convention
from mutualisation.workflows.cycle import close_cycle, open_cycle
from mutualisation.workflows.declaration import withdraw_declaration
from mutualisation.workflows.etude import Travail, cost_effect, study, study_of
from mutualisation.workflows.evaluation import observe_evaluation, validate_evaluation
from mutualisation.workflows.instruction import arbitrate, mark_receivable
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import (
    ConventionFactory,
    DemandeComplementFactory,
    DocumentFactory,
    EffetACFactory,
    EtudeFactory,
    EvaluationFactory,
    LigneFactory,
    Monde,
    activite,
    fresh,
    holder,
)
from tests.mutualisation.gestes import submit
from tests.mutualisation.gestes_instruction import AFTER, fill

Play = Callable[[Any, Personne], Any]


@pytest.fixture
def people(monde: Monde) -> dict[Role, Personne]:
    """One person for each role, all of commune A and of the domain DA where it matters."""
    agent = holder(Role.AGENT, monde.epci, nom="Agent")
    return {
        Role.ADMINISTRATEUR: monde.administrateur,
        Role.DIRECTION_TERRITOIRES: monde.direction,
        Role.DIRECTEUR_POLE: monde.directeur,
        Role.RESPONSABLE_SERVICE: monde.responsable,
        Role.DGS: monde.a.dgs,
        Role.MAIRE: monde.a.maire,
        Role.REFERENT_COMMUNAL: monde.a.referent,
        Role.LECTEUR: monde.a.lecteur,
        Role.COLLABORATEUR: monde.a.collaborateur,
        Role.AGENT: agent,
        Role.SERVICE: monde.service,
    }


@pytest.fixture
def ligne(monde: Monde, at_time: Any) -> Ligne:
    """A line of A in the domain DA, submitted, the campaign over."""
    Declaration.objects.filter(pk=monde.a.declaration.pk).update(
        etat="deposee",
        deposee_at=horloge.now(),
        deposee_par=monde.a.dgs,
        accuse=DocumentFactory(emis=True, epci=monde.epci, commune=monde.a.commune),
    )
    declaration = Declaration.objects.get(pk=monde.a.declaration.pk)
    at_time(AFTER)
    return LigneFactory(declaration=declaration, activite=activite(monde.epci, "DA-02"))


def walk(
    table: Table, people: dict[Role, Personne], put: Callable[[str], Any], plays: dict[str, Play]
) -> None:
    """Play each act in each state by each role, and compare with the table; what was written is undone."""
    assert set(plays) == {one.acte for one in table.transitions}
    wrong = []
    for acte, play in plays.items():
        for source in table.etats:
            for role, who in people.items():
                expected = table.allows(acte, source) and role in table.transition(acte).roles
                if _possible(put, source, play, fresh(who)) != expected:
                    wrong.append((acte, str(source), str(role), expected))
    assert wrong == []


def _possible(put: Callable[[str], Any], source: str, play: Play, who: Personne) -> bool:
    with transaction.atomic():
        done = True
        try:
            play(put(source), who)
        except (Refus, ActionInterdite):
            done = False
        transaction.set_rollback(True)
    return done


def test_arbitrage(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> Ligne:
        decided = source not in ("a_instruire", "sans_objet")
        facts = {"arbitree_at": horloge.now(), "arbitrage_motif": "Motif."} if decided else {}
        Ligne.objects.filter(pk=ligne.pk).update(arbitrage=source, **facts)
        return Ligne.objects.get(pk=ligne.pk)

    def decide(decision: str) -> Play:
        def play(found: Ligne, who: Personne) -> None:
            arbitrate(ligne=found, acteur=who, decision=decision, motif="Autre motif.", qualite="x")

        return play

    def choose(kept: bool, expected: str) -> Play:
        def play(found: Ligne, who: Personne) -> None:
            confirm_for_commune(
                declaration=found.declaration,
                acteur=who,
                qualite="x",
                vues={found.pk: found.version},
                gardees=[found.pk] if kept else [],
            )
            before, after = found.arbitrage, Ligne.objects.get(pk=found.pk).arbitrage
            if (before, after) == (after, before) or after != expected:
                raise Refus("nothing moved")

        return play

    plays: dict[str, Play] = {acte: decide(decision) for decision, acte in DECISIONS.items()}
    plays |= {"retirer": choose(False, "abandonnee"), "reprendre": choose(True, "a_instruire")}
    walk(ARBITRAGE, people, put, plays)


def test_etape(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> Ligne:
        Ligne.objects.filter(pk=ligne.pk).update(etape=source)
        if source == "a_completer":
            DemandeComplementFactory(ligne=ligne)
        if source == "etudiee":
            EtudeFactory(ligne=ligne, avis="favorable")
        return Ligne.objects.get(pk=ligne.pk)

    def moved(act: Callable[[Ligne, Personne], Any]) -> Play:
        """What leaves the step where it was is no act."""

        def play(found: Ligne, who: Personne) -> None:
            act(found, who)
            if Ligne.objects.get(pk=found.pk).etape == found.etape:
                raise Refus("nothing moved")

        return play

    def give(avis: str) -> Callable[[Ligne, Personne], Any]:
        def act(found: Ligne, who: Personne) -> None:
            version = study_of(found.declaration, found.domaine).version
            study(
                declaration=found.declaration,
                domaine=found.domaine,
                acteur=who,
                travail=Travail("", "", avis, "", None),
                version=version,
            )

        return act

    def answer(found: Ligne, who: Personne) -> None:
        demande = found.complements.first() or DemandeComplementFactory(ligne=found)
        answer_completion(
            demande=demande, acteur=who, reponse=Reponse("Deux.", "", ""), version=found.version
        )

    walk(
        ETAPE,
        people,
        put,
        {
            "déclarer recevable": moved(lambda found, who: mark_receivable(ligne=found, acteur=who)),
            "demander un complément": moved(
                lambda found, who: ask_completion(ligne=found, acteur=who, texte="Combien ?")
            ),
            "répondre": moved(answer),
            "rendre l'avis": moved(give("favorable")),
            "retirer l'avis": moved(give("")),
        },
    )


def test_depot(monde: Monde, people: dict[Role, Personne]):
    def put(source: str) -> Declaration:
        if source == "deposee":
            submit(Declaration.objects.get(pk=monde.a.declaration.pk), monde.a.dgs)
        return Declaration.objects.get(pk=monde.a.declaration.pk)

    def moved(act: Play) -> Play:
        """A second press is told done, and is no act."""

        def play(found: Declaration, who: Personne) -> None:
            before = found.etat
            if act(found, who).etat == before:
                raise Refus("nothing moved")

        return play

    def withdraw(found: Declaration, who: Personne) -> Declaration:
        return withdraw_declaration(declaration=found, acteur=who, version=found.version)

    walk(DEPOT, people, put, {"déposer": moved(submit), "retirer le dépôt": moved(withdraw)})


def test_arret(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    other = holder(Role.MAIRE, monde.epci, commune=monde.c, nom="Autre")
    Ligne.objects.filter(pk=ligne.pk).update(arbitrage="acceptee", arbitree_at=horloge.now())

    def put(source: str) -> Declaration:
        side = {"at": horloge.now(), "par": other}
        commune = source in ("par_commune", "arrete")
        epci = source in ("par_epci", "arrete")
        facts = {f"arret_commune_{k}": v for k, v in side.items() if commune}
        facts |= {f"arret_epci_{k}": v for k, v in side.items() if epci}
        Declaration.objects.filter(pk=ligne.declaration_id).update(**(facts or {"version": 1}))
        return Declaration.objects.get(pk=ligne.declaration_id)

    def for_commune(found: Declaration, who: Personne) -> None:
        vues = dict(found.lignes.changing().order_by("pk").values_list("pk", "version"))
        confirm_for_commune(declaration=found, acteur=who, qualite="x", vues=vues, gardees=list(vues))

    walk(
        ARRET,
        people,
        put,
        {
            "confirmer pour la commune": for_commune,
            "confirmer pour l'EPCI": lambda found, who: confirm_for_epci(
                declaration=found, acteur=who, qualite="x"
            ),
            "rouvrir": lambda found, who: reopen(declaration=found, acteur=who, motif="Motif."),
        },
    )


def test_evaluation(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> Evaluation:
        traits = {} if source == "a_renseigner" else {source: True}
        found = EvaluationFactory(ligne=ligne, **traits)
        EvaluationDelegation.objects.create(
            evaluation=found,
            personne=people[Role.AGENT],
            deleguee_at=horloge.now(),
            deleguee_par=monde.a.dgs,
        )
        return found

    walk(
        EVALUATION,
        people,
        put,
        {
            "transmettre": fill,
            "renvoyer": lambda found, who: observe_evaluation(
                evaluation=found, acteur=who, version=1, observations="À revoir.", renvoyer=True
            ),
            "valider": lambda found, who: validate_evaluation(evaluation=found, acteur=who, version=1),
        },
    )


def test_effet_ac(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> EffetAC:
        known = {} if source == "non_chiffre" else {"chiffre": True, "etat": source}
        found: EffetAC = EffetACFactory(ligne=ligne, **known)
        return found

    def pass_to(etat: str) -> Play:
        def play(found: EffetAC, who: Personne) -> None:
            cost_effect(
                declaration=ligne.declaration,
                domaine=ligne.domaine,
                acteur=who,
                etat=etat,
                fonctionnement=Decimal(2000),
                investissement=Decimal(10),
                motif="Motif.",
            )

        return play

    walk(EFFET_AC, people, put, {acte: pass_to(etat) for etat, acte in EFFETS.items()})


def test_cycle(monde: Monde, people: dict[Role, Personne]):
    cycle = monde.cycle_futur
    days = {  # the day of the cycle that is today in each state
        "a_ouvrir": cycle.ouverture_on,
        "ouvert": cycle.declaration_debut_on,
        "en_vigueur": cycle.effective_on,
        "clos": cycle.effective_on,
    }

    def put(source: str) -> Cycle:
        Cycle.objects.filter(pk=cycle.pk).update(**_facts(cycle, source, monde.epci.today - days[source]))
        return Cycle.objects.get(pk=cycle.pk)

    def moved(act: Callable[..., Cycle], fact: str) -> Play:
        """A second press is told done, and is no act."""

        def play(found: Cycle, who: Personne) -> None:
            before = getattr(found, fact)
            if getattr(act(cycle=found, acteur=who), fact) == before:
                raise Refus("nothing moved")

        return play

    walk(
        CYCLE, people, put, {"ouvrir": moved(open_cycle, "ouvert_at"), "clore": moved(close_cycle, "clos_at")}
    )


def _facts(cycle: Cycle, state: str, shift: timedelta) -> dict[str, Any]:
    """The dates of a cycle moved together, and its two acts."""
    facts: dict[str, Any] = {name: getattr(cycle, name) + shift for name in DATES}
    facts["ouvert_at"] = None if state == "a_ouvrir" else horloge.now()
    facts["clos_at"] = horloge.now() if state == "clos" else None
    return facts


def test_convention(monde: Monde, people: dict[Role, Personne]):
    today = monde.epci.today
    steps = ("approuvee_on", "signee_on", "transmise_on")

    def dates(etat: str) -> dict[str, Any]:
        done = list(Convention.Etat).index(Convention.Etat(etat))
        return {name: today if rank < done else None for rank, name in enumerate(steps)}

    def put(source: str) -> Convention:
        found: Convention = ConventionFactory(
            cycle=monde.cycle_passe, commune=monde.a.commune, **dates(source)
        )
        return found

    def say(etat: str) -> Play:
        def play(found: Convention, who: Personne) -> None:
            before = found.etat
            follow_convention(
                convention=found, acteur=who, version=found.version, numero=found.numero, **dates(etat)
            )
            if Convention.objects.get(pk=found.pk).etat == before:
                raise Refus("nothing moved")

        return play

    walk(CONVENTION, people, put, {f"dire {etat.label}": say(etat) for etat in Convention.Etat})


def test_every_table_is_walked():
    walked = (ARBITRAGE, ETAPE, DEPOT, ARRET, EVALUATION, EFFET_AC, CYCLE, CONVENTION)
    assert sorted(one.nom for one in TABLES) == sorted(one.nom for one in walked)


def test_every_state_is_declared_and_every_target_is_one():
    for table in TABLES:
        for one in table.transitions:
            assert one.roles and one.passages
            assert {*one.passages, *one.passages.values()} <= set(table.etats.values), (table.nom, one.acte)


def test_the_printed_page_is_up_to_date():
    assert target().read_text("utf-8") == document(), "run: python manage.py etats"


def test_an_act_nobody_declared_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        ARBITRAGE.move("oublier", "acceptee")
