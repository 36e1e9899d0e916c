"""Opinions that the assemblies have before them: social committees and the commission on transferred charges."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Piece
from mutualisation.models.annulation import Annulable, AnnulableQuerySet, cancelled_says_why
from mutualisation.models.cycle import Cycle
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class AvisQuerySet(AnnulableQuerySet):
    def visible_to(self, user: Any) -> "AvisQuerySet":
        """The EPCI's opinions to everyone in it; a commune's to that commune, its pôle and the Direction."""
        return self.filter(of_commune(user) | Q(commune=None, epci__in=user.acces.epcis))


class Avis(Abilities, Annulable, Versioned):
    """An opinion of a comité social territorial, per college, or the report of the CLECT; none gives effect by itself.

    The convention and its annexes are submitted to the competent CST (CGCT L.5211-4-2).
    """

    QUI_PEUT: ClassVar = {
        "corriger": "Seule la Direction des territoires enregistre et corrige les avis des comités."
    }

    class Type(models.TextChoices):
        CST_COMMUNE = "cst_commune", "comité social territorial de la commune"
        CST_EPCI = "cst_epci", "comité social territorial de l'EPCI"
        CST_COMMUN = "cst_commun", "comité social territorial commun"
        CST_CENTRE_GESTION = "cst_centre_gestion", "comité social territorial du centre de gestion"
        CLECT = "clect", "rapport de la commission des charges transférées"

    class Sens(models.TextChoices):
        FAVORABLE = "favorable", "favorable"
        DEFAVORABLE = "defavorable", "défavorable"
        PARTAGE = "partage", "partagé"
        REPUTE = "repute", "réputé rendu"

    COMMUNE_TYPES = (Type.CST_COMMUNE, Type.CST_CENTRE_GESTION)

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="avis", verbose_name="cycle")
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    type = models.CharField("instance", max_length=20, choices=Type)
    sans_objet = models.BooleanField("sans objet", default=False)
    rendu_on = models.DateField("rendu le", null=True, blank=True)
    sens_personnel = models.CharField("collège du personnel", max_length=12, choices=Sens, blank=True)
    sens_employeur = models.CharField("collège de l'employeur", max_length=12, choices=Sens, blank=True)
    observations = models.TextField("observations", max_length=4000, blank=True)
    piece = models.ForeignKey(
        Piece, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    saisi_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="saisi par")
    saisi_at = models.DateTimeField("saisi le")

    objects = AvisQuerySet.as_manager()

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering: ClassVar = ["-rendu_on", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cycle", "type", "commune", "rendu_on"],
                name="avis_once",
                condition=Q(annule_at=None),
                nulls_distinct=False,
                violation_error_message="Cet avis est déjà enregistré.",
            ),
            models.CheckConstraint(
                name="avis_given_or_without_object",
                condition=Q(sans_objet=True, rendu_on=None) | Q(sans_objet=False, rendu_on__isnull=False),
                violation_error_message="Donnez la date de l'avis, ou dites qu'il est sans objet.",
            ),
            models.CheckConstraint(
                name="avis_party",
                condition=Q(type__in=["cst_commune", "cst_centre_gestion"], commune__isnull=False)
                | Q(type__in=["cst_epci", "cst_commun", "clect"]),
            ),
            cancelled_says_why("avis_cancelled_facts"),
        ]

    def __str__(self) -> str:
        return str(self.get_type_display())

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {
            "corriger": not self.annule_at
            and user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        }

    @property
    def titre(self) -> str:
        """« Comité social territorial de la commune », to begin a sentence."""
        text = str(self)
        return text[:1].upper() + text[1:]

    @property
    def sens(self) -> list[tuple[str, str]]:
        """(college, opinion) of those that gave one."""
        said = (
            ("personnel", self.get_sens_personnel_display()),
            ("employeur", self.get_sens_employeur_display()),
        )
        return [(college, words) for college, words in said if words]
