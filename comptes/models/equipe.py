"""Teams: a seat may be held by one."""

from typing import Any, ClassVar

from django.db import models

from territoire.models import Epci


class Equipe(models.Model):
    """A team of people who answer together, with the number to call."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="equipes", verbose_name="EPCI")
    nom = models.CharField("nom", max_length=200)
    telephone = models.CharField("téléphone de service", max_length=30, blank=True)
    membres: Any = models.ManyToManyField("Personne", related_name="equipes", verbose_name="membres")

    class Meta:
        verbose_name = "équipe"
        verbose_name_plural = "équipes"
        ordering: ClassVar = ["nom"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["epci", "nom"], name="equipe_unique_name")]

    def __str__(self) -> str:
        return self.nom
