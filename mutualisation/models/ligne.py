"""A line of a declaration: one activity, from the wish of the commune to its effect."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Min, Q

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models.catalogue import Activite, Domaine
from mutualisation.models.declaration import Declaration
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class LigneQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "LigneQuerySet":
        """As the declaration, and to those who answer for the domain on either side."""
        return self.filter(of_domaine(user))

    def changing(self) -> "LigneQuerySet":
        """Lines that change something: those to instruct, vote and put into effect."""
        return self.exclude(nature=Ligne.Nature.MAINTIEN)

    def to_decide(self) -> "LigneQuerySet":
        """Lines without decision that wait for nothing from their commune."""
        return self.filter(arbitrage=Ligne.Arbitrage.A_INSTRUIRE).exclude(etape=Ligne.Etape.A_COMPLETER)

    def with_acts(self) -> "LigneQuerySet":
        """Annotated with the earliest day each side's act is exécutoire: `acte_commune_on`, `acte_epci_on` (None: missing)."""
        municipal = Q(actes__type="conseil_municipal")
        return self.annotate(
            acte_commune_on=Min("actes__executoire_on", filter=municipal),
            acte_epci_on=Min("actes__executoire_on", filter=~municipal),
        )

    def to_apply(self, today: date) -> "LigneQuerySet":
        """Accepted lines whose acts are exécutoires and whose day has come, not put into effect yet."""
        return self.filter(arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on__lte=today, appliquee_at=None)


class Ligne(Abilities, Versioned):
    """What a commune asks for an activity, what was decided, and from when it has effect."""

    class Nature(models.TextChoices):
        """What is asked: « régulariser » puts right a competence metropolitan by law still exercised by the commune."""

        ENTREE = "entree", "entrée"
        EXTENSION = "extension", "extension"
        MAINTIEN = "maintien", "maintien"
        RETRAIT = "retrait", "retrait"
        REGULARISATION = "regularisation", "régularisation"
        PRESTATION = "prestation", "prestation"
        REVISION = "revision", "révision du niveau de service"

    # How an activity is then shared, by the nature of the line that opens it.
    PARTAGE: ClassVar = {
        Nature.ENTREE: "mutualisation",
        Nature.EXTENSION: "mutualisation",
        Nature.REGULARISATION: "regularisation",
        Nature.PRESTATION: "prestation",
    }

    class Etape(models.TextChoices):
        RECUE = "recue", "reçue"
        A_COMPLETER = "a_completer", "à compléter"
        RECEVABLE = "recevable", "recevable"
        ETUDIEE = "etudiee", "étudiée"

    class Arbitrage(models.TextChoices):
        SANS_OBJET = "sans_objet", "sans objet"
        A_INSTRUIRE = "a_instruire", "à instruire"
        ACCEPTEE = "acceptee", "acceptée"
        REFUSEE = "refusee", "refusée"
        REPORTEE = "reportee", "reportée"
        ABANDONNEE = "abandonnee", "retirée par la commune"

    QUI_PEUT: ClassVar = {
        "arbitrer": "Seule la Direction des territoires se prononce, tant que le point d'arrêt n'est pas confirmé "
        "des deux côtés, que la ligne n'a pas pris effet et que le cycle n'est pas clos.",
        "instruire": "Seule la Direction des territoires instruit une ligne, tant qu'elle attend une décision et que le cycle "
        "n'est pas clos.",
        "completer": "Seuls le DGS, le maire et leurs collaborateurs complètent une ligne, quand c'est demandé.",
        "dater": "Seule la Direction des territoires fixe la date d'effet d'une ligne dont les actes sont tardifs.",
    }

    declaration = models.ForeignKey(
        Declaration, models.PROTECT, related_name="lignes", verbose_name="déclaration"
    )
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    activite = models.ForeignKey(Activite, models.PROTECT, related_name="+", verbose_name="activité")
    nature = models.CharField("nature", max_length=15, choices=Nature)
    precision = models.TextField("ce que la commune demande", max_length=4000, blank=True)
    # Empty for an activity that was not shared: what a line changes stays readable once it has taken effect.
    partage_avant = models.CharField("partagée jusque-là en", max_length=15, blank=True)
    etape = models.CharField("instruction", max_length=12, choices=Etape, default=Etape.RECUE)
    arbitrage = models.CharField("arbitrage", max_length=12, choices=Arbitrage, default=Arbitrage.A_INSTRUIRE)
    arbitree_at = models.DateTimeField("arbitrée le", null=True, blank=True)
    arbitree_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    arbitree_qualite = models.CharField("en qualité de", max_length=100, blank=True)
    arbitrage_motif = models.TextField("motif de la décision", max_length=2000, blank=True)
    effet_on = models.DateField("date d'effet", null=True, blank=True)
    appliquee_at = models.DateTimeField("mise en œuvre le", null=True, blank=True)

    objects = LigneQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne de déclaration"
        verbose_name_plural = "lignes de déclaration"
        ordering: ClassVar = ["domaine__ordre", "activite__code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "activite"], name="ligne_once"),
            models.CheckConstraint(
                name="ligne_arbitration_facts",
                condition=Q(arbitrage__in=["sans_objet", "a_instruire"], arbitree_at=None)
                | Q(
                    arbitrage__in=["acceptee", "refusee", "reportee", "abandonnee"],
                    arbitree_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="ligne_refusal_says_why",
                condition=~Q(arbitrage__in=["refusee", "reportee"]) | ~Q(arbitrage_motif=""),
                violation_error_message="Dites pourquoi : le motif est transmis à la commune.",
            ),
            models.CheckConstraint(
                name="ligne_effect_only_accepted",
                condition=Q(effet_on=None, appliquee_at=None) | Q(arbitrage="acceptee"),
            ),
            models.CheckConstraint(
                name="ligne_applied_has_date", condition=Q(appliquee_at=None) | Q(effet_on__isnull=False)
            ),
            models.CheckConstraint(
                name="ligne_maintien_needs_nothing",
                condition=~Q(nature="maintien") | Q(arbitrage="sans_objet", effet_on=None),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["epci", "effet_on"],
                name="ligne_to_apply",
                condition=Q(arbitrage="acceptee", appliquee_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} : {self.activite}"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        decides = directs and not self.declaration.arretee and not self.declaration.cycle.clos_at
        changing = self.declaration.deposee and self.nature != self.Nature.MAINTIEN and not self.appliquee_at
        waiting = self.arbitrage == self.Arbitrage.A_INSTRUIRE
        return {
            "arbitrer": decides and changing and self.arbitrage != self.Arbitrage.ABANDONNEE,
            "instruire": decides and changing and waiting,
            "completer": changing
            and self.etape == self.Etape.A_COMPLETER
            and self.declaration.prepared_by(user),
            "dater": directs and changing and self.arbitrage == self.Arbitrage.ACCEPTEE,
        }
