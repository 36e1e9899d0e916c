"""Minutes of a visit: one document for one or several reviews of the same commune."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from documents.models import Document
from socle.models import Versioned
from territoire.models import Commune, Epci


class CompteRenduQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "CompteRenduQuerySet":
        """To those who see one of its reviews."""
        from revues.models.revue import Revue

        return self.filter(pk__in=Revue.objects.visible_to(user).values("compte_rendu"))


class CompteRendu(Versioned):
    """A draft while it is written; once issued it is a document and never changes."""

    class Etat(models.TextChoices):
        BROUILLON = "brouillon", "brouillon"
        EMIS = "emis", "émis"

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    tenue_on = models.DateField("tenue le")
    lieu = models.CharField("lieu", max_length=200)
    presents = models.TextField("présents", max_length=4000, blank=True)
    redige_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="rédigé par")
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.BROUILLON)
    emis_at = models.DateTimeField("émis le", null=True, blank=True)
    observation_until_on = models.DateField("observations jusqu'au", null=True, blank=True)
    document = models.OneToOneField(Document, models.PROTECT, null=True, blank=True, related_name="+")

    objects = CompteRenduQuerySet.as_manager()

    class Meta:
        verbose_name = "compte rendu"
        verbose_name_plural = "comptes rendus"
        ordering: ClassVar = ["-tenue_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="compterendu_issued_facts",
                condition=Q(etat="brouillon", emis_at=None, document=None, observation_until_on=None)
                | Q(
                    etat="emis",
                    emis_at__isnull=False,
                    document__isnull=False,
                    observation_until_on__isnull=False,
                ),
            )
        ]

    def __str__(self) -> str:
        return f"Compte rendu du {self.tenue_on:%d/%m/%Y}, {self.commune}"


class Point(models.Model):
    """One typed outcome of a review."""

    class Nature(models.TextChoices):
        DECISION = "decision", "décision"
        ACTION = "action", "action"
        INFORMATION = "information", "information"
        ESCALADE = "escalade", "point à escalader"

    compte_rendu = models.ForeignKey(
        CompteRendu, models.CASCADE, related_name="points", verbose_name="compte rendu"
    )
    ordre = models.PositiveSmallIntegerField("ordre")
    nature = models.CharField("nature", max_length=12, choices=Nature)
    texte = models.TextField("texte", max_length=4000)
    responsable = models.CharField("qui", max_length=200, blank=True)
    echeance_on = models.DateField("pour quand", null=True, blank=True)

    class Meta:
        verbose_name = "point"
        verbose_name_plural = "points"
        ordering: ClassVar = ["compte_rendu", "ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["compte_rendu", "ordre"], name="point_order"),
            models.CheckConstraint(
                name="point_action_has_owner",
                condition=~Q(nature="action") | (~Q(responsable="") & Q(echeance_on__isnull=False)),
                violation_error_message="Une action dit qui la fait et pour quand.",
            ),
        ]

    def __str__(self) -> str:
        return self.texte
