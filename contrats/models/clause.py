"""The clauses of an EPCI's contracts: sets of articles, one of them a draft at most, the others published for good."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from contrats.models.engagement import TEXT_MAX
from contrats.models.remarque import ARTICLES
from socle.models import Abilities, Versioned
from territoire.models import Epci

OBSERVATION_DAYS, CONCILIATION_MONTHS = 8, 2
TITLE_MAX = 150


class ReglageContratQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ReglageContratQuerySet":
        return self.filter(epci__in=user.acces.epcis)

    def of(self, epci: Epci) -> "ReglageContrat":
        """The settings of an EPCI, with their starting values until they are first saved."""
        found: Any = self.filter(epci=epci).first()
        return found or ReglageContrat(epci=epci)


class ReglageContrat(Abilities, Versioned):
    """What an EPCI sets for all its contracts: the figures that clauses name, and how clauses are published."""

    QUI_PEUT: ClassVar = {"modifier": "Seule la Direction des territoires règle les contrats."}

    epci = models.OneToOneField(Epci, models.PROTECT, related_name="reglage_contrat", verbose_name="EPCI")
    observation_jours = models.PositiveSmallIntegerField(
        "jours pour observer un compte rendu", default=OBSERVATION_DAYS
    )
    conciliation_mois = models.PositiveSmallIntegerField(
        "mois avant une médiation", default=CONCILIATION_MONTHS
    )
    publication_a_deux = models.BooleanField("publication des clauses à deux", default=False)

    objects = ReglageContratQuerySet.as_manager()

    class Meta:
        verbose_name = "réglage des contrats"
        verbose_name_plural = "réglages des contrats"
        ordering: ClassVar = ["epci"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reglagecontrat_durees",
                condition=Q(observation_jours__range=(1, 60), conciliation_mois__range=(1, 24)),
                violation_error_message="De 1 à 60 jours d'observation, de 1 à 24 mois de conciliation.",
            )
        ]

    def __str__(self) -> str:
        return f"Réglages des contrats, {self.epci}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"modifier": user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)}


class JeuClausesQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "JeuClausesQuerySet":
        """Published sets are read in the whole EPCI; a draft, by those who see everything of it."""
        acces = user.acces
        return self.filter(
            Q(etat=JeuClauses.Etat.PUBLIE, epci__in=acces.epcis) | Q(epci__in=acces.epcis_entiers)
        )

    def published(self, epci: Epci) -> "JeuClausesQuerySet":
        """The sets of an EPCI that no longer change, the latest first."""
        return self.filter(epci=epci, etat=JeuClauses.Etat.PUBLIE).order_by("-numero")


class JeuClauses(Abilities, Versioned):
    """A numbered set of clauses: the considérants and the twelve articles, written as a draft, then published."""

    class Etat(models.TextChoices):
        BROUILLON = "brouillon", "en préparation"
        PUBLIE = "publie", "publié"

    QUI_PEUT: ClassVar = {
        "modifier": "Seule la Direction des territoires écrit les clauses, tant que le jeu est en préparation."
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="jeux_clauses", verbose_name="EPCI")
    numero = models.PositiveSmallIntegerField("numéro")
    etat = models.CharField("état", max_length=9, choices=Etat, default=Etat.BROUILLON)
    modifie_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="modifié par"
    )
    publie_at = models.DateTimeField("publié le", null=True, blank=True)
    publie_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="publié par"
    )

    objects = JeuClausesQuerySet.as_manager()

    class Meta:
        verbose_name = "jeu de clauses"
        verbose_name_plural = "jeux de clauses"
        ordering: ClassVar = ["epci", "-numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "numero"], name="jeuclauses_once"),
            models.UniqueConstraint(
                fields=["epci"],
                condition=Q(etat="brouillon"),
                name="jeuclauses_one_draft",
                violation_error_message="Un jeu de clauses est déjà en préparation.",
            ),
            models.CheckConstraint(
                name="jeuclauses_facts",
                condition=Q(etat="brouillon", publie_at=None, publie_par=None)
                | Q(etat="publie", publie_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Clauses n° {self.numero}"

    @property
    def publie(self) -> bool:
        return self.etat == self.Etat.PUBLIE

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {"modifier": directs and not self.publie}


class Clause(Versioned):
    """One article of a set (0: the considérants), in the light markup of `contrats.clauses`."""

    jeu = models.ForeignKey(JeuClauses, models.CASCADE, related_name="clauses", verbose_name="jeu")
    article = models.PositiveSmallIntegerField("article")
    titre = models.CharField("titre", max_length=TITLE_MAX)
    texte = models.TextField("texte", max_length=TEXT_MAX)
    modifiee_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="modifiée par"
    )

    class Meta:
        verbose_name = "clause"
        verbose_name_plural = "clauses"
        ordering: ClassVar = ["jeu", "article"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["jeu", "article"], name="clause_once"),
            models.CheckConstraint(name="clause_article", condition=Q(article__lte=ARTICLES)),
            models.CheckConstraint(
                name="clause_written",
                condition=~Q(titre="") & ~Q(texte=""),
                violation_error_message="Une clause a un titre et un texte.",
            ),
        ]

    def __str__(self) -> str:
        return f"Article {self.article} – {self.titre}" if self.article else self.titre
