"""Sign-in, people, home."""

import re


def captured(pattern: str, text: str) -> str:
    """The first group of the first match; fails with the text when there is none."""
    match = re.search(pattern, text, re.DOTALL)
    assert match, f"{pattern} not found in {text[:500]}"
    return match[1]
