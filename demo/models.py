"""The offset of the clock of the demonstration: one row, moves forward only."""

from datetime import timedelta

from django.db import models
from django.db.models import Q


class Decalage(models.Model):
    """How far the clock of the demonstration is from true time, in seconds (may be negative for a date in the past)."""

    pk_unique = models.PositiveSmallIntegerField(primary_key=True, default=1)
    duree = models.DurationField("décalage", default=timedelta())

    class Meta:
        verbose_name = "décalage de l'horloge"
        verbose_name_plural = "décalages de l'horloge"
        constraints = [models.CheckConstraint(name="decalage_single_row", condition=Q(pk_unique=1))]

    def __str__(self) -> str:
        return str(self.duree)
