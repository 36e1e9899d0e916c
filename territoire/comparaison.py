"""The communes of an EPCI compared with a newer extract: what moved, what can only be guessed, what a person decides.

An extract says who is a member, under which name and codes; it never says who succeeds whom. A commune is followed by its
SIREN; what is left is proposed, and confirmed by the person who applies it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from socle.typographie import sort_key
from territoire.models import Commune, CommuneVersion, Epci
from territoire.reference import CommuneReference, Extrait, read_extract

FACTS = ("nom", "code_insee", "siren", "population")
# A population that moved by about that of another commune betrays a merger or a split.
CLOSE = (0.6, 1.4)


@dataclass(frozen=True)
class Releve:
    """What an extract says of one EPCI: its members, and where communes that were its members now are."""

    version: str
    jour: date
    communes: tuple[CommuneReference, ...]
    ailleurs: Mapping[str, str] = field(default_factory=dict)
    provenances: Mapping[str, str] = field(default_factory=dict)


def read_releve(extrait: Extrait, epci: Epci) -> Releve | None:
    """What an extract says of an EPCI; None when it does not know its SIREN. `provenances` come from the packaged extract."""
    here = extrait.by_siren.get(epci.siren)
    if here is None:
        return None
    present = {commune.siren for commune in here.communes}
    former = set(Commune.objects.filter(appartenances__epci=epci).values_list("siren", flat=True)) - present
    return Releve(
        version=extrait.meta["version"],
        jour=date.fromisoformat(extrait.meta["date"]),
        communes=here.communes,
        ailleurs=_homes(extrait, former, epci.siren),
        provenances=_homes(read_extract(), present, epci.siren),
    )


def _homes(extrait: Extrait, sirens: set[str], but: str) -> dict[str, str]:
    return {
        commune.siren: one.nom
        for one in extrait.epci
        if one.siren != but
        for commune in one.communes
        if commune.siren in sirens
    }


@dataclass(frozen=True)
class Connue:
    """A member commune, as it is known on a day."""

    commune: Commune
    nom: str
    code_insee: str
    siren: str
    population: int


@dataclass(frozen=True)
class Suite:
    """A commune that stays, and what the extract says of it now."""

    avant: Connue
    apres: CommuneReference

    @property
    def changes(self) -> tuple[str, ...]:
        """Which of FACTS differ."""
        return tuple(name for name in FACTS if getattr(self.avant, name) != getattr(self.apres, name))


@dataclass(frozen=True)
class Disparue:
    """A member that the extract does not list any more; `ailleurs` is the EPCI where it is, `proposee` a SIREN."""

    avant: Connue
    ailleurs: str
    proposee: str


@dataclass(frozen=True)
class Apparue:
    """A commune that the extract lists and that was not a member; `origine` is the id of the one it may come from."""

    apres: CommuneReference
    provenance: str
    origine: int | None


@dataclass(frozen=True)
class Comparaison:
    """What an extract changes to the members of an EPCI as they are on a day."""

    suites: list[Suite]
    disparues: list[Disparue]
    apparues: list[Apparue]

    @property
    def avant(self) -> list[Connue]:
        """Every member, those that disappear first."""
        return [*(one.avant for one in self.disparues), *(one.avant for one in self.suites)]

    @property
    def apres(self) -> list[CommuneReference]:
        """Every commune that the extract lists, those that appear first."""
        return [*(one.apres for one in self.apparues), *(one.apres for one in self.suites)]

    @property
    def vide(self) -> bool:
        return not (self.disparues or self.apparues or any(suite.changes for suite in self.suites))

    @property
    def empreinte(self) -> str:
        """Changes when the comparison does: what a person confirms is what she read."""
        facts = (
            [(suite.avant.commune.pk, suite.changes, suite.apres) for suite in self.suites if suite.changes],
            [one.avant.commune.pk for one in self.disparues],
            [one.apres for one in self.apparues],
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def compare(epci: Epci, releve: Releve, day: date) -> Comparaison:
    """Compare the members of an EPCI on a day with what an extract says, in French order; a fixed number of queries."""
    listed = sorted(releve.communes, key=lambda one: sort_key(one.nom))
    known = _known(epci, day)
    by_siren = {one.siren: one for one in known}
    found = {one.siren: by_siren[one.siren] for one in releve.communes if one.siren in by_siren}
    found |= _same_under_another_siren(releve, known, found)
    suites = [Suite(found[one.siren], one) for one in listed if one.siren in found]
    kept = {suite.avant.commune.pk for suite in suites}
    gone = [one for one in known if one.commune.pk not in kept]
    new = [one for one in listed if one.siren not in found]
    heirs = _propose_heirs([one for one in gone if one.siren not in releve.ailleurs], new, suites)
    return Comparaison(
        suites,
        [Disparue(one, releve.ailleurs.get(one.siren, ""), heirs.get(one.commune.pk, "")) for one in gone],
        [_appeared(one, releve, heirs, suites) for one in new],
    )


def _known(epci: Epci, day: date) -> list[Connue]:
    members = list(Commune.objects.members_of(epci, day))
    versions = {row.commune_id: row for row in CommuneVersion.objects.on(day).filter(commune__in=members)}
    return [_as_known(commune, versions.get(commune.pk, commune)) for commune in members]


def _as_known(commune: Commune, facts: Commune | CommuneVersion) -> Connue:
    return Connue(commune, facts.nom, facts.code_insee, facts.siren, facts.population)


def _same_under_another_siren(
    releve: Releve, known: list[Connue], found: Mapping[str, Connue]
) -> dict[str, Connue]:
    """A SIREN corrected: same code, same name, and nobody else disappeared who could have merged into it."""
    lost = {
        one.code_insee: one for one in known if one.siren not in found and one.siren not in releve.ailleurs
    }
    if len(lost) != 1:
        return {}
    return {
        one.siren: lost[one.code_insee]
        for one in releve.communes
        if one.siren not in found
        and one.code_insee in lost
        and sort_key(one.nom) == sort_key(lost[one.code_insee].nom)
    }


def _propose_heirs(gone: list[Connue], new: list[CommuneReference], suites: list[Suite]) -> dict[int, str]:
    """The SIREN of the commune that probably succeeds each one that disappeared, by id; nothing when it is not clear."""
    same_code = {one.code_insee: one.siren for one in new}
    heads = {same_code[one.code_insee] for one in gone if one.code_insee in same_code}
    merged = heads or {one.siren for one in new}
    proposed = {}
    for one in gone:
        heir = same_code.get(one.code_insee) or (min(merged) if len(merged) == 1 else "")
        heir = heir or _grown_by(one.population, suites)
        if heir:
            proposed[one.commune.pk] = heir
    return proposed


def _grown_by(population: int, suites: Iterable[Suite]) -> str:
    grown = [s.apres.siren for s in suites if _close(s.apres.population - s.avant.population, population)]
    return grown[0] if len(grown) == 1 else ""


def _close(moved: int, population: int) -> bool:
    return CLOSE[0] * population <= moved <= CLOSE[1] * population and population > 0


def _appeared(
    one: CommuneReference, releve: Releve, heirs: Mapping[int, str], suites: list[Suite]
) -> Apparue:
    provenance = releve.provenances.get(one.siren, "")
    origin = None
    if not provenance and one.siren not in heirs.values():
        shrunk = [s for s in suites if _close(s.avant.population - s.apres.population, one.population)]
        origin = shrunk[0].avant.commune.pk if len(shrunk) == 1 else None
    return Apparue(one, provenance, origin)


class Nature(StrEnum):
    """What happens to communes."""

    FUSION = "fusion"
    SCISSION = "scission"
    DEPART = "départ"
    ARRIVEE = "arrivée"
    NOM = "nom ou code"
    POPULATION = "population"


@dataclass(frozen=True)
class Mouvement:
    """One move: the communes it starts from (ids), the one it leads to, as the extract tells it (None for a departure)."""

    nature: Nature
    anciennes: tuple[Connue, ...]
    apres: CommuneReference | None


def plan(
    comparaison: Comparaison, devenirs: Mapping[int, str], origines: Mapping[str, int | None]
) -> list[Mouvement]:
    """The moves that a comparison and the choices of a person make.

    `devenirs`: for each commune that disappeared (id), the SIREN of its heir, empty when it leaves. `origines`: for each one
    that appeared (SIREN), the id of the commune it splits from, None when it arrives.
    """
    known = {one.commune.pk: one for one in comparaison.avant}
    after = {one.siren: one for one in comparaison.apres}
    merged: dict[str, list[Connue]] = {}
    for pk, siren in devenirs.items():
        if siren:
            merged.setdefault(siren, []).append(known[pk])
    moves = [Mouvement(Nature.FUSION, tuple(rows), after[siren]) for siren, rows in merged.items()]
    moves += [Mouvement(Nature.DEPART, (known[pk],), None) for pk, siren in devenirs.items() if not siren]
    for siren, origin in origines.items():
        if origin is not None:
            moves.append(Mouvement(Nature.SCISSION, (known[origin],), after[siren]))
        elif siren not in merged:
            moves.append(Mouvement(Nature.ARRIVEE, (), after[siren]))
    return [*moves, *_alterations(comparaison)]


def _alterations(comparaison: Comparaison) -> list[Mouvement]:
    return [
        Mouvement(
            Nature.POPULATION if suite.changes == ("population",) else Nature.NOM, (suite.avant,), suite.apres
        )
        for suite in comparaison.suites
        if suite.changes
    ]
