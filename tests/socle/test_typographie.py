"""French typography and order."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socle.typographie import (
    enumerate_french,
    in_french_order,
    loosely,
    of,
    plural,
    sort_key,
    to,
    typeset,
    typeset_html,
)
from tests.pages import MISTAKES

N, F = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


class TestTypeset:
    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ("Voir : là", f"Voir{N}: là"),
            ("Qui ? Lui ! Bien ; non", f"Qui{F}? Lui{F}! Bien{F}; non"),
            ("« là »", f"«{N}là{N}»"),
            ("«là»", f"«{N}là{N}»"),
            ("l'eau d'Ambès", "l’eau d’Ambès"),
            ("aujourd&#x27;hui, l&#39;eau", "aujourd’hui, l’eau"),
            ("12 345 678 habitants", f"12{F}345{F}678{N}habitants"),
            ("en 2027 100 agents", f"en 2027 100{N}agents"),
            ("6 activités en 2027 sans suite", f"6{N}activités en 2027 sans suite"),
            ("45 % et 3 €", f"45{N}% et 3{N}€"),
            ("à 16 h 40", f"à 16{N}h{N}40"),
            ("n° 12, n°12", f"n°{N}12, n°{N}12"),
            ("M. Durand, Mme Éluard", f"M.{N}Durand, Mme{N}Éluard"),
            ("le 26 février, le 1er mars", f"le 26{N}février, le 1er{N}mars"),
            ("https://exemple.fr/?a=1", "https://exemple.fr/?a=1"),
            ("à 10:42", "à 10:42"),
        ],
    )
    def test_a_run_of_text(self, typed: str, printed: str):
        assert typeset(typed) == printed

    def test_a_number_followed_by_three_digits_is_one_number(self):
        assert typeset("1 234") == f"1{F}234"
        assert typeset("12 3456") == "12 3456"


class TestHtml:
    @pytest.mark.parametrize(
        "left_alone",
        [
            '<a href="/x?a=1 : l\'eau" title="l\'eau : ici">x</a>',
            "<textarea>l'eau : ici</textarea>",
            "<pre>l'eau : <b>ici</b> !</pre>",
            "<code>l'eau</code>",
            "<!-- l'eau : ici -->",
            '<input value="l\'eau !">',
            "<a title='a > b : c'>x</a>",
        ],
    )
    def test_tags_attributes_and_what_is_typed(self, left_alone: str):
        assert typeset_html(left_alone) == left_alone

    def test_ordinals_are_raised(self):
        assert (
            typeset_html("<p>le 1er, la 1re, le 2e</p>")
            == "<p>le 1<sup>er</sup>, la 1<sup>re</sup>, le 2<sup>e</sup></p>"
        )
        assert typeset_html("<p>1er janvier</p>") == f"<p>1<sup>er</sup>{N}janvier</p>"
        assert typeset_html("<p>A1e-2, 12e3</p>") == "<p>A1e-2, 12e3</p>"

    def test_titles_and_options_have_no_markup(self):
        assert typeset_html("<title>Le 1er : l'eau</title>") == f"<title>Le 1er{N}: l’eau</title>"
        assert (
            typeset_html("<option value='1'>1er choix !</option>")
            == f"<option value='1'>1er choix{F}!</option>"
        )

    def test_text_after_a_verbatim_part_is_set_again(self):
        assert typeset_html("<pre>a : b</pre> c : d") == f"<pre>a : b</pre> c{N}: d"

    def test_an_apostrophe_before_a_tag(self):
        assert typeset_html("<p>l'<b>eau</b></p>") == "<p>l’<b>eau</b></p>"

    # Pieces that meet the rules more often than chance would.
    SIGNS = (
        "l'",
        "« ",
        " »",
        " :",
        " ;",
        " !",
        " ?",
        "1er ",
        "2e",
        "12 345",
        " €",
        " h ",
        "n° ",
        "M. ",
        "É",
        "mars",
    )
    TAGS = ("<b>", "</b>", "<pre>", "</pre>", "<title>", "</title>", "<sup>", "</sup>", "<", ">")
    PIECES = st.sampled_from((*SIGNS, *TAGS, "&#x27;", "&amp;", " ", N, F, "’", "x"))

    @given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
    @settings(max_examples=400)
    def test_setting_twice_is_setting_once(self, html: str):
        once = typeset_html(html)
        assert typeset_html(once) == once

    @given(st.lists(PIECES, max_size=12).map("".join))
    @settings(max_examples=200)
    def test_only_spaces_apostrophes_and_ordinals_change(self, html: str):
        def bare(text: str) -> str:
            return re.sub(rf"</?sup>|[ {N}{F}]", "", re.sub("’|&#x27;|&#39;", "'", text))

        assert bare(typeset_html(html)) == bare(html)

    @given(
        st.lists(
            st.sampled_from(["l'eau", "« ici »", "Quoi ?", "Oui !", "donc : rien ;", "1 234", "Œuilly"]),
            max_size=8,
        )
    )
    @settings(max_examples=100)
    def test_what_is_set_has_none_of_the_mistakes_pages_are_checked_for(self, words: list[str]):
        printed = typeset(" ".join(words))
        assert [why for rule, why in MISTAKES if rule.search(printed)] == []


class TestOrder:
    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("L'Haÿ-les-Roses", "l hay les roses"),
            ("Œuilly", "oeuilly"),
            ("Saint-Louis-de-Montferrand", "saint louis de montferrand"),
            ("  Évreux ", "evreux"),
            ("Ægidius", "aegidius"),
            ("Plobannalec-Lesconil n° 2", "plobannalec lesconil n 2"),
            ("L’Île-d’Yeu", "l ile d yeu"),
            ("E\N{COMBINING ACUTE ACCENT}vreux", "evreux"),
            ("", ""),
        ],
    )
    def test_keys(self, name: str, key: str):
        assert sort_key(name) == key

    def test_rows_named_but_without_key_are_sorted_as_french_print_does(self):
        names = ["Voirie", "œuvres", "Équipe", "achats", "Achats"]
        rows = [SimpleNamespace(nom=nom, pk=-rank) for rank, nom in enumerate(names)]
        assert [row.nom for row in in_french_order(rows)] == [
            "Achats",
            "achats",
            "Équipe",
            "œuvres",
            "Voirie",
        ]

    @given(st.text(max_size=30))
    @settings(max_examples=200)
    def test_a_key_is_its_own_key_and_holds_nothing_else(self, text: str):
        key = sort_key(text)
        assert sort_key(key) == key
        assert re.fullmatch(r"([0-9a-z]+( [0-9a-z]+)*)?", key)

    @given(st.text(max_size=30))
    @settings(max_examples=100)
    def test_case_does_not_count(self, text: str):
        latin = "".join(c for c in text if c.isascii())
        assert sort_key(latin.upper()) == sort_key(latin.lower())


class TestWords:
    @pytest.mark.parametrize(
        ("count", "words"),
        [
            (0, "0 revue"),
            (1, "1 revue"),
            (1.5, "1.5 revue"),
            (2, "2 revues"),
            (-1, "-1 revue"),
            (-2, "-2 revues"),
            (2925, "2\u202f925 revues"),
        ],
    )
    def test_plural(self, count: Any, words: str):
        assert plural(count, "revue") == words

    def test_plural_that_is_not_an_s(self):
        assert plural(2, "ligne attend", "lignes attendent") == "2 lignes attendent"

    @pytest.mark.parametrize(
        ("items", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a et b"), (["a", "b", "c"], "a, b et c")]
    )
    def test_enumeration(self, items: list[str], words: str):
        assert enumerate_french(items) == words

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("Olivier Nogaro", "d'Olivier Nogaro"),
            ("Élise", "d'Élise"),
            ("Œuilly", "d'Œuilly"),
            ("Yvrac", "d'Yvrac"),
            ("Yann Hourcade", "de Yann Hourcade"),
            ("Youssef", "de Youssef"),
            ("64036", "de 64036"),
        ],
    )
    def test_of_a_name_is_elided_as_it_is_said(self, name: str, said: str):
        assert of(name) == said

    @pytest.mark.parametrize(
        ("word", "text"),
        [("ete", "d’Été"), ("coeur", "Cœur de ville"), ("coeur", "coeur"), ("2027", "en 2027")],
    )
    def test_a_word_is_found_whatever_its_accents(self, word: str, text: str):
        assert re.search(loosely(word), text, re.I)
        assert not re.search(loosely(word), "autre chose")

    def test_nothing_is_of_or_to_nothing(self):
        assert (of(""), to("")) == ("de ", "à ")
