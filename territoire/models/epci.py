"""The intercommunal body, its pôles and its holidays."""

from datetime import date, timedelta
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.functions import Cast

from socle import horloge
from socle.typographie import sort_key


def validate_time_zone(name: str) -> None:
    """Refuse what is not an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError("Ce fuseau horaire n'existe pas.")


def today_of(epci: str) -> Cast:
    """The present day where the EPCI of each row is, for a query; `epci` is the path to it.

    La Réunion is ahead of Paris, Martinique behind: one day for all would open and close rights hours too late, or too early.
    """
    here = Func(F(f"{epci}__fuseau"), Value(horloge.now()), function="timezone", output_field=DateTimeField())
    return Cast(here, DateField())


class EpciQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EpciQuerySet":
        """The EPCI in which the user holds a title today."""
        return self.filter(pk__in=user.acces.epcis)


class Epci(models.Model):
    """An EPCI à fiscalité propre; every row of the trade belongs to one."""

    class Type(models.TextChoices):
        METROPOLE = "METRO", "métropole"
        METROPOLE_LYON = "MET69", "métropole de Lyon"
        COMMUNAUTE_URBAINE = "CU", "communauté urbaine"
        COMMUNAUTE_AGGLOMERATION = "CA", "communauté d'agglomération"
        COMMUNAUTE_COMMUNES = "CC", "communauté de communes"

    siren = models.CharField("SIREN", max_length=9, unique=True, validators=[RegexValidator(r"^\d{9}$")])
    nom = models.CharField("nom", max_length=200)
    tri = models.CharField(max_length=200, editable=False)
    type = models.CharField("type", max_length=10, choices=Type)
    fuseau = models.CharField(
        "fuseau horaire", max_length=40, default="Europe/Paris", validators=[validate_time_zone]
    )
    couleur = models.CharField(
        "couleur",
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Écrivez #0f3a5a.")],
    )

    objects = EpciQuerySet.as_manager()

    class Meta:
        verbose_name = "EPCI"
        verbose_name_plural = "EPCI"
        ordering: ClassVar = ["tri"]

    def __str__(self) -> str:
        return self.nom

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tri = sort_key(self.nom)
        super().save(*args, **kwargs)

    @property
    def today(self) -> date:
        """The present day where the EPCI is."""
        return horloge.today(self.fuseau)

    @property
    def nom_commun(self) -> str:
        """« la Métropole » or « la Communauté », as its agents say."""
        metropoles = (self.Type.METROPOLE, self.Type.METROPOLE_LYON)
        return "la Métropole" if self.type in metropoles else "la Communauté"


class PoleQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "PoleQuerySet":
        return self.filter(epci__in=user.acces.epcis)


class Pole(models.Model):
    """A pôle territorial, drawn by the Direction des territoires."""

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="poles", verbose_name="EPCI")
    nom = models.CharField("nom", max_length=100)
    tri = models.CharField(max_length=100, editable=False)

    objects = PoleQuerySet.as_manager()

    class Meta:
        verbose_name = "pôle territorial"
        verbose_name_plural = "pôles territoriaux"
        ordering: ClassVar = ["tri"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["epci", "nom"],
                name="pole_unique_name",
                violation_error_message="Ce pôle existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return self.nom

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tri = sort_key(self.nom)
        super().save(*args, **kwargs)


class JourFerie(models.Model):
    """A day not worked in an EPCI; seeded, then the Direction's."""

    epci = models.ForeignKey(Epci, models.CASCADE, related_name="jours_feries", verbose_name="EPCI")
    jour = models.DateField("jour")
    nom = models.CharField("nom", max_length=100)

    class Meta:
        verbose_name = "jour férié"
        verbose_name_plural = "jours fériés"
        ordering: ClassVar = ["jour"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["epci", "jour"], name="jour_ferie_unique")]

    def __str__(self) -> str:
        return self.nom


class WorkingDays:
    """The working days of an EPCI over a span of years: Monday to Friday, public holidays left out."""

    def __init__(self, epci: Epci) -> None:
        self._off = set(JourFerie.objects.filter(epci=epci).values_list("jour", flat=True))

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._off

    def before(self, day: date) -> date:
        """`day`, or the working day before it."""
        while not self.works(day):
            day -= timedelta(days=1)
        return day

    def after(self, day: date) -> date:
        """`day`, or the working day after it."""
        while not self.works(day):
            day += timedelta(days=1)
        return day

    def of_month(self, first: date) -> list[date]:
        """The working days of the month that begins on `first`."""
        days = (first + timedelta(days=n) for n in range(31))
        return [day for day in days if day.month == first.month and self.works(day)]
