"""How many communes share, and how many domains, year after year: the history of an EPCI in figures and in a curve."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min

from mutualisation.models import ActiviteVersion, Adhesion, Catalogue
from mutualisation.partages import Partages, read_shares, voted_lines
from socle.dates import day_and_year
from socle.typographie import plural
from territoire.models import Appartenance, Epci


@dataclass(frozen=True)
class Point:
    """On 1 January of a year: members, communes that share, and the domains they share, counted once by commune.

    `regularisees` are the communes that only put right a competence metropolitan by law (Adhesion.Nature): some count
    them as sharing, others not, hence two figures for the same year.
    """

    jour: date
    membres: int
    communes: int
    regularisees: int
    domaines: int

    @property
    def moyenne(self) -> float:
        """Domains by commune that shares, to one decimal."""
        return round(self.domaines / self.communes, 1) if self.communes else 0


def read_evolution(epci: Epci) -> list[Point]:
    """One point each 1 January, from the first adhesion to the last day known. A fixed number of queries."""
    days = _days(epci)
    if not days:
        return []
    lignes = voted_lines(epci).filter(effet_on__lte=days[-1])
    related = lignes.select_related("declaration__cycle__catalogue").order_by("pk")
    shares = read_shares(epci, related, since=days[0], until=days[-1])
    editions = _editions(epci)
    memberships = list(Appartenance.objects.filter(epci=epci).order_by("pk").values_list("debut", "fin"))
    return [_point(day, shares, _edition_on(editions, day), memberships) for day in days]


def _days(epci: Epci) -> list[date]:
    """Each 1 January, from that which follows the first adhesion to the last known effect, this year's at least."""
    first, last = Adhesion.objects.filter(epci=epci).aggregate(a=Min("debut"), b=Max("debut")).values()
    coming = voted_lines(epci).aggregate(first=Min("effet_on"), last=Max("effet_on"))
    starts = [day for day in (first, coming["first"]) if day]
    if not starts:
        return []
    start = _new_year(min(starts))
    end = max(day for day in (start, last, coming["last"], epci.today) if day)
    return [date(year, 1, 1) for year in range(start.year, _new_year(end, before=True).year + 1)]


def _new_year(day: date, *, before: bool = False) -> date:
    """The 1 January on or after a day, or on or before it."""
    own = day.replace(month=1, day=1)
    return own if before or own == day else date(day.year + 1, 1, 1)


def _editions(epci: Epci) -> list[tuple[date, Mapping[int, int]]]:
    """Frozen editions in order: first day, and the domain of each activity."""
    frozen = Catalogue.objects.filter(epci=epci, gele_at__isnull=False).order_by("effective_on")
    days = dict(frozen.values_list("pk", "effective_on"))
    domains: dict[int, dict[int, int]] = {pk: {} for pk in days}
    rows = ActiviteVersion.objects.filter(catalogue__in=days).order_by("pk")
    for edition, activite, domaine in rows.values_list("catalogue_id", "activite_id", "domaine_id"):
        domains[edition][activite] = domaine
    return [(day, domains[pk]) for pk, day in days.items()]


def _edition_on(editions: Sequence[tuple[date, Mapping[int, int]]], day: date) -> Mapping[int, int]:
    """The domains of the edition in force; of the first one for any day before it."""
    begun = [domains for first, domains in editions if first <= day]
    return begun[-1] if begun else editions[0][1] if editions else {}


def _point(
    day: date,
    shares: Partages,
    domaine_of: Mapping[int, int],
    memberships: Iterable[tuple[date, date | None]],
) -> Point:
    held = {cle: periode for cle, periode in shares.on(day).items() if cle[1] in domaine_of}
    communes = {commune for commune, _ in held}
    regularised = Adhesion.Nature.REGULARISATION
    return Point(
        jour=day,
        membres=sum(1 for debut, fin in memberships if debut <= day and (fin is None or fin > day)),
        communes=len(communes),
        regularisees=len(communes - {cle[0] for cle, p in held.items() if p.nature != regularised}),
        domaines=len({(commune, domaine_of[activite]) for commune, activite in held}),
    )


# The drawing, in units of its own: the page scales it.
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 260, 44, 24, 36
NARROW = 5  # years that a narrow screen has room for


@dataclass(frozen=True)
class Repere:
    """A value on the drawing, with the words that say it; `serre`: left unsaid on a narrow screen."""

    x: int
    y: int
    texte: str
    annee: str = ""
    serre: bool = False


@dataclass(frozen=True)
class Courbe:
    """A curve ready to draw: its title, what it says in a sentence, its points, the lines of its scale."""

    cle: str
    titre: str
    phrase: str
    points: tuple[Repere, ...]
    echelle: tuple[Repere, ...]

    @property
    def trace(self) -> str:
        """The points of an SVG polyline."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def draw(
    cle: str, titre: str, unites: tuple[str, str], points: Sequence[Point], values: Sequence[int]
) -> Courbe:
    """The curve of a value of each point; `unites`: what is counted, in the singular and in the plural."""
    top = _round_up(max([*values, 1]))
    step = (WIDTH - LEFT - 44) / max(len(points) - 1, 1)
    # Years are written when there is room for them, the last one always.
    every = max(1, round(len(points) / 10))
    sparse = every * -(-len(points) // (NARROW * every))
    marks = tuple(
        Repere(
            x=round(LEFT + 12 + rank * step),
            y=_height(value, top),
            texte=str(value),
            annee=str(point.jour.year) if (len(points) - 1 - rank) % every == 0 else "",
            serre=(len(points) - 1 - rank) % sparse != 0,
        )
        for rank, (point, value) in enumerate(zip(points, values, strict=True))
    )
    scale = tuple(Repere(LEFT, _height(level, top), str(level)) for level in (0, top // 2, top))
    return Courbe(cle, titre, _sentence(unites, points, values), marks, scale)


def _height(value: int, top: int) -> int:
    return round(HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) / top)


def _round_up(value: int) -> int:
    """The round number above, even so that half of it is a whole."""
    power = 10 ** (len(str(value)) - 1)
    rounds = (power * digit for digit in (1, 2, 3, 4, 5, 6, 8, 10))
    return next(top for top in rounds if top >= value and top % 2 == 0)


def _sentence(unites: tuple[str, str], points: Sequence[Point], values: Sequence[int]) -> str:
    first, last = points[0], points[-1]
    start = f"{plural(values[0], *unites)} au {day_and_year(first.jour)}"
    return f"{start}, {values[-1]} au {day_and_year(last.jour)}." if len(points) > 1 else f"{start}."
