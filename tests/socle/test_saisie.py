"""Numbers as French people type them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
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
    assert field.clean(field.prepare_value(value)) == value
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
            ("1,234", "Deux chiffres"),
        ],
    )
    def test_refusals(self, text: str, sentence: str):
        with pytest.raises(ValidationError, match=sentence):
            NombreField(entiers=6).clean(text)

    def test_below_zero_when_it_makes_sense(self):
        assert NombreField(negatif=True).clean("-12,5") == Decimal("-12.5")


def test_a_natural_number_of_an_address():
    assert (number("12"), number("²"), number(""), number("9" * 30)) == (12, None, None, None)
