"""Every (state, act, role) cell of mutualisation.etats, played against the workflows; docs/etats.md says the same."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

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
    REPRISE,
    etat_of,
    steps_between,
)
from mutualisation.models import (
    Convention,
    Cycle,
    Declaration,
    EffetAC,
    Evaluation,
    EvaluationDelegation,
    Ligne,
    Reprise,
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
from mutualisation.workflows.reprise import cancel, confirm
from socle import horloge, registres
from socle.erreurs import Refus
from socle.etats import Table
from socle.management.commands.etats import document, target
from tests.etats import Play, moved, walk, walked, walks
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
    holder,
)
from tests.mutualisation.feuilles import HAY, Type, deposited
from tests.mutualisation.gestes import submit
from tests.mutualisation.gestes_instruction import AFTER, fill


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


def confirm_keeping(declaration: Declaration, who: Personne, *, kept: bool) -> Declaration:
    """The commune confirms, keeping every line or none."""
    vues = dict(declaration.lignes.changing().order_by("pk").values_list("pk", "version"))
    gardees = list(vues) if kept else []
    return confirm_for_commune(declaration=declaration, acteur=who, qualite="x", vues=vues, gardees=gardees)


@walks(ARBITRAGE)
def test_arbitrage(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> Ligne:
        decided = source not in ("a_instruire", "sans_objet")
        facts = {"arbitree_at": horloge.now(), "arbitrage_motif": "Motif."} if decided else {}
        Ligne.objects.filter(pk=ligne.pk).update(arbitrage=source, **facts)
        return Ligne.objects.get(pk=ligne.pk)

    def decide(decision: str) -> Play:
        def play(found: Ligne, who: Personne) -> str:
            arbitrate(ligne=found, acteur=who, decision=decision, motif="Autre motif.", qualite="x")
            return Ligne.objects.get(pk=found.pk).arbitrage

        return play

    def choose(kept: bool) -> Play:
        def play(found: Ligne, who: Personne) -> str:
            confirm_keeping(found.declaration, who, kept=kept)
            return moved(found.arbitrage, Ligne.objects.get(pk=found.pk).arbitrage)

        return play

    plays: dict[str, Play] = {acte: decide(decision) for decision, acte in DECISIONS.items()}
    plays |= {"retirer": choose(False), "reprendre": choose(True)}
    walk(ARBITRAGE, people, put, plays)


@walks(ETAPE)
def test_etape(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> Ligne:
        Ligne.objects.filter(pk=ligne.pk).update(etape=source)
        if source == "a_completer":
            DemandeComplementFactory(ligne=ligne)
        if source == "etudiee":
            EtudeFactory(ligne=ligne, avis="favorable")
        return Ligne.objects.get(pk=ligne.pk)

    def step(act: Callable[[Ligne, Personne], Any]) -> Play:
        def play(found: Ligne, who: Personne) -> str:
            act(found, who)
            return moved(found.etape, Ligne.objects.get(pk=found.pk).etape)

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
            demande=demande, acteur=who, reponse=Reponse("Deux.", "", "", ""), version=found.version
        )

    def settle(found: Ligne, who: Personne) -> None:
        if who == monde.direction:
            arbitrate(ligne=found, acteur=who, decision="acceptee", motif="", qualite="x")
        else:
            confirm_keeping(found.declaration, who, kept=False)

    walk(
        ETAPE,
        people,
        put,
        {
            "déclarer recevable": step(lambda found, who: mark_receivable(ligne=found, acteur=who)),
            "demander un complément": step(
                lambda found, who: ask_completion(ligne=found, acteur=who, texte="Combien ?")
            ),
            "répondre": step(answer),
            "ne plus attendre": step(settle),
            "rendre l'avis": step(give("favorable")),
            "retirer l'avis": step(give("")),
        },
    )


@walks(DEPOT)
def test_depot(monde: Monde, people: dict[Role, Personne]):
    def put(source: str) -> Declaration:
        if source == "deposee":
            submit(Declaration.objects.get(pk=monde.a.declaration.pk), monde.a.dgs)
        if source == "remplacee":
            Declaration.objects.filter(pk=monde.a.declaration.pk).update(etat=source)
        return Declaration.objects.get(pk=monde.a.declaration.pk)

    def press(act: Callable[[Declaration, Personne], Declaration]) -> Play:
        return lambda found, who: moved(found.etat, act(found, who).etat)

    def withdraw(found: Declaration, who: Personne) -> Declaration:
        return withdraw_declaration(declaration=found, acteur=who, version=found.version)

    walk(DEPOT, people, put, {"déposer": press(submit), "retirer le dépôt": press(withdraw)})


@walks(ARRET)
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

    def asking_again(found: Declaration, who: Personne) -> str:
        Ligne.objects.filter(pk=ligne.pk).update(arbitrage="abandonnee")
        return confirm_keeping(found, who, kept=True).arret

    def decide_otherwise(found: Declaration, who: Personne) -> str:
        arbitrate(ligne=ligne, acteur=who, decision="refusee", motif="Motif.", qualite="x")
        return moved(found.arret, Declaration.objects.get(pk=found.pk).arret)

    def reopened(found: Declaration, who: Personne) -> str:
        return moved(found.arret, reopen(declaration=found, acteur=who, motif="Motif.").arret)

    walk(
        ARRET,
        people,
        put,
        {
            "confirmer pour la commune": lambda found, who: confirm_keeping(found, who, kept=True).arret,
            "confirmer en redemandant une ligne": asking_again,
            "confirmer pour l'EPCI": lambda found, who: (
                confirm_for_epci(declaration=found, acteur=who, qualite="x").arret
            ),
            "changer une décision": decide_otherwise,
            "rouvrir": reopened,
        },
    )


@walks(EVALUATION)
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
            "transmettre": lambda found, who: fill(found, who).code,
            "renvoyer": lambda found, who: (
                observe_evaluation(
                    evaluation=found, acteur=who, version=1, observations="À revoir.", renvoyer=True
                ).code
            ),
            "valider": lambda found, who: (
                validate_evaluation(evaluation=found, acteur=who, version=1, observations="").code
            ),
        },
    )


@walks(EFFET_AC)
def test_effet_ac(monde: Monde, people: dict[Role, Personne], ligne: Ligne):
    def put(source: str) -> EffetAC:
        known = {} if source == "non_chiffre" else {"chiffre": True, "etat": source}
        found: EffetAC = EffetACFactory(ligne=ligne, **known)
        return found

    def pass_to(etat: str) -> Play:
        def play(found: EffetAC, who: Personne) -> str:
            cost_effect(
                declaration=ligne.declaration,
                domaine=ligne.domaine,
                acteur=who,
                etat=etat,
                fonctionnement=Decimal(2000),
                investissement=Decimal(10),
                motif="Motif.",
            )
            return EffetAC.objects.get(pk=found.pk).etat

        return play

    walk(EFFET_AC, people, put, {acte: pass_to(etat) for etat, acte in EFFETS.items()})


@walks(CYCLE)
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

    def press(act: Callable[..., Cycle]) -> Play:
        return lambda found, who: moved(etat_of(found), etat_of(act(cycle=found, acteur=who)))

    walk(CYCLE, people, put, {"ouvrir": press(open_cycle), "clore": press(close_cycle)})


def _facts(cycle: Cycle, state: str, shift: timedelta) -> dict[str, Any]:
    """The dates of a cycle moved together, and its two acts."""
    facts: dict[str, Any] = {name: getattr(cycle, name) + shift for name in DATES}
    facts["ouvert_at"] = None if state == "a_ouvrir" else horloge.now()
    facts["clos_at"] = horloge.now() if state == "clos" else None
    return facts


@walks(CONVENTION)
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

    def shift(steps: int) -> Play:
        def play(found: Convention, who: Personne) -> str:
            order = list(Convention.Etat)
            rank = min(max(order.index(found.etat) + steps, 0), len(order) - 1)
            said = dates(order[rank])
            follow_convention(
                convention=found, acteur=who, version=found.version, numero=found.numero, **said
            )
            return moved(found.etat, Convention.objects.get(pk=found.pk).etat)

        return play

    walk(CONVENTION, people, put, {"dire l'étape suivante": shift(1), "revenir d'une étape": shift(-1)})


@walks(REPRISE)
def test_reprise(monde: Monde, people: dict[Role, Personne], monkeypatch: pytest.MonkeyPatch):
    def put(source: str) -> Reprise:
        row = ["Inconnue" if source == "a_corriger" else HAY, "DA-02", "01/01/2020", "", ""]
        rows = [] if source == "rien" else [row]
        found = deposited(Type.ADHESIONS, monde.epci, monde.direction, *rows)
        if source == "confirmee":
            found.confirmee_at, found.confirmee_par = horloge.now(), monde.direction
            found.save()
        if source in ("ecrite", "annulee"):
            found = confirm(reprise=found, acteur=monde.direction)
        if source == "annulee":
            found = cancel(reprise=found, acteur=monde.direction)
        assert found.etat == source
        return found

    def press(act: Callable[..., Reprise], at_once: int = 100) -> Play:
        def play(found: Reprise, who: Personne) -> str:
            with monkeypatch.context() as patch:
                patch.setattr("mutualisation.workflows.reprise.D_UN_COUP", at_once)
                return moved(found.etat, act(reprise=found, acteur=who).etat)

        return play

    plays = {
        "confirmer": press(confirm),
        "confirmer une grande feuille": press(confirm, 0),
        "annuler": press(cancel),
    }
    walk(REPRISE, people, put, plays)


@pytest.mark.parametrize(("before", "after"), list(permutations(Convention.Etat, 2)))
def test_a_convention_goes_anywhere_by_declared_steps(before: Convention.Etat, after: Convention.Etat):
    acte, etat, passed = steps_between(before, after), before, 0
    while etat != after:
        etat, passed = CONVENTION.move(acte, etat), passed + 1
    assert passed == abs(list(Convention.Etat).index(after) - list(Convention.Etat).index(before))


def test_a_passage_that_is_not_declared_is_refused_by_the_workflow(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
):
    """Take the passages away: what was possible no longer is, so the workflows do read them."""
    submitted = submit(Declaration.objects.get(pk=monde.b.declaration.pk), monde.b.dgs)
    convention = ConventionFactory(cycle=monde.cycle_passe, commune=monde.a.commune)
    monkeypatch.setattr(Table, "allows", lambda table, acte, source: False)
    today = monde.epci.today
    steps = {"approuvee_on": today, "signee_on": None, "transmise_on": None}
    for act in (
        lambda: submit(Declaration.objects.get(pk=monde.a.declaration.pk), monde.a.dgs),
        lambda: withdraw_declaration(declaration=submitted, acteur=monde.b.dgs, version=submitted.version),
        lambda: open_cycle(cycle=monde.cycle_futur, acteur=monde.direction),
        lambda: close_cycle(cycle=monde.cycle_passe, acteur=monde.direction),
        lambda: follow_convention(
            convention=convention, acteur=monde.direction, version=1, numero="1", **steps
        ),
    ):
        with pytest.raises(Refus, match="n'est plus possible"):
            act()


def test_every_table_is_walked():
    """Whatever the floor: its tests stand in tests/<floor>/test_etats.py."""
    for path in Path(__file__).parents[1].glob("*/test_etats.py"):
        if path.parent.name != "navigateur":
            import_module(f"tests.{path.parent.name}.test_etats")
    assert {one.nom for one in registres.tables.gather()} - walked == set(), "no test walks these tables"


def test_every_state_is_declared_and_every_target_is_one():
    for table in registres.tables.gather():
        for one in table.transitions:
            assert one.passages
            assert {*one.passages, *one.passages.values()} <= set(table.etats.values), (table.nom, one.acte)


def test_the_printed_page_is_up_to_date():
    assert target().read_text("utf-8") == document(), "run: python manage.py etats"


def test_an_act_nobody_declared_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        ARBITRAGE.move("oublier", "acceptee")
