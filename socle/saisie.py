"""What people send: numbers in an address or a hidden field, amounts and days in a form."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms import CharField, DateInput

LONGEST = 18  # digits that fit a bigint
SPACES = (
    "\u00a0\u2007\u2009\u202f"  # the no-break and thin spaces that spreadsheets and typography put in numbers
)
AMOUNT = re.compile(r"([+-]?)(\d+|\d{1,3}(?: \d{3})+)(?:[.,](\d+))?")
phone_number = RegexValidator(
    r"^[0-9+().\s-]*$", "Écrivez un numéro : chiffres, espaces, points et « + » seulement."
)


def number(text: str | None) -> int | None:
    """The natural number written in `text`; None for anything else, however long."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


class JourInput(DateInput):
    """A day, as browsers ask for it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def amount(text: str) -> Decimal | None:
    """The number typed with a comma or a point, thousands parted or not: « 1 234,5 »; None for anything else."""
    plain = text.translate(dict.fromkeys(map(ord, SPACES), " ")).strip()
    found = AMOUNT.fullmatch(plain) if plain.isascii() else None
    if not found:
        return None
    sign, whole, part = found.groups(default="")
    return Decimal(f"{sign}{whole.replace(' ', '')}.{part or 0}")


class NombreField(CharField):
    """A positive amount, as French people type it, to the second decimal; gives a Decimal, or None when left empty.

    `entiers` is how many digits the column holds before the comma; `negatif` lets an amount be below zero.
    """

    def __init__(self, *, unite: str = "", entiers: int = 12, negatif: bool = False, **kwargs: Any) -> None:
        self.unite, self.entiers, self.negatif = unite, entiers, negatif
        super().__init__(max_length=40, required=False, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Decimal | None:
        text = str(super().clean(value)).removesuffix(self.unite).strip()
        if not text:
            return None
        found = amount(text)
        if found is None:
            raise ValidationError("Écrivez un nombre, par exemple 1 234,5.")
        if found < 0 and not self.negatif:
            raise ValidationError("Un nombre négatif n'a pas de sens ici.")
        if abs(found) >= 10**self.entiers:
            raise ValidationError("Ce nombre est trop grand.")
        if found != round(found, 2):
            raise ValidationError("Deux chiffres au plus après la virgule.")
        return found

    def prepare_value(self, value: Any) -> Any:
        """What is stored is shown as it is typed: a comma, no useless zero."""
        return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else value
