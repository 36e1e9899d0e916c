"""Teams: a seat may be held by one."""

from typing import Any, ClassVar

from django.db import models

from socle.models import Versioned
from territoire.models import Epci


class EquipeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EquipeQuerySet":
        """Who answers for what is known to the whole EPCI."""
        return self.filter(epci__in=user.acces.epcis)

    def standing(self) -> "EquipeQuerySet":
        """Those that are not dissolved."""
        return self.filter(dissoute_at=None)


class Equipe(Versioned):
    """A team of people who answer together, with the number to call; once dissolved, it stays for the seats it held."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="equipes", verbose_name="EPCI")
    nom = models.CharField("nom", max_length=200)
    telephone = models.CharField("téléphone de service", max_length=30, blank=True)
    membres: Any = models.ManyToManyField("Personne", related_name="equipes", verbose_name="membres")
    dissoute_at = models.DateTimeField("dissoute le", null=True, blank=True)

    objects = EquipeQuerySet.as_manager()

    class Meta:
        verbose_name = "équipe"
        verbose_name_plural = "équipes"
        ordering: ClassVar = ["nom"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "nom"], name="equipe_unique_name", condition=models.Q(dissoute_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.nom
