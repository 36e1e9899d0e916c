"""Numbers that come in an address or a hidden field."""

LONGEST = 18  # digits that fit a bigint


def number(text: str | None) -> int | None:
    """The natural number written in `text`; None for anything else, however long."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
