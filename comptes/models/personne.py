"""A person signs in by e-mail; what she may do comes from her titles, never from flags on the account."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from comptes.acces import Acces
from socle.models import Versioned
from socle.typographie import sort_key


class PersonneManager(BaseUserManager["Personne"]):
    def get_by_natural_key(self, email: str | None) -> "Personne":
        """E-mail addresses are compared without case."""
        return self.get(email__iexact=email)

    def in_epcis(self, epcis: Any) -> models.QuerySet:
        """People who hold, held or will hold a habilitation in these EPCI."""
        return self.filter(habilitations__epci__in=epcis).distinct()


class Personne(Versioned, AbstractBaseUser):
    """An account: a human being, or the machine account of an intranet."""

    email = models.EmailField("adresse électronique", unique=True)
    prenom = models.CharField("prénom", max_length=100, blank=True)
    nom = models.CharField("nom", max_length=100)
    tri = models.CharField(max_length=201, editable=False)
    fonction = models.CharField("fonction", max_length=200, blank=True)
    telephone = models.CharField("téléphone de service", max_length=30, blank=True)
    is_active = models.BooleanField("compte ouvert", default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["nom"]

    objects = PersonneManager()

    class Meta:
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        ordering: ClassVar = ["tri", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="personne_unique_email",
                violation_error_message="Un compte existe déjà avec cette adresse.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tri = sort_key(f"{self.nom} {self.prenom}")
        super().save(*args, **kwargs)

    @cached_property
    def acces(self) -> Acces:
        """What the person may reach today; computed once per loaded instance."""
        return Acces.of(self)
