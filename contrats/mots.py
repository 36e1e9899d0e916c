"""Two texts in one: the words kept, taken away, added."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

# A word with the blanks before it: both texts are found again, and blanks alone would be compared each with each (a text of
# 20,000 characters took 6 s). Before rather than after: a sentence is oftener added at the end. A field of a clause is one word.
WORD = re.compile(r"\s*(?:\{[^{}\n]*\}|[^\s{]+|\{)|\s+")
FEW = 3  # words kept between two changes: fewer are read with them


class Morceau(NamedTuple):
    """A run of words of two texts: kept (`garde`), taken away (`retire`) or added (`ajoute`), and the blanks before it."""

    genre: str
    blanc: str
    mots: str


def word_diff(before: str, after: str) -> list[Morceau]:
    """Two texts in one, in the order of reading; each text is found again by leaving out the other's."""
    one, two = WORD.findall(before), WORD.findall(after)
    ends = (len(one), len(two))
    found: list[Morceau] = []
    i = k = 0
    for at, to, size in SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks():
        kept = one[at : at + size]
        edge = (at, to) == (0, 0) or (at + size, to + size) == ends
        if edge or sum(not word.isspace() for word in kept) >= FEW:
            found += _run("retire", one[i:at]) + _run("ajoute", two[k:to]) + _run("garde", kept)
            i, k = at + size, to + size
    return found


def _run(kind: str, words: list[str]) -> list[Morceau]:
    whole = "".join(words)
    mots = whole.lstrip()
    return [Morceau(kind, whole.removesuffix(mots), mots)] if words else []
