"""The days on which assemblies sit: what a vote, a dossier or a plan of reviews has to reckon with."""

from typing import Any, ClassVar

from django.db import models

from comptes.roles import Role
from socle.models import Abilities
from territoire.models import Commune, Epci


class SeanceQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "SeanceQuerySet":
        """Councils sit in public (CGCT L.2121-18): their days are known to the whole EPCI."""
        return self.filter(epci__in=user.acces.epcis)

    def coming(self, epci: Epci) -> "SeanceQuerySet":
        """Sittings of an EPCI and of its communes from today on, the first ones first."""
        return self.filter(epci=epci, jour__gte=epci.today).order_by("jour", "pk")


class Seance(Abilities, models.Model):
    """A day on which a conseil municipal sits, or the conseil of the EPCI (`commune` None)."""

    QUI_PEUT: ClassVar = {
        "tenir": "Le DGS et ses collaborateurs saisissent les séances de leur commune ; la Direction des territoires, celles de "
        "l'EPCI et de toute commune."
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="seances", verbose_name="EPCI")
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="seances", verbose_name="commune"
    )
    jour = models.DateField("jour")
    note = models.CharField("lieu ou objet", max_length=200, blank=True)

    objects = SeanceQuerySet.as_manager()

    class Meta:
        verbose_name = "séance de conseil"
        verbose_name_plural = "séances de conseil"
        ordering: ClassVar = ["epci", "commune", "jour"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "commune", "jour"], name="seance_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"Séance du {self.jour:%d/%m/%Y}, {self.commune or self.epci}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        own = bool(self.commune_id) and user.acces.acts_for_commune(
            self.commune_id, Role.DGS, Role.COLLABORATEUR
        )
        return {"tenir": directs or own}
