"""Communes: an identity, whose names, codes and memberships are dated."""

from datetime import date
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, FilteredRelation, Q

from socle.models import Period, PeriodQuerySet, no_overlap, period_is_ordered
from socle.typographie import of, sort_key, to
from territoire.models.epci import Epci, Pole


class CommuneQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "CommuneQuerySet":
        """Communes that are or were members of the user's EPCI: names and memberships are public."""
        return self.filter(appartenances__epci__in=user.acces.epcis).distinct()

    def members_of(self, epci: Epci, on: date) -> "CommuneQuerySet":
        """Members of `epci` on a day, in French order, annotated with `pole_id` and `pole_nom`."""
        condition = Q(appartenances__epci=epci, appartenances__debut__lte=on) & (
            Q(appartenances__fin=None) | Q(appartenances__fin__gt=on)
        )
        members = self.annotate(membre=FilteredRelation("appartenances", condition=condition))
        named = members.filter(membre__isnull=False).annotate(
            pole_id=F("membre__pole_id"), pole_nom=F("membre__pole__nom")
        )
        return named.order_by("tri", "pk")


class Commune(models.Model):
    """A commune. The columns hold its present name and codes; `CommuneVersion` holds those of each time.

    Codes are never keys: a commune nouvelle may share the code of one of its delegated communes.
    """

    nom = models.CharField("nom", max_length=200)
    tri = models.CharField(max_length=200, editable=False)
    code_insee = models.CharField("code INSEE", max_length=5, validators=[RegexValidator(r"^\d[\dAB]\d{3}$")])
    siren = models.CharField("SIREN", max_length=9, blank=True)
    population = models.PositiveIntegerField("population", default=0)

    objects = CommuneQuerySet.as_manager()

    class Meta:
        verbose_name = "commune"
        verbose_name_plural = "communes"
        ordering: ClassVar = ["tri", "pk"]

    def __str__(self) -> str:
        return self.nom

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tri = sort_key(self.nom)
        super().save(*args, **kwargs)

    @property
    def de(self) -> str:
        """« de Mérignac », « du Bouscat »."""
        return of(self.nom)

    @property
    def a(self) -> str:
        """« à Mérignac », « au Bouscat »."""
        return to(self.nom)

    def known_on(self, day: date) -> "Commune | CommuneVersion":
        """What bears the name and codes of a day: the version then in force, the commune itself outside them."""
        version: CommuneVersion | None = self.versions.on(day).first()
        return version or self

    def name_on(self, day: date) -> str:
        """The name the commune had on a day (its present name before its first known version)."""
        return self.known_on(day).nom


class CommuneVersion(Period):
    """The name, codes and population of a commune over a period."""

    commune = models.ForeignKey(Commune, models.CASCADE, related_name="versions", verbose_name="commune")
    nom = models.CharField("nom", max_length=200)
    code_insee = models.CharField("code INSEE", max_length=5)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    population = models.PositiveIntegerField("population", default=0)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "nom et codes d'une commune"
        verbose_name_plural = "noms et codes des communes"
        ordering: ClassVar = ["commune", "debut"]
        constraints: ClassVar = [
            period_is_ordered("communeversion_period"),
            no_overlap("commune_id", name="communeversion_no_overlap"),
        ]

    def __str__(self) -> str:
        return self.nom


class Appartenance(Period):
    """The membership of a commune in an EPCI over a period, and its pôle."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="appartenances", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="appartenances", verbose_name="commune")
    pole = models.ForeignKey(
        Pole, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="pôle"
    )

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "appartenance"
        verbose_name_plural = "appartenances"
        ordering: ClassVar = ["debut"]
        constraints: ClassVar = [
            period_is_ordered("appartenance_period"),
            no_overlap(
                "commune_id",
                name="appartenance_no_overlap",
                message="Une commune n'appartient qu'à un EPCI à fiscalité propre à la fois.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commune} – {self.epci}"
