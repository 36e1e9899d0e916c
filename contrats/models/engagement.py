"""What is promised for one domain, beside what there was before."""

from datetime import date
from typing import Any, ClassVar

from django.db import models

from contrats.models.contrat import Contrat, VersionContrat
from contrats.models.partie import prepares, serves
from mutualisation.models import Domaine
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci

TEXT_MAX = 20_000  # characters of a rubric of a fiche, and of an article of the clauses

# Starting values of the project; each contract may hold others.
URGENT_ACK_HOURS, URGENT_DECISION_HOURS = 1, 4
EXCEPTIONAL_ACK_DAYS, EXCEPTIONAL_DECISION_DAYS = 1, 10


class EngagementQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EngagementQuerySet":
        """To the commune, its pôle, the Direction, and those who hold a seat for the domain."""
        return self.filter(of_domaine(user))

    def to_read(self, on: date) -> "Engagement | None":
        """Among the fiches of one domain of a commune, the one that applies on a day, else the one being prepared."""
        latest: Any = self.order_by("-contrat", "-version_contrat__numero")
        applied: Engagement | None = latest.filter(
            version_contrat__in=VersionContrat.objects.applicable(on)
        ).first()
        kept: Engagement | None = latest.exclude(version_contrat__etat=VersionContrat.Etat.ABANDONNE).first()
        return applied or kept


class Textes(models.Model):
    """The texts of a fiche d'engagement, shared by the reference fiche and the engagement itself."""

    missions = models.TextField("missions", max_length=TEXT_MAX, blank=True)
    limites = models.TextField("limites", max_length=TEXT_MAX, blank=True)
    niveau_attendu = models.TextField("niveau de service attendu", max_length=TEXT_MAX, blank=True)
    engagements_epci = models.TextField("engagements de l'EPCI", max_length=TEXT_MAX, blank=True)
    engagements_commune = models.TextField("engagements de la commune", max_length=TEXT_MAX, blank=True)
    conditions_normales = models.TextField("fonctionnement normal", max_length=TEXT_MAX, blank=True)

    class Meta:
        abstract = True


class Engagement(Abilities, Versioned, Textes):
    """The fiche d'engagement of a domain in a version of a contract."""

    class Rythme(models.TextChoices):
        MENSUEL = "mensuel", "mensuelle"
        BIMESTRIEL = "bimestriel", "tous les deux mois"
        TRIMESTRIEL = "trimestriel", "trimestrielle"

    QUI_PEUT: ClassVar = {
        "modifier": "La fiche d'un projet est préparée par la Direction des territoires, le DGS de la commune "
        "et les deux référents du domaine.",
        "changer_astreinte": "Le numéro d'astreinte se change sans avenant dans le texte en vigueur, par le responsable du "
        "service commun et la Direction des territoires.",
    }

    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, related_name="engagements", verbose_name="version"
    )
    contrat = models.ForeignKey(Contrat, models.PROTECT, related_name="+", verbose_name="contrat")
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    evaluation_prealable = models.TextField("évaluation préalable", max_length=TEXT_MAX, blank=True)
    horaires = models.CharField("horaires", max_length=300, blank=True)
    astreinte = models.CharField("astreinte", max_length=300, blank=True)
    telephone_astreinte = models.CharField("téléphone de l'astreinte", max_length=30, blank=True)
    urgence_definition = models.TextField("ce qui est urgent", max_length=4000, blank=True)
    urgence_accuse_heures = models.PositiveSmallIntegerField(
        "accusé d'une urgence, en heures", default=URGENT_ACK_HOURS
    )
    urgence_decision_heures = models.PositiveSmallIntegerField(
        "décision d'une urgence, en heures", default=URGENT_DECISION_HOURS
    )
    urgence_jour_nuit = models.BooleanField("jour et nuit", default=False)
    exceptionnel_definition = models.TextField("ce qui est exceptionnel", max_length=4000, blank=True)
    exceptionnel_accuse_jours = models.PositiveSmallIntegerField(
        "accusé d'un motif exceptionnel, en jours ouvrés", default=EXCEPTIONAL_ACK_DAYS
    )
    exceptionnel_decision_jours = models.PositiveSmallIntegerField(
        "décision d'un motif exceptionnel, en jours ouvrés", default=EXCEPTIONAL_DECISION_DAYS
    )
    rythme = models.CharField("rythme des revues", max_length=12, choices=Rythme, default=Rythme.MENSUEL)
    # Of each rubric taken from the reference fiche, the fingerprint of what was taken (contrats.fusion).
    adoptees = models.JSONField("rubriques reprises de la référence", default=dict, editable=False)

    objects = EngagementQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement"
        verbose_name_plural = "engagements"
        ordering: ClassVar = ["domaine__ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version_contrat", "domaine"], name="engagement_once"),
            models.CheckConstraint(
                name="engagement_deadlines_ordered",
                condition=models.Q(
                    urgence_decision_heures__gte=models.F("urgence_accuse_heures"),
                    exceptionnel_decision_jours__gte=models.F("exceptionnel_accuse_jours"),
                    urgence_accuse_heures__gte=1,
                    exceptionnel_accuse_jours__gte=1,
                ),
                violation_error_message="La décision ne peut pas précéder l'accusé de réception.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domaine}, {self.commune}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        place = (self.epci_id, self.commune_id, self.domaine_id)
        draft = self.version_contrat.en_preparation
        return {
            "modifier": draft and prepares(user, *place),
            "changer_astreinte": not draft and serves(user, *place) and self.version_contrat.en_usage,
        }


class Indicateur(models.Model):
    """How the level of service is measured: baseline, target, tolerance."""

    class Sens(models.TextChoices):
        HAUSSE = "hausse", "plus c'est haut, mieux c'est"
        BAISSE = "baisse", "plus c'est bas, mieux c'est"

    engagement = models.ForeignKey(
        Engagement, models.CASCADE, related_name="indicateurs", verbose_name="engagement"
    )
    libelle = models.CharField("libellé", max_length=200)
    unite = models.CharField("unité", max_length=60)
    reference = models.DecimalField("avant", max_digits=12, decimal_places=2, null=True, blank=True)
    cible = models.DecimalField("promis", max_digits=12, decimal_places=2)
    tolerance = models.DecimalField("tolérance", max_digits=12, decimal_places=2, default=0)
    sens = models.CharField("sens", max_length=8, choices=Sens)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "indicateur"
        verbose_name_plural = "indicateurs"
        ordering: ClassVar = ["ordre", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="indicateur_tolerance_positive", condition=models.Q(tolerance__gte=0))
        ]

    def __str__(self) -> str:
        return self.libelle
