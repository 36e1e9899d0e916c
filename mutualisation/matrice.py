"""Who shares what on a day: one computation for the matrix, its list twin, the story of a cell and the
exports.

Adhesions are the truth. Lines that both assemblies voted but whose day has not come yet are as public and as
sure, and are read over them, so that a day to come shows what is known of it today. What is only asked is
added for who may see it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeAlias

from django.db.models import F, Q

from mutualisation.models import Adhesion, Catalogue, Declaration, Ligne
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from socle import horloge
from socle.dates import day_and_year
from socle.typographie import enumerate_french, plural, sort_key
from territoire.models import Commune, CommuneVersion, Epci

# How far ahead « arrive » and « part » look: a year, so that the next 1 January shows and not the one after.
HORIZON = timedelta(days=365)

Cle: TypeAlias = tuple[int, int]
Periode: TypeAlias = tuple[date, date | None]
NATURES_DEMANDEES = {
    Ligne.Nature.ENTREE: "entrée demandée",
    Ligne.Nature.EXTENSION: "extension demandée",
    Ligne.Nature.RETRAIT: "retrait demandé",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A domain in a commune on a day; counts are activities, `demandes` what the reader may know."""

    total: int
    partagees: int = 0
    depuis_on: date | None = None
    arrivent: int = 0
    arrivent_on: date | None = None
    partent: int = 0
    partent_on: date | None = None
    demandes: tuple[str, ...] = ()
    en_retard: bool = False

    @property
    def genre(self) -> str:
        """v whole, p in part, a arriving, x leaving, r waiting for a late act, d asked, n not shared."""
        if not self.partagees:
            return "a" if self.arrivent else "r" if self.en_retard else "d" if self.demandes else "n"
        if self.partent == self.partagees and not self.arrivent:
            return "x"
        return "v" if self.partagees == self.total else "p"

    @property
    def marque(self) -> str:
        """What else happens in a cell, beyond its sign: « demande », « plus », « moins », or nothing."""
        if self.demandes and self.genre not in "dr":
            return "demande"
        if self.genre in "vp" and self.arrivent:
            return "plus"
        return "moins" if self.genre in "vp" and self.partent else ""

    @property
    def mots(self) -> str:
        """The state in words: « en partie, 6 activités sur 9, depuis le 1er janvier 2019 »."""
        return words(self)

    @property
    def precision(self) -> str:
        """The same without its first words, which a state pill says."""
        return ", ".join(_details(self))

    @property
    def a_une_histoire(self) -> bool:
        return self.genre != "n"


@lru_cache(maxsize=4096)
def words(case: Case) -> str:
    """What a cell says aloud; cells of a matrix repeat a few dozen sentences."""
    state = {"v": "domaine entier", "p": "en partie", "a": "arrive", "x": "part"}.get(
        case.genre, "non partagé"
    )
    details = ", ".join(_details(case))
    return f"{state}{' ' if case.genre in 'ax' else ', '}{details}" if details else state


def _details(case: Case) -> Iterator[str]:
    """How much, since when or from when, what else is to come, what is asked."""
    if case.genre == "a":
        yield f"au {day_and_year(case.arrivent_on or '')}"
        yield f"{plural(case.arrivent, 'activité')} sur {case.total}"
    elif case.genre == "x":
        yield f"au {day_and_year(case.partent_on or '')}"
    if case.partagees:
        whole = case.partagees == case.total
        yield plural(case.partagees, "activité") + ("" if whole else f" sur {case.total}")
        yield f"depuis le {day_and_year(case.depuis_on or '')}"
        yield from _changes(case)
    yield from case.demandes
    if case.en_retard:
        yield "en attente d'acte"


def _changes(case: Case) -> Iterator[str]:
    if case.arrivent:
        yield _future(case.arrivent, "arrive", case.arrivent_on)
    if case.partent and case.genre != "x":
        yield _future(case.partent, "part", case.partent_on)


def _future(count: int, verb: str, day: date | None) -> str:
    return f"{plural(count, 'activité')} {verb if count < 2 else verb + 'ent'} au {day_and_year(day or '')}"


@dataclass(frozen=True, slots=True)
class Membre:
    """A member commune on a day, under the name it then had."""

    id: int
    nom: str
    code_insee: str
    pole_id: int | None
    pole: str


@dataclass(frozen=True)
class Rang:
    """A row: a commune and its cells, in the order of the columns."""

    commune: Membre
    cases: tuple[Case, ...]

    @property
    def domaines_partages(self) -> int:
        return sum(1 for case in self.cases if case.partagees)


@dataclass(frozen=True)
class Matrice:
    """Communes × domains of an EPCI on a day."""

    epci: Epci
    on: date
    domaines: tuple[DomaineLu, ...] = ()
    rangs: tuple[Rang, ...] = ()
    poles: dict[int, str] = field(default_factory=dict)

    @property
    def partageuses(self) -> int:
        """Communes that share at least one of the domains shown."""
        return sum(1 for rang in self.rangs if rang.domaines_partages)

    @property
    def familles(self) -> list[tuple[str, int]]:
        """Families as headings over the columns: (label, number of columns)."""
        return [
            (label, len(list(group))) for label, group in groupby(d.famille_libelle for d in self.domaines)
        ]

    @property
    def totaux(self) -> list[int]:
        """For each column, how many communes share something of it."""
        columns = zip(*(rang.cases for rang in self.rangs), strict=True)
        return [sum(1 for case in column if case.partagees) for column in columns]

    @property
    def par_pole(self) -> list[tuple[str, list[Rang]]]:
        """Rows grouped by pôle, in French order; communes without a pôle come last."""
        ordered = sorted(self.rangs, key=lambda rang: (not rang.commune.pole, sort_key(rang.commune.pole)))
        return [(name, list(group)) for name, group in groupby(ordered, key=lambda rang: rang.commune.pole)]

    def days_of(self, attribute: str) -> set[date]:
        """The different days of `arrivent_on` or `partent_on` in the cells shown."""
        days = {getattr(case, attribute) for rang in self.rangs for case in rang.cases}
        return {day for day in days if day}

    def narrowed(self, *, pole: int | None = None, famille: str = "") -> "Matrice":
        """The same matrix with only the communes of a pôle, or the domains of a family."""
        kept = [
            index for index, domaine in enumerate(self.domaines) if not famille or domaine.famille == famille
        ]
        rows = [rang for rang in self.rangs if pole is None or rang.commune.pole_id == pole]
        return Matrice(
            epci=self.epci,
            on=self.on,
            domaines=tuple(self.domaines[index] for index in kept),
            rangs=tuple(Rang(row.commune, tuple(row.cases[index] for index in kept)) for row in rows),
            poles=self.poles,
        )


def edition_on(epci: Epci, on: date) -> Catalogue | None:
    """The edition of the catalogue in force on a day, or None for an EPCI that has not published any."""
    try:
        return Catalogue.objects.in_force(epci, on)
    except IndexError:
        return None


def read_matrix(epci: Epci, user: Any, on: date) -> Matrice:
    """The matrix of an EPCI on any day, with what `user` may know of choices; empty without a catalogue.

    Always the same number of queries, whatever the number of communes.
    """
    edition = edition_on(epci, on)
    if edition is None:
        return Matrice(epci, on)
    catalogue = edition.read()
    cells = read_cells(epci, user, on, catalogue)
    empty = {domaine.id: Case(len(domaine.activites)) for domaine in catalogue.domaines}
    membres = members(epci, on)
    rows = [
        Rang(membre, tuple(cells.get((membre.id, pk)) or vacant for pk, vacant in empty.items()))
        for membre in membres
    ]
    poles = sorted({(m.pole, m.pole_id) for m in membres if m.pole_id}, key=lambda pair: sort_key(pair[0]))
    return Matrice(epci, on, catalogue.domaines, tuple(rows), {pk: name for name, pk in poles if pk})


def members(epci: Epci, on: date) -> list[Membre]:
    """Members of an EPCI on a day, in the French order of the names they then had."""
    versions = (
        CommuneVersion.objects.on(on).filter(commune__appartenances__epci=epci).exclude(nom=F("commune__nom"))
    )
    former = dict(versions.order_by("pk").values_list("commune_id", "nom"))
    found = [
        Membre(c.pk, former.get(c.pk, c.nom), c.code_insee, c.pole_id, c.pole_nom or "")
        for c in Commune.objects.members_of(epci, on)
    ]
    return sorted(found, key=lambda membre: sort_key(membre.nom)) if former else found


def read_cells(
    epci: Epci, user: Any, on: date, catalogue: CatalogueLu, communes: Sequence[int] | None = None
) -> dict[Cle, Case]:
    """The cells where there is something to say, by (commune id, domain id); `communes` narrows them."""
    periods, asked = read_periods(epci, user, on, communes)
    domaine_of = {pk: domaine.id for pk, domaine in catalogue.domaine_of.items()}
    counts = _count(periods, on, domaine_of)
    _add_requests(counts, asked, on, domaine_of)
    sizes = {domaine.id: len(domaine.activites) for domaine in catalogue.domaines}
    return {cle: count.case(sizes[cle[1]]) for cle, count in counts.items()}


def read_periods(
    epci: Epci, user: Any, on: date, communes: Sequence[int] | None = None
) -> tuple[dict[Cle, list[Periode]], list[Ligne]]:
    """By (commune id, activity id), the periods not over on the day, up to the horizon; and what is asked.

    Periods are those of the adhesions once the voted lines have taken effect.
    """
    adhesions = Adhesion.objects.filter(Q(fin=None) | Q(fin__gt=on), epci=epci, debut__lte=on + HORIZON)
    lignes = _undone(epci, user)
    if communes is not None:
        adhesions, lignes = adhesions.filter(commune__in=communes), lignes.filter(commune__in=communes)
    periods: dict[Cle, list[Periode]] = {}
    rows = adhesions.order_by("debut").values_list("commune_id", "activite_id", "debut", "fin")
    for commune, activite, debut, fin in rows:
        periods.setdefault((commune, activite), []).append((debut, fin))
    undone = list(lignes)
    _apply_voted(periods, [ligne for ligne in undone if ligne.effet_on and ligne.effet_on <= on + HORIZON])
    asked = [ligne for ligne in undone if not ligne.effet_on and _deposited_on(ligne, epci) <= on]
    return {cle: [p for p in known if p[1] is None or p[1] > on] for cle, known in periods.items()}, asked


def _undone(epci: Epci, user: Any) -> Any:
    """Lines deposited and without effect yet: voted ones for everyone, the others for who may see them."""
    waiting = Ligne.objects.changing().filter(
        epci=epci, appliquee_at=None, declaration__etat=Declaration.Etat.DEPOSEE
    )
    voted = waiting.filter(arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on__isnull=False)
    asked = waiting.visible_to(user).filter(
        arbitrage__in=[Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE],
        declaration__cycle__clos_at=None,
    )
    rows = (voted | asked).select_related("declaration__cycle")
    return rows.order_by("declaration__cycle__effective_on", "pk")


def _deposited_on(ligne: Ligne, epci: Epci) -> date:
    """The day a choice became known, so that a day before it does not show it."""
    deposited = ligne.declaration.deposee_at
    assert deposited  # only deposited declarations are read
    return horloge.local(deposited, epci.fuseau).date()


def _apply_voted(periods: dict[Cle, list[Periode]], lignes: Sequence[Ligne]) -> None:
    """Read voted lines over the adhesions as their effect will write them."""
    for ligne in lignes:
        day = ligne.effet_on
        assert day  # the caller keeps dated lines
        known = periods.setdefault((ligne.commune_id, ligne.activite_id), [])
        open_ended = bool(known) and known[-1][1] is None
        if ligne.nature == Ligne.Nature.RETRAIT:
            if open_ended and known[-1][0] < day:
                known[-1] = (known[-1][0], day)
        elif not known or (known[-1][1] or date.max) <= day:
            known.append((day, None))


@dataclass(slots=True)
class _Compte:
    """The counts of a cell while it is being read."""

    partagees: int = 0
    depuis_on: date | None = None
    arrivent: int = 0
    arrivent_on: date | None = None
    partent: int = 0
    partent_on: date | None = None
    natures: set[str] = field(default_factory=set)
    en_retard: bool = False

    def add(self, periods: list[Periode], on: date) -> None:
        """Count one activity: its first period holds the day, or is to come."""
        debut, fin = periods[0]
        if debut > on:
            self.arrivent += 1
            self.arrivent_on = min(self.arrivent_on or debut, debut)
            return
        self.partagees += 1
        self.depuis_on = min(self.depuis_on or debut, debut)
        if fin and fin <= on + HORIZON and all(start != fin for start, _ in periods):
            self.partent += 1
            self.partent_on = min(self.partent_on or fin, fin)

    def case(self, total: int) -> Case:
        demandes = tuple(text for nature, text in NATURES_DEMANDEES.items() if nature in self.natures)
        return Case(
            total,
            self.partagees,
            self.depuis_on,
            self.arrivent,
            self.arrivent_on,
            self.partent,
            self.partent_on,
            demandes,
            self.en_retard,
        )


def _count(periods: dict[Cle, list[Periode]], on: date, domaine_of: dict[int, int]) -> dict[Cle, _Compte]:
    counts: dict[Cle, _Compte] = {}
    for (commune, activite), known in periods.items():
        # An activity that the edition of the day does not offer has no column.
        domaine = domaine_of.get(activite)
        if domaine is not None and known:
            counts.setdefault((commune, domaine), _Compte()).add(known, on)
    return counts


def _add_requests(
    counts: dict[Cle, _Compte], lignes: Iterable[Ligne], on: date, domaine_of: dict[int, int]
) -> None:
    """Add what is asked for a day within the horizon, or already passed while its acts are awaited."""
    for ligne in lignes:
        expected = ligne.declaration.cycle.effective_on
        domaine = domaine_of.get(ligne.activite_id)
        if domaine is None or expected > on + HORIZON:
            continue
        count = counts.setdefault((ligne.commune_id, domaine), _Compte())
        count.natures.add(ligne.nature)
        count.en_retard |= expected <= on and ligne.arbitrage == Ligne.Arbitrage.ACCEPTEE


def sentence(matrice: Matrice, *, pole: str = "", famille: str = "") -> str:
    """« Au 10 février 2027 : 21 communes sur 28 partagent au moins un domaine. »"""
    where = enumerate_french([part for part in (pole, famille) if part])
    shown, total = matrice.partageuses, len(matrice.rangs)
    verb = "partage" if shown < 2 else "partagent"
    start = f"Au {day_and_year(matrice.on)}{', ' + where if where else ''}"
    return f"{start} : {plural(shown, 'commune')} sur {total} {verb} au moins un domaine."
