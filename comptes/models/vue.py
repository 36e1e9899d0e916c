"""Filters of a list that a person keeps under a name."""

from typing import Any, ClassVar

from django.db import models

from comptes.models.personne import Personne


class VueQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "VueQuerySet":
        """One's own only."""
        return self.filter(personne=user)


class Vue(models.Model):
    """A saved view: a list page (its route name) and the query string that filters it."""

    personne = models.ForeignKey(Personne, models.CASCADE, related_name="vues", verbose_name="personne")
    page = models.CharField("page", max_length=80)
    nom = models.CharField("nom", max_length=60)
    requete = models.CharField("filtres", max_length=1000, blank=True)

    objects = VueQuerySet.as_manager()

    class Meta:
        verbose_name = "vue enregistrée"
        verbose_name_plural = "vues enregistrées"
        ordering: ClassVar = ["page", "nom"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["personne", "page", "nom"],
                name="vue_unique_name",
                violation_error_message="Vous avez déjà une vue de ce nom.",
            )
        ]

    def __str__(self) -> str:
        return self.nom
