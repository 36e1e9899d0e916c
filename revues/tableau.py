"""Held and planned: the reviews of a hat, by commune and month, and the figures above the board."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from mutualisation.perimetre import SEATS
from mutualisation.visibilite import perimeter
from revues.models import Point, Revue
from socle import horloge
from socle.dates import MOIS, in_year, short_day
from socle.typographie import plural, spaced
from territoire.models import Commune, Epci

ALMOST = 3, 4  # from three quarters held on, a month is to watch rather than late
HELD = Q(etat=Revue.Etat.TENUE)
MOIS_COURTS = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)


def scope(user: Personne, contexte: Titre) -> QuerySet[Revue]:
    """The reviews a person follows under a hat: of its communes, and of its domains when it comes from seats."""
    rows = Revue.objects.visible_to(user).filter(perimeter(contexte, "commune_id"), epci=contexte.epci_id)
    if contexte.role not in SEATS:
        return rows
    domaines = {titre.domaine_id for titre in user.acces.titres if titre.cle == contexte.cle}
    return rows.filter(domaine__in=domaines)


def late() -> Q:
    """Past, and nothing says whether it was held."""
    return Q(etat=Revue.Etat.PREVUE, prevue_at__lt=horloge.now())


def expected() -> Q:
    """Due by now: its day has passed, or it was held before its day."""
    return Q(prevue_at__lt=horloge.now()) | HELD


def between(first: date, end: date, fuseau: str) -> Q:
    """Planned on days `[first, end)` of a time zone."""
    return Q(prevue_at__gte=horloge.midnight(first, fuseau), prevue_at__lt=horloge.midnight(end, fuseau))


@dataclass(frozen=True)
class Case:
    """A commune in a month: held over planned, where, the same in words, its tone, and the list it opens."""

    texte: str
    ou: str
    mots: str
    ton: str
    url: str

    @property
    def phrase(self) -> str:
        return f"{self.ou} : {self.mots}"


@dataclass(frozen=True)
class Rang:
    """A commune of the board and its twelve months."""

    commune: str
    cases: tuple[Case, ...]


def read_board(revues: QuerySet[Revue], epci: Epci, annee: int) -> list[Rang]:
    """The communes that have a review planned in a year, in two queries whatever their number."""
    year = revues.filter(between(date(annee, 1, 1), date(annee + 1, 1, 1), epci.fuseau))
    month = TruncMonth("prevue_at", tzinfo=ZoneInfo(epci.fuseau))
    cells = year.annotate(mois=month).values("commune", "mois").order_by("commune", "mois")
    counts = cells.annotate(
        prevues=Count("pk"), dues=Count("pk", filter=expected()), tenues=Count("pk", filter=HELD)
    )
    found: dict[int, dict[int, Any]] = {}
    for row in counts:
        found.setdefault(row["commune"], {})[row["mois"].month] = row
    communes = Commune.objects.filter(pk__in=list(found)).order_by("tri", "pk")
    return [Rang(commune.nom, _cells(commune, found[commune.pk], annee)) for commune in communes]


def _cells(commune: Commune, months: dict[int, dict[str, Any]], annee: int) -> tuple[Case, ...]:
    return tuple(_cell(commune, annee, month, months.get(month)) for month in range(1, 13))


def _cell(commune: Commune, annee: int, month: int, row: dict[str, Any] | None) -> Case:
    where = f"{commune}, {MOIS[month - 1]} {annee}"
    if row is None:
        return Case("–", where, "aucune revue prévue", "n", "")
    url = f"{reverse('revues:revues')}?commune={commune.pk}&mois={annee}-{month:02d}"
    planned, due, held = row["prevues"], row["dues"], row["tenues"]
    if not due:
        return Case(str(planned), where, plural(planned, "revue prévue", "revues prévues"), "n", url)
    words, tone = _judge(held, due, planned)
    said = f"{plural(held, 'tenue')} sur {plural(planned, 'prévue')}, {words}"
    return Case(f"{held}/{planned}", where, said, tone, url)


def _judge(held: int, due: int, planned: int) -> tuple[str, str]:
    """(words, tone) of what was held over what was due, in a month where more may be planned."""
    if held >= planned:
        return "tout est tenu", "v"
    if held >= due:
        return "à jour, mois en cours", "a"
    if held * ALMOST[1] >= due * ALMOST[0]:
        return "à surveiller", "o"
    return "en retard", "r"


@dataclass(frozen=True)
class Chiffre:
    """A figure above the board."""

    valeur: str
    phrase: str
    ton: str
    url: str


def read_figures(revues: QuerySet[Revue], epci: Epci, annee: int) -> list[Chiffre]:
    """Domain reviews held, minutes late, contract reviews of the half-year, actions decided: three queries."""
    today = epci.today
    year = between(date(annee, 1, 1), date(annee + 1, 1, 1), epci.fuseau)
    first, end = half_year(in_year(today, annee))
    half = between(first, end, epci.fuseau) & Q(type=Revue.Type.CONTRAT)
    domain = year & Q(type=Revue.Type.DOMAINE)
    counts = revues.aggregate(
        tenues=Count("pk", filter=domain & HELD),
        dues=Count("pk", filter=domain & expected()),
        retards=Count("pk", filter=year & late()),
        contrats=Count("pk", filter=half),
        contrats_tenues=Count("pk", filter=half & HELD),
        prochaine=Min("prevue_at", filter=half & Q(prevue_at__gte=horloge.now(), etat=Revue.Etat.PREVUE)),
    )
    return [
        _domain_figure(counts, annee),
        _late_figure(counts["retards"]),
        _contract_figure(counts, first, epci),
        _actions_figure(revues.filter(year), today),
    ]


def _domain_figure(counts: dict[str, Any], annee: int) -> Chiffre:
    words = f"revues de domaine tenues en {annee}, sur celles dont le jour est passé"
    return Chiffre(f"{spaced(counts['tenues'])} / {spaced(counts['dues'])}", words, "", "")


def _late_figure(count: int) -> Chiffre:
    words = "compte rendu attendu" if count < 2 else "comptes rendus attendus"
    return Chiffre(
        spaced(count),
        words,
        "r" if count else "v",
        f"{reverse('revues:revues')}?etat=retard" if count else "",
    )


def _contract_figure(counts: dict[str, Any], first: date, epci: Epci) -> Chiffre:
    half = "1er semestre" if first.month == 1 else "2e semestre"
    following = _short(counts["prochaine"], epci)
    tail = f" ; prochaine le {following}" if following else ""
    return Chiffre(
        f"{spaced(counts['contrats_tenues'])} / {spaced(counts['contrats'])}",
        f"revues de contrat du {half}{tail}",
        "",
        "",
    )


def _short(instant: datetime | None, epci: Epci) -> str:
    return short_day(horloge.local(instant, epci.fuseau)) if instant else ""


def _actions_figure(revues: QuerySet[Revue], today: date) -> Chiffre:
    held = revues.filter(HELD).values("compte_rendu")
    actions = Point.objects.filter(
        nature=Point.Nature.ACTION, compte_rendu__in=held, compte_rendu__etat="emis"
    )
    counts = actions.aggregate(toutes=Count("pk"), echues=Count("pk", filter=Q(echeance_on__lt=today)))
    words = "action décidée" if counts["toutes"] < 2 else "actions décidées"
    tail = f", dont {spaced(counts['echues'])} à échéance passée" if counts["echues"] else ""
    return Chiffre(spaced(counts["toutes"]), f"{words} en revue{tail}", "o" if counts["echues"] else "", "")


def half_year(day: date) -> tuple[date, date]:
    """The first day of the half-year of a day, and that of the next one."""
    if day.month <= 6:
        return date(day.year, 1, 1), date(day.year, 7, 1)
    return date(day.year, 7, 1), date(day.year + 1, 1, 1)
