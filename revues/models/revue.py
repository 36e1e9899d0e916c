"""A review: each month of a shared domain, each half-year of the whole contract, in the town hall."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.roles import Role
from comptes.visibilite import of_commune
from mutualisation.models import Domaine
from mutualisation.visibilite import of_domaine
from socle import horloge
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class RevueQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "RevueQuerySet":
        """To the commune, its pôle, the Direction, and those who answer for the domain."""
        return self.filter(of_commune(user) | Q(domaine__isnull=False) & of_domaine(user))


class Revue(Abilities, Versioned):
    """One review of one commune: of a domain for a month, or of the contract for a half-year."""

    class Type(models.TextChoices):
        DOMAINE = "domaine", "revue de domaine"
        CONTRAT = "contrat", "revue de contrat"

    class Etat(models.TextChoices):
        PREVUE = "prevue", "prévue"
        TENUE = "tenue", "tenue"
        NON_TENUE = "non_tenue", "non tenue"

    QUI_PEUT: ClassVar = {
        "tenir": "Le compte rendu est écrit par le responsable du service commun, le directeur de pôle "
        "ou la Direction des territoires.",
        "annuler": "Le responsable du service commun, le directeur de pôle ou la Direction des territoires disent, à partir "
        "du jour prévu, qu'une revue n'a pas eu lieu.",
        "retablir": "Le responsable du service commun, le directeur de pôle ou la Direction des territoires reviennent sur "
        "une revue notée non tenue, dont la commune est toujours membre si elle est à venir.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="revues", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="revues", verbose_name="commune")
    type = models.CharField("type", max_length=10, choices=Type)
    domaine = models.ForeignKey(
        Domaine, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="domaine"
    )
    periode_on = models.DateField("mois ou semestre, premier jour")
    prevue_at = models.DateTimeField("prévue le")
    lieu = models.CharField("lieu", max_length=200)
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.PREVUE)
    tenue_on = models.DateField("tenue le", null=True, blank=True)
    motif = models.TextField("pourquoi elle n'a pas eu lieu", max_length=1000, blank=True)
    compte_rendu = models.ForeignKey(
        "CompteRendu",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="revues",
        verbose_name="compte rendu",
    )

    objects = RevueQuerySet.as_manager()

    class Meta:
        verbose_name = "revue"
        verbose_name_plural = "revues"
        ordering: ClassVar = ["prevue_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "commune", "type", "domaine", "periode_on"],
                name="revue_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="revue_type_domaine",
                condition=Q(type="domaine", domaine__isnull=False) | Q(type="contrat", domaine=None),
            ),
            models.CheckConstraint(
                name="revue_state_facts",
                condition=Q(etat="prevue", tenue_on=None, motif="")
                | Q(etat="tenue", tenue_on__isnull=False, compte_rendu__isnull=False)
                | Q(Q(etat="non_tenue", tenue_on=None, compte_rendu=None), ~Q(motif="")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["epci", "prevue_at"], name="revue_calendar")]

    def __str__(self) -> str:
        return f"{self.libelle}, {self.commune}"

    @property
    def libelle(self) -> str:
        """« Revue Voirie » or « Revue du contrat »."""
        return f"Revue {self.domaine.libelle}" if self.domaine else "Revue du contrat"

    @property
    def jour(self) -> date:
        """The day it is planned, by the clock of the EPCI."""
        return horloge.local(self.prevue_at, self.epci.fuseau).date()

    @property
    def en_retard(self) -> bool:
        """Its day has passed and nothing says whether it was held."""
        return self.etat == self.Etat.PREVUE and self.prevue_at < horloge.now()

    def abilities_for(self, user: Any) -> dict[str, bool]:
        runs = self._runs(user)
        planned = runs and self.etat == self.Etat.PREVUE
        return {
            "tenir": planned,
            "annuler": planned and not self.compte_rendu_id and self.jour <= self.epci.today,
            "retablir": runs and self.etat == self.Etat.NON_TENUE and not self._closed_by_departure,
        }

    @property
    def _closed_by_departure(self) -> bool:
        """Still to come, in a commune that is no longer a member: nobody would come."""
        members = self.commune.appartenances.all()  # read whole, so that a list may prefetch it
        stays = any(one.epci_id == self.epci_id and one.covers(self.epci.today) for one in members)
        return self.prevue_at > horloge.now() and not stays

    def _runs(self, user: Any) -> bool:
        acces = user.acces
        if acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES):
            return True
        chairs = [t for t in acces.with_role(Role.RESPONSABLE_SERVICE) if t.domaine_id == self.domaine_id]
        managed = acces.poles_with(Role.DIRECTEUR_POLE) | {t.pole_id for t in chairs if t.pole_id}
        if any(t.commune_id in (None, self.commune_id) and not t.pole_id for t in chairs):
            return True
        # Read whole, so that a list may prefetch it.
        return bool(managed) and any(
            member.pole_id in managed and member.covers(self.epci.today)
            for member in self.commune.appartenances.all()
        )
