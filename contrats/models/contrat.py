"""One contract per commune; its versions are the initial text, then the avenants."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Document
from mutualisation.models import Acte, Cycle
from mutualisation.visibilite import of_domaine, perimeter
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class ContratQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ContratQuerySet":
        """To the commune, its pôle and the Direction; and to those who answer for one of its domains."""
        from contrats.models.engagement import Engagement

        seats = Engagement.objects.filter(of_domaine(user, "epci_id", "commune_id", "domaine_id"))
        return self.filter(of_commune(user) | Q(pk__in=seats.values("contrat")))

    def whole_for(self, user: Any) -> "ContratQuerySet":
        """Contracts the user may read from cover to cover; a seat opens its own domain only."""
        return self.filter(of_commune(user))


class Contrat(models.Model):
    """The contrat d'engagement of a commune: the level of service owed, and who answers on each side."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="contrats", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="contrats", verbose_name="commune")

    objects = ContratQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat d'engagement"
        verbose_name_plural = "contrats d'engagement"
        ordering: ClassVar = ["commune__tri", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["epci", "commune"], name="contrat_once")]

    def __str__(self) -> str:
        return f"Contrat d'engagement {self.commune.de}"


class VersionQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "VersionQuerySet":
        return self.filter(contrat__in=Contrat.objects.visible_to(user))


class VersionContrat(Abilities, Versioned):
    """The initial text (number 0) or an avenant of a contract, with its own set of engagements."""

    class Etat(models.TextChoices):
        """The circuit, from both sides writing to the signed copy; what follows is computed (see `situation`)."""

        PROJET = "projet", "projet"
        EN_RELECTURE = "en_relecture", "en relecture"
        ARRETE = "arrete_pour_vote", "arrêté pour vote"
        APPROUVE = "approuve", "approuvé"
        A_SIGNER = "a_signer", "à signer"
        SIGNE = "signe", "signé"

    PREPARATION: ClassVar = (Etat.PROJET, Etat.EN_RELECTURE)
    QUI_PEUT: ClassVar = {
        "modifier": "Seuls la Direction des territoires et le DGS de la commune préparent le contrat, "
        "tant qu'il n'est pas arrêté pour le vote.",
        "conduire": "Seule la Direction des territoires conduit le circuit d'un contrat.",
        "remarquer": "Les remarques sont celles de la commune, de ses référents et de la Direction des territoires, tant que le "
        "contrat est en relecture.",
    }

    contrat = models.ForeignKey(Contrat, models.PROTECT, related_name="versions", verbose_name="contrat")
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    cycle = models.ForeignKey(
        Cycle, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="cycle"
    )
    numero = models.PositiveSmallIntegerField("numéro d'avenant", default=0)
    reference = models.CharField("référence", max_length=40)
    etat = models.CharField("état", max_length=20, choices=Etat, default=Etat.PROJET)
    effective_on = models.DateField("prend effet le")
    arrete = models.OneToOneField(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="texte arrêté pour vote",
    )
    a_signer = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="exemplaire à signer"
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version d'un contrat"
        verbose_name_plural = "versions des contrats"
        ordering: ClassVar = ["contrat", "-numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contrat", "numero"], name="versioncontrat_once"),
            models.UniqueConstraint(fields=["epci", "reference"], name="versioncontrat_reference"),
            models.UniqueConstraint(
                fields=["contrat"],
                name="versioncontrat_one_draft",
                condition=~Q(etat="signe"),
                violation_error_message="Une version est déjà ouverte pour ce contrat.",
            ),
            models.CheckConstraint(
                name="versioncontrat_documents",
                condition=Q(etat__in=["projet", "en_relecture"], arrete=None, a_signer=None)
                | Q(etat__in=["arrete_pour_vote", "approuve"], arrete__isnull=False, a_signer=None)
                | Q(etat__in=["a_signer", "signe"], arrete__isnull=False, a_signer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.libelle} {self.reference}"

    @property
    def libelle(self) -> str:
        return f"Avenant n° {self.numero}" if self.numero else "Version initiale"

    @property
    def en_preparation(self) -> bool:
        """Both sides still write it."""
        return self.etat in self.PREPARATION

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        dgs = user.acces.acts_for_commune(self.commune_id, Role.DGS)
        reads = user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE, Role.COLLABORATEUR)
        return {
            "modifier": self.en_preparation and (directs or dgs),
            "conduire": directs,
            "remarquer": self.etat == self.Etat.EN_RELECTURE and (directs or reads or self._answers(user)),
        }

    def cote_de(self, user: Any) -> "Approbation.Cote":
        """For whom somebody speaks: the EPCI for the Direction and a responsable, the commune for the others."""
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        serves = [t for t in user.acces.with_role(Role.RESPONSABLE_SERVICE) if t.epci_id == self.epci_id]
        return Approbation.Cote.EPCI if directs or serves else Approbation.Cote.COMMUNE

    def _answers(self, user: Any) -> bool:
        """Whether the user holds a seat of one of its domains, on either side."""
        seats = user.acces.with_role(Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
        return any(
            self.engagements.filter(perimeter(titre, "commune_id"), domaine=titre.domaine_id).exists()
            for titre in seats
        )


class Approbation(models.Model):
    """The act by which one assembly approved the text « arrêté pour vote »."""

    class Cote(models.TextChoices):
        COMMUNE = "commune", "la commune"
        EPCI = "epci", "l'EPCI"

    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, related_name="approbations", verbose_name="version"
    )
    cote = models.CharField("assemblée de", max_length=8, choices=Cote)
    type = models.CharField("type d'acte", max_length=20, choices=Acte.Type)
    numero = models.CharField("numéro", max_length=50)
    adopte_on = models.DateField("adopté le")
    executoire_on = models.DateField("exécutoire le")
    saisie_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="saisie par")
    saisie_at = models.DateTimeField("saisie le")

    class Meta:
        verbose_name = "approbation"
        verbose_name_plural = "approbations"
        ordering: ClassVar = ["version_contrat", "cote"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version_contrat", "cote"], name="approbation_once"),
            models.CheckConstraint(
                name="approbation_dates",
                condition=Q(executoire_on__gte=F("adopte_on")),
                violation_error_message="Un acte ne peut pas être exécutoire avant d'être adopté.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} n° {self.numero}"
