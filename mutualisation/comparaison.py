"""What changed between two days: who arrived, left, widened or narrowed what it shares.

What an edition of the catalogue or a merger of communes handed over is no change: the shares of the first day are
carried to the second, then compared with what is shared there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mutualisation.derivations import Cle, Derivation, route
from mutualisation.matrice import Membre, edition_on, families, members
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from mutualisation.partages import Partages, read_shares, voted_lines
from socle.dates import day_and_year
from socle.typographie import enumerate_french, of, plural
from territoire.models import Epci

GENRES = {
    "a": "arrivé",
    "x": "parti",
    "plus": "élargi",
    "moins": "rétréci",
    "m": "modifié",
    "s": "inchangé",
    "n": "non partagé",
}
CHANGEMENTS = ("a", "x", "plus", "moins", "m")


@dataclass(frozen=True, slots=True)
class Ecart:
    """A domain in a commune between two days; counts are activities."""

    gardees: int = 0
    plus: int = 0
    moins: int = 0
    autrement: int = 0

    @property
    def genre(self) -> str:
        """One of GENRES."""
        if not self.gardees:
            return "m" if self.plus and self.moins else "a" if self.plus else "x" if self.moins else "n"
        if self.autrement or (self.plus and self.moins):
            return "m"
        return "plus" if self.plus else "moins" if self.moins else "s"

    @property
    def change(self) -> bool:
        return self.genre in CHANGEMENTS

    @property
    def mots(self) -> str:
        """« élargi, 2 activités de plus, 5 en tout »."""
        return _words(self)


@lru_cache(maxsize=4096)
def _words(ecart: Ecart) -> str:
    return ", ".join([GENRES[ecart.genre], *_details(ecart)])


def _details(ecart: Ecart) -> Iterator[str]:
    """How many activities more, less, shared otherwise, in the end."""
    genre = ecart.genre
    if genre in "asx":
        yield plural(ecart.plus or ecart.moins or ecart.gardees, "activité")
        return
    if ecart.plus:
        yield f"{plural(ecart.plus, 'activité')} de plus"
    if ecart.moins:
        yield f"{plural(ecart.moins, 'activité')} de moins"
    if ecart.autrement:
        yield f"{plural(ecart.autrement, 'activité')} d'une autre façon"
    if genre != "n":
        yield f"{ecart.gardees + ecart.plus} en tout"


RIEN = Ecart()


@dataclass(frozen=True)
class RangCompare:
    """A commune, what happened to the commune itself, and its domains in the order of the columns."""

    commune: Membre
    note: str
    ecarts: tuple[Ecart, ...]

    @property
    def change(self) -> bool:
        return any(ecart.change for ecart in self.ecarts)


@dataclass(frozen=True)
class Comparaison:
    """Communes × domains of an EPCI, between two days."""

    epci: Epci
    du: date
    au: date
    domaines: tuple[DomaineLu, ...] = ()
    rangs: tuple[RangCompare, ...] = ()

    @property
    def familles(self) -> list[tuple[str, int]]:
        """Families as headings over the columns: (label, number of columns)."""
        return families(self.domaines)

    def count(self) -> Counter[str]:
        """How many cells of each kind."""
        return Counter(ecart.genre for rang in self.rangs for ecart in rang.ecarts)

    def narrowed(self, *, pole: int | None = None, famille: str = "") -> "Comparaison":
        """The same with only the communes of a pôle, the domains of a family."""
        kept = [
            rank for rank, domaine in enumerate(self.domaines) if not famille or domaine.famille == famille
        ]
        rows = [rang for rang in self.rangs if pole is None or rang.commune.pole_id == pole]
        return Comparaison(
            epci=self.epci,
            du=self.du,
            au=self.au,
            domaines=tuple(self.domaines[rank] for rank in kept),
            rangs=tuple(RangCompare(r.commune, r.note, tuple(r.ecarts[rank] for rank in kept)) for r in rows),
        )


def compare(epci: Epci, du: date, au: date) -> Comparaison:
    """What changed from `du` to `au` (the later); empty without a catalogue. A fixed number of queries."""
    edition = edition_on(epci, au)
    if edition is None:
        return Comparaison(epci, du, au)
    shares = _read(epci, du, au)
    first = edition_on(epci, du)
    former = CatalogueLu(()) if first is None or first == edition else first.read()
    catalogue = edition.read()
    ecarts = _compare(shares, du, au, _domains(former) | _domains(catalogue))
    columns = _columns(catalogue, former, {domaine for _, domaine in ecarts})
    rows = [
        RangCompare(membre, note, tuple(ecarts.get((membre.id, domaine.id), RIEN) for domaine in columns))
        for membre, note in _rows(epci, shares.derivations, du, au)
    ]
    return Comparaison(epci, du, au, columns, tuple(rows))


def _read(epci: Epci, du: date, au: date) -> Partages:
    lignes = voted_lines(epci).filter(effet_on__lte=au)
    related = lignes.select_related("declaration__cycle__catalogue")
    return read_shares(epci, related.order_by("pk"), since=du, until=au)


def _domains(catalogue: CatalogueLu) -> dict[int, int]:
    return {activite: domaine.id for activite, domaine in catalogue.domaine_of.items()}


def _columns(catalogue: CatalogueLu, former: CatalogueLu, told: set[int]) -> tuple[DomaineLu, ...]:
    """The domains of the second day, then those that are no longer offered and had something to lose."""
    known = {domaine.id for domaine in catalogue.domaines}
    gone = (domaine for domaine in former.domaines if domaine.id not in known and domaine.id in told)
    return (*catalogue.domaines, *gone)


def _compare(shares: Partages, du: date, au: date, domaine_of: Mapping[int, int]) -> dict[Cle, Ecart]:
    """By (commune id, domain id)."""
    carried, lost = _carry(shares, du, au)
    held = {cle: periode.nature for cle, periode in shares.on(au).items()}
    counts: dict[Cle, Counter[str]] = {}
    for cle in lost | carried.keys() | held.keys():
        domaine = domaine_of.get(cle[1])
        if domaine is not None:
            kind = "moins" if cle in lost else _kind(carried.get(cle), held.get(cle))
            counts.setdefault((cle[0], domaine), Counter())[kind] += 1
    return {cle: _ecart(count) for cle, count in counts.items()}


def _carry(shares: Partages, du: date, au: date) -> tuple[dict[Cle, str], set[Cle]]:
    """What is shared on the first day, in its way, under the pairs it leads to on the second; and what leads nowhere."""
    between = [derivation for derivation in shares.derivations if du < derivation.day <= au]
    carried: dict[Cle, str] = {}
    lost: set[Cle] = set()
    for cle, periode in shares.on(du).items():
        heirs = route(cle, between)
        if not heirs:
            lost.add(cle)
        for heir in heirs:
            carried.setdefault(heir, periode.nature)
    return carried, lost


def _kind(before: str | None, after: str | None) -> str:
    if before is None:
        return "plus"
    if after is None:
        return "moins"
    return "gardees" if before == after else "autrement"


def _ecart(count: Counter[str]) -> Ecart:
    kept = count["gardees"] + count["autrement"]
    return Ecart(kept, count["plus"], count["moins"], count["autrement"])


def _rows(epci: Epci, derivations: Iterable[Derivation], du: date, au: date) -> Iterator[tuple[Membre, str]]:
    """The members of the second day, then those that left; what happened to each between the two."""
    before, after = {m.id: m for m in members(epci, du)}, {m.id: m for m in members(epci, au)}
    between = [derivation for derivation in derivations if du < derivation.day <= au]
    heirs = {pk: _heirs(pk, between) for pk in before}
    for membre in after.values():
        sources = [before[pk] for pk in before if membre.id in heirs[pk] and pk != membre.id]
        yield membre, _note(membre, before, sources, {pk for pk in heirs if pk in heirs[pk]}, du)
    for membre in before.values():
        if membre.id not in after and not heirs[membre.id]:
            yield membre, "n'est plus membre"


def _heirs(commune: int, between: Iterable[Derivation]) -> set[int]:
    """Where a commune leads; itself when nothing happened to it, nowhere when it left."""
    reached = {commune}
    for derivation in between:
        reached = {heir for pk in reached for heir in derivation.communes.get(pk, (pk,))}
    return reached


def _note(
    membre: Membre, before: Mapping[int, Membre], sources: list[Membre], staying: set[int], du: date
) -> str:
    """The name of the time, what a commune nouvelle gathers or what it left, or that it was not a member."""
    known = before.get(membre.id)
    others = [source.nom for source in sources if source.id not in staying]
    left = [source.nom for source in sources if source.id in staying]
    if left and not others:
        return f"s'est détachée {of(enumerate_french(left))}"
    if others:
        return f"réunit {enumerate_french([*([known.nom] if known else []), *others])}"
    if known is None:
        return f"n'était pas membre le {day_and_year(du)}"
    return f"s'appelait {known.nom}" if known.nom != membre.nom else ""


def sentence(comparaison: Comparaison) -> str:
    """« Entre le 1er janvier 2026 et le 1er janvier 2028 : 4 domaines arrivés, 1 parti et 2 élargis, dans 3 communes. »"""
    days = f"Entre le {day_and_year(comparaison.du)} et le {day_and_year(comparaison.au)}"
    count = comparaison.count()
    told = [f"{count[genre]} {_agree(GENRES[genre], count[genre])}" for genre in CHANGEMENTS if count[genre]]
    if not told:
        return f"{days}, rien n'a changé."
    number, word = told[0].split(" ")
    told[0] = f"{number} {_agree('domaine', int(number))} {word}"
    changed = sum(1 for rang in comparaison.rangs if rang.change)
    return f"{days} : {enumerate_french(told)}, dans {plural(changed, 'commune')}."


def _agree(word: str, count: int) -> str:
    return word if count < 2 else f"{word}s"
