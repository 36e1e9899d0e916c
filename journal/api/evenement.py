"""The journal as a feed, read-only."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view

from comptes.roles import Role
from journal.models import Evenement
from socle.api import ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import id_filter, number_filter
from socle.pagination import CursorPages

RESERVED: dict[str, Any] = {
    "type": "reserve", "commune": None, "objet_type": "", "objet_id": 0, "libelle": "Réservé", "contenu": {},
}  # fmt: skip
# What tells lines apart by their content: a filter on it would tell what a reserved one is about.
SELECTIVE = ("commune", "type", "objet_type", "objet_id")


class EvenementSerializer(ReadSerializer):
    class Meta:
        model = Evenement
        fields = (
            "id",
            "epci",
            "numero",
            "survenu_at",
            "type",
            "commune",
            "objet_type",
            "objet_id",
            "libelle",
            "contenu",
        )
        descriptions = {
            "numero": "Numéro dans le journal de l'EPCI, sans trou : s'il se lit, les précédents aussi.",
            "survenu_at": "Instant du changement.",
            "type": "Genre de changement, pour un programme : `declaration.deposee`, `revue.tenue`… ; `reserve` pour ce que "
            "seuls les administrateurs lisent.",
            "commune": "Identifiant de la commune concernée ; `null` si c'est tout l'EPCI.",
            "objet_type": "Genre de l'objet changé, par exemple `revues.revue`.",
            "objet_id": "Identifiant de l'objet changé ; 0 s'il est réservé.",
            "libelle": "Le changement, en une phrase.",
            "contenu": "Le peu qu'un programme a besoin de savoir ; selon le type.",
        }

    def to_representation(self, instance: Evenement) -> dict[str, Any]:
        """A line about an account only holds its number, for who may not read it: numbers have no gap."""
        row: dict[str, Any] = super().to_representation(instance)
        if instance.is_account and instance.epci_id not in self.context["comptes_lus"]:
            row |= RESERVED
        return row


class EvenementFilter(django_filters.FilterSet):
    epci = id_filter("epci", "Identifiant de l'EPCI.")
    commune = id_filter("commune", "Identifiant de la commune.")
    type = django_filters.CharFilter(label="Genre de changement, par exemple `declaration.deposee`.")
    objet_type = django_filters.CharFilter(label="Genre de l'objet changé, par exemple `revues.revue`.")
    objet_id = id_filter("objet_id", "Identifiant de l'objet changé.")
    apres = number_filter(
        "numero",
        "Garde les événements dont le numéro est plus grand : le dernier que vous avez traité.",
        lookup="gt",
    )

    class Meta:
        model = Evenement
        fields = ("epci", "commune", "type", "objet_type", "objet_id", "apres")


class EvenementPages(CursorPages):
    """The order of the journal: by EPCI, then by number, without gap."""

    ordering = ("epci_id", "numero")


@extend_schema_view(
    **read_only_schema(
        "Événements", "Le journal : chaque changement est un événement, numéroté sans trou dans un EPCI."
    )
)
class EvenementViewSet(ReadViewSet):
    queryset = Evenement.objects.none()
    serializer_class = EvenementSerializer
    filterset_class = EvenementFilter
    pagination_class = EvenementPages

    def get_queryset(self) -> QuerySet[Evenement]:
        """The lines the account reads; those reserved to administrators too, masked, unless a filter chooses by content."""
        user = self.request.user
        chosen = any(self.request.query_params.get(name) for name in SELECTIVE)
        rows = Evenement.objects.visible_to(user)
        return rows if chosen else rows | Evenement.objects.reserved_in(user.acces.epcis_with(Role.SERVICE))

    def get_serializer_context(self) -> dict[str, Any]:
        readable = self.request.user.acces.epcis_with(Role.ADMINISTRATEUR)
        return {**super().get_serializer_context(), "comptes_lus": set(readable)}
