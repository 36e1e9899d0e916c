"""Reference fiches of an EPCI, adopted by contracts and adapted there, never typed again."""

from typing import ClassVar

from django.db import models

from contrats.models.engagement import Textes
from mutualisation.models import Domaine
from territoire.models import Epci


class Fiche(Textes):
    """The reference fiche of a domain; `indicateurs` is a list of {libelle, unite, reference, cible, tolerance, sens}."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="fiches", verbose_name="EPCI")
    domaine = models.OneToOneField(Domaine, models.PROTECT, related_name="fiche", verbose_name="domaine")
    evaluation_exemple = models.TextField("exemple d'évaluation préalable", max_length=20000, blank=True)
    indicateurs = models.JSONField("indicateurs proposés", default=list)

    class Meta:
        verbose_name = "fiche de référence"
        verbose_name_plural = "fiches de référence"
        ordering: ClassVar = ["domaine__ordre"]

    def __str__(self) -> str:
        return str(self.domaine)
