"""Contact cards, read back by a parser that is not ours: the content lines of icalendar (RFC 5545 and 6350 share them)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.parser import Contentline, Contentlines

from socle.vcard import Fiche, write_cards

NOW = datetime(2027, 2, 10, 9, 30, tzinfo=UTC)


def read(content: bytes) -> list[dict[str, str]]:
    """Each card of a file: its properties as the parser finds them, still escaped, its parameters left aside."""
    cards: list[dict[str, str]] = []
    for line in Contentlines.from_ical(content.decode()):
        if not line:
            continue
        name, _, value = Contentline(line).parts()
        if (name, value) == ("BEGIN", "VCARD"):
            cards.append({})
        cards[-1][str(name)] = str(value)
    return cards


def raw(one: Fiche) -> list[str]:
    """The lines of a card, unfolded by the parser."""
    return [str(line) for line in Contentlines.from_ical(write_cards([one], NOW).decode()) if line]


def plain(value: str) -> str:
    """A text as a reader of cards shows it."""
    found, escaped = "", False
    for sign in value:
        if escaped:
            found += "\n" if sign in "nN" else sign
        elif sign != "\\":
            found += sign
        escaped = sign == "\\" and not escaped
    return found


def fiche(**values: Any) -> Fiche:
    return Fiche(**{"cle": "essai", "affiche": "Ève Relève", "organisation": ["Commune d'Anglet"], **values})


def value_of(one: Fiche, name: str) -> str:
    (line,) = [line for line in raw(one) if line.partition(":")[0].partition(";")[0] == name]
    return line.partition(":")[2]


def test_a_person_as_a_telephone_reads_her():
    one = fiche(
        nom="Relève", prenom="Ève", fonction="directrice", telephone="05 56 00 00 00", email="eve@exemple.fr"
    )
    (card,) = read(write_cards([one], NOW))
    assert card["VERSION"] == "4.0"
    assert (card["KIND"], card["FN"], card["N"]) == ("individual", "Ève Relève", "Relève;Ève;;;")
    assert (card["TITLE"], card["TEL"], card["EMAIL"]) == ("directrice", "05 56 00 00 00", "eve@exemple.fr")
    assert card["REV"] == "20270210T093000Z"
    assert card["UID"].startswith("urn:uuid:")
    assert raw(one)[:2] == ["BEGIN:VCARD", "VERSION:4.0"]


def test_a_team_has_no_name_of_a_person():
    (card,) = read(write_cards([fiche(affiche="Voirie du soir")], NOW))
    assert card["KIND"] == "org"
    assert not {"N", "TEL", "EMAIL", "TITLE"} & card.keys()


def test_what_means_something_in_a_card_is_escaped():
    one = fiche(affiche="a, b; c\\d\ne", nom="Du;pont", prenom="Jean, Paul", note="BEGIN:VCARD\r\nEND:VCARD")
    assert value_of(one, "FN") == "a\\, b\\; c\\\\d\\ne"
    assert value_of(one, "N") == "Du\\;pont;Jean\\, Paul;;;"
    assert value_of(one, "NOTE") == "BEGIN:VCARD\\nEND:VCARD"
    assert len(read(write_cards([one], NOW))) == 1


def test_lines_are_folded_at_75_octets_never_inside_a_character():
    content = write_cards([fiche(note="a" * 200 + "é" * 200 + "👩‍🚒" * 30)], NOW)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)
    assert value_of(fiche(note="é" * 200), "NOTE") == "é" * 200


def test_the_same_key_is_the_same_card_the_next_time():
    first, again = (read(write_cards([fiche(cle="a", note=note)], NOW))[0]["UID"] for note in ("x", "y"))
    assert first == again != read(write_cards([fiche(cle="b")], NOW))[0]["UID"]


@settings(max_examples=60)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1).map(str.strip)
)
def test_any_text_comes_back_as_it_was(text: str):
    assert plain(value_of(fiche(note=f"_{text}_"), "NOTE")) == f"_{text}_"


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f"])
def test_what_no_reader_shows_goes(sign: str):
    assert value_of(fiche(affiche=f"a{sign}b"), "FN") == "ab"
