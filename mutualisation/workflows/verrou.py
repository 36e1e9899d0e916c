"""Locking a row people edit, refusing what was read too long ago."""

from collections.abc import Iterable
from typing import TypeVar

from django.db import models

from journal.models import Evenement
from socle.erreurs import Conflit
from socle.models import Versioned

V = TypeVar("V", bound=Versioned)


def locked(model: type[V], pk: int, version: int | None = None, *, select: Iterable[str] = ()) -> V:
    """The row, locked until the unit ends. With `version`, raises Conflit when somebody saved it since it was read."""
    obj: V = model._default_manager.select_for_update(of=("self",)).select_related(*select).get(pk=pk)
    if version is not None and obj.version != version:
        raise Conflit(_who(obj))
    return obj


def _who(obj: models.Model) -> str:
    last = Evenement.objects.about(obj).select_related("acteur").first()
    if last and last.acteur:
        return f"{last.acteur} a modifié cette page entre-temps ({last.libelle}). Rien de ce que vous avez saisi n'est perdu."
    return "Cette page a changé entre-temps. Rien de ce que vous avez saisi n'est perdu."
