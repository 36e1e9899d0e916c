"""Three contracts at once, in one line each."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from comptes.roles import Role
from contrats.lots import foresee
from contrats.models import Engagement, LotContrats, VersionContrat
from contrats.workflows import circuit
from contrats.workflows.contrat import prepare_contract
from contrats.workflows.lot import Choix, launch, run_lot
from journal.models import Tache
from tests.contrats.gestes import ACTS, move, president, written
from tests.factories import (
    AdhesionFactory,
    LigneLotFactory,
    LotContratsFactory,
    Monde,
    activite,
    fresh,
    holder,
)

DAY = date(2028, 1, 1)
Acte = LotContrats.Acte


def three(monde: Monde) -> list[VersionContrat]:
    """The drafts of A, B and C for 1 January 2028, every expected level written, somebody to sign on each side."""
    if not monde.c.adhesions.exists():
        AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci))
    prepare_contract(epci=monde.epci, commune=monde.c, effective_on=DAY, acteur=monde.direction)
    Engagement.objects.filter(epci=monde.epci).update(niveau_attendu="Réponse sous deux jours.")
    president(monde)
    holder(Role.MAIRE, monde.epci, commune=monde.c, nom="Maire de C")
    return versions(monde)


def versions(monde: Monde) -> list[VersionContrat]:
    rows = VersionContrat.objects.filter(epci=monde.epci).select_related(
        "commune", "epci", "a_signer", "arrete"
    )
    return list(rows.order_by("commune__tri", "numero"))


def states(monde: Monde) -> list[str]:
    return [one.etat for one in versions(monde)]


def choices(monde: Monde, acte: str, *communes: Any) -> list[Choix]:
    """What the page would send for some communes, or for all that can be done."""
    rows = foresee(monde.epci, acte, DAY)
    wanted = [one for one in rows if one.commune in communes or (one.possible and not communes)]
    return [Choix(one.commune, one.version, one.lue) for one in wanted]


def launched(
    monde: Monde, acte: str, *communes: Any, qui: Any = None, cle: UUID | None = None
) -> LotContrats:
    """A lot on some communes, or on all that can be done; its job waits."""
    return launch(
        epci=monde.epci,
        acteur=fresh(qui or monde.direction),
        acte=acte,
        effective_on=DAY,
        cle=cle or uuid4(),
        choix=choices(monde, acte, *communes),
    )


def job(lot: LotContrats) -> Tache:
    return Tache.objects.filter(type="contrats.lot", parametres__lot=lot.pk).latest("pk")


def done(monde: Monde, acte: str, *communes: Any) -> LotContrats:
    """A lot launched, its job run."""
    lot = launched(monde, acte, *communes)
    run_lot(job(lot))
    return again(lot)


def again(lot: LotContrats) -> LotContrats:
    return LotContrats.objects.select_related("epci", "lance_par", "repris_par").get(pk=lot.pk)


def results(lot: LotContrats) -> list[str]:
    return list(lot.lignes.order_by("commune__tri", "pk").values_list("etat", flat=True))


def voted_all(monde: Monde) -> None:
    """Both assemblies approved every settled text."""
    today = monde.epci.today
    for version in versions(monde):
        for cote, (type, numero) in ACTS.items():
            circuit.approve(
                version=version, acteur=monde.direction, cote=cote, type=type, numero=f"{numero}-{version.pk}",
                adopte_on=today, executoire_on=today,
            )  # fmt: skip


def to_vote(monde: Monde) -> None:
    """The three contracts, settled for the vote in bulk."""
    three(monde)
    done(monde, Acte.RELECTURE)
    done(monde, Acte.ARRETER)


def approved(monde: Monde) -> None:
    to_vote(monde)
    voted_all(monde)


def lot_pk(monde: Monde) -> dict[str, int]:
    """A running lot with A's contract; its address."""
    lot = LotContratsFactory(epci=monde.epci, lance_par=monde.direction)
    version = monde.a.version
    LigneLotFactory(lot=lot, version_contrat=version, commune=version.commune)
    return {"pk": lot.pk}


def ended_pk(monde: Monde) -> dict[str, int]:
    """A lot that ended, with A's settled text; its address."""
    written(monde)
    move(monde, circuit.send_for_review)
    return {"pk": done(monde, Acte.ARRETER, monde.a.commune).pk}
