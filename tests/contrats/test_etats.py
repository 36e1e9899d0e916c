"""Every (state, act, role) cell of contrats.etats, played against the workflows."""

from collections.abc import Callable
from datetime import date
from typing import Any

from comptes.models import Personne
from comptes.roles import Role
from contrats.etats import CIRCUIT, CLAUSES, LOT, PROGRAMME
from contrats.models import ExemplaireSigne, JeuClauses, LigneProgramme, LotContrats, VersionContrat
from contrats.workflows import circuit, programme
from contrats.workflows.avenant import abandon
from contrats.workflows.clause import publish_clauses
from contrats.workflows.lot import cancel, resume
from contrats.workflows.signature import confirm_signed, refuse_to_sign
from tests.contrats.gestes import ACTS, approve, drafted_clauses_pk, present, to_sign
from tests.contrats.gestes_fiche import planned
from tests.contrats.lots import again, lot_pk
from tests.contrats.test_lot import STATES
from tests.etats import Play, moved, walk, walks
from tests.factories import ExemplaireSigneFactory, Monde

Etat = VersionContrat.Etat
DOCUMENTS = {
    Etat.PROJET: (),
    Etat.EN_RELECTURE: (),
    Etat.ARRETE: ("arrete",),
    Etat.APPROUVE: ("arrete",),
    Etat.A_SIGNER: ("arrete", "a_signer"),
    Etat.SIGNE: ("arrete", "a_signer"),
    Etat.ABANDONNE: (),
}


@walks(CIRCUIT)
def test_circuit(monde: Monde, people: dict[Role, Personne]):
    ready = to_sign(
        monde
    )  # every fiche written, both documents issued, both assemblies heard, a president named
    issued = {"arrete": ready.arrete, "a_signer": ready.a_signer}
    exemplaire = ExemplaireSigneFactory(
        version_contrat=ready, document=ready.a_signer, piece__deposee_par=monde.direction
    )

    assert set(DOCUMENTS) == set(Etat), "say in DOCUMENTS which documents each state holds"

    def put(source: str) -> VersionContrat:
        documents = {
            name: found if name in DOCUMENTS[Etat(source)] else None for name, found in issued.items()
        }
        VersionContrat.objects.filter(pk=ready.pk).update(etat=source, **documents)
        if source == Etat.ARRETE:
            ready.approbations.all().delete()
        return present(ready)

    walk(CIRCUIT, people, put, _plays(monde, exemplaire))


def _plays(monde: Monde, exemplaire: ExemplaireSigne) -> dict[str, Play]:
    """The gesture of each act, by its name in the table."""

    def confirm(found: VersionContrat, who: Personne) -> str:
        confirm_signed(
            exemplaire=exemplaire, acteur=who, signe_on=monde.epci.today, motif="Signé sur papier."
        )
        return moved(found.etat, present(found).etat)

    def give_up(found: VersionContrat, who: Personne) -> str:
        """Were it an avenant."""
        VersionContrat.objects.filter(pk=found.pk).update(numero=1)
        done = abandon(version=found, acteur=who, lue=found.version, motif="La commune renonce.")
        return moved(found.etat, done.etat)

    def both_approve(found: VersionContrat, who: Personne) -> str:
        """The EPCI has voted; the deliberation of the commune is recorded."""
        if found.etat == Etat.ARRETE:
            approve(monde, "epci")
        type, numero = ACTS["commune"]
        day = monde.epci.today
        done = circuit.approve(
            version=found,
            acteur=who,
            cote="commune",
            type=type,
            numero=numero,
            adopte_on=day,
            executoire_on=day,
        )
        return moved(found.etat, done.etat)

    def take_act_back(found: VersionContrat, who: Personne) -> str:
        """The EPCI has voted."""
        if found.etat == Etat.ARRETE:
            approve(monde, "epci")
        lue = present(found).version
        done = circuit.withdraw_approval(
            version=found, acteur=who, lue=lue, cote="epci", motif="Faux numéro."
        )
        assert not done.approbations.filter(cote="epci").exists()
        return str(done.etat)

    return {
        "annuler un acte": take_act_back,
        "envoyer en relecture": _pressed(circuit.send_for_review),
        "revenir au projet": _pressed(circuit.take_back),
        "arrêter pour le vote": _pressed(circuit.settle),
        "rouvrir": _pressed(circuit.reopen, motif="Une fiche oubliée."),
        "approuver": both_approve,
        "émettre l'exemplaire à signer": _pressed(circuit.issue_to_sign),
        "confirmer l'exemplaire signé": confirm,
        "abandonner": give_up,
        "refuser de signer": _pressed(refuse_to_sign, cote="commune", motif="La fiche de la voirie."),
    }


def _pressed(act: Callable[..., VersionContrat], **more: Any) -> Play:
    """An act of the circuit, as the page of now would."""

    def play(found: VersionContrat, who: Personne) -> str:
        done: str = act(version=found, acteur=who, lue=found.version, **more).etat
        return done

    return play


@walks(LOT)
def test_lot(monde: Monde, people: dict[Role, Personne]):
    lot = LotContrats.objects.get(**lot_pk(monde))

    def put(source: str) -> LotContrats:
        STATES[source](lot)
        return again(lot)

    def play(act: Callable[..., LotContrats]) -> Play:
        return lambda found, who: moved(found.etat, act(lot=found, acteur=who).etat)

    walk(LOT, people, put, {"annuler": play(cancel), "reprendre": play(resume)})


@walks(CLAUSES)
def test_clauses(monde: Monde, people: dict[Role, Personne]):
    draft = JeuClauses.objects.get(**drafted_clauses_pk(monde))

    def put(source: str) -> JeuClauses:
        if source == JeuClauses.Etat.PUBLIE:
            publish_clauses(jeu=draft, acteur=monde.direction, version=draft.version)
        return JeuClauses.objects.get(pk=draft.pk)

    def publish(found: JeuClauses, who: Personne) -> str:
        done = publish_clauses(jeu=found, acteur=who, version=found.version)
        return moved(found.etat, done.etat)

    walk(CLAUSES, people, put, {"publier": publish})


FACTS: dict[str, dict[str, Any]] = {
    LigneProgramme.Etat.PREVU: {},
    LigneProgramme.Etat.FAIT: {"fait_on": date(2027, 2, 1)},
    LigneProgramme.Etat.REPORTE: {"motif": "Neige.", "report_on": date(2030, 1, 1)},
}


@walks(PROGRAMME)
def test_programme(monde: Monde, people: dict[Role, Personne]):
    ligne = planned(monde)

    def put(source: str) -> LigneProgramme:
        LigneProgramme.objects.filter(pk=ligne.pk).update(etat=source, **FACTS[source])
        return LigneProgramme.objects.get(pk=ligne.pk)

    def postpone(found: LigneProgramme, who: Personne) -> str:
        facts = {"motif": "Pluie.", "report_on": date(2031, 1, 1)}
        done: str = programme.postpone(ligne=found, acteur=who, **facts).etat
        return done

    def play(act: Callable[..., LigneProgramme]) -> Play:
        return lambda found, who: moved(found.etat, act(ligne=found, acteur=who).etat)

    plays = {
        "faire": play(programme.mark_done),
        "reporter": postpone,
        "remettre au programme": play(programme.restore),
    }
    walk(PROGRAMME, people, put, plays)
