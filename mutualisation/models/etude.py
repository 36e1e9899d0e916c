"""The study of a domain that a commune asks to share, and its effect on the attribution de compensation."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from mutualisation.models.catalogue import Domaine
from mutualisation.models.declaration import Declaration
from mutualisation.models.ligne import Ligne
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class EtudeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EtudeQuerySet":
        """To those who answer for the domain on either side, as its lines."""
        return self.filter(of_domaine(user))

    def awaited(self) -> "EtudeQuerySet":
        """Those whose avis is awaited: submitted, with a line of the domain still to decide."""
        waiting = Ligne.objects.filter(
            declaration=OuterRef("declaration"),
            domaine=OuterRef("domaine"),
            declaration__etat=Declaration.Etat.DEPOSEE,
            arbitrage=Ligne.Arbitrage.A_INSTRUIRE,
        )
        return self.filter(Exists(waiting), avis="")


class Etude(Abilities, Versioned):
    """One per declaration and domain that changes: feasibility, means, avis."""

    class Avis(models.TextChoices):
        FAVORABLE = "favorable", "favorable"
        RESERVE = "reserve", "favorable avec réserves"
        DEFAVORABLE = "defavorable", "défavorable"

    QUI_PEUT: ClassVar = {
        "etudier": "L'étude est conduite par la Direction des territoires et le responsable du service commun, "
        "tant que le cycle n'est pas clos."
    }

    declaration = models.ForeignKey(
        Declaration, models.PROTECT, related_name="etudes", verbose_name="déclaration"
    )
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    faisabilite = models.TextField("faisabilité", max_length=10000, blank=True)
    moyens = models.TextField("moyens", max_length=10000, blank=True)
    avis = models.CharField("avis", max_length=12, choices=Avis, blank=True)
    avis_motif = models.TextField("motif de l'avis", max_length=4000, blank=True)
    conduite_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="conduite par"
    )

    objects = EtudeQuerySet.as_manager()

    class Meta:
        verbose_name = "étude"
        verbose_name_plural = "études"
        ordering: ClassVar = ["commune__tri", "domaine__ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "domaine"], name="etude_once"),
            models.CheckConstraint(
                name="etude_avis_says_why",
                condition=~Q(avis__in=["reserve", "defavorable"]) | ~Q(avis_motif=""),
                violation_error_message="Dites pourquoi : le motif de l'avis est lu par la commune.",
            ),
        ]

    def __str__(self) -> str:
        return f"Étude : {self.domaine}, {self.commune}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        seats = user.acces.with_role(Role.RESPONSABLE_SERVICE)
        serves = any((t.epci_id, t.domaine_id) == (self.epci_id, self.domaine_id) for t in seats)
        return {"etudier": (directs or serves) and not self.declaration.cycle.clos_at}


class EffetACQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EffetACQuerySet":
        """To the commune, its pôle and the Direction."""
        return self.filter(of_commune(user))


class EffetAC(Abilities, Versioned):
    """The effect of a domain's change on the attribution de compensation (CGI 1609 nonies C), in euros a year.

    A positive amount is kept from what the commune receives. Amounts are known from « estimé » on.
    """

    class Etat(models.TextChoices):
        NON_CHIFFRE = "non_chiffre", "non chiffré"
        ESTIME = "estime", "estimé"
        ARBITRE = "arbitre", "arbitré"
        VOTE = "vote", "voté"
        NOTIFIE = "notifie", "notifié"

    QUI_PEUT: ClassVar = {
        "chiffrer": "Seule la Direction des territoires chiffre l'effet sur l'attribution de compensation."
    }

    declaration = models.ForeignKey(
        Declaration, models.PROTECT, related_name="effets_ac", verbose_name="déclaration"
    )
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    etat = models.CharField("état", max_length=12, choices=Etat, default=Etat.NON_CHIFFRE)
    fonctionnement = models.DecimalField(
        "fonctionnement, en euros par an", max_digits=14, decimal_places=2, null=True, blank=True
    )
    investissement = models.DecimalField(
        "investissement, en euros par an", max_digits=14, decimal_places=2, null=True, blank=True
    )

    objects = EffetACQuerySet.as_manager()

    class Meta:
        verbose_name = "effet sur l'attribution de compensation"
        verbose_name_plural = "effets sur l'attribution de compensation"
        ordering: ClassVar = ["commune__tri", "domaine__ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "domaine"], name="effetac_once"),
            models.CheckConstraint(
                name="effetac_amounts_known",
                condition=Q(etat="non_chiffre", fonctionnement=None, investissement=None)
                | Q(~Q(etat="non_chiffre"), fonctionnement__isnull=False, investissement__isnull=False),
                violation_error_message="Donnez le fonctionnement et l'investissement, fût-ce zéro.",
            ),
        ]

    def __str__(self) -> str:
        return f"Attribution de compensation : {self.domaine}, {self.commune}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"chiffrer": user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)}
