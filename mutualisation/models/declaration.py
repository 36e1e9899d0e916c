"""The yearly choices of a commune, « déposées au nom du maire »."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Document, Piece
from mutualisation.models.catalogue import Domaine
from mutualisation.models.cycle import Cycle
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class DeclarationQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "DeclarationQuerySet":
        """To that commune, its pôle and the Direction: choices not voted yet are nobody else's business."""
        return self.filter(of_commune(user))


class Declaration(Abilities, Versioned):
    """One per commune and cycle; only what changes is a line until it is submitted, then what is kept is frozen too."""

    class Etat(models.TextChoices):
        BROUILLON = "brouillon", "brouillon"
        DEPOSEE = "deposee", "déposée"
        REMPLACEE = "remplacee", "reprise par la commune nouvelle"

    class Arret(models.TextChoices):
        """Where the point d'arrêt stands: both sides confirm what goes to the vote, in any order."""

        A_CONFIRMER = "a_confirmer", "à confirmer des deux côtés"
        PAR_COMMUNE = "par_commune", "confirmé par la commune"
        PAR_EPCI = "par_epci", "confirmé par l'EPCI"
        ARRETE = "arrete", "confirmé des deux côtés"

    QUI_PEUT: ClassVar = {
        "modifier": "Seuls le DGS, le maire et leurs collaborateurs préparent la déclaration, jusqu'à la clôture de la campagne.",
        "deposer": "Seuls le DGS et le maire déposent la déclaration, jusqu'à la clôture de la campagne.",
        "viser": "Seul le maire vise la déclaration, tant qu'elle n'est pas déposée.",
        "retirer": "Seuls le DGS et le maire retirent un dépôt, jusqu'à la clôture de la campagne et tant que la Direction des "
        "territoires ne s'est pas prononcée.",
        "instruire": "Seule la Direction des territoires se prononce sur les choix d'une commune.",
        "confirmer": "Seuls le DGS et le maire confirment, une fois, les choix de leur commune au point d'arrêt, après la "
        "campagne.",
        "arreter": "Seule la Direction des territoires confirme, une fois, les choix d'une commune pour l'EPCI, après la "
        "campagne.",
        "rouvrir": "Seule la Direction des territoires rouvre un point d'arrêt déjà confirmé, tant que le cycle n'est pas clos.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="declarations", verbose_name="EPCI")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="declarations", verbose_name="cycle")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="declarations", verbose_name="commune")
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.BROUILLON)
    enregistree_at = models.DateTimeField("brouillon enregistré le", null=True, blank=True)
    enregistree_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    deposee_at = models.DateTimeField("déposée le", null=True, blank=True)
    deposee_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    deposee_qualite = models.CharField("en qualité de", max_length=100, blank=True)
    prolongee_on = models.DateField("délai accordé jusqu'au", null=True, blank=True)
    visee_at = models.DateTimeField("visée le", null=True, blank=True)
    visee_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="visée par"
    )
    lettre = models.ForeignKey(
        Piece, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lettre signée du maire"
    )
    visa_empreinte = models.CharField("empreinte de ce que le maire a approuvé", max_length=32, blank=True)
    arret_commune_at = models.DateTimeField("confirmée par la commune le", null=True, blank=True)
    arret_commune_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    arret_epci_at = models.DateTimeField("confirmée par l'EPCI le", null=True, blank=True)
    arret_epci_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    accuse = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="accusé"
    )

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "déclaration"
        verbose_name_plural = "déclarations"
        ordering: ClassVar = ["-cycle__annee", "commune__tri"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cycle", "commune"], name="declaration_once"),
            models.CheckConstraint(
                name="declaration_submitted_facts",
                condition=Q(
                    etat="deposee", deposee_at__isnull=False, deposee_par__isnull=False, accuse__isnull=False
                )
                | Q(etat__in=["brouillon", "remplacee"], deposee_at=None, deposee_par=None, accuse=None),
            ),
            models.CheckConstraint(
                name="declaration_visa_facts",
                condition=Q(visee_at=None, visee_par=None)
                | Q(visee_at__isnull=False, visee_par__isnull=False),
            ),
            models.CheckConstraint(
                name="declaration_arret_facts",
                condition=(Q(arret_commune_at=None) | Q(etat="deposee", arret_commune_par__isnull=False))
                & (Q(arret_epci_at=None) | Q(etat="deposee", arret_epci_par__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"Déclaration {self.cycle.annee} {self.commune.de}"

    @property
    def deposee(self) -> bool:
        return self.etat == self.Etat.DEPOSEE

    @property
    def ouverte(self) -> bool:
        """Whether the commune may still declare today: the campaign runs, or it was granted more days.

        A draft that a commune nouvelle has taken over is closed.
        """
        if self.etat == self.Etat.REMPLACEE:
            return False
        granted = bool(self.prolongee_on and self.cycle.epci.today <= self.prolongee_on)
        return self.cycle.declarations_ouvertes or (granted and not self.cycle.clos_at)

    @property
    def sans_suite(self) -> bool:
        """Whether the draft will not be submitted any more: the campaign is over, or a commune nouvelle took it over."""
        begun = self.cycle.epci.today >= self.cycle.declaration_debut_on
        return begun and not (self.deposee or self.ouverte)

    @property
    def arret(self) -> "Declaration.Arret":
        """Which sides have confirmed."""
        if self.arret_commune_at:
            return self.Arret.ARRETE if self.arret_epci_at else self.Arret.PAR_COMMUNE
        return self.Arret.PAR_EPCI if self.arret_epci_at else self.Arret.A_CONFIRMER

    @property
    def arretee(self) -> bool:
        """Both sides have confirmed: the lines are final unless the Direction reopens them."""
        return self.arret == self.Arret.ARRETE

    @property
    def limite_on(self) -> date:
        """The last day to submit: that of the campaign, or the later one granted to this commune."""
        return max(self.cycle.declaration_fin_on, self.prolongee_on or self.cycle.declaration_fin_on)

    def prepared_by(self, user: Any) -> bool:
        """Whether the user prepares the declarations of this commune, were the campaign open."""
        return user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE, Role.COLLABORATEUR)

    def signed_by(self, user: Any) -> bool:
        """Whether the user acts in the name of the commune: its DGS or its mayor."""
        return user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE)

    def submitted_as_mayor(self, user: Any) -> bool:
        """Whether who submits is the mayor: nobody's visa is then awaited."""
        return bool(user.acces.acts_for_commune(self.commune_id, Role.MAIRE))

    def abilities_for(self, user: Any) -> dict[str, bool]:
        """Rights of a user on this declaration today."""
        open_draft = not self.deposee and self.ouverte
        submits = self.signed_by(user)
        return {
            "modifier": open_draft and self.prepared_by(user),
            "deposer": open_draft and submits,
            "viser": open_draft and user.acces.acts_for_commune(self.commune_id, Role.MAIRE),
            "retirer": self.deposee and self.ouverte and submits and not self.commencee,
            **self._abilities_once_submitted(user),
        }

    def _abilities_once_submitted(self, user: Any) -> dict[str, bool]:
        alive = self.deposee and not self.cycle.clos_at
        directs = alive and user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {
            "instruire": directs and not self.arretee,
            "confirmer": alive and not (self.arret_commune_at or self.ouverte) and self.signed_by(user),
            "arreter": directs and not (self.arret_epci_at or self.ouverte),
            "rouvrir": directs and self.arret != self.Arret.A_CONFIRMER,
        }

    @property
    def commencee(self) -> bool:
        """Whether the instruction of a submitted declaration has begun: a study entrusted, a line commented or decided."""
        untouched = Q(nature="maintien") | Q(etape="recue", arbitrage="a_instruire")
        begun = self.lignes.filter(~untouched | Q(complements__isnull=False))
        if self.arret_commune_at or self.arret_epci_at:
            return True
        return bool(begun.exists() or self.etudes.exists())


class MotifDomaine(models.Model):
    """Why a commune changes a domain, in its own words; kept even when it finally changes nothing."""

    declaration = models.ForeignKey(
        Declaration, models.CASCADE, related_name="motifs", verbose_name="déclaration"
    )
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    texte = models.TextField("motif", max_length=4000, blank=True)

    class Meta:
        verbose_name = "motif"
        verbose_name_plural = "motifs"
        ordering: ClassVar = ["declaration", "domaine"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "domaine"], name="motifdomaine_once")
        ]

    def __str__(self) -> str:
        return self.texte
