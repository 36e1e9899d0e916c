"""Seats: the only truth about who answers for a domain on a side."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Equipe, Personne
from comptes.roles import Role
from mutualisation.models.catalogue import Domaine
from socle.models import Abilities, Period, PeriodQuerySet, no_overlap, period_is_ordered
from territoire.models import Commune, Epci, Pole


class SiegeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "SiegeQuerySet":
        """Who answers for what is known to the whole EPCI."""
        return self.filter(epci__in=user.acces.epcis)


class Siege(Abilities, models.Model):
    """A seat: a side, a domain and a perimeter.

    A commune's seat names that commune; the EPCI's may cover all of them, a pôle or one.
    """

    class Cote(models.TextChoices):
        COMMUNE = "commune", "commune"
        EPCI = "epci", "EPCI"

    QUI_PEUT: ClassVar = {
        "nommer": "Seule la Direction des territoires nomme les référents ; le DGS nomme ceux de sa commune.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="sieges", verbose_name="EPCI")
    cote = models.CharField("côté", max_length=10, choices=Cote)
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="sieges", verbose_name="domaine")
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="sieges", verbose_name="commune"
    )
    pole = models.ForeignKey(
        Pole, models.PROTECT, null=True, blank=True, related_name="sieges", verbose_name="pôle"
    )

    objects = SiegeQuerySet.as_manager()

    class Meta:
        verbose_name = "siège"
        verbose_name_plural = "sièges"
        ordering: ClassVar = ["domaine__ordre", "cote", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "cote", "domaine", "commune", "pole"], name="siege_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="siege_perimeter",
                condition=Q(cote="commune", commune__isnull=False, pole=None)
                | Q(cote="epci") & (Q(commune=None) | Q(pole=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domaine}, {self.commune or self.pole or self.epci}"

    @property
    def perimetre(self) -> str:
        """« Floirac », « Pôle Ouest » or « toutes les communes »."""
        return str(self.commune or self.pole or "toutes les communes")

    @property
    def role(self) -> Role:
        """The title that the seat gives."""
        return Role.REFERENT_COMMUNAL if self.cote == self.Cote.COMMUNE else Role.RESPONSABLE_SERVICE

    def abilities_for(self, user: Any) -> dict[str, bool]:
        """The Direction names on both sides, the DGS of a commune on hers."""
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        own = self.cote == self.Cote.COMMUNE and any(
            (titre.epci_id, titre.commune_id) == (self.epci_id, self.commune_id)
            for titre in user.acces.with_role(Role.DGS)
        )
        return {"nommer": directs or own}


class Titulaire(Period):
    """Who holds a seat over a period: a person or a team, in title or as deputy."""

    class Rang(models.TextChoices):
        TITULAIRE = "titulaire", "titulaire"
        SUPPLEANT = "suppleant", "suppléant"

    siege = models.ForeignKey(Siege, models.PROTECT, related_name="titulaires", verbose_name="siège")
    personne = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="sieges")
    equipe = models.ForeignKey(
        Equipe, models.PROTECT, null=True, blank=True, related_name="sieges", verbose_name="équipe"
    )
    rang = models.CharField("rang", max_length=10, choices=Rang, default=Rang.TITULAIRE)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "titulaire d'un siège"
        verbose_name_plural = "titulaires des sièges"
        ordering: ClassVar = ["siege", "rang", "debut"]
        constraints: ClassVar = [
            period_is_ordered("titulaire_period"),
            models.CheckConstraint(
                name="titulaire_person_or_team",
                condition=Q(personne__isnull=False, equipe=None) | Q(personne=None, equipe__isnull=False),
                violation_error_message="Un siège est tenu par une personne ou par une équipe.",
            ),
            no_overlap(
                "siege_id",
                name="titulaire_no_overlap",
                condition=Q(rang="titulaire"),
                message="Ce siège a déjà un titulaire sur cette période.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.personne or self.equipe)
