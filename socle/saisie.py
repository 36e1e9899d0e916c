"""What people send: numbers in an address or a hidden field, amounts and days in a form."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms import CharField, DateField, DateInput

from socle.typographie import FINE, plural, spaced

LONGEST = 18  # digits that fit a bigint
SPACES = (
    "\u00a0\u2007\u2009\u202f"  # the no-break and thin spaces that spreadsheets and typography put in numbers
)
AMOUNT = re.compile(r"([+-]?)(\d+|\d{1,3}(?: \d{3})+)(?:[.,](\d+))?")
# « 12.000 »: thousands for some, decimals for others. After a zero, only decimals.
AMBIGU = re.compile(r"[+-]?([1-9][\d ]*)[.,](\d{3})")
phone_number = RegexValidator(
    r"^[0-9+().\s-]*$", "Écrivez un numéro : chiffres, espaces, points et « + » seulement."
)


def dialled(phone: str) -> str:
    """What a telephone dials for a number as people write it: « +33 (0)5 56.00.00.00 » gives « +33556000000 »."""
    bare = phone.replace("(0)", "") if phone.lstrip().startswith("+") else phone
    return re.sub(r"[^+0-9]", "", bare)


def number(text: str | None) -> int | None:
    """The natural number written in `text`; None for anything else, however long."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


class TropLong(str):
    """What a text too long is told, in place of Django's sentence, whose numbers are not written as in French."""

    def __mod__(self, params: Any) -> str:
        most, typed = plural(params["limit_value"], "caractère"), spaced(params["show_value"])
        return f"Écrivez au plus {most} : ce texte en a {typed}."


class JourInput(DateInput):
    """A day, as browsers ask for it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DernierJourField(DateField):
    """The last day of a period, as people say it; gives the day after, as periods are stored, or None when left empty."""

    widget = JourInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"label": "Dernier jour"} | kwargs))

    def clean(self, value: Any) -> date | None:
        last: date | None = super().clean(value)
        if last == date.max:
            raise ValidationError(self.error_messages["invalid"])
        return last + timedelta(days=1) if last else None


def amount(text: str) -> Decimal | None:
    """The number typed with a comma or a point, thousands parted or not: « 1 234,5 »; None for anything else."""
    plain = _plain(text)
    found = AMOUNT.fullmatch(plain) if plain.isascii() else None
    if not found:
        return None
    sign, whole, part = found.groups(default="")
    return Decimal(f"{sign}{whole.replace(' ', '')}.{part or 0}")


def _plain(text: str) -> str:
    """The same with plain spaces."""
    return text.translate(dict.fromkeys(map(ord, SPACES), " ")).strip()


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
        _refuse_ambiguous(text)
        if found < 0 and not self.negatif:
            raise ValidationError("Un nombre négatif n'a pas de sens ici.")
        if abs(found) >= 10**self.entiers:
            raise ValidationError("Ce nombre est trop grand.")
        if found != round(found, 2):
            raise ValidationError("Deux chiffres au plus après la virgule.")
        return found

    def prepare_value(self, value: Any) -> Any:
        """What is stored is shown as it is typed: a comma, no useless zero, spaces between thousands."""
        if not isinstance(value, Decimal):
            return value
        return f"{value.normalize():,f}".replace(",", FINE).replace(".", ",")


def _refuse_ambiguous(text: str) -> None:
    """Raises ValidationError for three digits after the comma or the point, which some write between thousands."""
    found = AMBIGU.fullmatch(_plain(text))
    if found:
        whole, part = found[1].replace(" ", ""), found[2]
        raise ValidationError(
            f"Ce nombre se lit de deux façons. Écrivez {spaced(int(whole + part))} ou {spaced(int(whole))},{part[:2]}."
        )
