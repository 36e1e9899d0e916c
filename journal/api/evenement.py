"""The journal as a feed, read-only."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view

from journal.models import Evenement
from socle.api import ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import id_filter, number_filter
from socle.pagination import CursorPages


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
            "type": "Genre de changement, pour un programme : `declaration.deposee`, `revue.tenue`…",
            "commune": "Identifiant de la commune concernée ; `null` si c'est tout l'EPCI.",
            "objet_type": "Genre de l'objet changé, par exemple `revues.revue`.",
            "objet_id": "Identifiant de l'objet changé.",
            "libelle": "Le changement, en une phrase.",
            "contenu": "Le peu qu'un programme a besoin de savoir ; selon le type.",
        }


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
        return Evenement.objects.visible_to(self.request.user)
