"""A request for completion: it reopens the line it comments, and stops the clock of its instruction."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from mutualisation.models.ligne import Ligne
from mutualisation.visibilite import of_domaine


class DemandeComplementQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "DemandeComplementQuerySet":
        return self.filter(of_domaine(user, "ligne__epci_id", "ligne__commune_id", "ligne__domaine_id"))


class DemandeComplement(models.Model):
    """What the Direction asks about a line, and what the commune answered; at most one is open for a line."""

    ligne = models.ForeignKey(Ligne, models.PROTECT, related_name="complements", verbose_name="ligne")
    texte = models.TextField("ce qui est demandé", max_length=4000)
    demandee_at = models.DateTimeField("demandée le")
    demandee_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="demandée par")
    reponse = models.TextField("réponse", max_length=4000, blank=True)
    repondue_at = models.DateTimeField("répondue le", null=True, blank=True)
    repondue_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")

    objects = DemandeComplementQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de complément"
        verbose_name_plural = "demandes de complément"
        ordering: ClassVar = ["-demandee_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ligne"], condition=Q(repondue_at=None), name="demandecomplement_one_open"
            ),
            models.CheckConstraint(
                name="demandecomplement_answer_facts",
                condition=Q(repondue_at=None, repondue_par=None)
                | Q(repondue_at__isnull=False, repondue_par__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Complément : {self.ligne}"
