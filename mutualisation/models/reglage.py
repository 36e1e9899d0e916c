"""How an EPCI runs its cycles: what each one sets for itself."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.roles import Role
from socle.models import Abilities, Versioned
from territoire.models import Epci

AGREGAT_MINIMUM = 5


class ReglageQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ReglageQuerySet":
        return self.filter(epci__in=user.acces.epcis)

    def of(self, epci: Epci) -> "Reglage":
        """The settings of an EPCI, with their starting values until they are first saved."""
        found: Any = self.filter(epci=epci).first()
        return found or Reglage(epci=epci)


class Reglage(Abilities, Versioned):
    """Rhythm of the cycles, visa of a declaration, smallest group that a figure may describe."""

    class Visa(models.TextChoices):
        AUCUN = "aucun", "le dépôt suffit"
        LIEN = "lien", "visa du maire par un lien reçu par courriel"
        LETTRE = "lettre", "lettre signée du maire jointe au dépôt"

    QUI_PEUT: ClassVar = {"modifier": "Seule la Direction des territoires règle les cycles."}

    epci = models.OneToOneField(Epci, models.PROTECT, related_name="reglage", verbose_name="EPCI")
    rythme = models.PositiveSmallIntegerField("années d'un cycle au suivant", default=1)
    visa = models.CharField("visa du maire", max_length=10, choices=Visa, default=Visa.AUCUN)
    agregat_minimum = models.PositiveSmallIntegerField(
        "plus petit groupe de communes décrit par un chiffre", default=AGREGAT_MINIMUM
    )

    objects = ReglageQuerySet.as_manager()

    class Meta:
        verbose_name = "réglage des cycles"
        verbose_name_plural = "réglages des cycles"
        ordering: ClassVar = ["epci"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reglage_rythme",
                condition=Q(rythme__gte=1, rythme__lte=6),
                violation_error_message="Un cycle a lieu tous les ans, au plus tous les six ans.",
            ),
            models.CheckConstraint(
                name="reglage_agregat",
                condition=Q(agregat_minimum__gte=AGREGAT_MINIMUM),
                violation_error_message="Un chiffre décrit au moins cinq communes.",
            ),
        ]

    def __str__(self) -> str:
        return f"Réglages, {self.epci}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"modifier": user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)}
