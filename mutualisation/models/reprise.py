"""Taking over what exists: a sheet of people, seats or dated adhesions, checked, confirmed, and undone if need be."""

from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from documents.models import Piece
from socle.models import Abilities, Versioned
from territoire.models import Epci


class RepriseQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "RepriseQuerySet":
        """To those who may take over that content: accounts are the administrators' alone."""
        held = {type: user.acces.epcis_with(*roles) for type, roles in Reprise.ROLES.items()}
        return self.filter(reduce(or_, (Q(type=type, epci__in=epcis) for type, epcis in held.items())))


class Reprise(Abilities, Versioned):
    """A deposited sheet and what became of it; nothing is written before it is confirmed.

    `plan` holds the rows as they were understood, `bilan` their counts, `erreurs` and `avertissements` the first of
    what was found ({"ligne", "colonne", "message"}). `ecrite_at` is set once everything is written: later than the
    confirmation for a large sheet.
    """

    class Type(models.TextChoices):
        PERSONNES = "personnes", "personnes"
        SIEGES = "sieges", "référents et responsables"
        ADHESIONS = "adhesions", "adhésions datées"

    class Etat(models.TextChoices):
        """Where it stands: computed from its facts."""

        A_CORRIGER = "a_corriger", "à corriger"
        RIEN = "rien", "rien de nouveau"
        A_CONFIRMER = "a_confirmer", "à confirmer"
        CONFIRMEE = "confirmee", "en cours d'écriture"
        ECRITE = "ecrite", "écrite"
        ANNULEE = "annulee", "annulée"

    # Whoever could write the same rows one by one: accounts, then seats; adhesions have no other page.
    ROLES: ClassVar[dict[str, tuple[Role, ...]]] = {
        Type.PERSONNES: (Role.ADMINISTRATEUR,),
        Type.SIEGES: (Role.DIRECTION_TERRITOIRES,),
        Type.ADHESIONS: (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR),
    }
    QUI_PEUT: ClassVar = {
        "deposer": "L'administrateur reprend les personnes, la Direction des territoires les référents et responsables ; "
        "les adhésions, l'un ou l'autre.",
        "confirmer": "Une reprise sans erreur se confirme une seule fois, par qui pourrait la déposer.",
        "annuler": "Une reprise s'annule une fois écrite, par qui pourrait la déposer.",
        "inviter": "L'administrateur invite les personnes reprises, une fois la feuille écrite.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="reprises", verbose_name="EPCI")
    type = models.CharField("contenu", max_length=12, choices=Type)
    piece = models.OneToOneField(Piece, models.PROTECT, related_name="+", verbose_name="fichier")
    lignes = models.PositiveIntegerField("lignes lues", default=0)
    erreurs = models.JSONField("erreurs", default=list, blank=True)
    avertissements = models.JSONField("avertissements", default=list, blank=True)
    bilan = models.JSONField("bilan", default=dict, blank=True)
    plan = models.JSONField("lignes comprises", default=list, blank=True)
    # The rows written, by model label: id and state then, so that undoing removes those, untouched, and no others.
    creations = models.JSONField("lignes écrites", default=dict, blank=True)
    deposee_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="déposée par")
    deposee_at = models.DateTimeField("déposée le")
    confirmee_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    confirmee_at = models.DateTimeField("confirmée le", null=True, blank=True)
    ecrite_at = models.DateTimeField("écrite le", null=True, blank=True)
    annulee_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    annulee_at = models.DateTimeField("annulée le", null=True, blank=True)

    objects = RepriseQuerySet.as_manager()

    class Meta:
        verbose_name = "reprise"
        verbose_name_plural = "reprises"
        ordering: ClassVar = ["-deposee_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reprise_facts",
                condition=Q(
                    confirmee_at=None, confirmee_par=None, ecrite_at=None, annulee_at=None, annulee_par=None
                )
                | Q(confirmee_at__isnull=False, confirmee_par__isnull=False, erreurs=[]),
            )
        ]

    def __str__(self) -> str:
        return f"Reprise : {self.get_type_display()}, {self.piece}"

    @property
    def etat(self) -> "Reprise.Etat":
        if self.annulee_at:
            return self.Etat.ANNULEE
        if self.ecrite_at:
            return self.Etat.ECRITE
        if self.confirmee_at:
            return self.Etat.CONFIRMEE
        if self.bilan.get("erreurs"):
            return self.Etat.A_CORRIGER
        return self.Etat.A_CONFIRMER if self.bilan.get("nouvelles") else self.Etat.RIEN

    def abilities_for(self, user: Any) -> dict[str, bool]:
        holds = user.acces.acts_for_epci(self.epci_id, *self.ROLES[self.type])
        return {
            "deposer": holds,
            "confirmer": holds and self.etat == self.Etat.A_CONFIRMER,
            "annuler": holds and self.etat == self.Etat.ECRITE,
            "inviter": holds and self.type == self.Type.PERSONNES and self.etat == self.Etat.ECRITE,
        }
