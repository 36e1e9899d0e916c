"""Numbers in words, up to ten, as French typography writes them in a sentence."""

MOTS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")


def in_words(count: int, *, feminine: bool = False) -> str:
    """« trois », « une » (feminine), « 11 »."""
    if count == 1 and feminine:
        return "une"
    return MOTS[count] if 0 <= count < len(MOTS) else str(count)
