"""One contract per commune; its versions are the initial text, then the avenants."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Document
from mutualisation.models import Acte
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


class Contrat(Abilities, Versioned):
    """The contrat d'engagement of a commune: the level of service owed, and who answers on each side.

    It lasts until `fin_on`, the first day it no longer binds, decided by the acts in `actes_de_fin`; another may then follow.
    """

    class Fin(models.TextChoices):
        RESILIATION = "resiliation", "résiliation"
        RETRAIT = "retrait", "retrait de tous les domaines"

    QUI_PEUT: ClassVar = {
        "amender": "Seule la Direction des territoires ouvre un avenant, quand le contrat est signé et qu'aucun n'est ouvert.",
        "finir": "Seule la Direction des territoires enregistre la fin d'un contrat signé, quand aucun avenant n'est ouvert.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="contrats", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="contrats", verbose_name="commune")
    fin_nature = models.CharField("fin par", max_length=12, choices=Fin, blank=True)
    fin_on = models.DateField("ne lie plus à compter du", null=True, blank=True)
    fin_motif = models.CharField("motif de la fin", max_length=2000, blank=True)

    objects = ContratQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat d'engagement"
        verbose_name_plural = "contrats d'engagement"
        ordering: ClassVar = ["commune__tri", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "commune"], condition=Q(fin_on=None), name="contrat_once"
            ),
            models.CheckConstraint(
                name="contrat_end",
                condition=Q(Q(fin_on__isnull=False), ~Q(fin_nature=""), ~Q(fin_motif=""))
                | Q(fin_on=None, fin_nature="", fin_motif=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Contrat d'engagement {self.commune.de}"

    @property
    def premiere(self) -> "VersionContrat":
        """Its first text, which was not given up. Raises DoesNotExist for a contract without any."""
        return self.versions.exclude(etat=VersionContrat.Etat.ABANDONNE).get(numero=0)

    def bound_on(self, day: date) -> bool:
        """Whether it has not ended by a day."""
        return self.fin_on is None or day < self.fin_on

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        ready = directs and self.fin_on is None and self._settled()
        return {"amender": ready, "finir": ready}

    def _settled(self) -> bool:
        """Signed, and nothing open."""
        states = set(self.versions.values_list("etat", flat=True))
        return VersionContrat.Etat.SIGNE in states and states <= set(VersionContrat.CLOSES)


class VersionQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "VersionQuerySet":
        return self.filter(contrat__in=Contrat.objects.visible_to(user))

    def applicable(self, on: date) -> "VersionQuerySet":
        """Those that say what is owed on a day: the first text, signed or not, then the avenants signed and in effect.

        The latest of a contract is the one to read; none once the contract has ended.
        """
        signed = Q(etat=VersionContrat.Etat.SIGNE, effective_on__lte=on)
        running = Q(contrat__fin_on=None) | Q(contrat__fin_on__gt=on)
        return self.filter(running, Q(numero=0) | signed).exclude(etat=VersionContrat.Etat.ABANDONNE)


class VersionContrat(Abilities, Versioned):
    """The initial text (number 0) or an avenant of a contract, with its own set of engagements."""

    class Etat(models.TextChoices):
        """The circuit, from both sides writing to the signed copy; what follows is computed (`contrats.verification`)."""

        PROJET = "projet", "projet"
        EN_RELECTURE = "en_relecture", "en relecture"
        ARRETE = "arrete_pour_vote", "arrêté pour vote"
        APPROUVE = "approuve", "approuvé"
        A_SIGNER = "a_signer", "à signer"
        SIGNE = "signe", "signé"
        ABANDONNE = "abandonne", "abandonné"

    PREPARATION: ClassVar = (Etat.PROJET, Etat.EN_RELECTURE)
    CLOSES: ClassVar = (Etat.SIGNE, Etat.ABANDONNE)
    ABANDONNABLES: ClassVar = (*PREPARATION, Etat.ARRETE, Etat.APPROUVE)
    QUI_PEUT: ClassVar = {
        "modifier": "Seuls la Direction des territoires et le DGS de la commune préparent le contrat, "
        "tant qu'il n'est pas arrêté pour le vote.",
        "conduire": "Seule la Direction des territoires conduit le circuit d'un contrat.",
        "abandonner": "Seule la Direction des territoires abandonne un texte, tant qu'aucun exemplaire n'est à signer.",
        "refuser_signature": "Seuls la Direction des territoires, le maire et le DGS de la commune disent un refus de signer.",
        "remarquer": "Les remarques sont celles de la commune, de ses référents et de la Direction des territoires, tant que le "
        "contrat est en relecture.",
    }

    contrat = models.ForeignKey(Contrat, models.PROTECT, related_name="versions", verbose_name="contrat")
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    numero = models.PositiveSmallIntegerField("numéro d'avenant", default=0)
    reference = models.CharField("référence", max_length=40)
    etat = models.CharField("état", max_length=20, choices=Etat, default=Etat.PROJET)
    effective_on = models.DateField("prend effet le")
    objet = models.CharField("objet", max_length=500, blank=True)
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
    consolide = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="version consolidée"
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = "version d'un contrat"
        verbose_name_plural = "versions des contrats"
        ordering: ClassVar = ["contrat", "-numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contrat", "numero"], condition=~Q(etat="abandonne"), name="versioncontrat_once"
            ),
            models.UniqueConstraint(
                fields=["epci", "reference"], condition=~Q(etat="abandonne"), name="versioncontrat_reference"
            ),
            models.UniqueConstraint(
                fields=["contrat"],
                name="versioncontrat_one_draft",
                condition=~Q(etat__in=["signe", "abandonne"]),
                violation_error_message="Une version est déjà ouverte pour ce contrat.",
            ),
            models.CheckConstraint(
                name="versioncontrat_documents",
                condition=Q(etat__in=["projet", "en_relecture"], arrete=None, a_signer=None)
                | Q(etat__in=["arrete_pour_vote", "approuve"], arrete__isnull=False, a_signer=None)
                | Q(etat__in=["a_signer", "signe"], arrete__isnull=False, a_signer__isnull=False)
                | Q(etat="abandonne", a_signer=None),
            ),
            models.CheckConstraint(
                name="versioncontrat_consolidated",
                condition=Q(consolide=None) | Q(etat="signe", numero__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.libelle} {self.reference}"

    @property
    def libelle(self) -> str:
        return f"Avenant n° {self.numero}" if self.numero else "Contrat initial"

    @property
    def titre(self) -> str:
        """What its documents are called: « Contrat d'engagement », « Avenant n° 2 au contrat d'engagement »."""
        return f"{self.libelle} au contrat d'engagement" if self.numero else "Contrat d'engagement"

    @property
    def mot(self) -> str:
        """What begins the subject of a mail about it."""
        return "Avenant" if self.numero else "Contrat"

    @property
    def titre_defini(self) -> str:
        """« le contrat d'engagement », « l'avenant n° 2 au contrat d'engagement »."""
        return f"l'{self.titre[0].lower()}{self.titre[1:]}" if self.numero else "le contrat d'engagement"

    @property
    def en_preparation(self) -> bool:
        """Both sides still write it."""
        return self.etat in self.PREPARATION

    @property
    def en_usage(self) -> bool:
        """Whether people act on it, today or from its day of effect: settled, replaced by no avenant, not ended."""
        day = max(self.epci.today, self.effective_on)
        rows = VersionContrat.objects.applicable(day).filter(contrat=self.contrat_id)
        last = rows.order_by("-numero").values_list("pk", flat=True).first()
        return not self.en_preparation and last == self.pk

    @property
    def origine(self) -> "VersionContrat":
        """The first text of its contract."""
        return self.contrat.premiere if self.numero else self

    @property
    def precedente(self) -> "VersionContrat | None":
        """The text signed before it, that an avenant changes; None for the first text."""
        earlier = self.contrat.versions.filter(etat=self.Etat.SIGNE, numero__lt=self.numero)
        return earlier.select_related("a_signer").order_by("-numero").first() if self.numero else None

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        dgs = user.acces.acts_for_commune(self.commune_id, Role.DGS)
        reads = user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE, Role.COLLABORATEUR)
        return {
            "modifier": self.en_preparation and (directs or dgs),
            "conduire": directs,
            "abandonner": directs and self.etat in self.ABANDONNABLES,
            "refuser_signature": directs
            or user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE),
            "remarquer": self.etat == self.Etat.EN_RELECTURE and (directs or reads or self._answers(user)),
        }

    def cote_de(self, user: Any) -> "Cote":
        """For whom somebody speaks: the EPCI for the Direction and a responsable, the commune for the others."""
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        serves = [t for t in user.acces.with_role(Role.RESPONSABLE_SERVICE) if t.epci_id == self.epci_id]
        return Cote.EPCI if directs or serves else Cote.COMMUNE

    def _answers(self, user: Any) -> bool:
        """Whether the user holds a seat of one of its domains, on either side."""
        seats = user.acces.with_role(Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
        return any(
            self.engagements.filter(perimeter(titre, "commune_id"), domaine=titre.domaine_id).exists()
            for titre in seats
        )


class Cote(models.TextChoices):
    COMMUNE = "commune", "la commune"
    EPCI = "epci", "l'EPCI"


class ActeCite(models.Model):
    """The act of an assembly that a contract rests on."""

    cote = models.CharField("assemblée de", max_length=8, choices=Cote)
    type = models.CharField("type d'acte", max_length=20, choices=Acte.Type)
    numero = models.CharField("numéro", max_length=50)
    adopte_on = models.DateField("adopté le")
    executoire_on = models.DateField("exécutoire le")
    saisie_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="saisie par")
    saisie_at = models.DateTimeField("saisie le")

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                name="%(class)s_dates",
                condition=Q(executoire_on__gte=F("adopte_on")),
                violation_error_message="Un acte ne peut pas être exécutoire avant d'être adopté.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} n° {self.numero}"


class Approbation(ActeCite):
    """The act by which one assembly approved the text « arrêté pour vote »."""

    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, related_name="approbations", verbose_name="version"
    )

    class Meta:
        verbose_name = "approbation"
        verbose_name_plural = "approbations"
        ordering: ClassVar = ["version_contrat", "cote"]
        constraints: ClassVar = [
            *ActeCite.Meta.constraints,
            models.UniqueConstraint(fields=["version_contrat", "cote"], name="approbation_once"),
        ]


class ActeDeFin(ActeCite):
    """The act by which one assembly decided the end of a contract."""

    contrat = models.ForeignKey(Contrat, models.PROTECT, related_name="actes_de_fin", verbose_name="contrat")

    class Meta:
        verbose_name = "acte de fin"
        verbose_name_plural = "actes de fin"
        ordering: ClassVar = ["contrat", "cote"]
        constraints: ClassVar = [
            *ActeCite.Meta.constraints,
            models.UniqueConstraint(fields=["contrat", "cote"], name="actedefin_once"),
        ]
