"""The short public code of an issued contract, printed on it, by which anybody asks what it is worth today."""

import secrets
from typing import ClassVar

from django.db import models

from documents.models import Document

# Neither 0 and O, nor 1, I and L: the code is typed from paper. 12 signs of 31 cannot be found by trying.
SIGNES = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPE, GROUPES = 4, 3


def new_code() -> str:
    """« 7QK4-9M2X-TB3H », at random."""
    return "-".join("".join(secrets.choice(SIGNES) for _ in range(GROUPE)) for _ in range(GROUPES))


class Verification(models.Model):
    """A code opens the page of one document, and says nothing of the others."""

    document = models.OneToOneField(
        Document, models.PROTECT, primary_key=True, related_name="verification", verbose_name="document"
    )
    code = models.CharField("code", max_length=GROUPE * GROUPES + GROUPES - 1, unique=True)

    class Meta:
        verbose_name = "code de vérification"
        verbose_name_plural = "codes de vérification"
        ordering: ClassVar = ["document"]

    def __str__(self) -> str:
        return self.code
