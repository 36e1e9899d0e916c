"""Activities of a draft of the catalogue: added, renamed, moved, retired, split, merged, put back as they were.

Old activities leave the edition; what takes over from them is written as successions, which the first day of the edition
puts into effect. An activity that only the draft knows leaves no trace when it goes.
"""

from collections.abc import Collection, Sequence
from typing import Any, cast

from django.db import IntegrityError
from django.db.models import Max

from comptes.models import Personne
from journal.workflows.unite import unit, unite
from mutualisation.ecarts import family_of
from mutualisation.editions import edition_before, read_edition
from mutualisation.models import Activite, ActiviteVersion, Catalogue, Domaine, Exclusion, Succession
from mutualisation.workflows.catalogue import clean, editing, note
from socle.erreurs import Refus
from socle.typographie import enumerate_french, sort_key
from territoire.models import Epci

MOST = 20
UP, DOWN = "haut", "bas"


def next_code(epci: Epci, domaine: Domaine) -> str:
    """The first free code of a domain: « FIN-09 » after « FIN-08 », whatever the edition."""
    prefix = f"{domaine.code}-"
    codes = Activite.objects.filter(epci=epci, code__startswith=prefix).values_list("code", flat=True)
    taken = {code.removeprefix(prefix) for code in codes}
    rank = max((int(text) for text in taken if text.isascii() and text.isdecimal()), default=0) + 1
    return f"{prefix}{rank:02d}"


@unite
def add_activite(
    *, catalogue: Catalogue, domaine: Domaine, code: str, libelle: str, acteur: Personne, version: int
) -> ActiviteVersion:
    """Add an activity to a domain of a draft. Raises ActionInterdite, Conflit, Refus for a code or a name already taken."""
    edition = editing(catalogue, acteur, version)
    _require_domaine(edition, domaine)
    added = _create(edition, domaine, code, libelle)
    note(edition, acteur, f"« {added} » ajoutée à « {domaine} »")
    return added


def _create(
    edition: Catalogue, domaine: Domaine, code: str, libelle: str, beside: Collection[int] = ()
) -> ActiviteVersion:
    """A new activity, last of its domain; it may bear the name of those it replaces (`beside`, their ids)."""
    activite = Activite(epci=edition.epci, code=code.strip().upper(), libelle=libelle.strip())
    clean(activite)
    _check_label(edition, domaine, activite.libelle, beside)
    try:
        with unit():
            activite.save()
    except IntegrityError as error:
        known = Activite.objects.get(epci=edition.epci, code=activite.code)
        raise Refus(f"Le code {known.code} désigne déjà « {known} ».", field="code") from error
    return ActiviteVersion.objects.create(
        catalogue=edition,
        activite=activite,
        domaine=domaine,
        libelle=activite.libelle,
        ordre=_last(edition, domaine) + 1,
    )


def _last(edition: Catalogue, domaine: Domaine) -> int:
    found = edition.activites.filter(domaine=domaine).aggregate(dernier=Max("ordre"))["dernier"]
    return int(found or 0)


def _check_label(edition: Catalogue, domaine: Domaine, libelle: str, beside: Collection[int]) -> None:
    """Two activities of a domain never bear the same name, accents and capitals aside."""
    others = edition.activites.filter(domaine=domaine).exclude(activite__in=beside).order_by("ordre", "pk")
    if sort_key(libelle) in {sort_key(text) for text in others.values_list("libelle", flat=True)}:
        raise Refus(f"« {domaine} » a déjà une activité de ce nom.", field="libelle")


def _require_domaine(edition: Catalogue, domaine: Domaine) -> None:
    if not edition.domaines.filter(domaine=domaine).exists():
        raise Refus("Ce domaine n'est pas dans cette édition.", field="domaine")


def _version(edition: Catalogue, activite: Activite) -> ActiviteVersion:
    found = edition.activites.filter(activite=activite).select_related("activite", "domaine", "bloc").first()
    if found is None:
        raise Refus(f"« {activite} » n'est plus dans cette édition.")
    return found


@unite
def change_activite(
    *,
    catalogue: Catalogue,
    activite: Activite,
    libelle: str,
    domaine: Domaine,
    exclusion: str,
    acteur: Personne,
    version: int,
) -> ActiviteVersion:
    """Rename an activity, move it to another domain, say why it is closed to communes of a centre de gestion (or not: "").

    Raises ActionInterdite, Conflit, Refus for a name taken, a domain absent, a move out of a bloc.
    """
    edition = editing(catalogue, acteur, version)
    held = _version(edition, activite)
    former = str(held)
    _require_domaine(edition, domaine)
    _check_label(edition, domaine, libelle.strip(), [activite.pk])
    if domaine.pk != held.domaine_id:
        _check_out_of_bloc(held, field="domaine")
        held.domaine, held.ordre = domaine, _last(edition, domaine) + 1
    held.libelle = libelle.strip()
    clean(held)
    held.save(update_fields=["libelle", "domaine", "ordre"])
    _close(edition, activite, exclusion.strip())
    if former != held.libelle:
        note(edition, acteur, f"« {former} » renommée « {held} »")
    else:
        note(edition, acteur, f"« {held} » modifiée")
    return held


def in_bloc(held: ActiviteVersion) -> str:
    """Why an activity may not be retired, moved, split nor merged; empty when it may."""
    if not held.bloc:
        return ""
    return (
        f"« {held} » fait partie du bloc « {held.bloc} » : défaites d'abord ce bloc, sur la page du domaine."
    )


def _check_out_of_bloc(held: ActiviteVersion, field: str | None = None) -> None:
    obstacle = in_bloc(held)
    if obstacle:
        raise Refus(obstacle, field=field)


def _close(edition: Catalogue, activite: Activite, motif: str) -> None:
    if not motif:
        edition.exclusions.filter(activite=activite).delete()
        return
    exclusion = edition.exclusions.filter(activite=activite).first()
    exclusion = exclusion or Exclusion(catalogue=edition, activite=activite)
    exclusion.motif = motif
    clean(exclusion)
    exclusion.save()


@unite
def shift_activite(*, catalogue: Catalogue, activite: Activite, sens: str, acteur: Personne) -> None:
    """Move an activity one place up (« haut ») or down (« bas ») in its domain; at an end, nothing moves."""
    edition = editing(catalogue, acteur, None)
    held = _version(edition, activite)
    rows = list(edition.activites.filter(domaine=held.domaine).order_by("ordre", "activite__code"))
    if shift(rows, held, sens):
        ActiviteVersion.objects.bulk_update(rows, ["ordre"])
        note(edition, acteur, f"« {held} » changée de place")


def shift(rows: list[Any], held: object, sens: str) -> bool:
    """Swap a row with its neighbour and number all of them again; False when it stands at the end."""
    here = rows.index(held)
    there = here + {UP: -1, DOWN: 1}.get(sens, 0)
    moves = there != here and 0 <= there < len(rows)
    if moves:
        rows[here], rows[there] = rows[there], rows[here]
        for ordre, row in enumerate(rows, start=1):
            row.ordre = ordre
    return moves


@unite
def retire_activite(*, catalogue: Catalogue, activite: Activite, acteur: Personne) -> None:
    """Take an activity out of a draft: on the first day, its shares end. Raises ActionInterdite, Refus in a bloc."""
    edition = editing(catalogue, acteur, None)
    held = _version(edition, activite)
    _check_out_of_bloc(held)
    replace(edition, [held], [])
    note(edition, acteur, f"« {held} » retirée")


@unite
def split_activite(
    *, catalogue: Catalogue, activite: Activite, libelles: Sequence[str], acteur: Personne, version: int
) -> list[ActiviteVersion]:
    """Split an activity in several new ones of the same domain, named in order.

    Who shared it will share each of them. Raises ActionInterdite, Conflit, Refus below two, for a name taken, in a bloc.
    """
    edition = editing(catalogue, acteur, version)
    held = _version(edition, activite)
    _check_out_of_bloc(held)
    if not 2 <= len(libelles) <= MOST:
        raise Refus(
            f"Donnez le nom d'au moins deux activités, une par ligne ({MOST} au plus).", field="libelles"
        )
    parts = [_part(edition, held, libelle) for libelle in libelles]
    replace(edition, [held], parts)
    note(edition, acteur, f"« {held} » scindée en {_named(parts)}")
    return parts


def _part(edition: Catalogue, held: ActiviteVersion, libelle: str) -> ActiviteVersion:
    code = next_code(edition.epci, held.domaine)
    try:
        return _create(edition, held.domaine, code, libelle, beside=[held.activite_id])
    except Refus as refus:
        raise Refus(f"« {libelle[:60]} » : {refus.message}", field="libelles") from refus


@unite
def merge_activites(
    *,
    catalogue: Catalogue,
    activites: Collection[Activite],
    libelle: str,
    domaine: Domaine,
    acteur: Personne,
    version: int,
) -> ActiviteVersion:
    """Merge several activities, of any domains, in a new one; who shared one of them will share it.

    Raises ActionInterdite, Conflit, Refus below two, for a name taken, for an activity in a bloc.
    """
    edition = editing(catalogue, acteur, version)
    _require_domaine(edition, domaine)
    held = [_version(edition, activite) for activite in activites]
    if len(held) < 2:
        raise Refus("Choisissez au moins une autre activité à fusionner.", field="activites")
    for row in held:
        _check_out_of_bloc(row, field="activites")
    gone = [row.activite_id for row in held]
    merged = _create(edition, domaine, next_code(edition.epci, domaine), libelle, beside=gone)
    replace(edition, held, [merged])
    note(edition, acteur, f"{_named(held)} fusionnées en « {merged} »")
    return merged


def _named(rows: Sequence[ActiviteVersion]) -> str:
    return enumerate_french([f"« {row} »" for row in rows])


def replace(edition: Catalogue, gone: Sequence[ActiviteVersion], heirs: Sequence[ActiviteVersion]) -> None:
    """Take activities out of a draft, others taking over from them (from what they took over from, for a draft's own)."""
    ids = [row.activite_id for row in gone]
    passing = edition.successions.filter(nouvelle__in=ids)
    through = list(passing.order_by("pk").values_list("ancienne_id", flat=True))
    passing.delete()
    edition.activites.filter(activite__in=ids).delete()
    edition.exclusions.filter(activite__in=ids).delete()
    own = set(Activite.objects.filter(pk__in=ids, versions=None).values_list("pk", flat=True))
    sources = dict.fromkeys([*through, *(pk for pk in ids if pk not in own)])
    Succession.objects.bulk_create(
        Succession(catalogue=edition, ancienne_id=source, nouvelle_id=heir.activite_id)
        for source in sources
        for heir in heirs
    )
    Activite.objects.filter(pk__in=own).delete()


@unite
def restore_activite(*, catalogue: Catalogue, activite: Activite, acteur: Personne) -> None:
    """Put an activity back as the edition before has it: undo its retirement, its new name, its move, its split or merge.

    A merge or a split is undone with all it binds. One that the edition before does not know goes. Raises
    ActionInterdite, Refus when its former domain has left the draft.
    """
    edition = editing(catalogue, acteur, None)
    before = edition_before(edition)
    lue = read_edition(edition)
    anciennes, nouvelles = family_of(lue, activite.pk)
    new = list(edition.activites.filter(activite__in=nouvelles).select_related("bloc", "activite"))
    known = set(before.activites.values_list("activite_id", flat=True)) if before else set()
    if activite.pk not in known:
        new = [_version(edition, activite)]
    for row in new:
        _check_out_of_bloc(row)
    edition.successions.filter(ancienne__in=anciennes).delete()
    replace(edition, new, [])
    for pk in sorted(anciennes & known):
        put_back(edition, cast(Catalogue, before), pk)
    note(edition, acteur, f"« {activite} » rétablie comme avant")


def put_back(edition: Catalogue, before: Catalogue, activite: int) -> None:
    """Give an activity (its id) the place, name, bloc and exclusion it has in the edition before."""
    former = before.activites.select_related("activite", "domaine", "bloc").get(activite=activite)
    if not edition.domaines.filter(domaine=former.domaine).exists():
        raise Refus(f"Rétablissez d'abord le domaine « {former.domaine} ».")
    _check_label(edition, former.domaine, former.libelle, [activite])
    bloc = edition.blocs.filter(domaine=former.domaine, nom=former.bloc.nom).first() if former.bloc else None
    edition.activites.update_or_create(
        activite=former.activite,
        defaults={"domaine": former.domaine, "libelle": former.libelle, "ordre": former.ordre, "bloc": bloc},
    )
    closed = before.exclusions.filter(activite=activite).first()
    _close(edition, former.activite, closed.motif if closed else "")
