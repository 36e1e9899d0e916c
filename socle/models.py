"""Base classes only: the ground floor owns no table."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q


class DateRange(Func):
    """`daterange(debut, fin)`: half-open, an absent end is unbounded."""

    function = "daterange"
    output_field = DateRangeField()


class SinglePoint(Func):
    """`int8range(x, x, '[]')`: equality on an integer for a GiST index without the btree_gist extension."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, %(expressions)s, '[]')"


def no_overlap(*fields: str, name: str, condition: Q | None = None, message: str = "") -> ExclusionConstraint:
    """No two rows with the same `fields` may have periods `[debut, fin)` that overlap."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((SinglePoint(field), "=") for field in fields),
            (DateRange("debut", "fin"), RangeOperators.OVERLAPS),
        ],
        condition=condition,
        violation_error_message=message or "Ces deux périodes se chevauchent.",
    )


def period_is_ordered(name: str) -> models.CheckConstraint:
    """The end is after the beginning: an empty range would escape the exclusion."""
    return models.CheckConstraint(
        condition=Q(fin=None) | Q(fin__gt=F("debut")),
        name=name,
        violation_error_message="La fin doit être postérieure au début.",
    )


class PeriodQuerySet(models.QuerySet):
    """Rows with a period `[debut, fin)`."""

    def on(self, day: Any) -> "PeriodQuerySet":
        """Rows in force on `day` (a date or an expression)."""
        return self.filter(Q(fin=None) | Q(fin__gt=day), debut__lte=day)


class Period(models.Model):
    """A period `[debut, fin)` of days; `fin` is exclusive and absent while it lasts."""

    debut = models.DateField("début")
    fin = models.DateField("fin (exclue)", null=True, blank=True)

    class Meta:
        abstract = True

    def covers(self, day: date) -> bool:
        """Whether the period is in force on a day."""
        return self.debut <= day and (self.fin is None or day < self.fin)


class Versioned(models.Model):
    """A row people edit: `version` grows at each save, and a form that read an older one is told."""

    version = models.PositiveIntegerField("version", default=1, editable=False)

    class Meta:
        abstract = True


class Abilities:
    """Convention for objects with rights: see socle.droits."""

    QUI_PEUT: ClassVar[dict[str, str]] = {}
