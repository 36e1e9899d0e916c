"""Mails are rows, written in the transaction of what they tell, sent after its commit."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from territoire.models import Epci

PENDING = {"envoye_at": None, "abandonne_at": None, "refuse_at": None}
# The rows of each state, by the words that `Courriel.etat` says.
ETATS = {
    "en attente": Q(**PENDING, essais=0),
    "nouvel essai prévu": Q(**PENDING, essais__gt=0),
    "refusé par le serveur du destinataire": Q(refuse_at__isnull=False),
    "périmé": Q(abandonne_at__isnull=False),
    "envoyé": Q(envoye_at__isnull=False),
}


class CourrielQuerySet(models.QuerySet):
    def pending(self) -> "CourrielQuerySet":
        """Those that are still to leave."""
        return self.filter(**PENDING)


class Courriel(models.Model):
    """A mail to one person. Exactly one row per (recipient, kind, object, occurrence); transport is at least once."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="courriels", verbose_name="EPCI")
    destinataire = models.ForeignKey(
        Personne, models.PROTECT, related_name="courriels", verbose_name="destinataire"
    )
    type = models.CharField("type", max_length=60)
    objet_type = models.CharField(max_length=60)
    objet_id = models.BigIntegerField()
    occurrence = models.CharField(max_length=60, blank=True)
    adresse = models.EmailField("adresse")
    sujet = models.CharField("objet", max_length=200)
    corps = models.TextField("texte")
    message_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    ecrit_at = models.DateTimeField("écrit le")
    perime_at = models.DateTimeField("sans objet après le", null=True, blank=True)
    envoye_at = models.DateTimeField("envoyé le", null=True, blank=True)
    abandonne_at = models.DateTimeField("périmé le", null=True, blank=True)
    refuse_at = models.DateTimeField("refusé le", null=True, blank=True)
    reessai_at = models.DateTimeField("prochain essai", null=True, blank=True)
    essais = models.PositiveSmallIntegerField("essais", default=0)
    erreur = models.CharField("dernière erreur", max_length=300, blank=True)

    objects = CourrielQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        verbose_name_plural = "courriels"
        ordering: ClassVar = ["-ecrit_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["destinataire", "type", "objet_type", "objet_id", "occurrence"], name="courriel_once"
            ),
            models.CheckConstraint(
                name="courriel_one_end",
                condition=Q(abandonne_at=None, refuse_at=None)
                | Q(envoye_at=None, refuse_at=None)
                | Q(envoye_at=None, abandonne_at=None),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["reessai_at", "id"], name="courriel_pending", condition=Q(**PENDING))
        ]

    def __str__(self) -> str:
        return self.sujet

    @property
    def etat(self) -> str:
        """What a reader of the page of mails sees."""
        if self.envoye_at:
            return "envoyé"
        if self.abandonne_at:
            return "périmé"
        if self.refuse_at:
            return "refusé par le serveur du destinataire"
        return "nouvel essai prévu" if self.essais else "en attente"


class PieceJointe(models.Model):
    """A file joined to a mail (a calendar invitation), in a side table that no list joins."""

    courriel = models.ForeignKey(Courriel, models.CASCADE, related_name="pieces", verbose_name="courriel")
    nom = models.CharField("nom", max_length=100)
    type_mime = models.CharField("type", max_length=100)
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"

    def __str__(self) -> str:
        return self.nom
