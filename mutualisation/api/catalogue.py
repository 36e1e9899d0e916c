"""Domains and activities, read-only."""

from typing import Any

import django_filters
from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from mutualisation.models import Activite, ActiviteVersion, Domaine
from socle.api import ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import id_filter
from territoire.models import today_of


class DomaineSerializer(ReadSerializer):
    class Meta:
        model = Domaine
        fields = ("id", "epci", "code", "libelle", "libelle_court", "ordre")
        descriptions = {
            "code": "Code du domaine dans le catalogue de l'EPCI.",
            "libelle": "Libellé actuel.",
            "libelle_court": "Libellé actuel, pour un en-tête de colonne.",
            "ordre": "Rang dans le catalogue.",
        }


class ActiviteSerializer(ReadSerializer):
    domaine = serializers.IntegerField(source="domaine_actuel", read_only=True, allow_null=True)
    domaine_code = serializers.CharField(source="domaine_actuel_code", read_only=True, allow_null=True)

    class Meta:
        model = Activite
        fields = ("id", "epci", "code", "libelle", "domaine", "domaine_code")
        descriptions = {
            "code": "Code de l'activité dans le catalogue de l'EPCI.",
            "libelle": "Libellé actuel.",
            "domaine": "Identifiant du domaine où l'édition en vigueur du catalogue range l'activité, "
            "ou celle qui l'y rangeait en dernier ; `null` avant la première.",
            "domaine_code": "Code de ce domaine.",
        }


class DomaineFilter(django_filters.FilterSet):
    epci = id_filter("epci", "Identifiant de l'EPCI.")
    code = django_filters.CharFilter(label="Code du domaine, par exemple FIN.")

    class Meta:
        model = Domaine
        fields = ("epci", "code")


class ActiviteFilter(django_filters.FilterSet):
    epci = id_filter("epci", "Identifiant de l'EPCI.")
    code = django_filters.CharFilter(label="Code de l'activité, par exemple FIN-01.")
    domaine = id_filter("domaine_actuel", "Identifiant du domaine actuel.")

    class Meta:
        model = Activite
        fields = ("epci", "code", "domaine")


@extend_schema_view(
    **read_only_schema("Domaines", "Les domaines proposés au partage, sous leur libellé actuel.")
)
class DomaineViewSet(ReadViewSet):
    queryset = Domaine.objects.none()
    serializer_class = DomaineSerializer
    filterset_class = DomaineFilter

    def get_queryset(self) -> QuerySet[Domaine]:
        return Domaine.objects.visible_to(self.request.user)


@extend_schema_view(
    **read_only_schema("Activités", "Les activités des domaines : l'unité de choix d'une commune.")
)
class ActiviteViewSet(ReadViewSet):
    queryset = Activite.objects.none()
    serializer_class = ActiviteSerializer
    filterset_class = ActiviteFilter

    def get_queryset(self) -> QuerySet[Activite]:
        begun = ActiviteVersion.objects.filter(
            activite=OuterRef("pk"),
            catalogue__gele_at__isnull=False,
            catalogue__effective_on__lte=today_of("catalogue__epci"),
        ).order_by("-catalogue__effective_on")
        rows: Any = Activite.objects.visible_to(self.request.user)
        return rows.annotate(
            domaine_actuel=Subquery(begun.values("domaine")[:1]),
            domaine_actuel_code=Subquery(begun.values("domaine__code")[:1]),
        )
