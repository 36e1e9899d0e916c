"""French typography and order, in one place.

Rules of the Imprimerie nationale: no-break space before a colon and inside guillemets, narrow no-break space before « ; ! ? »,
typographic apostrophe, raised ordinals, thousands parted by a narrow no-break space.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

INSECABLE = "\u00a0"
FINE = "\u202f"

_TAG = re.compile(r"(<!--.*?-->|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>)", re.DOTALL)
_VERBATIM = re.compile(r"<(/?)(textarea|pre|code|script|style|option|title)\b", re.IGNORECASE)
_RULES = (
    (re.compile(r"(?<=\w)(?:'|&#x27;|&#39;)(?=\w|«|<|$)"), "’"),
    # A text may be set twice (a mail shown on a page): spaces already set are replaced, not added to.
    (re.compile(f"«[ {INSECABLE}{FINE}]?"), "«" + INSECABLE),
    (re.compile(f"[ {INSECABLE}{FINE}]?»"), INSECABLE + "»"),
    (re.compile(r" (?=[;!?])"), FINE),
    (re.compile(r" (?=:)"), INSECABLE),
    # Thousands: groups of three after at most three digits (« 12 345 », but « en 2027 100 agents »).
    (re.compile(r"(?:(?<=(?<!\d)\d)|(?<=(?<!\d)\d{2})|(?<=(?<!\d)\d{3})) (?=\d{3}(?!\d))"), FINE),
    (re.compile(r"(?<=\d) (?=[€%]|h\b|min\b|ETP\b|km\b|M€)"), INSECABLE),
    (re.compile(r"(?<=\bh) (?=\d\d\b)"), INSECABLE),
    # Counts: « 6 activités », « 12 000 habitants »; a year of four digits is no count.
    (re.compile(r"(?:(?<=(?<!\d)\d)|(?<=(?<!\d)\d{2})|(?<=(?<!\d)\d{3})) (?=[a-zà-öø-ÿœ]{3})"), INSECABLE),
    (re.compile(f"\\bn°[ {INSECABLE}]?(?=\\w)"), "n°" + INSECABLE),
    (re.compile(r"\b(M\.|MM\.|Mme|Mmes) (?=[A-ZÉÈÀÂÎÔ])"), r"\1" + INSECABLE),
    (
        re.compile(
            r"(?<=\d)(er)? (?=(janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)\b)"
        ),
        r"\1" + INSECABLE,
    ),
)
_ORDINAL = re.compile(r"\b(\d{1,3})(er|re|e)\b(?![\w-])")
ACCENTED = {
    "a": "aàâäÀÂÄ",
    "c": "cçÇ",
    "e": "eéèêëÉÈÊË",
    "i": "iîïÎÏ",
    "n": "nñÑ",
    "o": "oôöÔÖ",
    "u": "uùûüÙÛÜ",
    "y": "yÿŸ",
}
MUTE = re.compile("[aeiouh]|y[^aou]")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae"})


def typeset(text: str) -> str:
    """Set one run of plain French text: spaces and apostrophes, no markup."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def typeset_html(html: str) -> str:
    """Set the text of an HTML fragment, raising ordinals; tags, attributes and what a user types or copies are left alone."""
    parts = _TAG.split(html)
    verbatim = None
    for index, part in enumerate(parts):
        if part.startswith("<"):
            verbatim = _next_verbatim(part, verbatim)
        elif part and verbatim is None:
            parts[index] = _ORDINAL.sub(r"\1<sup>\2</sup>", typeset(part))
        elif part and verbatim in ("option", "title"):
            parts[index] = typeset(part)
    return "".join(parts)


def _next_verbatim(tag: str, verbatim: str | None) -> str | None:
    match = _VERBATIM.match(tag)
    if not match:
        return verbatim
    name = match[2].lower()
    if match[1]:
        return None if name == verbatim else verbatim
    return verbatim or name


def sort_key(text: str) -> str:
    """The key by which French names sort, kept in a column: no accents, no case, ligatures opened, punctuation as spaces.

    « L'Haÿ-les-Roses » → « l hay les roses »; « Œuilly » → « oeuilly ».
    """
    opened = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    bare = "".join(c for c in opened if not unicodedata.combining(c))
    return re.sub(r"[^0-9a-z]+", " ", bare.casefold()).strip()


def loosely(word: str) -> str:
    """A regular expression that finds a word of `sort_key` in a text kept as it was written, accents aside."""
    parts = re.findall("oe|.", word)
    return "".join(f"(?:[œŒ]|{_letter('o')}{_letter('e')})" if one == "oe" else _letter(one) for one in parts)


def _letter(letter: str) -> str:
    return f"[{ACCENTED[letter]}]" if letter in ACCENTED else letter


def in_french_order(rows: Iterable[Any]) -> list[Any]:
    """Rows with a `nom` and no column of keys, in French order: the database would put « Équipe » after « Voirie »."""
    return sorted(rows, key=lambda row: (sort_key(row.nom), row.pk))


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """« 1 domaine », « 1 200 domaines », « 0 domaine »: French keeps the singular below two."""
    return f"{spaced(count)} {singular if abs(count) < 2 else plural_form or singular + 's'}"


def spaced(count: int) -> str:
    """« 4 000 »: thousands parted as French print does."""
    return f"{count:,}".replace(",", FINE)


def enumerate_french(items: list[str]) -> str:
    """« a », « a et b », « a, b et c »."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " et " + items[-1]


def of(name: str) -> str:
    """« de Mérignac », « d'Ambès », « du Bouscat », « de La Teste », « des Lilas », « d'Yvrac » but « de Yann »."""
    if name.startswith("Le "):
        return "du " + name[3:]
    if name.startswith("Les "):
        return "des " + name[4:]
    # Every initial h is taken as mute; « Hostens » is right, « La Haye » starts with its article anyway.
    return ("d'" if MUTE.match(sort_key(name)) else "de ") + name


def to(name: str) -> str:
    """« à Mérignac », « au Bouscat », « aux Lilas »."""
    if name.startswith("Le "):
        return "au " + name[3:]
    if name.startswith("Les "):
        return "aux " + name[4:]
    return "à " + name
