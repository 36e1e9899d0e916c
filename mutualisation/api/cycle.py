"""Cycles, read-only."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from mutualisation.models import Cycle
from socle.api import DroitsField, PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import id_filter, number_filter


class CycleSerializer(ReadSerializer):
    phase = serializers.ChoiceField(
        Cycle.Phase.choices, read_only=True, help_text="Où en est le cycle aujourd'hui, d'après ses dates."
    )
    page = PageField("mutualisation:cycle")
    droits = DroitsField()

    class Meta:
        model = Cycle
        fields = (
            "id",
            "epci",
            "annee",
            "phase",
            "ouverture_on",
            "declaration_debut_on",
            "declaration_fin_on",
            "evaluation_debut_on",
            "evaluation_fin_on",
            "point_arret_on",
            "votes_debut_on",
            "votes_fin_on",
            "effective_on",
            "ouvert_at",
            "clos_at",
            "page",
            "droits",
        )
        descriptions = {
            "annee": "Année d'effet : les choix entrent en vigueur le 1er janvier.",
            "ouverture_on": "Jour prévu pour l'ouverture du cycle.",
            "declaration_debut_on": "Premier jour des déclarations.",
            "declaration_fin_on": "Dernier jour des déclarations, compris.",
            "evaluation_debut_on": "Premier jour des évaluations préalables.",
            "evaluation_fin_on": "Dernier jour des évaluations préalables, compris.",
            "point_arret_on": "Point d'arrêt : les deux parties confirment.",
            "votes_debut_on": "Début des délibérations.",
            "votes_fin_on": "Fin des délibérations.",
            "effective_on": "Date d'effet.",
            "ouvert_at": "Quand le cycle a été ouvert ; `null` avant.",
            "clos_at": "Quand le cycle a été clos ; `null` avant.",
        }


class CycleFilter(django_filters.FilterSet):
    epci = id_filter("epci", "Identifiant de l'EPCI.")
    annee = number_filter("annee", "Année d'effet, par exemple 2028.", maximum=9999)

    class Meta:
        model = Cycle
        fields = ("epci", "annee")


@extend_schema_view(
    **read_only_schema("Cycles", "Les cycles annuels et leur calendrier ; la phase se calcule des dates.")
)
class CycleViewSet(ReadViewSet):
    queryset = Cycle.objects.none()
    serializer_class = CycleSerializer
    filterset_class = CycleFilter

    def get_queryset(self) -> QuerySet[Cycle]:
        return Cycle.objects.visible_to(self.request.user).select_related("epci")
