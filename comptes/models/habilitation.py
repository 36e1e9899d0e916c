"""Who may do what: dated roles on an EPCI, a pôle or a commune. Référents and responsables derive from seats instead."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.roles import ROLES_COMMUNE, ROLES_EPCI, ROLES_POLE, Role
from socle.models import Period, PeriodQuerySet, no_overlap, period_is_ordered
from territoire.models import Commune, Epci, Pole

__all__ = ["Habilitation", "Role"]


class HabilitationQuerySet(PeriodQuerySet):
    def visible_to(self, user: Any) -> "HabilitationQuerySet":
        """Administrators see all those of their EPCI; everyone sees his own."""
        return self.filter(Q(personne=user) | Q(epci__in=user.acces.epcis_with(Role.ADMINISTRATEUR)))


class Habilitation(Period):
    """A role of a person on a perimeter over a period."""

    personne = models.ForeignKey(
        "Personne", models.PROTECT, related_name="habilitations", verbose_name="personne"
    )
    role = models.CharField("rôle", max_length=24, choices=[(r.value, r.label) for r in Role])
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="habilitations", verbose_name="EPCI")
    pole = models.ForeignKey(
        Pole, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="pôle"
    )
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )

    objects = HabilitationQuerySet.as_manager()

    class Meta:
        verbose_name = "habilitation"
        verbose_name_plural = "habilitations"
        ordering: ClassVar = ["personne", "debut", "pk"]
        constraints: ClassVar = [
            period_is_ordered("habilitation_period"),
            models.CheckConstraint(
                name="habilitation_perimeter",
                condition=Q(role__in=ROLES_EPCI, pole=None, commune=None)
                | Q(role__in=ROLES_POLE, pole__isnull=False, commune=None)
                | Q(role__in=ROLES_COMMUNE, pole=None, commune__isnull=False),
                violation_error_message="Ce rôle se donne sur un autre périmètre : EPCI, pôle ou commune.",
            ),
            no_overlap(
                "commune_id",
                name="habilitation_one_maire",
                condition=Q(role="maire"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne}, {self.get_role_display()}"
