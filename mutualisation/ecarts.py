"""« Ce qui change depuis le catalogue 2027 »: an edition beside the one before, in sentences, and whom it touches."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count

from mutualisation.editions import EditionLue, edition_before, read_edition
from mutualisation.models import ActiviteVersion, Adhesion, Catalogue, Cycle, DomaineVersion, Ligne, Titulaire
from socle.dates import day_and_year
from socle.typographie import enumerate_french, plural
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

    `suite` says what becomes of the shares; `quitte` is the domain whose seats are left without object. A commune that shares
    one of the activities of `sauf` is not touched.
    """

    genre: str
    phrase: str
    suite: str = ""
    activites: frozenset[int] = frozenset()
    sauf: frozenset[int] = frozenset()
    quitte: int | None = None
    restaure: tuple[str, int] | None = None

    @property
    def pilule(self) -> tuple[str, str]:
        """(tone, word) of the kind."""
        return TONES[self.genre], MOTS[self.genre]

    def touches(self, shared: Collection[int]) -> bool:
        """Whether it touches a commune that shares these activities."""
        return not self.activites.isdisjoint(shared) and self.sauf.isdisjoint(shared)


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
        yield Ecart(
            "retrait",
            f"Le domaine « {before.domaines[pk]} » n'est plus offert.",
            activites=frozenset(row.activite_id for row in before.by_domaine[pk] if _is_gone(row, after)),
            quitte=pk,
            restaure=("domaine", pk),
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
        if _is_gone(former, after):
            yield Ecart(
                "retrait",
                f"« {former} » ({before.domaines[former.domaine_id]}) n'est plus offerte.",
                f"Les partages en cours finissent le {day_and_year(after.edition.effective_on)}.",
                frozenset([pk]),
                restaure=("activite", pk),
            )


def _is_gone(former: ActiviteVersion, after: EditionLue) -> bool:
    """Nothing of it is offered any more, under any name."""
    return former.activite_id not in after.activites and former.activite_id not in after.heirs


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
            "regle",
            f"« {after.domaines[domaine]} » demande désormais « {after.domaines[requis]} ».",
            A_VENIR,
            _offered(domaine, before, after),
            sauf=_offered(requis, before, after),
        )
    for domaine, requis in sorted(old - new):
        if domaine in after.domaines:
            yield Ecart(
                "regle", f"« {after.domaines[domaine]} » ne demande plus « {before.domaines[requis]} »."
            )


def _offered(domaine: int, *lues: EditionLue) -> frozenset[int]:
    """The activities of a domain, in any of these editions."""
    return frozenset(row.activite_id for lue in lues for row in lue.by_domaine.get(domaine, ()))


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


# Communes (ids) by activity (id), once for each share or each line.
Poses = dict[int, list[int]]


def read_reach(edition: Catalogue, ecarts: list[Ecart]) -> list[tuple[Ecart, Portee]]:
    """Each change with whom it touches; the same number of queries whatever the changes."""
    activites = frozenset().union(*(ecart.activites | ecart.sauf for ecart in ecarts))
    poses = _by_activite(_shares(edition, activites)), _by_activite(_pending(edition, activites))
    seats = _seats(edition, {ecart.quitte for ecart in ecarts if ecart.quitte})
    members = Commune.objects.members_of(edition.epci, edition.effective_on)
    names = {commune.pk: commune.nom for commune in members}
    return [(ecart, _reach(ecart, *poses, seats, names)) for ecart in ecarts]


def _by_activite(pairs: Iterable[tuple[int, int]]) -> Poses:
    found: Poses = {}
    for activite, commune in pairs:
        found.setdefault(activite, []).append(commune)
    return found


def _shares(edition: Catalogue, activites: frozenset[int]) -> list[tuple[int, int]]:
    """(activity, commune) of the adhesions that will stand on the first day, as known today."""
    rows = Adhesion.objects.on(edition.effective_on).filter(epci=edition.epci_id, activite__in=activites)
    return list(rows.order_by("pk").values_list("activite_id", "commune_id"))


def _pending(edition: Catalogue, activites: frozenset[int]) -> list[tuple[int, int]]:
    """(activity, commune) of the lines not in effect yet that were not turned down."""
    alive = (Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE)
    rows = Ligne.objects.changing().filter(
        epci=edition.epci_id, activite__in=activites, appliquee_at=None, arbitrage__in=alive
    )
    return list(rows.order_by("pk").values_list("activite_id", "commune_id"))


def _seats(edition: Catalogue, domaines: set[int]) -> dict[int, int]:
    """How many people or teams sit for each domain on the first day."""
    held = Titulaire.objects.on(edition.effective_on).filter(
        siege__epci=edition.epci_id, siege__domaine__in=domaines
    )
    rows = held.values("siege__domaine").annotate(nombre=Count("pk")).order_by()
    return {row["siege__domaine"]: row["nombre"] for row in rows}


def _reach(
    ecart: Ecart, shares: Poses, pending: Poses, seats: dict[int, int], names: dict[int, str]
) -> Portee:
    spared = set(_communes(shares, ecart.sauf))
    held = [commune for commune in _communes(shares, ecart.activites) if commune not in spared]
    spared |= set(_communes(pending, ecart.sauf))
    asked = [commune for commune in _communes(pending, ecart.activites) if commune not in spared]
    named = set(held)
    return Portee(
        communes=tuple(name for pk, name in names.items() if pk in named),
        adhesions=len(held),
        lignes=len(asked),
        sieges=seats.get(ecart.quitte or 0, 0),
    )


def _communes(poses: Poses, activites: Iterable[int]) -> Iterator[int]:
    """The communes that hold these activities, as many times as they do."""
    return (commune for pk in activites for commune in poses.get(pk, ()))


def losses(lue: EditionLue, leaving: Collection[int], domaine: int | None = None) -> list[str]:
    """What ends when these activities (and a whole domain) leave a draft, in sentences; ids."""
    alone = {source for source, heirs in lue.heirs.items() if set(heirs) <= set(leaving)}
    ecart = Ecart("retrait", "", activites=frozenset(alone.union(leaving)), quitte=domaine)
    ((_, portee),) = read_reach(lue.edition, [ecart])
    said = ["Aucun partage n'est en cours ce jour-là."]
    if portee.adhesions:
        count = f"{plural(portee.adhesions, 'partage finit', 'partages finissent')} ce jour-là"
        said = [f"{count}, dans {plural(len(portee.communes), 'commune')} : {', '.join(portee.communes)}."]
    if portee.lignes:
        said.append(
            f"{plural(portee.lignes, 'demande en cours reste', 'demandes en cours restent')} sans objet."
        )
    if portee.sieges:
        seats = plural(portee.sieges, "référent ou responsable n'a", "référents ou responsables n'ont")
        said.append(f"{seats} plus rien à suivre dans ce domaine.")
    return said


def touched_by_commune(edition: Catalogue, ecarts: list[Ecart]) -> dict[int, list[Ecart]]:
    """The changes that touch what each commune (its id) shares on the first day."""
    shared: dict[int, set[int]] = {}
    activites = frozenset().union(*(ecart.activites | ecart.sauf for ecart in ecarts))
    for activite, commune in _shares(edition, activites):
        shared.setdefault(commune, set()).add(activite)
    return {
        commune: touching
        for commune, held in shared.items()
        if (touching := [ecart for ecart in ecarts if ecart.touches(held)])
    }
