"""Refusals a user reads."""


class Refus(Exception):
    """A business rule refuses an act.

    `message` is one French sentence a user can act upon; `field` names the form field it belongs to, when there is one.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Conflit(Refus):
    """Somebody else changed the object since the page was loaded; the message says who and what."""
