"""The point d'arrêt of a cycle as people read it: which communes and which side have confirmed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime

from comptes.models import Personne
from mutualisation.changements import Choix, read_choices
from mutualisation.manques import broken_by
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.regles import read_rules
from socle.dates import long_day
from socle.tableur import Valeur

TONS = {
    Declaration.Arret.A_CONFIRMER: "n",
    Declaration.Arret.PAR_COMMUNE: "a",
    Declaration.Arret.PAR_EPCI: "a",
    Declaration.Arret.ARRETE: "v",
}
STOPPED = (Ligne.Arbitrage.REFUSEE, Ligne.Arbitrage.REPORTEE, Ligne.Arbitrage.ABANDONNEE)
ENTETE = (
    *(
        "Commune",
        "Code INSEE",
        "Point d'arrêt",
        "Confirmé par la commune le",
        "Par",
        "Confirmé par l'EPCI le",
    ),
    *("Par", "Demandes", "Acceptées", "Reste à décider"),
)


def not_before(limite_on: date) -> str:
    """Why nothing is confirmed yet: the campaign is open until that day, included."""
    return f"La campagne est ouverte jusqu'au {long_day(limite_on)} : les choix se confirment ensuite."


def arret_pill(declaration: Declaration) -> tuple[str, str]:
    """(tone, words)."""
    return TONS[declaration.arret], str(declaration.arret.label)


@dataclass(frozen=True)
class ArretLu:
    """A commune on the list: its declaration, what it asks and what is still to decide."""

    declaration: Declaration
    demandes: int
    a_instruire: int
    acceptees: int

    @property
    def etat(self) -> tuple[str, str]:
        return arret_pill(self.declaration)

    @property
    def row(self) -> list[Valeur]:
        """The row of the sheet, under ENTETE; dates stay dates."""
        one = self.declaration
        return [
            one.commune.nom,
            one.commune.code_insee,
            self.etat[1],
            _day(one.arret_commune_at),
            _name(one.arret_commune_par),
            _day(one.arret_epci_at),
            _name(one.arret_epci_par),
            self.demandes,
            self.acceptees,
            self.a_instruire,
        ]

    @property
    def pret(self) -> bool:
        """The EPCI may confirm: the commune declares no more, everything is decided, and it has not confirmed yet."""
        return not (self.a_instruire or self.declaration.arret_epci_at or self.declaration.ouverte)


def _day(instant: datetime | None) -> date | None:
    return localtime(instant).date() if instant else None


def _name(personne: Personne | None) -> str:
    return str(personne or "")


def read_arrets(cycle: Cycle, user: Any) -> list[ArretLu]:
    """The submitted declarations of a cycle that ask for something, as the user sees them; one query."""
    changing = ~Q(lignes__nature=Ligne.Nature.MAINTIEN)
    rows: Any = Declaration.objects.visible_to(user).filter(cycle=cycle, etat=Declaration.Etat.DEPOSEE)
    counted = rows.annotate(
        demandes=Count("lignes", filter=changing),
        a_instruire=Count("lignes", filter=changing & Q(lignes__arbitrage=Ligne.Arbitrage.A_INSTRUIRE)),
        acceptees=Count("lignes", filter=changing & Q(lignes__arbitrage=Ligne.Arbitrage.ACCEPTEE)),
    )
    asking = counted.filter(demandes__gt=0).select_related(
        "commune", "cycle__epci", "arret_commune_par", "arret_epci_par"
    )
    ordered = asking.order_by("commune__tri", "commune_id")
    return [ArretLu(row, row.demandes, row.a_instruire, row.acceptees) for row in ordered]


def broken_rules(
    declaration: Declaration, *, retirees: Collection[int] = (), reprises: Collection[int] = ()
) -> list[str]:
    """The rules of the catalogue that a submitted declaration breaks once decided as it stands, in words.

    `retirees` and `reprises` are ids of lines about to be withdrawn and taken back; what is still to decide counts as accepted.
    """
    asked = read_choices(declaration)
    stopped = (Q(arbitrage__in=STOPPED) & ~Q(pk__in=reprises)) | Q(pk__in=retirees)
    decided = _without(asked, declaration.lignes.changing().filter(stopped))
    return [manque.phrase for manque in broken_by(decided, read_rules(declaration, asked))]


def blocs_voted_in_part(declaration: Declaration, lignes: Collection[int]) -> list[str]:
    """The blocs of which an act that covers these lines (ids) would leave some, in words: what is to decide counts too."""
    asked = read_choices(declaration)
    rows = declaration.lignes.changing().filter(appliquee_at=None).exclude(arbitrage__in=STOPPED)
    standing = {row.activite_id: row.pk for row in rows.order_by("pk")}
    return [
        f"Le bloc « {bloc.nom} » se vote en entier : {bloc.noms}."
        for bloc in read_rules(declaration, asked).blocs
        if len({standing[pk] in lignes for pk in bloc.ids & standing.keys()}) > 1
    ]


def _without(asked: Choix, lignes: QuerySet[Ligne]) -> Choix:
    """The choices without these lines: there, everything stays as it was."""
    ids = frozenset(lignes.values_list("activite_id", flat=True))
    return replace(
        asked,
        domaines=[replace(etat, voulues=(etat.voulues - ids) | (etat.base & ids)) for etat in asked.domaines],
    )
