"""The state of a row when a sheet wrote it, in one text: another text later means that somebody touched it."""

from collections.abc import Iterable

from django.db.models import Model, QuerySet

CHAMPS: dict[str, tuple[str, ...]] = {
    "mutualisation.adhesion": ("debut", "fin", "nature", "ligne_id", "ligne_fin_id"),
    "mutualisation.titulaire": ("debut", "fin", "rang", "personne_id", "equipe_id"),
    "mutualisation.siege": (),
    "comptes.habilitation": ("debut", "fin", "role"),
    "comptes.personne": (
        *("email", "nom", "prenom", "fonction", "telephone"),
        *("is_active", "last_login", "has_usable_password"),
    ),
}


def state_of(row: Model) -> str:
    """The state of a row of one of the models that sheets write."""
    values = (getattr(row, name) for name in CHAMPS[row._meta.label_lower])
    return _said(value() if callable(value) else value for value in values)


def states_of(rows: QuerySet) -> dict[str, str]:
    """The same for many rows at once, by id; of a model whose state is its columns."""
    names = CHAMPS[rows.model._meta.label_lower]
    return {str(pk): _said(values) for pk, *values in rows.order_by("pk").values_list("pk", *names)}


def _said(values: Iterable[object]) -> str:
    return "|".join(map(str, values))
