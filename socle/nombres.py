"""Numbers as French typography writes them: in words up to ten in a sentence, with its separators in a table."""

from decimal import Decimal

from socle.typographie import FINE

MOTS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")


def in_words(count: int, *, feminine: bool = False) -> str:
    """« trois », « une » (feminine), « 11 »."""
    if count == 1 and feminine:
        return "une"
    return MOTS[count] if 0 <= count < len(MOTS) else str(count)


def grouped(value: int | float | Decimal | str) -> str:
    """« 1 234,5 »: French separators, no useless zeros."""
    text = f"{Decimal(str(value)).normalize():,f}"
    return text.replace(",", FINE).replace(".", ",")
