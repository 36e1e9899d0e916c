"""Absences: when somebody does not answer, and who is called in her place. Never why."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q, QuerySet

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from mutualisation.models.siege import Siege, Titulaire
from socle.dates import day_and_year
from socle.models import Abilities, Period, PeriodQuerySet, Versioned, no_overlap, period_is_ordered
from socle.typographie import of
from territoire.models import Epci, today_of


def staff_of(epci: int, commune: int) -> QuerySet[Personne]:
    """Open accounts that have or will have a role in a commune, or sit for it."""
    roles = Habilitation.objects.filter(lasting("epci"), epci=epci, commune=commune)
    seats = _sitting(epci).filter(siege__cote=Siege.Cote.COMMUNE, siege__commune=commune)
    return _people(roles, seats)


def agents_of(epci: int) -> QuerySet[Personne]:
    """Open accounts that have or will have a role in the EPCI or one of its pôles, or sit for it."""
    roles = Habilitation.objects.filter(lasting("epci"), epci=epci, commune=None).exclude(role=Role.SERVICE)
    return _people(roles, _sitting(epci).filter(siege__cote=Siege.Cote.EPCI))


def lasting(epci: str) -> Q:
    """Periods that have not ended where the EPCI is, begun or not."""
    return Q(fin=None) | Q(fin__gt=today_of(epci))


def _sitting(epci: int) -> QuerySet[Titulaire]:
    return Titulaire.objects.filter(lasting("siege__epci"), siege__epci=epci, personne__isnull=False)


def _people(*rows: QuerySet[Any]) -> QuerySet[Personne]:
    known = Q(pk__in=())
    for one in rows:
        known |= Q(pk__in=one.order_by().values("personne"))
    return Personne.objects.filter(known, is_active=True)


def wards(user: Any) -> Iterator[tuple[int, QuerySet[Personne]]]:
    """(EPCI, people) whose absences a user keeps: the DGS for those of her commune, the Direction for the agents."""
    for titre in user.acces.with_role(Role.DGS, Role.DIRECTION_TERRITOIRES):
        commune = titre.commune_id
        yield titre.epci_id, staff_of(titre.epci_id, commune) if commune else agents_of(titre.epci_id)


class AbsenceQuerySet(PeriodQuerySet):
    def visible_to(self, user: Any) -> "AbsenceQuerySet":
        """One's own, and those one keeps for others; who calls is only told until when (see mutualisation.appels)."""
        condition = Q(personne=user, epci__in=user.acces.epcis)
        for epci, people in wards(user):
            condition |= Q(epci=epci, personne__in=people)
        return self.filter(condition)


class Absence(Abilities, Versioned, Period):
    """Days on which a person does not answer in an EPCI; `suppleant` is called meanwhile. No reason is ever kept."""

    QUI_PEUT: ClassVar = {
        "saisir": "Une absence est notée par la personne elle-même, par le DGS de sa commune, ou par la Direction des "
        "territoires pour les agents de l'EPCI.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="absences", verbose_name="EPCI")
    personne = models.ForeignKey(
        Personne, models.PROTECT, related_name="absences", verbose_name="personne absente"
    )
    suppleant = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="à appeler à sa place"
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "absence"
        verbose_name_plural = "absences"
        ordering: ClassVar = ["debut", "pk"]
        constraints: ClassVar = [
            period_is_ordered("absence_period"),
            # Of an EPCI: another one where she also serves is told nothing, not even by a refusal.
            no_overlap(
                "epci_id",
                "personne_id",
                name="absence_no_overlap",
                message="Une absence est déjà notée sur ces jours.",
            ),
            models.CheckConstraint(
                name="absence_deputy",
                condition=~Q(suppleant=F("personne")),
                violation_error_message="Choisissez quelqu'un d'autre que la personne absente.",
            ),
        ]

    def __str__(self) -> str:
        return f"Absence {of(str(self.personne))}"

    @property
    def dernier_jour(self) -> date | None:
        return self.fin - timedelta(days=1) if self.fin else None

    @property
    def mots(self) -> str:
        """All that who calls is told: « absence jusqu'au 12 mars 2027 »."""
        last = self.dernier_jour
        return f"absence jusqu'au {day_and_year(last)}" if last else "absence, retour non annoncé"

    def abilities_for(self, user: Any) -> dict[str, bool]:
        """Herself, and who keeps the absences of her commune or of the agents."""
        own = user.pk == self.personne_id and self.epci_id in user.acces.epcis
        kept = (people for epci, people in wards(user) if epci == self.epci_id)
        return {"saisir": own or any(people.filter(pk=self.personne_id).exists() for people in kept)}
