"""One contract per commune; its versions are the initial text, then the avenants."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.roles import Role
from comptes.visibilite import of_commune
from mutualisation.models import Cycle
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class ContratQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ContratQuerySet":
        """To the commune, its pôle and the Direction; and to those who answer for one of its domains."""
        from contrats.models.engagement import Engagement

        seats = Engagement.objects.filter(of_domaine(user, "epci_id", "commune_id", "domaine_id"))
        return self.filter(of_commune(user) | Q(pk__in=seats.values("contrat")))

    def whole_for(self, user: Any) -> "ContratQuerySet":
        """Contracts the user may read from cover to cover; a seat opens its own domain only."""
        return self.filter(of_commune(user))


class Contrat(models.Model):
    """The contrat d'engagement of a commune: the level of service owed, and who answers on each side."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="contrats", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="contrats", verbose_name="commune")

    objects = ContratQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat d'engagement"
        verbose_name_plural = "contrats d'engagement"
        ordering: ClassVar = ["commune__tri", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["epci", "commune"], name="contrat_once")]

    def __str__(self) -> str:
        return f"Contrat d'engagement {self.commune.de}"


class VersionQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "VersionQuerySet":
        return self.filter(contrat__in=Contrat.objects.visible_to(user))


class VersionContrat(Abilities, Versioned):
    """The initial text (number 0) or an avenant of a contract, with its own set of engagements."""

    class Etat(models.TextChoices):
        PROJET = "projet", "projet"

    QUI_PEUT: ClassVar = {
        "modifier": "Seuls la Direction des territoires et le DGS de la commune préparent le contrat, "
        "tant qu'il est à l'état de projet."
    }

    contrat = models.ForeignKey(Contrat, models.PROTECT, related_name="versions", verbose_name="contrat")
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    cycle = models.ForeignKey(
        Cycle, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="cycle"
    )
    numero = models.PositiveSmallIntegerField("numéro d'avenant", default=0)
    reference = models.CharField("référence", max_length=40)
    etat = models.CharField("état", max_length=20, choices=Etat, default=Etat.PROJET)
    effective_on = models.DateField("prend effet le")

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version d'un contrat"
        verbose_name_plural = "versions des contrats"
        ordering: ClassVar = ["contrat", "-numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contrat", "numero"], name="versioncontrat_once"),
            models.UniqueConstraint(fields=["epci", "reference"], name="versioncontrat_reference"),
            models.UniqueConstraint(
                fields=["contrat"],
                name="versioncontrat_one_draft",
                condition=Q(etat="projet"),
                violation_error_message="Un projet est déjà ouvert pour ce contrat.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.libelle} {self.reference}"

    @property
    def libelle(self) -> str:
        return f"Avenant n° {self.numero}" if self.numero else "Version initiale"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        draft = self.etat == self.Etat.PROJET
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {"modifier": draft and (directs or user.acces.acts_for_commune(self.commune_id, Role.DGS))}
