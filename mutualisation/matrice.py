"""Who shares what on a day: one computation for the matrix, its list twin, the story of a cell and the
exports.

What is shared is read over time in `partages`, as public as it is sure. What is only asked, or was refused or postponed,
is added for who may see it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db.models import F

from mutualisation.derivations import Cle
from mutualisation.models import ActiviteVersion, Adhesion, Catalogue, Declaration, Ligne
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from mutualisation.partages import Partages, Periode, read_shares, targets, voted_lines
from socle import horloge
from socle.dates import day_and_year, in_year
from socle.typographie import enumerate_french, plural, sort_key
from territoire.models import Commune, CommuneVersion, Epci

# What is asked, and how « refusé » and « reporté » agree with it.
NATURES = {
    Ligne.Nature.ENTREE: ("entrée", "e"),
    Ligne.Nature.EXTENSION: ("extension", "e"),
    Ligne.Nature.RETRAIT: ("retrait", ""),
    Ligne.Nature.REGULARISATION: ("régularisation", "e"),
    Ligne.Nature.PRESTATION: ("prestation", "e"),
    Ligne.Nature.REVISION: ("révision du niveau de service", "e"),
}
SUITES = {
    Ligne.Arbitrage.A_INSTRUIRE: "demandé",
    Ligne.Arbitrage.ACCEPTEE: "demandé",
    Ligne.Arbitrage.REFUSEE: "refusé",
    Ligne.Arbitrage.REPORTEE: "reporté",
}
# What the reader may ask to see alone, in words.
ETATS = {
    "entier": "domaine entier",
    "partie": "en partie",
    "arrive": "arrive",
    "part": "part",
    "prestation": "en prestation",
    "regularisation": "en régularisation",
    "attente": "en attente d'acte",
    "demande": "demandé",
    "refuse": "refusé",
    "reporte": "reporté",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A domain in a commune on a day; counts are activities, the last ones what the reader may know of choices."""

    total: int
    partagees: int = 0
    depuis_on: date | None = None
    arrivent: int = 0
    arrivent_on: date | None = None
    partent: int = 0
    partent_on: date | None = None
    prestations: int = 0
    regularisees: int = 0
    demandes: tuple[str, ...] = ()
    refus: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    en_retard: bool = False

    @property
    def genre(self) -> str:
        """v whole, p in part, a arriving, x leaving; not shared: r late act, d asked, o postponed, f refused, n."""
        if not self.partagees:
            return self._absent
        if self.partent == self.partagees and not self.arrivent:
            return "x"
        return "v" if self.partagees >= self.total else "p"

    @property
    def _absent(self) -> str:
        if self.arrivent:
            return "a"
        if self.demandes:
            return "r" if self.en_retard else "d"
        return "o" if self.reports else "f" if self.refus else "n"

    @property
    def marque(self) -> str:
        """What else happens in a cell, beyond its sign: « demande », « plus », « moins », « report », « refus »."""
        if self.genre in "rdofn":
            return ""
        if self.demandes:
            return "demande"
        if self.genre in "vp" and (self.arrivent or self.partent):
            return "plus" if self.arrivent else "moins"
        return "report" if self.reports else "refus" if self.refus else ""

    @property
    def etats(self) -> frozenset[str]:
        """The names in ETATS of all that is true of the cell."""
        facts = {
            "entier": 0 < self.total <= self.partagees,
            "partie": 0 < self.partagees < self.total,
            "arrive": self.arrivent,
            "part": self.partent,
            "prestation": self.prestations,
            "regularisation": self.regularisees,
            "attente": self.en_retard,
            "demande": self.demandes and not self.en_retard,
            "refuse": self.refus,
            "reporte": self.reports,
        }
        return frozenset(name for name, true in facts.items() if true)

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
    """How much, since when or from when, in which way, what else is to come, what is asked."""
    if case.genre == "a":
        yield f"au {day_and_year(case.arrivent_on or '')}"
        # The domain may count more activities on that day than today.
        yield plural(case.arrivent, "activité") + (
            f" sur {case.total}" if case.arrivent <= case.total else ""
        )
    elif case.genre == "x":
        yield f"au {day_and_year(case.partent_on or '')}"
    if case.partagees:
        whole = case.partagees >= case.total
        yield plural(case.partagees, "activité") + ("" if whole else f" sur {case.total}")
        yield from _ways(case)
        yield f"depuis le {day_and_year(case.depuis_on or '')}"
        yield from _changes(case)
    yield from (*case.demandes, *case.reports, *case.refus)
    if case.en_retard:
        yield "en attente d'acte"


def _ways(case: Case) -> Iterator[str]:
    """Activities shared otherwise than by mutualisation; all of them need no count."""
    for count, way in ((case.prestations, "en prestation"), (case.regularisees, "en régularisation")):
        if count:
            yield way if count == case.partagees else f"dont {count} {way}"


def _changes(case: Case) -> Iterator[str]:
    if case.arrivent:
        yield _future(case.arrivent, "arrive", case.arrivent_on)
    if case.partent and case.genre != "x":
        yield _future(case.partent, "part", case.partent_on)


def _future(count: int, verb: str, day: date | None) -> str:
    return f"{plural(count, 'activité')} {verb if count < 2 else verb + 'ent'} au {day_and_year(day or '')}"


@dataclass(frozen=True, slots=True)
class Membre:
    """A member commune on a day, under the name and the INSEE code it then had."""

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
        return families(self.domaines)

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

    def narrowed(self, *, pole: int | None = None, famille: str = "", etat: str = "") -> "Matrice":
        """The same matrix with only the communes of a pôle, the domains of a family, the communes with a state."""
        kept = [
            index for index, domaine in enumerate(self.domaines) if not famille or domaine.famille == famille
        ]
        rows = [
            Rang(rang.commune, tuple(rang.cases[index] for index in kept))
            for rang in self.rangs
            if pole is None or rang.commune.pole_id == pole
        ]
        return Matrice(
            epci=self.epci,
            on=self.on,
            domaines=tuple(self.domaines[index] for index in kept),
            rangs=tuple(row for row in rows if not etat or any(etat in case.etats for case in row.cases)),
            poles=self.poles,
        )


def horizon(on: date) -> date:
    """How far ahead « arrive » and « part » look: the same day next year, so that the next 1 January shows, not the one after."""
    return in_year(on, on.year + 1)


def families(domaines: Iterable[DomaineLu]) -> list[tuple[str, int]]:
    """Consecutive domains of a family: (label, how many)."""
    return [(label, len(list(group))) for label, group in groupby(domaines, key=lambda d: d.famille_libelle)]


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
    """Members of an EPCI on a day, under the names and codes they then had, in the French order of those names."""
    former = _former(epci, on)
    found = []
    for commune in Commune.objects.members_of(epci, on):
        nom, code = former.get(commune.pk, (commune.nom, commune.code_insee))
        found.append(Membre(commune.pk, nom, code, commune.pole_id, commune.pole_nom or ""))
    return sorted(found, key=lambda membre: sort_key(membre.nom)) if former else found


def _former(epci: Epci, on: date) -> dict[int, tuple[str, str]]:
    """(name, INSEE code) on a day, by commune id, of those whose present ones differ."""
    versions = CommuneVersion.objects.on(on).filter(commune__appartenances__epci=epci)
    differing = versions.exclude(nom=F("commune__nom"), code_insee=F("commune__code_insee"))
    rows = differing.order_by("pk").values_list("commune_id", "nom", "code_insee")
    return {commune: (nom, code) for commune, nom, code in rows}


def read_cells(
    epci: Epci, user: Any, on: date, catalogue: CatalogueLu, communes: Sequence[int] | None = None
) -> dict[Cle, Case]:
    """The cells where there is something to say, by (commune id, domain id); `communes` narrows them."""
    shares, lignes = read_periods(epci, user, on, communes)
    reading = _Lecture(epci, on, catalogue, shares)
    reading.count()
    reading.add_choices(lignes)
    return reading.cases()


def read_periods(
    epci: Epci, user: Any, on: date, communes: Sequence[int] | None = None
) -> tuple[Partages, list[Ligne]]:
    """What is shared on a day or within the horizon, and the choices the reader may know of."""
    lignes = _known_lines(epci, user, on)
    if communes is not None:
        lignes = lignes.filter(commune__in=communes)
    undone = list(lignes)
    voted = [ligne for ligne in undone if ligne.effet_on]
    shares = read_shares(epci, voted, since=on, until=horizon(on), communes=communes)
    return shares, [
        ligne for ligne in undone if not ligne.effet_on and _day(ligne.declaration.deposee_at, epci) <= on
    ]


def _known_lines(epci: Epci, user: Any, on: date) -> Any:
    """Lines without effect: voted ones for everyone; asked, refused and postponed ones for who may see them."""
    waiting = Ligne.objects.changing().filter(
        epci=epci, appliquee_at=None, declaration__etat=Declaration.Etat.DEPOSEE
    )
    told = waiting.visible_to(user)
    asked = told.filter(
        arbitrage__in=[Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE],
        declaration__cycle__clos_at=None,
    )
    refused = told.filter(
        arbitrage__in=[Ligne.Arbitrage.REFUSEE, Ligne.Arbitrage.REPORTEE],
        declaration__cycle__effective_on__gt=in_year(on, on.year - 1),
    )
    rows = (voted_lines(epci) | asked | refused).select_related("declaration__cycle__catalogue")
    return rows.order_by("declaration__cycle__effective_on", "pk")


def _day(instant: datetime | None, epci: Epci) -> date:
    """The day something became known, so that a day before it does not show it."""
    assert instant  # deposited and decided lines have one
    return horloge.local(instant, epci.fuseau).date()


@dataclass(slots=True)
class _Compte:
    """The counts of a cell while it is being read."""

    partagees: int = 0
    depuis_on: date | None = None
    arrivent: int = 0
    arrivent_on: date | None = None
    partent: int = 0
    partent_on: date | None = None
    natures: Counter[str] = field(default_factory=Counter)
    suites: set[tuple[str, str]] = field(default_factory=set)
    en_retard: bool = False

    def hold(self, periode: Periode) -> None:
        self.partagees += 1
        self.natures[periode.nature] += 1
        self.depuis_on = min(self.depuis_on or periode.debut, periode.debut)

    def arrive(self, day: date) -> None:
        self.arrivent += 1
        self.arrivent_on = min(self.arrivent_on or day, day)

    def leave(self, day: date) -> None:
        self.partent += 1
        self.partent_on = min(self.partent_on or day, day)

    def told(self, suite: str) -> tuple[str, ...]:
        """« entrée demandée », « retrait demandé »: what has that sequel, in the order of NATURES."""
        return tuple(
            f"{noun} {suite}{agreement}"
            for nature, (noun, agreement) in NATURES.items()
            if (suite, nature) in self.suites
        )

    def case(self, total: int) -> Case:
        return Case(
            total=total,
            partagees=self.partagees,
            depuis_on=self.depuis_on,
            arrivent=self.arrivent,
            arrivent_on=self.arrivent_on,
            partent=self.partent,
            partent_on=self.partent_on,
            prestations=self.natures[Adhesion.Nature.PRESTATION],
            regularisees=self.natures[Adhesion.Nature.REGULARISATION],
            demandes=self.told("demandé"),
            refus=self.told("refusé"),
            reports=self.told("reporté"),
            en_retard=self.en_retard,
        )


class _Lecture:
    """The cells of a day, counted activity by activity in the columns of the edition of that day."""

    def __init__(self, epci: Epci, on: date, catalogue: CatalogueLu, shares: Partages) -> None:
        self.epci, self.on, self.shares = epci, on, shares
        self.sizes = {domaine.id: len(domaine.activites) for domaine in catalogue.domaines}
        self.domaine_of = {pk: domaine.id for pk, domaine in catalogue.domaine_of.items()}
        self.later = _next_domains(epci, on)
        self.counts: dict[Cle, _Compte] = {}

    def cases(self) -> dict[Cle, Case]:
        return {cle: count.case(self.sizes[cle[1]]) for cle, count in self.counts.items()}

    def count(self) -> None:
        for cle, periods in self.shares.periodes.items():
            held = periods[0].debut <= self.on
            # An activity that the edition of the day does not offer may only arrive in one of its domains.
            domaine = self.domaine_of.get(cle[1]) if held else self._domaine(cle[1])
            if domaine is None:
                continue
            if held:
                self._hold(cle, periods, self._cell(cle[0], domaine))
            elif not self.shares.takes_over(cle, periods[0].debut):
                self._cell(cle[0], domaine).arrive(periods[0].debut)

    def _hold(self, cle: Cle, periods: list[Periode], count: _Compte) -> None:
        count.hold(periods[0])
        fin = periods[0].fin
        if not fin or fin > horizon(self.on) or any(periode.debut == fin for periode in periods):
            return
        if not self.shares.gives_way(cle, fin):
            count.leave(fin)

    def add_choices(self, lignes: Iterable[Ligne]) -> None:
        """Add what is asked, refused or postponed; of two lines about the same pair, the later cycle's."""
        latest = {cle: ligne for ligne in lignes for cle in self._about(ligne)}
        for cle, ligne in latest.items():
            domaine = self._domaine(cle[1]) or (ligne.domaine_id if ligne.domaine_id in self.sizes else None)
            if domaine is not None and not self._is_settled(cle, ligne):
                self._add(ligne, self._cell(cle[0], domaine))

    def _about(self, ligne: Ligne) -> tuple[Cle, ...]:
        """The pairs a line is about on the day of its cycle; none when that day is beyond the horizon."""
        expected = ligne.declaration.cycle.effective_on
        if expected > horizon(self.on):
            return ()
        return targets(ligne, self.shares.derivations, expected)

    def _is_settled(self, cle: Cle, ligne: Ligne) -> bool:
        """Whether what was refused or postponed has come about in another way since."""
        if ligne.arbitrage not in (Ligne.Arbitrage.REFUSEE, Ligne.Arbitrage.REPORTEE):
            return False
        shared = self.shares.held(cle, self.on) is not None
        if ligne.nature == Ligne.Nature.RETRAIT:
            return not shared
        return shared and ligne.nature in (Ligne.Nature.ENTREE, Ligne.Nature.EXTENSION)

    def _add(self, ligne: Ligne, count: _Compte) -> None:
        decided = ligne.arbitree_at and _day(ligne.arbitree_at, self.epci) <= self.on
        suite = SUITES[Ligne.Arbitrage(ligne.arbitrage)] if decided else "demandé"
        count.suites.add((suite, ligne.nature))
        expected = ligne.declaration.cycle.effective_on
        count.en_retard |= expected <= self.on and ligne.arbitrage == Ligne.Arbitrage.ACCEPTEE

    def _domaine(self, activite: int) -> int | None:
        """The column of an activity, of today's edition or else of the next one."""
        found = self.domaine_of.get(activite) or self.later.get(activite)
        return found if found in self.sizes else None

    def _cell(self, commune: int, domaine: int) -> _Compte:
        return self.counts.setdefault((commune, domaine), _Compte())


def _next_domains(epci: Epci, on: date) -> dict[int, int]:
    """The domain of each activity in the editions of the year to come, by activity id."""
    rows = ActiviteVersion.objects.filter(
        catalogue__epci=epci,
        catalogue__gele_at__isnull=False,
        catalogue__effective_on__gt=on,
        catalogue__effective_on__lte=horizon(on),
    )
    ordered = rows.order_by("catalogue__effective_on", "pk")
    return dict(ordered.values_list("activite_id", "domaine_id"))


def sentence(matrice: Matrice, *, pole: str = "", famille: str = "", etat: str = "") -> str:
    """« Au 10 février 2027 : 21 communes sur 28 partagent au moins un domaine. »"""
    where = enumerate_french([part for part in (pole, famille) if part])
    shown, total = matrice.partageuses, len(matrice.rangs)
    start = f"Au {day_and_year(matrice.on)}{', ' + where if where else ''}"
    if etat:
        having = "a" if total < 2 else "ont"
        return f"{start} : {plural(total, 'commune')} {having} au moins un domaine dans l'état « {etat} »."
    verb = "partage" if shown < 2 else "partagent"
    return f"{start} : {plural(shown, 'commune')} sur {total} {verb} au moins un domaine."
