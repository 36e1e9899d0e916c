"""Acts of the assemblies that give effect to the lines they cover."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Piece
from mutualisation.models.annulation import Annulable, AnnulableQuerySet, cancelled_says_why
from mutualisation.models.cycle import Cycle
from mutualisation.models.ligne import Ligne
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class ActeQuerySet(AnnulableQuerySet):
    def visible_to(self, user: Any) -> "ActeQuerySet":
        """The EPCI's acts to everyone in it; a commune's to that commune, its pôle and the Direction."""
        return self.filter(of_commune(user) | Q(commune=None, epci__in=user.acces.epcis))


class Acte(Abilities, Annulable, Versioned):
    """A deliberation or decision, and when it became exécutoire (transmitted to the prefecture and published, CGCT L.2131-1).

    `commune` is set for an act of a municipal council, absent for an act of the EPCI. A cancelled act covers no line.
    """

    QUI_PEUT: ClassVar = {
        "corriger": "Seule la Direction des territoires corrige ou annule un acte, tant qu'aucune de ses lignes n'a pris effet."
    }

    class Type(models.TextChoices):
        CONSEIL_MUNICIPAL = "conseil_municipal", "délibération du conseil municipal"
        CONSEIL_EPCI = "conseil_epci", "délibération du conseil de l'EPCI"
        BUREAU = "bureau", "délibération du bureau, par délégation"
        PRESIDENT = "president", "décision du président, par délégation"

    EPCI_TYPES = (Type.CONSEIL_EPCI, Type.BUREAU, Type.PRESIDENT)

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="actes", verbose_name="EPCI")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="actes", verbose_name="cycle")
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    type = models.CharField("nature de l'acte", max_length=20, choices=Type)
    numero = models.CharField("numéro", max_length=50)
    adopte_on = models.DateField("adopté le")
    executoire_on = models.DateField("exécutoire le")
    teletransmission = models.CharField("identifiant de télétransmission", max_length=60, blank=True)
    piece = models.ForeignKey(
        Piece, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    saisi_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="saisi par")
    saisi_at = models.DateTimeField("saisi le")
    lignes = models.ManyToManyField(Ligne, related_name="actes", verbose_name="lignes couvertes")

    objects = ActeQuerySet.as_manager()

    class Meta:
        verbose_name = "acte"
        verbose_name_plural = "actes"
        ordering: ClassVar = ["-adopte_on", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "commune", "numero", "adopte_on"],
                name="acte_once",
                condition=Q(annule_at=None),
                nulls_distinct=False,
                violation_error_message="Cet acte est déjà enregistré.",
            ),
            models.UniqueConstraint(
                fields=["epci", "teletransmission"],
                name="acte_transmitted_once",
                condition=Q(annule_at=None) & ~Q(teletransmission=""),
                violation_error_message="Cet identifiant de télétransmission est celui d'un autre acte.",
            ),
            models.CheckConstraint(
                name="acte_executoire_after_adoption",
                condition=Q(executoire_on__gte=F("adopte_on")),
                violation_error_message="Un acte ne peut pas être exécutoire avant d'être adopté.",
            ),
            models.CheckConstraint(
                name="acte_party",
                condition=Q(type="conseil_municipal", commune__isnull=False)
                | Q(~Q(type="conseil_municipal"), commune=None),
            ),
            cancelled_says_why("acte_cancelled_facts"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} n° {self.numero}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {"corriger": directs and not self.annule_at and not self.applied}

    @property
    def applied(self) -> bool:
        """Whether a line it covers has taken effect: what it says is then history."""
        return self.lignes.filter(appliquee_at__isnull=False).exists()

    @property
    def titre(self) -> str:
        """« Délibération du conseil municipal n° 2027-112 », to begin a sentence."""
        text = str(self)
        return text[:1].upper() + text[1:]
