"""State of the demonstration: the offset of its clock, and the people one may enter as."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne


class Decalage(models.Model):
    """How far the clock of the demonstration is from true time; one row."""

    pk_unique = models.PositiveSmallIntegerField(primary_key=True, default=1)
    duree = models.DurationField("décalage", default=timedelta)

    class Meta:
        verbose_name = "décalage de l'horloge"
        verbose_name_plural = "décalages de l'horloge"
        constraints: ClassVar = [models.CheckConstraint(name="decalage_single_row", condition=Q(pk_unique=1))]

    def __str__(self) -> str:
        return str(self.duree)


class Visiteur(models.Model):
    """A person of the demonstration that the sign-in page offers to be, with one click."""

    personne = models.OneToOneField(Personne, models.CASCADE, primary_key=True, related_name="+")
    presentation = models.CharField("présentation", max_length=200)
    ordre = models.PositiveSmallIntegerField("ordre")

    class Meta:
        verbose_name = "visiteur"
        verbose_name_plural = "visiteurs"
        ordering: ClassVar = ["ordre"]

    def __str__(self) -> str:
        return f"{self.personne} – {self.presentation}"
