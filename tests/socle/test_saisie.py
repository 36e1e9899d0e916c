"""Numbers as French people type them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.forms import CharField
from hypothesis import given
from hypothesis import strategies as st

from socle.saisie import NombreField, amount, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("1\u00a0234.5", "1234.5"),
        ("1234", "1234"),
        ("0,5", "0.5"),
        (" 12 ", "12"),
        ("-3,25", "-3.25"),
    ],
)
def test_read(text: str, value: str):
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "12 34", "1,2,3", "1.234,5", "1e5", "²", "NaN", "--1", ",5", "١٢"]
)
def test_not_read(text: str):
    assert amount(text) is None


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_what_is_shown_is_read_again(value: Decimal):
    field = NombreField()
    shown = field.prepare_value(value)
    assert field.clean(shown) == value
    assert "." not in shown and all(len(group) <= 3 for group in shown.split(",")[0].split("\u202f"))
    assert amount(f"{value:,.2f}".replace(",", "\u202f").replace(".", ",")) == value


class TestNombreField:
    def test_a_unit_may_follow(self):
        assert NombreField(unite="€").clean("1 200,50 €") == Decimal("1200.50")

    def test_nothing_is_none(self):
        assert NombreField().clean("  ") is None

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("x", "Écrivez un nombre"),
            ("-1", "négatif"),
            ("1234567", "trop grand"),
            ("0,234", "Deux chiffres"),
            ("1,2345", "Deux chiffres"),
            ("12.000", "Écrivez 12 000 ou 12,00"),
            ("1,250", "Écrivez 1 250 ou 1,25"),
            ("1 234,500 €", "Écrivez 1 234 500 ou 1 234,50"),
            ("-12.000", "Écrivez 12 000 ou 12,00"),
        ],
    )
    def test_refusals(self, text: str, sentence: str):
        with pytest.raises(ValidationError) as caught:
            NombreField(entiers=6, unite="€").clean(text)
        assert sentence in caught.value.messages[0].replace("\u202f", " ")

    def test_after_a_zero_three_digits_are_decimals(self):
        assert NombreField().clean("0,500") == Decimal("0.5")

    def test_thousands_are_shown_parted(self):
        assert NombreField().prepare_value(Decimal("1234567.50")) == "1\u202f234\u202f567,5"

    def test_below_zero_when_it_makes_sense(self):
        assert NombreField(negatif=True).clean("-12,5") == Decimal("-12.5")


def test_a_natural_number_of_an_address():
    assert (number("12"), number("²"), number(""), number("9" * 30)) == (12, None, None, None)


def test_a_text_too_long_says_how_long_it_may_be_in_french():
    with pytest.raises(ValidationError) as caught:
        CharField(max_length=4000).clean("x" * 10_000)
    assert caught.value.messages == ["Écrivez au plus 4\u202f000 caractères : ce texte en a 10\u202f000."]
