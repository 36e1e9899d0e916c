"""The yearly choices of a commune, « déposées au nom du maire »."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Document
from mutualisation.models.catalogue import Domaine
from mutualisation.models.cycle import Cycle
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


def missing_motive(domaine: Domaine) -> str:
    """What is asked of a commune that leaves a domain without saying why."""
    return f"Le motif du retrait : {domaine.libelle}."


class DeclarationQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "DeclarationQuerySet":
        """To that commune, its pôle and the Direction: choices not voted yet are nobody else's business."""
        return self.filter(of_commune(user))


class Declaration(Abilities, Versioned):
    """One per commune and cycle; only what changes is a line until it is submitted, then what is kept is frozen too."""

    class Etat(models.TextChoices):
        BROUILLON = "brouillon", "brouillon"
        DEPOSEE = "deposee", "déposée"

    QUI_PEUT: ClassVar = {
        "modifier": "Seuls le DGS, le maire et leurs collaborateurs préparent la déclaration, jusqu'à la clôture de la campagne.",
        "deposer": "Seuls le DGS et le maire déposent la déclaration, jusqu'à la clôture de la campagne.",
        "instruire": "Seule la Direction des territoires se prononce sur les choix d'une commune.",
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
                | Q(etat="brouillon", deposee_at=None, deposee_par=None, accuse=None),
            ),
        ]

    def __str__(self) -> str:
        return f"Déclaration {self.cycle.annee} {self.commune.de}"

    @property
    def deposee(self) -> bool:
        return self.etat == self.Etat.DEPOSEE

    def prepared_by(self, user: Any) -> bool:
        """Whether the user prepares the declarations of this commune, were the campaign open."""
        return user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE, Role.COLLABORATEUR)

    def abilities_for(self, user: Any) -> dict[str, bool]:
        """Rights of a user on this declaration today."""
        open_draft = not self.deposee and self.cycle.declarations_ouvertes
        return {
            "modifier": open_draft and self.prepared_by(user),
            "deposer": open_draft and user.acces.acts_for_commune(self.commune_id, Role.DGS, Role.MAIRE),
            "instruire": self.deposee and user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES),
        }

    def missing_to_submit(self) -> list[str]:
        """What is still missing before the declaration can be submitted, in French; empty when it can be."""
        return [missing_motive(domaine) for domaine in self.missing_motives()]

    def missing_motives(self) -> list[Domaine]:
        """Domains that the commune leaves, in whole or in part, without having said why."""
        motives = {pk for pk, texte in self.motifs.values_list("domaine_id", "texte") if texte.strip()}
        leaving = self.lignes.filter(nature="retrait").values("domaine")
        return list(Domaine.objects.filter(pk__in=leaving).exclude(pk__in=motives).order_by("ordre", "code"))


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
