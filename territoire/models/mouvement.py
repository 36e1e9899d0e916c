"""What moves in a territory: communes that succeed others, and their affiliation to a centre de gestion."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from socle.models import Period, PeriodQuerySet, no_overlap, period_is_ordered
from territoire.models.commune import Commune


class Filiation(models.Model):
    """A commune succeeds another from a day: several anciennes make a commune nouvelle, one may split in several.

    The new commune takes over the rights and duties of those it replaces (CGCT L.2113-5).
    """

    ancienne = models.ForeignKey(
        Commune, models.PROTECT, related_name="filiations", verbose_name="ancienne commune"
    )
    nouvelle = models.ForeignKey(
        Commune, models.PROTECT, related_name="ascendances", verbose_name="nouvelle commune"
    )
    effective_on = models.DateField("à compter du")

    class Meta:
        verbose_name = "filiation de communes"
        verbose_name_plural = "filiations de communes"
        ordering: ClassVar = ["effective_on", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ancienne", "nouvelle"], name="filiation_once"),
            models.CheckConstraint(name="filiation_two_communes", condition=~Q(ancienne=F("nouvelle"))),
        ]

    def __str__(self) -> str:
        return f"{self.ancienne} → {self.nouvelle}"


class Affiliation(Period):
    """A commune is affiliated to the centre de gestion over a period: some missions then cannot be shared.

    CGCT L.5211-4-2 excludes them for bodies that must be affiliated (mainly under 350 civil servants).
    """

    commune = models.ForeignKey(Commune, models.PROTECT, related_name="affiliations", verbose_name="commune")

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "affiliation au centre de gestion"
        verbose_name_plural = "affiliations au centre de gestion"
        ordering: ClassVar = ["commune", "debut"]
        constraints: ClassVar = [
            period_is_ordered("affiliation_period"),
            no_overlap("commune_id", name="affiliation_no_overlap"),
        ]

    def __str__(self) -> str:
        return f"{self.commune}, centre de gestion"
