"""What an EPCI offers: domains and activities are identities; each edition of the catalogue holds their versions.

Adhesions, lines and seats point to identities; a cycle points to the edition it froze, so that history stays readable.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, cast

from django.db import models

from territoire.models import Epci


class CatalogueQuerySet(models.QuerySet):
    def in_force(self, epci: Epci, on: date) -> "Catalogue":
        """The latest frozen edition whose first day has come; the first edition for any day before it."""
        frozen = self.filter(epci=epci, gele_at__isnull=False)
        current = frozen.filter(effective_on__lte=on).order_by("-effective_on").first()
        edition: Any = current or frozen.order_by("effective_on")[0]
        return cast(Catalogue, edition)


class Catalogue(models.Model):
    """An edition of the catalogue, in force from a day until the next one."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="catalogues", verbose_name="EPCI")
    effective_on = models.DateField("en vigueur à compter du")
    gele_at = models.DateTimeField("gelé le", null=True, blank=True)
    origine = models.CharField("origine", max_length=300, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "édition du catalogue"
        verbose_name_plural = "éditions du catalogue"
        ordering: ClassVar = ["-effective_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "effective_on"], name="catalogue_unique_day")
        ]

    def __str__(self) -> str:
        return f"Catalogue {self.effective_on.year}"

    def read(self) -> "CatalogueLu":
        """The whole edition in two queries, ordered as printed."""
        activites: dict[int, list[ActiviteLue]] = {}
        for row in self.activites.select_related("activite").order_by("ordre", "activite__code"):
            lue = ActiviteLue(row.activite_id, row.activite.code, row.libelle)
            activites.setdefault(row.domaine_id, []).append(lue)
        versions = self.domaines.select_related("domaine").order_by("ordre", "domaine__code")
        return CatalogueLu(
            tuple(DomaineLu.of(version, activites.get(version.domaine_id, [])) for version in versions)
        )


class DomaineQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "DomaineQuerySet":
        """The catalogue is public inside an EPCI."""
        return self.filter(epci__in=user.acces.epcis)


class Domaine(models.Model):
    """A domain, for life; its columns hold the present label, its versions those of each edition."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="domaines", verbose_name="EPCI")
    code = models.CharField("code", max_length=10)
    libelle = models.CharField("libellé", max_length=150)
    libelle_court = models.CharField("libellé court", max_length=30)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    objects = DomaineQuerySet.as_manager()

    class Meta:
        verbose_name = "domaine"
        verbose_name_plural = "domaines"
        ordering: ClassVar = ["ordre", "code"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["epci", "code"], name="domaine_unique_code")]

    def __str__(self) -> str:
        return self.libelle


class DomaineVersion(models.Model):
    """A domain as an edition describes it."""

    class Famille(models.TextChoices):
        SUPPORT = "support", "fonctions supports"
        OPERATIONNELLE = "operationnelle", "fonctions opérationnelles"

    class Rattachement(models.TextChoices):
        POLE = "pole", "pôle territorial"
        CENTRAL = "central", "direction centrale"

    class Paiement(models.TextChoices):
        AC = "ac", "imputation sur l'attribution de compensation"
        ACTE = "acte", "refacturation à l'acte"
        HEURE = "heure", "refacturation à l'heure"
        HABITANT = "habitant", "refacturation par habitant"

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="domaines", verbose_name="édition")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="versions", verbose_name="domaine")
    libelle = models.CharField("libellé", max_length=150)
    libelle_court = models.CharField("libellé court", max_length=30)
    famille = models.CharField("famille", max_length=15, choices=Famille)
    service_commun = models.CharField("service commun", max_length=200, blank=True)
    rattachement = models.CharField("rattachement par défaut", max_length=10, choices=Rattachement)
    paiement = models.CharField("mode de paiement", max_length=10, choices=Paiement, default=Paiement.AC)
    ordre = models.PositiveSmallIntegerField("ordre")

    class Meta:
        verbose_name = "version d'un domaine"
        verbose_name_plural = "versions des domaines"
        ordering: ClassVar = ["catalogue", "ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalogue", "domaine"], name="domaineversion_once"),
        ]

    def __str__(self) -> str:
        return self.libelle


class Activite(models.Model):
    """An activity, for life: the unit of choice of a commune."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="activites", verbose_name="EPCI")
    code = models.CharField("code", max_length=15)
    libelle = models.CharField("libellé", max_length=200)

    class Meta:
        verbose_name = "activité"
        verbose_name_plural = "activités"
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "code"], name="activite_unique_code")
        ]

    def __str__(self) -> str:
        return self.libelle


class ActiviteVersion(models.Model):
    """An activity as an edition describes it, in the domain where it then stands."""

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="activites", verbose_name="édition")
    activite = models.ForeignKey(Activite, models.PROTECT, related_name="versions", verbose_name="activité")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    libelle = models.CharField("libellé", max_length=200)
    ordre = models.PositiveSmallIntegerField("ordre")

    class Meta:
        verbose_name = "version d'une activité"
        verbose_name_plural = "versions des activités"
        ordering: ClassVar = ["catalogue", "ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalogue", "activite"], name="activiteversion_once"),
        ]

    def __str__(self) -> str:
        return self.libelle


@dataclass(frozen=True)
class ActiviteLue:
    """An activity of an edition, as read."""

    id: int
    code: str
    libelle: str


@dataclass(frozen=True)
class DomaineLu:
    """A domain of an edition with its activities, as read."""

    id: int
    code: str
    libelle: str
    libelle_court: str
    famille: str
    famille_libelle: str
    rattachement: str
    service_commun: str
    activites: tuple[ActiviteLue, ...]

    @classmethod
    def of(cls, version: DomaineVersion, activites: list[ActiviteLue]) -> "DomaineLu":
        return cls(
            id=version.domaine_id,
            code=version.domaine.code,
            libelle=version.libelle,
            libelle_court=version.libelle_court,
            famille=version.famille,
            famille_libelle=version.get_famille_display(),
            rattachement=version.get_rattachement_display(),
            service_commun=version.service_commun,
            activites=tuple(activites),
        )

    @property
    def activite_ids(self) -> frozenset[int]:
        return frozenset(activite.id for activite in self.activites)


@dataclass(frozen=True)
class CatalogueLu:
    """A whole edition, as read."""

    domaines: tuple[DomaineLu, ...]

    @property
    def activites(self) -> dict[int, ActiviteLue]:
        return {activite.id: activite for domaine in self.domaines for activite in domaine.activites}

    @property
    def domaine_of(self) -> dict[int, DomaineLu]:
        """The domain of each activity, by activity id."""
        return {activite.id: domaine for domaine in self.domaines for activite in domaine.activites}
