"""What an EPCI offers: domains and activities are identities; each edition of the catalogue holds their versions.

Adhesions, lines and seats point to identities; a cycle points to the edition it froze, so that history stays readable.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, cast

from django.db import models
from django.db.models import F, Q

from comptes.roles import Role
from socle.dates import day_and_year
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class CatalogueQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "CatalogueQuerySet":
        """Frozen editions are public inside an EPCI; a draft, for those who see everything of it."""
        acces = user.acces
        return self.filter(
            Q(gele_at__isnull=False, epci__in=acces.epcis) | Q(gele_at=None, epci__in=acces.epcis_entiers)
        )

    def frozen(self, epci: Epci) -> "CatalogueQuerySet":
        """The editions of an EPCI that no longer change, the latest first."""
        return self.filter(epci=epci, gele_at__isnull=False).order_by("-effective_on")

    def in_force(self, epci: Epci, on: date) -> "Catalogue":
        """The latest frozen edition whose first day has come; the first edition for any day before it."""
        frozen = self.frozen(epci)
        current = frozen.filter(effective_on__lte=on).first()
        edition: Any = current or frozen.order_by("effective_on")[0]
        return cast(Catalogue, edition)


class Catalogue(Abilities, Versioned):
    """An edition of the catalogue, in force from a day until the next one; a draft until it is frozen.

    `appliquee_at` is set once its splits, merges and withdrawals have moved the adhesions.
    """

    QUI_PEUT: ClassVar = {
        "modifier": "Seule la Direction des territoires modifie une édition du catalogue, jusqu'à ce qu'elle soit gelée. "
        "Une édition gelée ne change plus : préparez la suivante.",
        "geler": "Seule la Direction des territoires gèle une édition du catalogue, une seule fois.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="catalogues", verbose_name="EPCI")
    effective_on = models.DateField("en vigueur à compter du")
    gele_at = models.DateTimeField("gelé le", null=True, blank=True)
    appliquee_at = models.DateTimeField("appliquée le", null=True, blank=True)
    origine = models.CharField("origine", max_length=300, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = "édition du catalogue"
        verbose_name_plural = "éditions du catalogue"
        ordering: ClassVar = ["-effective_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "effective_on"], name="catalogue_unique_day"),
            models.UniqueConstraint(
                fields=["epci"],
                condition=Q(gele_at=None),
                name="catalogue_one_draft",
                violation_error_message="Une édition est déjà en préparation.",
            ),
            models.CheckConstraint(
                name="catalogue_applied_once_frozen",
                condition=Q(appliquee_at=None) | Q(gele_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        first = self.effective_on
        return (
            f"Catalogue {first.year if (first.month, first.day) == (1, 1) else f'du {day_and_year(first)}'}"
        )

    @property
    def nom(self) -> str:
        """« catalogue 2027 », inside a sentence."""
        return f"c{str(self)[1:]}"

    @property
    def gele(self) -> bool:
        return self.gele_at is not None

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {"modifier": directs and not self.gele_at, "geler": directs and not self.gele_at}

    def read(self) -> "CatalogueLu":
        """The whole edition in two queries, ordered as printed."""
        activites: dict[int, list[ActiviteLue]] = {}
        rows = self.activites.select_related("activite", "bloc").order_by("ordre", "activite__code")
        for row in rows:
            bloc = BlocLu(row.bloc.pk, row.bloc.nom) if row.bloc else None
            lue = ActiviteLue(row.activite_id, row.activite.code, row.libelle, bloc)
            activites.setdefault(row.domaine_id, []).append(lue)
        versions = self.domaines.select_related("domaine", "porteur").order_by("ordre", "domaine__code")
        return CatalogueLu(
            tuple(DomaineLu.of(version, activites.get(version.domaine_id, [])) for version in versions)
        )


class PublicQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "PublicQuerySet":
        """The catalogue is public inside an EPCI; what only a draft knows is not there yet."""
        return self.filter(epci__in=user.acces.epcis).published()

    def published(self) -> "PublicQuerySet":
        """Without what stands in a draft and in no frozen edition."""
        model: Any = self.model
        owner = {model._meta.model_name: models.OuterRef("pk")}
        versions = model.versions.rel.related_model.objects.filter(**owner)
        return self.exclude(
            models.Exists(versions.filter(catalogue__gele_at=None))
            & ~models.Exists(versions.filter(catalogue__gele_at__isnull=False))
        )


class Domaine(models.Model):
    """A domain, for life; its columns hold the present label, its versions those of each edition."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="domaines", verbose_name="EPCI")
    code = models.CharField("code", max_length=10)
    libelle = models.CharField("libellé", max_length=150)
    libelle_court = models.CharField("libellé court", max_length=30)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    objects = PublicQuerySet.as_manager()

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
    porteur = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune porteuse",
        help_text="Par exception, une commune gère le service commun (CGCT L.5211-4-2).",
    )  # fmt: skip
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

    objects = PublicQuerySet.as_manager()

    class Meta:
        verbose_name = "activité"
        verbose_name_plural = "activités"
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "code"], name="activite_unique_code")
        ]

    def __str__(self) -> str:
        return self.libelle


class Bloc(models.Model):
    """Activities of a domain that an edition offers only together."""

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="blocs", verbose_name="édition")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    nom = models.CharField("nom", max_length=100)

    class Meta:
        verbose_name = "bloc d'activités"
        verbose_name_plural = "blocs d'activités"
        ordering: ClassVar = ["catalogue", "domaine", "nom"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["catalogue", "domaine", "nom"],
                name="bloc_unique_name",
                violation_error_message="Ce domaine a déjà un bloc de ce nom.",
            )
        ]

    def __str__(self) -> str:
        return self.nom


class ActiviteVersion(models.Model):
    """An activity as an edition describes it, in the domain where it then stands."""

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="activites", verbose_name="édition")
    activite = models.ForeignKey(Activite, models.PROTECT, related_name="versions", verbose_name="activité")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    bloc = models.ForeignKey(
        Bloc, models.SET_NULL, null=True, blank=True, related_name="activites", verbose_name="bloc"
    )
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


class Prerequis(models.Model):
    """A domain that a commune takes only once it shares something of another (« Numérique » before « Finances »)."""

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="prerequis", verbose_name="édition")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    requis = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine requis")

    class Meta:
        verbose_name = "prérequis"
        verbose_name_plural = "prérequis"
        ordering: ClassVar = ["catalogue", "domaine", "requis"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalogue", "domaine", "requis"], name="prerequis_once"),
            models.CheckConstraint(
                name="prerequis_two_domains",
                condition=~Q(domaine=F("requis")),
                violation_error_message="Un domaine ne peut pas être son propre prérequis.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requis} avant {self.domaine}"


class Exclusion(models.Model):
    """An activity that communes affiliated to a centre de gestion may not take (CGCT L.5211-4-2)."""

    catalogue = models.ForeignKey(
        Catalogue, models.CASCADE, related_name="exclusions", verbose_name="édition"
    )
    activite = models.ForeignKey(Activite, models.PROTECT, related_name="+", verbose_name="activité")
    motif = models.CharField("motif", max_length=300)

    class Meta:
        verbose_name = "exclusion"
        verbose_name_plural = "exclusions"
        ordering: ClassVar = ["catalogue", "activite"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalogue", "activite"], name="exclusion_once")
        ]

    def __str__(self) -> str:
        return f"{self.activite} : {self.motif}"


class Succession(models.Model):
    """In this edition an activity takes over another: one to several is a split, several to one a merge."""

    catalogue = models.ForeignKey(
        Catalogue, models.CASCADE, related_name="successions", verbose_name="édition"
    )
    ancienne = models.ForeignKey(
        Activite, models.PROTECT, related_name="successions", verbose_name="ancienne activité"
    )
    nouvelle = models.ForeignKey(
        Activite, models.PROTECT, related_name="ascendances", verbose_name="nouvelle activité"
    )

    class Meta:
        verbose_name = "succession d'activités"
        verbose_name_plural = "successions d'activités"
        ordering: ClassVar = ["catalogue", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["catalogue", "ancienne", "nouvelle"], name="succession_once"),
            models.CheckConstraint(name="succession_two_activities", condition=~Q(ancienne=F("nouvelle"))),
        ]

    def __str__(self) -> str:
        return f"{self.ancienne} → {self.nouvelle}"


@dataclass(frozen=True)
class BlocLu:
    """A bloc of an edition, as read."""

    id: int
    nom: str


@dataclass(frozen=True)
class ActiviteLue:
    """An activity of an edition, as read."""

    id: int
    code: str
    libelle: str
    bloc: BlocLu | None = None


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
    paiement: str
    porteur: str
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
            paiement=version.get_paiement_display(),
            porteur=str(version.porteur or ""),
            activites=tuple(activites),
        )

    @property
    def activite_ids(self) -> frozenset[int]:
        return frozenset(activite.id for activite in self.activites)

    @property
    def impute(self) -> bool:
        """Whether it is paid by the attribution de compensation, rather than invoiced."""
        return self.paiement == DomaineVersion.Paiement.AC.label


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
