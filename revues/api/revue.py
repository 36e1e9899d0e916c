"""Reviews, read-only."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from revues.models import Revue
from socle.api import DroitsField, PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet, id_filter


class RevueSerializer(ReadSerializer):
    domaine_code = serializers.CharField(source="domaine.code", read_only=True, default=None, allow_null=True)
    code_insee = serializers.CharField(source="commune.code_insee", read_only=True)
    page = PageField("revues:revue")
    droits = DroitsField()

    class Meta:
        model = Revue
        fields = (
            "id",
            "epci",
            "commune",
            "code_insee",
            "type",
            "domaine",
            "domaine_code",
            "periode_on",
            "prevue_at",
            "lieu",
            "etat",
            "tenue_on",
            "page",
            "droits",
        )
        descriptions = {
            "type": "Revue mensuelle d'un domaine, ou revue semestrielle du contrat.",
            "domaine": "Identifiant du domaine ; `null` pour une revue de contrat.",
            "domaine_code": "Code du domaine, ou `null`.",
            "periode_on": "Premier jour du mois, ou du semestre, dont c'est la revue.",
            "prevue_at": "Instant prévu, avec son décalage horaire.",
            "lieu": "Où elle se tient.",
            "etat": "Prévue, tenue, ou non tenue.",
            "tenue_on": "Jour où elle s'est tenue ; `null` sinon.",
        }


class RevueFilter(CodesFilterSet):
    domaine = id_filter("domaine", "Identifiant du domaine.")
    type = django_filters.ChoiceFilter(choices=Revue.Type, label="Revue de domaine ou de contrat.")
    etat = django_filters.ChoiceFilter(choices=Revue.Etat, label="Prévue, tenue ou non tenue.")
    apres = django_filters.IsoDateTimeFilter(
        "prevue_at", "gte", label="Garde les revues prévues à partir de cet instant."
    )
    avant = django_filters.IsoDateTimeFilter(
        "prevue_at", "lt", label="Garde les revues prévues avant cet instant."
    )

    class Meta:
        model = Revue
        fields = ("epci", "commune", "code_insee", "domaine", "type", "etat", "apres", "avant")


@extend_schema_view(
    **read_only_schema("Revues", "Les revues de domaine et de contrat : prévues, tenues, non tenues.")
)
class RevueViewSet(ReadViewSet):
    queryset = Revue.objects.none()
    serializer_class = RevueSerializer
    filterset_class = RevueFilter

    def get_queryset(self) -> QuerySet[Revue]:
        rows = Revue.objects.visible_to(self.request.user).select_related("epci", "domaine", "commune")
        return rows.prefetch_related("commune__appartenances")  # with `epci`, read by abilities_for
