"""Locking a row people edit, refusing what was read too long ago."""

from collections.abc import Iterable
from typing import TypeVar

from django.db import models

from journal.models import Evenement
from socle.erreurs import Conflit
from socle.models import Versioned

V = TypeVar("V", bound=Versioned)


def locked(model: type[V], pk: int, version: int | None = None, *, select: Iterable[str] = ()) -> V:
    """The row, locked until the unit ends. With `version`, raises Conflit when somebody saved it since it was read.

    Locked as an update locks it (`no_key`): rows that refer to it may be written meanwhile, else whoever commits one would
    wait for us holding the counter of events, which we need to end.
    """
    obj: V = (
        model._default_manager.select_for_update(of=("self",), no_key=True).select_related(*select).get(pk=pk)
    )
    check_version(obj, version)
    return obj


def check_version(obj: Versioned, version: int | None) -> None:
    """Raises Conflit when somebody saved the row since the version read; None asks nothing."""
    if version is not None and obj.version != version:
        raise Conflit(_who(obj))


def _who(obj: models.Model) -> str:
    last = Evenement.objects.about(obj).select_related("acteur").first()
    if last and last.acteur:
        return f"{last.acteur} a modifié cette page entre-temps ({last.libelle}). Rien de ce que vous avez saisi n'est perdu."
    return "Cette page a changé entre-temps. Rien de ce que vous avez saisi n'est perdu."
