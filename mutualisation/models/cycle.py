"""A cycle: one per EPCI and year of effect, with ordered dates. Its phase is computed; only opening and closing are acts."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models.catalogue import Catalogue
from socle.models import Abilities, Versioned
from territoire.models import Epci
from territoire.models.epci import WorkingDays

DATES = (
    "ouverture_on",
    "declaration_debut_on",
    "declaration_fin_on",
    "evaluation_debut_on",
    "evaluation_fin_on",
    "point_arret_on",
    "votes_debut_on",
    "votes_fin_on",
    "effective_on",
)


def label_of(name: str) -> str:
    """How one of DATES is called."""
    return str(getattr(Cycle._meta.get_field(name), "verbose_name", name))


class CycleQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "CycleQuerySet":
        """The calendar is public inside an EPCI, communes not yet in included."""
        return self.filter(epci__in=user.acces.epcis)

    def declaring(self, epci: Epci) -> "CycleQuerySet":
        """Cycles whose campaign of declarations is open today."""
        today = epci.today
        return self.filter(
            epci=epci,
            ouvert_at__isnull=False,
            clos_at=None,
            declaration_debut_on__lte=today,
            declaration_fin_on__gte=today,
        )


class Cycle(Abilities, Versioned):
    """The yearly cycle: declared through year N, in force on 1 January N+1 (its `annee`)."""

    class Phase(models.TextChoices):
        PREPARATION = "preparation", "préparation"
        DECLARATION = "declaration", "déclaration"
        INSTRUCTION = "instruction", "instruction"
        DELIBERATION = "deliberation", "délibération"
        EN_VIGUEUR = "en_vigueur", "en vigueur"
        CLOS = "clos", "clos"

    QUI_PEUT: ClassVar = {
        "ouvrir": "Seule la Direction des territoires ouvre un cycle.",
        "modifier": "Seule la Direction des territoires change les dates d'un cycle.",
        "clore": "Seule la Direction des territoires clôt un cycle, une fois qu'il a pris effet.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="cycles", verbose_name="EPCI")
    annee = models.PositiveSmallIntegerField("année d'effet")
    catalogue = models.ForeignKey(Catalogue, models.PROTECT, related_name="cycles", verbose_name="catalogue")
    ouverture_on = models.DateField("ouverture")
    declaration_debut_on = models.DateField("début des déclarations")
    declaration_fin_on = models.DateField("dernier jour des déclarations")
    evaluation_debut_on = models.DateField("début des évaluations préalables")
    evaluation_fin_on = models.DateField("fin des évaluations préalables")
    point_arret_on = models.DateField("point d'arrêt")
    votes_debut_on = models.DateField("début des délibérations")
    votes_fin_on = models.DateField("fin des délibérations")
    effective_on = models.DateField("date d'effet")
    ouvert_at = models.DateTimeField("ouvert le", null=True, blank=True)
    ouvert_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    clos_at = models.DateTimeField("clos le", null=True, blank=True)

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = "cycle"
        verbose_name_plural = "cycles"
        ordering: ClassVar = ["-annee"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "annee"],
                name="cycle_unique_year",
                violation_error_message="Un cycle existe déjà pour cette année.",
            ),
            models.CheckConstraint(
                name="cycle_dates_ordered",
                condition=Q(
                    declaration_debut_on__gte=F("ouverture_on"),
                    declaration_fin_on__gte=F("declaration_debut_on"),
                    evaluation_debut_on__gt=F("declaration_fin_on"),
                    evaluation_fin_on__gte=F("evaluation_debut_on"),
                    point_arret_on__gt=F("evaluation_fin_on"),
                    votes_debut_on__gt=F("point_arret_on"),
                    votes_fin_on__gte=F("votes_debut_on"),
                    effective_on__gt=F("votes_fin_on"),
                ),
                violation_error_message="Les dates d'un cycle se suivent : ouverture, déclarations, évaluations, "
                "point d'arrêt, délibérations, effet.",
            ),
            models.CheckConstraint(
                name="cycle_closed_after_opened", condition=Q(clos_at=None) | Q(ouvert_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Cycle {self.annee}"

    @property
    def phase(self) -> "Cycle.Phase":
        """Where the cycle stands today, from its dates and its two acts."""
        today = self.epci.today
        if self.clos_at:
            return self.Phase.CLOS
        if not self.ouvert_at or today < self.declaration_debut_on:
            return self.Phase.PREPARATION
        if today <= self.declaration_fin_on:
            return self.Phase.DECLARATION
        if today < self.votes_debut_on:
            return self.Phase.INSTRUCTION
        return self.Phase.DELIBERATION if today < self.effective_on else self.Phase.EN_VIGUEUR

    @property
    def declarations_ouvertes(self) -> bool:
        return self.phase == self.Phase.DECLARATION

    @property
    def veille_on(self) -> date:
        """The eve of effect: what is in force that day pre-fills the declarations."""
        return self.effective_on - timedelta(days=1)

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {
            "ouvrir": directs and not self.ouvert_at,
            "modifier": directs and not self.clos_at,
            "clore": directs and self.phase == self.Phase.EN_VIGUEUR,
        }


def default_dates(epci: Epci, annee: int) -> dict[str, date]:
    """Default dates of the cycle of an EPCI taking effect on 1 January `annee`, moved to the working day before.

    Opening 1 December N-1, declarations 15 January to 28 February N, évaluations préalables 1 April to 31 May,
    point d'arrêt 10 July, votes 10 October to 30 November; the date of effect itself never moves.
    """
    year = annee - 1
    days = WorkingDays(epci)
    proposed = {
        "ouverture_on": date(year - 1, 12, 1),
        "declaration_debut_on": date(year, 1, 15),
        "declaration_fin_on": date(year, 2, 28),
        "evaluation_debut_on": date(year, 4, 1),
        "evaluation_fin_on": date(year, 5, 31),
        "point_arret_on": date(year, 7, 10),
        "votes_debut_on": date(year, 10, 10),
        "votes_fin_on": date(year, 11, 30),
    }
    return {name: days.before(day) for name, day in proposed.items()} | {"effective_on": date(annee, 1, 1)}
