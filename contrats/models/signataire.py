"""Who signs for a side on a day: its executive, or whoever an arrêté gave the signature to."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from socle.models import Abilities, Period, PeriodQuerySet, Versioned, period_is_ordered
from territoire.models import Commune, Epci


class SignataireQuerySet(PeriodQuerySet):
    def visible_to(self, user: Any) -> "SignataireQuerySet":
        """Those of the EPCI to its people; those of a commune to it, its pôle and the Direction."""
        return self.filter(of_commune(user) | Q(commune=None, epci__in=user.acces.epcis))


class Signataire(Abilities, Versioned, Period):
    """Somebody who may sign the contracts of a side (`commune` None: the EPCI); a délégation names its arrêté.

    The maire needs no row: the habilitation says it. A délégation in force comes before the executive who gave it (CGCT
    L.2122-19 and L.5211-9), and lapses with his mandate.
    """

    class Portee(models.TextChoices):
        """What somebody may sign."""

        CONTRATS = "contrats", "le contrat et ses avenants"
        AVENANTS = "avenants", "les avenants seulement"

    QUI_PEUT: ClassVar = {
        "modifier": "La Direction des territoires tient la liste des signataires ; le DGS, celle de sa commune."
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="signataires", verbose_name="EPCI")
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="signataires", verbose_name="commune"
    )
    personne = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="personne")
    qualite = models.CharField("qualité", max_length=150)
    arrete_numero = models.CharField("numéro de l'arrêté", max_length=50, blank=True)
    arrete_on = models.DateField("arrêté du", null=True, blank=True)
    delegant = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="délégation de"
    )
    portee = models.CharField("peut signer", max_length=8, choices=Portee, default=Portee.CONTRATS)

    objects = SignataireQuerySet.as_manager()

    class Meta:
        verbose_name = "signataire"
        verbose_name_plural = "signataires"
        ordering: ClassVar = ["epci", "commune", "-debut"]
        constraints: ClassVar = [
            period_is_ordered("signataire_period"),
            models.CheckConstraint(
                name="signataire_arrete_whole",
                condition=Q(arrete_numero="", arrete_on=None, delegant=None)
                | (~Q(arrete_numero="") & Q(arrete_on__isnull=False, delegant__isnull=False)),
                violation_error_message="Une délégation se dit par le numéro et la date de son arrêté.",
            ),
            models.CheckConstraint(
                name="signataire_commune",
                condition=Q(commune=None) | ~Q(arrete_numero=""),
                violation_error_message="Pour une commune, le maire signe ; un autre ne signe que par délégation.",
            ),
            models.CheckConstraint(
                name="signataire_portee",
                condition=Q(portee="contrats") | ~Q(arrete_numero=""),
                violation_error_message="Seule une délégation se limite aux avenants.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne}, {self.qualite}"

    @property
    def delegue(self) -> bool:
        """By délégation, not as the executive."""
        return bool(self.arrete_numero)

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        own = bool(self.commune_id) and user.acces.acts_for_commune(self.commune_id, Role.DGS)
        return {"modifier": directs or own}
