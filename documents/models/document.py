"""A document once issued never changes: data copied, bytes and SHA-256 stored, number unique, no delete."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from territoire.models import Commune, Epci


class CompteurDocument(models.Model):
    """The last number given per EPCI, kind and year; its row is locked to take the next."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    type = models.CharField("type", max_length=30)
    annee = models.PositiveSmallIntegerField("année")
    dernier = models.PositiveIntegerField("dernier numéro", default=0)

    class Meta:
        verbose_name = "compteur de documents"
        verbose_name_plural = "compteurs de documents"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "type", "annee"], name="compteurdocument_unique")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.annee} : {self.dernier}"


class Document(models.Model):
    """Reserved with its frozen data in the transaction of what it tells, then issued once rendered, or annulled."""

    class Etat(models.TextChoices):
        RESERVE = "reserve", "en préparation"
        EMIS = "emis", "émis"
        ANNULE = "annule", "annulé"

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="documents", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, related_name="+", verbose_name="commune")
    type = models.CharField("type", max_length=30)
    annee = models.PositiveSmallIntegerField("année")
    numero = models.PositiveIntegerField("numéro")
    reference = models.CharField("référence", max_length=40)
    titre = models.CharField("titre", max_length=200)
    source = models.JSONField("données")
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.RESERVE)
    reserve_at = models.DateTimeField("réservé le")
    emis_at = models.DateTimeField("émis le", null=True, blank=True)
    sha256 = models.CharField("empreinte SHA-256", max_length=64, blank=True)
    taille = models.PositiveIntegerField("taille en octets", null=True, blank=True)
    moteur = models.JSONField("moteur de rendu", default=dict)

    class Meta:
        verbose_name = "document"
        verbose_name_plural = "documents"
        ordering: ClassVar = ["-reserve_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "type", "annee", "numero"], name="document_unique_number"
            ),
            models.UniqueConstraint(fields=["epci", "reference"], name="document_unique_reference"),
            models.CheckConstraint(
                name="document_issued_facts",
                condition=Q(etat="emis", emis_at__isnull=False, taille__gt=0, sha256__regex=r"^[0-9a-f]{64}$")
                | Q(~Q(etat="emis"), emis_at=None, taille=None, sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def emis(self) -> bool:
        return self.etat == self.Etat.EMIS

    @property
    def nom_fichier(self) -> str:
        return f"{self.reference}.pdf"


class DocumentContenu(models.Model):
    """The bytes of an issued document, in a side table that no list joins."""

    document = models.OneToOneField(Document, models.PROTECT, primary_key=True, related_name="contenu")
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "contenu de document"
        verbose_name_plural = "contenus de documents"

    def __str__(self) -> str:
        return str(self.document_id)
