"""« Ce qui change depuis le catalogue 2027 »: an edition beside the one before, in sentences, and whom it touches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from mutualisation.editions import EditionLue, edition_before, read_edition
from mutualisation.models import Adhesion, Catalogue, Cycle, DomaineVersion, Ligne, Titulaire
from mutualisation.models.ligne import LigneQuerySet
from socle.dates import day_and_year
from socle.typographie import enumerate_french
from territoire.models import Commune

TONES = {"ajout": "v", "retrait": "r", "libelle": "n", "place": "o", "succession": "a", "regle": "o"}
MOTS = {
    "ajout": "Ajout",
    "retrait": "Retrait",
    "libelle": "Nouveau nom",
    "place": "Déplacement",
    "succession": "Scission ou fusion",
    "regle": "Règle",
}
A_VENIR = "Vaut pour les choix à venir ; les partages en cours continuent."
# What an edition says of a domain beside its name, and how its change is told.
REGLES = {
    "famille": "famille",
    "service_commun": "service commun",
    "rattachement": "rattachement par défaut",
    "paiement": "mode de paiement",
    "porteur": "commune porteuse",
}


@dataclass(frozen=True)
class Ecart:
    """One thing that changes: its kind, its sentences, the activities whose shares it moves or whose terms it changes.

    `suite` says what becomes of the shares; `quitte` is the domain whose seats are left without object.
    """

    genre: str
    phrase: str
    suite: str = ""
    activites: frozenset[int] = frozenset()
    quitte: int | None = None
    restaure: tuple[str, int] | None = None

    @property
    def pilule(self) -> tuple[str, str]:
        """(tone, word) of the kind."""
        return TONES[self.genre], MOTS[self.genre]


@dataclass(frozen=True)
class Portee:
    """Whom a change touches, on the first day of the edition."""

    communes: tuple[str, ...] = ()
    adhesions: int = 0
    lignes: int = 0
    sieges: int = 0


def read_changes(edition: Catalogue) -> list[Ecart]:
    """What an edition changes since the one before; nothing for the first."""
    before = edition_before(edition)
    return list(compare(read_edition(before), read_edition(edition))) if before else []


def read_cycle_changes(cycle: Cycle) -> list[Ecart]:
    """What the edition of a cycle changes, when it is not that of the cycle before; nothing for the first cycle."""
    before = Cycle.objects.filter(epci=cycle.epci_id, annee__lt=cycle.annee).order_by("-annee").first()
    if before is None or before.catalogue_id == cycle.catalogue_id:
        return []
    return read_changes(cycle.catalogue)


def compare(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    """What changes from an edition to a later one: domains, activities, then rules."""
    yield from _domaines(before, after)
    yield from _successions(before, after)
    yield from _activites(before, after)
    yield from _blocs(before, after)
    yield from _prerequis(before, after)
    yield from _exclusions(before, after)


def _named(rows: Sequence[object]) -> str:
    return enumerate_french([f"« {row} »" for row in rows])


def _domaines(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    for pk, version in after.domaines.items():
        former = before.domaines.get(pk)
        if former is None:
            yield Ecart("ajout", f"Nouveau domaine : « {version} ».")
        else:
            yield from _of_domaine(pk, former, version, before)
    for pk in before.domaines.keys() - after.domaines.keys():
        gone = before.domaines[pk]
        yield Ecart(
            "retrait", f"Le domaine « {gone} » n'est plus offert.", quitte=pk, restaure=("domaine", pk)
        )


def _of_domaine(
    pk: int, former: DomaineVersion, version: DomaineVersion, before: EditionLue
) -> Iterator[Ecart]:
    if former.libelle != version.libelle:
        yield Ecart("libelle", f"Le domaine « {former} » s'appelle « {version} ».", restaure=("domaine", pk))
    held = frozenset(row.activite_id for row in before.by_domaine[pk])
    for name, label in REGLES.items():
        old, new = _value(former, name), _value(version, name)
        if old != new:
            phrase = f"« {version} », {label} : {new or 'à préciser'}, au lieu de : {old or 'à préciser'}."
            yield Ecart("regle", phrase, activites=held, restaure=("domaine", pk))


def _value(version: DomaineVersion, name: str) -> str:
    """A property of a domain, in words."""
    if name == "porteur":
        return str(version.porteur or "l'EPCI")
    display = getattr(version, f"get_{name}_display", None)
    return str(display() if display else getattr(version, name))


def _successions(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    """Splits and merges, each told once: the old ones and the new ones that hold together."""
    told: set[int] = set()
    for ancienne in after.heirs:
        if ancienne in told:
            continue
        anciennes, nouvelles = family_of(after, ancienne)
        told |= anciennes
        yield _succession(before, after, sorted(anciennes), sorted(nouvelles))


def family_of(lue: EditionLue, activite: int) -> tuple[set[int], set[int]]:
    """(old ones, new ones) that a succession binds to an old activity, directly or not."""
    anciennes, nouvelles = {activite}, set(lue.heirs.get(activite, ()))
    while True:
        wider = {source for heir in nouvelles for source in lue.sources[heir]} | anciennes
        if wider == anciennes:
            return anciennes, nouvelles
        anciennes = wider
        nouvelles = {heir for source in anciennes for heir in lue.heirs.get(source, ())}


def _succession(before: EditionLue, after: EditionLue, anciennes: list[int], nouvelles: list[int]) -> Ecart:
    old = [before.activites[pk] for pk in anciennes if pk in before.activites]
    new = [after.activites[pk] for pk in nouvelles if pk in after.activites]
    one = len(new) == 1
    if len(old) == 1:
        verb = "devient" if one else "se scinde en"
        whole = "la nouvelle" if one else "chacune des nouvelles"
        suite = f"Les communes qui la partagent partagent {whole}."
    else:
        verb = "fusionnent en" if one else "deviennent"
        whole = "la nouvelle" if one else "les nouvelles qui en viennent"
        suite = f"Les communes qui en partagent une au moins partagent {whole}."
    phrase = f"{_named(old)} {verb} {_named(new)}."
    restaure = ("activite", anciennes[0])
    return Ecart("succession", phrase, suite, frozenset(anciennes), restaure=restaure)


def _activites(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    for pk, version in after.activites.items():
        former = before.activites.get(pk)
        domaine = after.domaines[version.domaine_id]
        if former is None:
            if pk not in after.sources:
                yield Ecart("ajout", f"« {domaine} » offre aussi « {version} ».", restaure=("activite", pk))
            continue
        if former.libelle != version.libelle:
            yield Ecart("libelle", f"« {former} » s'appelle « {version} ».", restaure=("activite", pk))
        if former.domaine_id != version.domaine_id:
            yield Ecart(
                "place",
                f"« {version} » passe de « {before.domaines[former.domaine_id]} » à « {domaine} ».",
                "Les partages continuent ; ceux qui en répondent changent avec le domaine.",
                frozenset([pk]),
                restaure=("activite", pk),
            )
    yield from _gone(before, after)


def _gone(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    for pk, former in before.activites.items():
        if pk not in after.activites and pk not in after.heirs:
            yield Ecart(
                "retrait",
                f"« {former} » ({before.domaines[former.domaine_id]}) n'est plus offerte.",
                f"Les partages en cours finissent le {day_and_year(after.edition.effective_on)}.",
                frozenset([pk]),
                restaure=("activite", pk),
            )


def _blocs(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    """A bloc is what it holds: the same activities under another name are only renamed."""
    old, new = _contents(before), _contents(after)
    for held, nom in new.items():
        if held not in old:
            yield Ecart("regle", f"{_titles(after, held)} se prennent ensemble : {nom}.", A_VENIR, held)
        elif old[held] != nom:
            yield Ecart("libelle", f"Le bloc « {old[held]} » s'appelle « {nom} ».")
    for held, nom in old.items():
        if not any(held & other for other in new) and held & after.activites.keys():
            yield Ecart(
                "regle", f"{_titles(before, held)} se prennent séparément : le bloc {nom} est défait."
            )


def _contents(lue: EditionLue) -> dict[frozenset[int], str]:
    """The name of each bloc, by the activities it holds."""
    return {frozenset(v.activite_id for v in held): lue.blocs[pk].nom for pk, held in lue.by_bloc.items()}


def _titles(lue: EditionLue, activites: frozenset[int]) -> str:
    return _named([version for pk, version in lue.activites.items() if pk in activites])


def _prerequis(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    old, new = _pairs(before), _pairs(after)
    for domaine, requis in sorted(new - old):
        yield Ecart(
            "regle", f"« {after.domaines[domaine]} » demande désormais « {after.domaines[requis]} ».", A_VENIR
        )
    for domaine, requis in sorted(old - new):
        if domaine in after.domaines:
            yield Ecart(
                "regle", f"« {after.domaines[domaine]} » ne demande plus « {before.domaines[requis]} »."
            )


def _pairs(lue: EditionLue) -> set[tuple[int, int]]:
    return {(domaine, requis) for domaine, needed in lue.prerequis.items() for requis in needed}


def _exclusions(before: EditionLue, after: EditionLue) -> Iterator[Ecart]:
    for pk in sorted(after.exclusions.keys() - before.exclusions.keys()):
        phrase = f"« {after.activites[pk]} » n'est plus ouverte aux communes affiliées au centre de gestion."
        yield Ecart("regle", phrase, f"{after.exclusions[pk]}", frozenset([pk]))
    for pk in sorted(before.exclusions.keys() - after.exclusions.keys()):
        if pk in after.activites:
            phrase = f"« {after.activites[pk]} » s'ouvre aux communes affiliées au centre de gestion."
            yield Ecart("regle", phrase)


@dataclass
class _Comptes:
    """What stands on each activity, on the first day of an edition."""

    communes: dict[int, set[int]] = field(default_factory=dict)
    adhesions: dict[int, int] = field(default_factory=dict)
    lignes: dict[int, int] = field(default_factory=dict)


def read_reach(edition: Catalogue, ecarts: list[Ecart]) -> list[tuple[Ecart, Portee]]:
    """Each change with whom it touches; the same number of queries whatever the changes."""
    activites = frozenset().union(*(ecart.activites for ecart in ecarts))
    comptes = _count(edition, activites)
    seats = _seats(edition, {ecart.quitte for ecart in ecarts if ecart.quitte})
    members = Commune.objects.members_of(edition.epci, edition.effective_on)
    names = {commune.pk: commune.nom for commune in members}
    return [(ecart, _reach(ecart, comptes, seats, names)) for ecart in ecarts]


def _count(edition: Catalogue, activites: frozenset[int]) -> _Comptes:
    comptes = _Comptes()
    for activite, commune in _shares(edition, activites):
        comptes.communes.setdefault(activite, set()).add(commune)
        comptes.adhesions[activite] = comptes.adhesions.get(activite, 0) + 1
    pending = _pending(edition, activites).values("activite").annotate(nombre=Count("pk"))
    comptes.lignes = {row["activite"]: row["nombre"] for row in pending.order_by()}
    return comptes


def _shares(edition: Catalogue, activites: frozenset[int]) -> list[tuple[int, int]]:
    """(activity, commune) of the adhesions that will stand on the first day, as known today."""
    rows = Adhesion.objects.on(edition.effective_on).filter(epci=edition.epci_id, activite__in=activites)
    return list(rows.order_by("pk").values_list("activite_id", "commune_id"))


def _pending(edition: Catalogue, activites: frozenset[int]) -> LigneQuerySet:
    """Lines not in effect yet that were not turned down."""
    alive = (Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE)
    return Ligne.objects.changing().filter(
        epci=edition.epci_id, activite__in=activites, appliquee_at=None, arbitrage__in=alive
    )


def _seats(edition: Catalogue, domaines: set[int]) -> dict[int, int]:
    """How many people or teams sit for each domain on the first day."""
    held = Titulaire.objects.on(edition.effective_on).filter(
        siege__epci=edition.epci_id, siege__domaine__in=domaines
    )
    rows = held.values("siege__domaine").annotate(nombre=Count("pk")).order_by()
    return {row["siege__domaine"]: row["nombre"] for row in rows}


def _reach(ecart: Ecart, comptes: _Comptes, seats: dict[int, int], names: dict[int, str]) -> Portee:
    communes = set().union(*(comptes.communes.get(pk, ()) for pk in ecart.activites))
    return Portee(
        communes=tuple(name for pk, name in names.items() if pk in communes),
        adhesions=sum(comptes.adhesions.get(pk, 0) for pk in ecart.activites),
        lignes=sum(comptes.lignes.get(pk, 0) for pk in ecart.activites),
        sieges=seats.get(ecart.quitte or 0, 0),
    )


def touched_by_commune(edition: Catalogue, ecarts: list[Ecart]) -> dict[int, list[Ecart]]:
    """The changes that touch what each commune (its id) shares on the first day."""
    shared: dict[int, set[int]] = {}
    for activite, commune in _shares(edition, frozenset().union(*(ecart.activites for ecart in ecarts))):
        shared.setdefault(commune, set()).add(activite)
    return {
        commune: [ecart for ecart in ecarts if ecart.activites & held] for commune, held in shared.items()
    }
