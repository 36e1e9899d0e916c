"""What changed, before and after, as people read it on the page of a history."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, Field, Model

from socle.dates import day_and_year
from socle.typographie import enumerate_french

BEFORE, AFTER = "avant", "apres"
WORDS = {"ajoutes": "ajoutés", "retires": "retirés", AFTER: "après"}
PERIOD = ("debut", "fin")


def told(model: type[Model], contenu: Any, name: str = "") -> Iterator[str]:
    """One line per value of a detail, whatever its shape: « nom : avant « Dupont », après « Œillet » », « motif : … »."""
    if not isinstance(contenu, dict):
        yield f"{_label(model, name)} : {_value(model, name, contenu)}"
        return
    if AFTER in contenu:
        yield from _changed(model, name, contenu.get(BEFORE), contenu[AFTER])
    for key, value in contenu.items():
        if AFTER not in contenu or key not in (BEFORE, AFTER):
            yield from told(model, value, key)


def _changed(model: type[Model], name: str, before: Any, after: Any) -> Iterator[str]:
    """What differs between two values, or name by name between two sets of them."""
    if isinstance(after, dict):
        former = before if isinstance(before, dict) else {}
        for key, value in after.items():
            if former.get(key) != value:
                yield from _changed(model, key, former.get(key), value)
        return
    said = f"avant {_quoted(model, name, before)}, après {_quoted(model, name, after)}"
    yield f"{_label(model, name)} : {said}" if name else said[0].upper() + said[1:]


def _field(model: type[Model], name: str) -> Field | None:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def _label(model: type[Model], name: str) -> str:
    """The field by its French name when the object has it."""
    field = _field(model, name)
    return str(field.verbose_name) if field else WORDS.get(name, name.replace("_", " "))


def _choices(model: type[Model], name: str) -> dict[Any, Any]:
    field = _field(model, name)
    return dict(field.flatchoices) if field else {}


def _value(model: type[Model], name: str, value: Any) -> str:
    """A value in words: a choice by its label, a day in full, nothing as « rien »."""
    if value in (None, "", [], "None"):
        return "rien"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return enumerate_french([str(item) for item in value])
    chosen = _choices(model, name).get(value)
    if chosen is not None:
        return str(chosen)
    return _day(str(value)) if _is_day(model, name) else str(value)


def _is_day(model: type[Model], name: str) -> bool:
    """Whether a name is that of a day: a number of an act may look like one."""
    return isinstance(_field(model, name), DateField) or name.endswith("_on") or name in PERIOD


def _day(text: str) -> str:
    try:
        return day_and_year(date.fromisoformat(text))
    except ValueError:
        return text


def _quoted(model: type[Model], name: str, value: Any) -> str:
    """The same; what somebody typed stands between guillemets, so that its end is seen."""
    said = _value(model, name, value)
    return f"« {said} »" if said == value and value not in _choices(model, name) else said
