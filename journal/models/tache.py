"""Scheduled work is rows with a due date: the broker may die, they remain."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from territoire.models import Epci


class Tache(models.Model):
    """A job due at an instant, claimed by one worker at a time, resumed after a crash.

    `cle` makes it unique: scheduling the same thing twice is harmless. A handler works in small transactions and records
    its progress, so that a resumed job only does what remains.
    """

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="taches", verbose_name="EPCI")
    type = models.CharField("type", max_length=60)
    cle = models.CharField("clé", max_length=120, unique=True)
    parametres = models.JSONField("paramètres", default=dict)
    due_at = models.DateTimeField("due le")
    pris_at = models.DateTimeField("prise le", null=True, blank=True)
    bail_at = models.DateTimeField("bail jusqu'au", null=True, blank=True)
    faite_at = models.DateTimeField("faite le", null=True, blank=True)
    fait = models.PositiveIntegerField("fait", default=0)
    total = models.PositiveIntegerField("à faire", default=0)
    essais = models.PositiveSmallIntegerField("essais", default=0)
    reessai_at = models.DateTimeField("prochain essai", null=True, blank=True)
    erreur = models.TextField("dernière erreur", blank=True)
    constat = models.TextField("ce qui la retient", blank=True)

    class Meta:
        verbose_name = "tâche"
        verbose_name_plural = "tâches"
        ordering: ClassVar = ["due_at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], name="tache_pending", condition=Q(faite_at=None))
        ]

    def __str__(self) -> str:
        return self.cle

    @property
    def etat(self) -> str:
        """What a reader of the page of jobs sees."""
        if self.faite_at:
            return "faite"
        if self.erreur:
            return "nouvel essai prévu"
        if self.reessai_at and not self.bail_at:
            return "en attente"
        return "en cours" if self.pris_at else "prévue"
