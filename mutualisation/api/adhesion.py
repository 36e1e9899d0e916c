"""Adhesions, read-only."""

from datetime import date

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from mutualisation.models import Adhesion
from socle.api import ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet, day_filter, id_filter


class AdhesionSerializer(ReadSerializer):
    activite_code = serializers.CharField(source="activite.code", read_only=True)
    code_insee = serializers.CharField(source="commune.code_insee", read_only=True)

    class Meta:
        model = Adhesion
        fields = (
            "id",
            "epci",
            "commune",
            "code_insee",
            "activite",
            "activite_code",
            "debut",
            "fin",
            "origine",
            "nature",
        )
        descriptions = {
            "debut": "Premier jour du partage.",
            "fin": "Jour qui suit le dernier jour du partage ; `null` tant qu'il dure.",
            "origine": "D'où vient ce choix.",
            "nature": "Façon de partager : `mutualisation`, `regularisation` ou `prestation` (servie sans adhésion).",
        }


class AdhesionFilter(CodesFilterSet):
    activite = id_filter("activite", "Identifiant de l'activité.")
    activite_code = django_filters.CharFilter(
        "activite__code", label="Code de l'activité, par exemple FIN-01."
    )
    nature = django_filters.ChoiceFilter(choices=Adhesion.Nature, label="Façon de partager.")
    le = day_filter("Garde les partages en vigueur ce jour-là.", method="in_force_on")

    class Meta:
        model = Adhesion
        fields = ("epci", "commune", "code_insee", "activite", "activite_code", "nature", "le")

    def in_force_on(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.on(value)


@extend_schema_view(
    **read_only_schema(
        "Adhésions", "Qui partage quoi : une période par commune et activité ; `fin` est exclue."
    )
)
class AdhesionViewSet(ReadViewSet):
    queryset = Adhesion.objects.none()
    serializer_class = AdhesionSerializer
    filterset_class = AdhesionFilter

    def get_queryset(self) -> QuerySet[Adhesion]:
        return Adhesion.objects.visible_to(self.request.user).select_related("activite", "commune")
