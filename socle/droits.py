"""Rights: one dictionary per object, read by the page, the API and the check before a write."""

from typing import Any, ClassVar, Protocol

from django.core.exceptions import PermissionDenied


class Protege(Protocol):
    """An object that tells what a user may do with it, and who may do the rest."""

    QUI_PEUT: ClassVar[dict[str, str]]

    def abilities_for(self, user: Any) -> dict[str, bool]: ...


class ActionInterdite(PermissionDenied):
    """The user sees the object but may not act; the message is a French sentence that says who can."""


def require(obj: Protege, user: Any, action: str) -> None:
    """Refuse `action` on `obj` unless `abilities_for(user)` grants it.

    Raises ActionInterdite (shown as 403) with the sentence of `QUI_PEUT[action]`, and KeyError for an action nobody declared.
    """
    if not obj.abilities_for(user)[action]:
        raise ActionInterdite(obj.QUI_PEUT[action])
