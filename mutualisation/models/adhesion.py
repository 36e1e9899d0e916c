"""Who shares what on a given day: the only truth."""

from datetime import date
from typing import Any, ClassVar

from django.db import models

from mutualisation.models.catalogue import Activite
from mutualisation.models.ligne import Ligne
from mutualisation.models.reprise import Reprise
from socle.models import Period, PeriodQuerySet, no_overlap, period_is_ordered
from territoire.models import Commune, Epci


class AdhesionQuerySet(PeriodQuerySet):
    def visible_to(self, user: Any) -> "AdhesionQuerySet":
        """Adhesions are public acts inside the whole EPCI."""
        return self.filter(epci__in=user.acces.epcis)

    def activites_of(self, commune: Commune, epci: Epci, on: date) -> frozenset[int]:
        """Ids of the activities a commune shares on a day."""
        return frozenset(self.on(on).filter(commune=commune, epci=epci).values_list("activite_id", flat=True))


class Adhesion(Period):
    """A commune shares an activity over a period `[debut, fin)`; two periods never overlap."""

    class Origine(models.TextChoices):
        CYCLE = "cycle", "cycle"
        CATALOGUE = "catalogue", "évolution du catalogue"
        TERRITOIRE = "territoire", "évolution des communes"
        REPRISE = "reprise", "reprise de l'existant"
        DEMONSTRATION = "demonstration", "inventée pour la démonstration"

    class Nature(models.TextChoices):
        MUTUALISATION = "mutualisation", "mutualisation"
        REGULARISATION = "regularisation", "régularisation"
        PRESTATION = "prestation", "prestation"

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="adhesions", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="adhesions", verbose_name="commune")
    activite = models.ForeignKey(Activite, models.PROTECT, related_name="adhesions", verbose_name="activité")
    origine = models.CharField("origine", max_length=15, choices=Origine, default=Origine.CYCLE)
    nature = models.CharField("nature", max_length=15, choices=Nature, default=Nature.MUTUALISATION)
    reprise = models.ForeignKey(
        Reprise, models.PROTECT, null=True, blank=True, related_name="adhesions", verbose_name="reprise"
    )
    # What opened and what closed the period: a line about an activity split since opens several.
    ligne = models.ForeignKey(Ligne, models.PROTECT, null=True, blank=True, related_name="adhesions")
    ligne_fin = models.ForeignKey(
        Ligne, models.PROTECT, null=True, blank=True, related_name="adhesions_closes"
    )

    objects = AdhesionQuerySet.as_manager()

    class Meta:
        verbose_name = "adhésion"
        verbose_name_plural = "adhésions"
        ordering: ClassVar = ["commune__tri", "activite__code", "debut"]
        constraints: ClassVar = [
            period_is_ordered("adhesion_period"),
            no_overlap("commune_id", "activite_id", name="adhesion_no_overlap"),
        ]
        indexes: ClassVar = [models.Index(fields=["epci", "debut", "fin"], name="adhesion_epci_days")]

    def __str__(self) -> str:
        return f"{self.commune} – {self.activite}"
