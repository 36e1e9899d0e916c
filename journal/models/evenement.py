"""One line per write that matters, numbered per EPCI without gap, never changed."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from territoire.models import Commune, Epci

ACCOUNT = Personne._meta.label_lower


class CompteurEvenement(models.Model):
    """The last number given in an EPCI; its row is locked last, when the transaction is about to commit."""

    epci = models.OneToOneField(Epci, models.PROTECT, primary_key=True, related_name="+", verbose_name="EPCI")
    dernier = models.PositiveBigIntegerField("dernier numéro", default=0)

    class Meta:
        verbose_name = "compteur d'événements"
        verbose_name_plural = "compteurs d'événements"

    def __str__(self) -> str:
        return f"{self.epci_id} : {self.dernier}"


class EvenementQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EvenementQuerySet":
        """Lines of a commune to that commune and the EPCI; lines of the whole EPCI to anyone who has a title in it.

        What happens to accounts (habilitations, invitations and tokens are told of them) is for administrators only.
        """
        accounts = Q(objet_type=ACCOUNT)
        ordinary = (of_commune(user) | Q(commune=None, epci__in=user.acces.epcis)) & ~accounts
        return self.filter(ordinary | accounts & Q(epci__in=user.acces.epcis_with(Role.ADMINISTRATEUR)))

    def reserved_in(self, epcis: Any) -> "EvenementQuerySet":
        """Lines about the accounts of some EPCI, of which others may only be told that they exist."""
        return self.filter(objet_type=ACCOUNT, epci__in=epcis)

    def about(self, obj: models.Model) -> "EvenementQuerySet":
        """The history of an object, latest first."""
        return self.filter(objet_type=obj._meta.label_lower, objet_id=obj.pk).order_by("-numero")


class Evenement(models.Model):
    """What happened: minimal payload, no personal data beyond the actor's account."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="evenements", verbose_name="EPCI")
    numero = models.PositiveBigIntegerField("numéro")
    survenu_at = models.DateTimeField("survenu le")
    type = models.CharField("type", max_length=60)
    acteur = models.ForeignKey(Personne, models.PROTECT, null=True, related_name="+", verbose_name="acteur")
    qualite = models.CharField("en qualité de", max_length=120, blank=True)
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, related_name="+", verbose_name="commune")
    objet_type = models.CharField(max_length=60)
    objet_id = models.BigIntegerField()
    libelle = models.CharField("libellé", max_length=300)
    contenu = models.JSONField("contenu", default=dict)

    objects = EvenementQuerySet.as_manager()

    class Meta:
        verbose_name = "événement"
        verbose_name_plural = "événements"
        ordering: ClassVar = ["epci", "numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "numero"], name="evenement_unique_number")
        ]
        indexes: ClassVar = [models.Index(fields=["objet_type", "objet_id"], name="evenement_objet")]

    def __str__(self) -> str:
        return self.libelle

    @property
    def is_account(self) -> bool:
        """Whether it tells what happens to an account."""
        return self.objet_type == ACCOUNT


class EvenementDetail(models.Model):
    """What changed, before and after: kept apart because it may one day be purged."""

    evenement = models.OneToOneField(Evenement, models.CASCADE, primary_key=True, related_name="detail")
    contenu = models.JSONField("avant et après")

    class Meta:
        verbose_name = "détail d'un événement"
        verbose_name_plural = "détails d'événements"

    def __str__(self) -> str:
        return str(self.evenement_id)
