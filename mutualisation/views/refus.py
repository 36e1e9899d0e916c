"""Putting a refusal of the workflows where the person typed."""

from django import forms

from socle.erreurs import Conflit, Refus


def tell(form: forms.BaseForm, refus: Refus) -> None:
    """Add a refusal to the field it belongs to, or to the form as a whole; what was typed stays."""
    form.add_error(refus.field if refus.field in form.fields else None, refus.message)


def status_of(refus: Refus) -> int:
    """409 when somebody else was faster, 422 for the other refusals."""
    return 409 if isinstance(refus, Conflit) else 422


def with_version(form: forms.BaseForm, version: int) -> None:
    """After a conflict was told, sending again is a decision: the form now holds the present version."""
    with_value(form, "version", version)


def with_value(form: forms.BaseForm, name: str, value: object) -> None:
    """Put a value where the person typed or read another."""
    data = form.data.copy()
    data[form.add_prefix(name)] = value
    form.data = data
