"""Tokens of the API: shown once, kept as a digest."""

import hashlib
import secrets
from typing import ClassVar

from django.db import models

from comptes.models.personne import Personne

PREFIX = "mac_"


def digest(secret: str) -> str:
    """SHA-256 of a token: its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Jeton(models.Model):
    """A bearer token of an account, until it expires or is revoked."""

    personne = models.ForeignKey(Personne, models.CASCADE, related_name="jetons", verbose_name="compte")
    nom = models.CharField("usage", max_length=100)
    empreinte = models.CharField(max_length=64, unique=True, editable=False)
    cree_at = models.DateTimeField("créé le", auto_now_add=True)
    expire_at = models.DateTimeField("expire le")
    revoque_at = models.DateTimeField("révoqué le", null=True, blank=True)

    class Meta:
        verbose_name = "jeton d'accès"
        verbose_name_plural = "jetons d'accès"
        ordering: ClassVar = ["-cree_at", "-pk"]

    def __str__(self) -> str:
        return self.nom

    @staticmethod
    def new_secret() -> str:
        """A secret to show once: prefix and 256 random bits."""
        return PREFIX + secrets.token_urlsafe(32)
