"""Reference fiches of an EPCI, adopted by contracts and adapted there, never typed again."""

from typing import Any, ClassVar

from django.db import models

from comptes.roles import Role
from contrats.models.engagement import TEXT_MAX, Textes
from mutualisation.models import Activite, Domaine
from socle.models import Abilities, Versioned
from territoire.models import Epci

WHO = "Seule la Direction des territoires écrit les fiches de référence ; chacun les lit."


class FicheQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "FicheQuerySet":
        """The library is known to the whole EPCI."""
        return self.filter(epci__in=user.acces.epcis)


class Reference(Abilities, Versioned):
    """What both kinds of reference fiches share; `indicateurs`: {libelle, unite, reference, cible, tolerance, sens}."""

    QUI_PEUT: ClassVar = {"modifier": WHO}

    epci_id: int  # each of the two has its own foreign key
    indicateurs = models.JSONField("indicateurs proposés", default=list)

    objects = FicheQuerySet.as_manager()

    class Meta:
        abstract = True

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"modifier": user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)}


class Fiche(Reference, Textes):
    """The reference fiche of a domain."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="fiches", verbose_name="EPCI")
    domaine = models.OneToOneField(Domaine, models.PROTECT, related_name="fiche", verbose_name="domaine")
    evaluation_exemple = models.TextField("exemple d'évaluation préalable", max_length=TEXT_MAX, blank=True)

    class Meta:
        verbose_name = "fiche de référence"
        verbose_name_plural = "fiches de référence"
        ordering: ClassVar = ["domaine__ordre"]

    def __str__(self) -> str:
        return str(self.domaine)

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, word): complete once missions, expected level and an indicator are there."""
        whole = self.missions and self.niveau_attendu and self.indicateurs
        return ("v", "complète") if whole else ("o", "commencée")


class FicheActivite(Reference):
    """What one activity adds to the fiche of its domain."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    activite = models.OneToOneField(Activite, models.PROTECT, related_name="fiche", verbose_name="activité")
    missions = models.TextField("mission", max_length=4000, blank=True)
    niveau_attendu = models.TextField("niveau de service proposé", max_length=4000, blank=True)

    class Meta:
        verbose_name = "fiche d'une activité"
        verbose_name_plural = "fiches des activités"
        ordering: ClassVar = ["activite__code"]

    def __str__(self) -> str:
        return str(self.activite)
