"""The library of reference fiches."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from comptes.models import Personne
from contrats.donnees import plain_number
from contrats.fusion import INDICATOR_FIELDS, describe, fingerprint, row_fingerprint
from contrats.models import Fiche, FicheActivite
from journal.workflows.unite import record, unite
from mutualisation.models import Domaine
from mutualisation.reference import read_reference
from mutualisation.workflows.verrou import locked
from socle.droits import require
from territoire.models import Epci

Ecrite: TypeAlias = Fiche | FicheActivite
NUMBERS = ("reference", "cible", "tolerance")


@unite
def load_reference_fiches(*, epci: Epci) -> None:
    """Give an EPCI the reference fiches of the domains it kept from the reference catalogue; those present stay."""
    by_code = {item["code"]: item for item in read_reference()["domaines"]}
    missing = Domaine.objects.filter(epci=epci, code__in=by_code, fiche=None).order_by("ordre")
    Fiche.objects.bulk_create(_fiche(domaine, by_code[domaine.code]) for domaine in missing)


def _fiche(domaine: Domaine, item: dict[str, Any]) -> Fiche:
    return Fiche(
        epci_id=domaine.epci_id,
        domaine=domaine,
        missions=item["mission"],
        limites=item["limites"],
        niveau_attendu=item["niveau_reference"],
        evaluation_exemple=item["evaluation_exemple"],
        indicateurs=item["indicateurs"],
    )


@unite
def save_reference(
    *,
    fiche: Ecrite,
    acteur: Personne,
    version: int,
    valeurs: Mapping[str, str],
    indicateurs: Iterable[Mapping[str, Any]],
) -> Ecrite:
    """Write a reference fiche, of a domain or of an activity, begun when it was not (its `version` is then 1).

    The same again changes nothing. Raises ActionInterdite, ValidationError, Conflit when somebody saved it meanwhile.
    """
    require(fiche, acteur, "modifier")
    stored = _begun(fiche)
    rows = [_json_row(row) for row in indicateurs]
    changed = _changes(stored, valeurs, rows)
    if not changed:
        return stored
    stored = locked(type(fiche), stored.pk, version, select=("epci",))
    for name, value in valeurs.items():
        setattr(stored, name, value)
    stored.indicateurs = rows
    stored.clean_fields(exclude=["indicateurs"])
    stored.version += 1
    stored.save()
    _record_saved(stored, acteur, changed)
    return stored


def _begun(fiche: Ecrite) -> Ecrite:
    if fiche.pk:
        return type(fiche).objects.get(pk=fiche.pk)
    key = "domaine" if isinstance(fiche, Fiche) else "activite"
    found, _ = type(fiche).objects.get_or_create(**{key: getattr(fiche, key)}, defaults={"epci": fiche.epci})
    return found


def _json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: None if row[name] is None else Decimal(str(row[name])) for name in NUMBERS}
    return {name: plain_number(numbers[name]) if name in NUMBERS else row[name] for name in INDICATOR_FIELDS}


def _changes(
    stored: Ecrite, valeurs: Mapping[str, str], rows: list[dict[str, Any]]
) -> dict[str, dict[str, str]]:
    texts = {
        name: {"avant": getattr(stored, name), "apres": value}
        for name, value in valeurs.items()
        if fingerprint(getattr(stored, name)) != fingerprint(value)
    }
    if [row_fingerprint(row) for row in stored.indicateurs] == [row_fingerprint(row) for row in rows]:
        return texts
    before, after = (" ; ".join(map(describe, some)) for some in (stored.indicateurs, rows))
    return texts | {"indicateurs": {"avant": before, "apres": after}}


def _record_saved(fiche: Fiche | FicheActivite, acteur: Personne, changed: dict[str, dict[str, str]]) -> None:
    owner = fiche.domaine if isinstance(fiche, Fiche) else fiche.activite
    fields: list[Any] = [fiche._meta.get_field(name) for name in changed]
    names = [str(field.verbose_name) for field in fields]
    record(
        type=f"{fiche._meta.model_name}.modifiee",
        objet=fiche,
        epci=fiche.epci,
        acteur=acteur,
        libelle=f"Fiche de référence « {owner} » modifiée : {', '.join(names)}",
        contenu={"code": owner.code},
        detail=changed,
    )
