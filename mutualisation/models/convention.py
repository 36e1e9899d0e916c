"""The convention de services communs and its avenants: recorded, their files kept, their state followed, never drafted."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from comptes.roles import Role
from comptes.visibilite import of_commune
from documents.models import Piece
from mutualisation.models.cycle import Cycle
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class ConventionQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ConventionQuerySet":
        """To the commune, its pôle and the Direction."""
        return self.filter(of_commune(user))

    def in_state(self, etat: str) -> "ConventionQuerySet":
        """Those that stand in a state."""
        steps = {
            Convention.Etat.PROJET: Q(approuvee_on=None),
            Convention.Etat.APPROUVEE: Q(approuvee_on__isnull=False, signee_on=None),
            Convention.Etat.SIGNEE: Q(signee_on__isnull=False, transmise_on=None),
            Convention.Etat.TRANSMISE: Q(transmise_on__isnull=False),
        }
        return self.filter(steps[Convention.Etat(etat)])


class Convention(Abilities, Versioned):
    """One per commune (`rang` 0), then its avenants (1, 2…), one a cycle at most (CGCT L.5211-4-2)."""

    class Etat(models.TextChoices):
        """Where it stands, from the dates of its steps: never stored."""

        PROJET = "projet", "en projet"
        APPROUVEE = "approuvee", "approuvée, à signer"
        SIGNEE = "signee", "signée"
        TRANSMISE = "transmise", "transmise"

    TONS: ClassVar = {Etat.PROJET: "n", Etat.APPROUVEE: "o", Etat.SIGNEE: "a", Etat.TRANSMISE: "v"}

    QUI_PEUT: ClassVar = {
        "modifier": "Seule la Direction des territoires suit les conventions de services communs."
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="conventions", verbose_name="commune")
    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="conventions", verbose_name="cycle")
    rang = models.PositiveSmallIntegerField("rang")
    numero = models.CharField("numéro", max_length=50, blank=True)
    approuvee_on = models.DateField("approuvée par les deux assemblées le", null=True, blank=True)
    signee_on = models.DateField("signée le", null=True, blank=True)
    transmise_on = models.DateField("transmise à la préfecture le", null=True, blank=True)

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention de services communs"
        verbose_name_plural = "conventions de services communs"
        ordering: ClassVar = ["commune__tri", "rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "commune", "rang"], name="convention_rank"),
            models.UniqueConstraint(
                fields=["commune", "cycle"],
                name="convention_once_a_cycle",
                violation_error_message="Cette commune a déjà une convention ou un avenant pour ce cycle.",
            ),
            models.CheckConstraint(
                name="convention_steps_ordered",
                condition=(
                    Q(signee_on=None) | Q(approuvee_on__isnull=False, signee_on__gte=F("approuvee_on"))
                )
                & (Q(transmise_on=None) | Q(signee_on__isnull=False, transmise_on__gte=F("signee_on"))),
                violation_error_message="Une convention est approuvée, puis signée, puis transmise.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.titre}, {self.commune}"

    @property
    def titre(self) -> str:
        """« Convention de services communs », « Avenant n° 2 à la convention de services communs »."""
        return (
            f"Avenant n° {self.rang} à la convention de services communs"
            if self.rang
            else "Convention de services communs"
        )

    @property
    def etat(self) -> "Convention.Etat":
        """Where it stands, from the dates of its steps."""
        if self.transmise_on:
            return self.Etat.TRANSMISE
        if self.signee_on:
            return self.Etat.SIGNEE
        return self.Etat.APPROUVEE if self.approuvee_on else self.Etat.PROJET

    @property
    def etat_lu(self) -> tuple[str, str]:
        """(tone, words) of the state."""
        label = str(self.etat.label)
        return self.TONS[self.etat], label[:1].upper() + label[1:]

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"modifier": user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)}


class ConventionPiece(models.Model):
    """A file of a convention; the fiche d'impact and the staff agreements are annexed by law."""

    class Nature(models.TextChoices):
        TEXTE = "texte", "texte signé"
        FICHE_IMPACT = "fiche_impact", "fiche d'impact"
        ACCORD = "accord", "accord avec le personnel"
        AUTRE = "autre", "autre annexe"

    convention = models.ForeignKey(
        Convention, models.PROTECT, related_name="pieces", verbose_name="convention"
    )
    piece = models.OneToOneField(Piece, models.PROTECT, related_name="+", verbose_name="fichier")
    nature = models.CharField("nature", max_length=15, choices=Nature)

    class Meta:
        verbose_name = "pièce d'une convention"
        verbose_name_plural = "pièces des conventions"
        ordering: ClassVar = ["convention", "nature", "pk"]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} : {self.piece}"
