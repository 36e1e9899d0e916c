"""What was recorded by error: kept, said cancelled, and counted no more."""

from typing import TypeVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne

T = TypeVar("T", bound="AnnulableQuerySet")


class AnnulableQuerySet(models.QuerySet):
    def standing(self: T) -> T:
        """Those that nobody cancelled."""
        return self.filter(annule_at=None)


class Annulable(models.Model):
    """A row recorded by error is cancelled with a motive, never erased."""

    annule_at = models.DateTimeField("annulé le", null=True, blank=True)
    annule_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulé par"
    )
    annule_motif = models.TextField("motif de l'annulation", max_length=2000, blank=True)

    class Meta:
        abstract = True


def cancelled_says_why(name: str) -> models.CheckConstraint:
    """Cancelled by somebody, with a motive; or not at all."""
    return models.CheckConstraint(
        name=name,
        condition=Q(annule_at=None, annule_par=None, annule_motif="")
        | (Q(annule_at__isnull=False, annule_par__isnull=False) & ~Q(annule_motif="")),
        violation_error_message="Dites pourquoi : le motif est gardé.",
    )
