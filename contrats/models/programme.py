"""The programme of a year: what is planned of a domain in a commune, line by line, done or postponed."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from contrats.models.partie import prepares
from mutualisation.models import Domaine
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci

FIRST_YEAR, LAST_YEAR = 2000, 2100


class ProgrammeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ProgrammeQuerySet":
        """To the commune, its pôle, the Direction, and those who hold a seat for the domain."""
        return self.filter(of_domaine(user))

    def of_year(self, annee: int) -> "ProgrammeQuerySet":
        """Lines planned for a year, and those of another year postponed to it; in the order they fall due."""
        wanted = Q(annee=annee) | Q(report_on__year=annee)
        return self.filter(wanted).order_by("echeance_on", "ordre", "pk")

    def late(self, today: date) -> "ProgrammeQuerySet":
        """Lines whose last day has passed, and that are not said to be done."""
        return self.filter(echeance_on__lt=today).exclude(etat=LigneProgramme.Etat.FAIT)


class LigneProgramme(Abilities, Versioned):
    """One thing planned. `mois` are numbers 1 to 12; `precision` says the rest, or all of it (« toute l'année »).

    `echeance_on` is the last day it may be done in time; `report_on` the first day of the month it was postponed to.
    """

    class Etat(models.TextChoices):
        PREVU = "prevu", "prévu"
        FAIT = "fait", "fait"
        REPORTE = "reporte", "reporté"

    QUI_PEUT: ClassVar = {
        "modifier": "Le programme d'un domaine est écrit par la Direction des territoires, le DGS de la commune et les deux "
        "référents du domaine."
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    annee = models.PositiveSmallIntegerField("année")
    libelle = models.CharField("ce qui est prévu", max_length=300)
    mois = ArrayField(models.PositiveSmallIntegerField(), verbose_name="mois", default=list, blank=True)
    precision = models.CharField("précision", max_length=200, blank=True)
    quantite = models.CharField("quantité", max_length=60, blank=True)
    echeance_on = models.DateField("à faire au plus tard le", editable=False)
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.PREVU)
    fait_on = models.DateField("fait le", null=True, blank=True)
    motif = models.CharField("pourquoi c'est reporté", max_length=500, blank=True)
    report_on = models.DateField("reporté au mois du", null=True, blank=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne de programme"
        verbose_name_plural = "lignes de programme"
        ordering: ClassVar = ["annee", "echeance_on", "ordre", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="ligneprogramme_when",
                condition=~Q(mois=[]) | ~Q(precision=""),
                violation_error_message="Dites quand : cochez un mois au moins, ou écrivez-le.",
            ),
            models.CheckConstraint(
                name="ligneprogramme_months", condition=Q(mois__contained_by=list(range(1, 13)))
            ),
            models.CheckConstraint(
                name="ligneprogramme_year", condition=Q(annee__range=(FIRST_YEAR, LAST_YEAR))
            ),
            models.CheckConstraint(
                name="ligneprogramme_state_facts",
                condition=Q(etat="prevu", fait_on=None, motif="", report_on=None)
                | Q(etat="fait", fait_on__isnull=False)
                | Q(~Q(motif=""), etat="reporte", fait_on=None, report_on__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["epci", "commune", "domaine", "annee"], name="ligneprogramme_page")
        ]

    def __str__(self) -> str:
        return self.libelle

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"modifier": prepares(user, self.epci_id, self.commune_id, self.domaine_id)}
