"""A document once issued never changes: data copied, bytes and SHA-256 stored, number unique, no delete."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from socle.models import Abilities
from territoire.models import Commune, Epci

TACHE_RENDRE = "documents.rendre"
ECHECS = 5  # tries that failed, half an hour in all, before a number may be annulled


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


class Document(Abilities, models.Model):
    """Reserved with its frozen data in the transaction of what it tells, then issued once rendered, or annulled."""

    QUI_PEUT: ClassVar = {
        "annuler": "Seuls l'administrateur et la Direction des territoires annulent le numéro d'un document dont la mise en page "
        "a échoué plusieurs fois.",
        "remplacer": "Seuls l'administrateur et la Direction des territoires remplacent, une fois, un document annulé.",
    }

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
    annule_at = models.DateTimeField("annulé le", null=True, blank=True)
    annule_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulé par"
    )
    motif = models.CharField("motif de l'annulation", max_length=500, blank=True)
    remplace = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="remplacant", verbose_name="remplace"
    )

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
            models.CheckConstraint(
                name="document_annulled_facts",
                condition=Q(Q(etat="annule", annule_at__isnull=False, annule_par__isnull=False), ~Q(motif=""))
                | Q(~Q(etat="annule"), annule_at=None, annule_par=None, motif=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def emis(self) -> bool:
        return self.etat == self.Etat.EMIS

    @property
    def annule(self) -> bool:
        return self.etat == self.Etat.ANNULE

    @property
    def nom_fichier(self) -> str:
        return f"{self.reference}.pdf"

    @property
    def mention(self) -> str:
        """The number as lists show it: one annulled says so."""
        return f"{self.reference} (annulé)" if self.annule else self.reference

    @property
    def cle_rendu(self) -> str:
        """The key of the job that renders the document."""
        return f"{TACHE_RENDRE}:{self.pk}"

    @property
    def en_echec(self) -> bool:
        """Whether it is still reserved after several tries that failed."""
        jobs = Tache.objects.filter(cle=self.cle_rendu, faite_at=None, essais__gte=ECHECS).exclude(erreur="")
        return self.etat == self.Etat.RESERVE and jobs.exists()

    def run_by(self, user: Any) -> bool:
        """Whether the user answers for the documents of this EPCI."""
        runs: bool = user.acces.acts_for_epci(self.epci_id, Role.ADMINISTRATEUR, Role.DIRECTION_TERRITOIRES)
        return runs

    def abilities_for(self, user: Any) -> dict[str, bool]:
        runs = self.run_by(user)
        return {"annuler": runs and self.en_echec, "remplacer": runs and self.annule}


class DocumentContenu(models.Model):
    """The bytes of an issued document, in a side table that no list joins."""

    document = models.OneToOneField(Document, models.PROTECT, primary_key=True, related_name="contenu")
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "contenu de document"
        verbose_name_plural = "contenus de documents"

    def __str__(self) -> str:
        return str(self.document_id)
