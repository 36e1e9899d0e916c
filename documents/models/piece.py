"""A file somebody deposited: kept as it came, never changed."""

from typing import ClassVar

from django.db import models

from comptes.models import Personne
from territoire.models import Epci


class Piece(models.Model):
    """A deposited file; who may read it is said by the object it belongs to."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    nom = models.CharField("nom du fichier", max_length=200)
    type_mime = models.CharField("type", max_length=100)
    taille = models.PositiveIntegerField("taille en octets")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    deposee_at = models.DateTimeField("déposée le")
    deposee_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="déposée par")

    class Meta:
        verbose_name = "pièce"
        verbose_name_plural = "pièces"
        ordering: ClassVar = ["-deposee_at", "-pk"]

    def __str__(self) -> str:
        return self.nom


class PieceContenu(models.Model):
    """The bytes of a deposited file, in a side table that no list joins."""

    piece = models.OneToOneField(Piece, models.PROTECT, primary_key=True, related_name="contenu")
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "contenu de pièce"
        verbose_name_plural = "contenus de pièces"

    def __str__(self) -> str:
        return str(self.piece_id)
