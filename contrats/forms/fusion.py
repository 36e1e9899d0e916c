"""The page of a fiche after a conflict: what it did not change is brought up to date, what it changed stays as typed."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.formats import localize_input

from contrats.fiche import LIBELLES
from contrats.forms.contrat import BaseIndicateurs, EngagementForm, IndicateurForm, initial_row
from contrats.fusion import Divergence, describe, fingerprint, row_fingerprint, values_of
from contrats.models import Engagement, Indicateur

SEEN = "vue-"


def fingerprints(engagement: Engagement) -> dict[str, str]:
    """The fingerprints a page carries, by rubric."""
    return {name: fingerprint(getattr(engagement, name)) for name in LIBELLES}


def seen_by(post: QueryDict) -> dict[str, str]:
    """Those a page sends."""
    return {name: str(post[f"{SEEN}{name}"]) for name in LIBELLES if f"{SEEN}{name}" in post}


def typed_of(divergence: Divergence, form: EngagementForm, formset: BaseIndicateurs) -> str:
    """What this page holds of a rubric that clashes, as a reader reads it."""
    if divergence.cle in LIBELLES:
        value = form.cleaned_data[divergence.cle]
        choices = dict(Engagement.Rythme.choices)
        return (
            {True: "oui", False: "non"}[value] if isinstance(value, bool) else str(choices.get(value, value))
        )
    row = next(one for one in formset.sent() if divergence.cle == f"indicateur-{one.pk}")
    return describe(row.valeurs) if row.valeurs else "(retiré)"


def refreshed(
    post: QueryDict, form: EngagementForm, formset: BaseIndicateurs, current: Engagement
) -> QueryDict:
    """What to show after a conflict: the rubrics and rows this page did not change, as they stand now."""
    data = post.copy()
    seen = seen_by(post)
    for name in LIBELLES:
        if seen.get(name) == fingerprint(form.cleaned_data[name]):
            _put(data, name, getattr(current, name))
    stored = {str(one.pk): one for one in current.indicateurs.all()}
    for row in formset.forms:
        _refresh_row(data, row, stored.get(row["ligne"].data or ""))
    return data


def _refresh_row(data: QueryDict, row: IndicateurForm, now: Indicateur | None) -> None:
    """The row as it stands, under its present fingerprint; removed by somebody else, it is a new row, or nothing."""
    if not row["ligne"].data:
        return
    if not row.sent().changee:
        values: Mapping[str, Any] = initial_row(values_of(now)) if now else dict.fromkeys(row.fields, "")
        for name, value in values.items():
            _put(data, row.add_prefix(name), localize_input(value))
    data[row.add_prefix("ligne")] = str(now.pk) if now else ""
    data[row.add_prefix("vue")] = row_fingerprint(values_of(now)) if now else ""


def _put(data: QueryDict, name: str, value: Any) -> None:
    if value is False:
        data.pop(name, None)
    else:
        data[name] = "" if value is None else str(value)
