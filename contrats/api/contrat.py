"""Contracts, read-only."""

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from contrats.models import Contrat, Engagement, VersionContrat
from socle.api import DroitsField, PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet


class EngagementSerializer(ReadSerializer):
    domaine_code = serializers.CharField(source="domaine.code", read_only=True)

    class Meta:
        model = Engagement
        fields = (
            "id",
            "domaine",
            "domaine_code",
            "evaluation_prealable",
            "niveau_attendu",
            "horaires",
            "urgence_accuse_heures",
            "urgence_decision_heures",
            "exceptionnel_accuse_jours",
            "exceptionnel_decision_jours",
            "rythme",
        )
        descriptions = {
            "evaluation_prealable": "Le service rendu avant le partage.",
            "niveau_attendu": "Le niveau de service promis.",
            "horaires": "Horaires du service.",
            "urgence_accuse_heures": "Délai d'accusé d'une urgence, en heures.",
            "urgence_decision_heures": "Délai de décision d'une urgence, en heures.",
            "exceptionnel_accuse_jours": "Délai d'accusé d'une demande exceptionnelle, en jours ouvrés.",
            "exceptionnel_decision_jours": "Délai de décision d'une demande exceptionnelle, en jours ouvrés.",
            "rythme": "Rythme des revues de ce domaine.",
        }


class VersionSerializer(ReadSerializer):
    engagements = EngagementSerializer(source="engagements_visibles", many=True, read_only=True)
    droits = DroitsField()

    class Meta:
        model = VersionContrat
        fields = ("id", "numero", "reference", "etat", "effective_on", "engagements", "droits")
        descriptions = {
            "numero": "Numéro d'avenant ; 0 pour la version initiale.",
            "etat": "Où en est cette version.",
            "effective_on": "Jour où elle prend effet.",
            "engagements": "Ce qui est promis, pour chaque domaine que le compte peut voir.",
        }


class ContratSerializer(ReadSerializer):
    code_insee = serializers.CharField(source="commune.code_insee", read_only=True)
    versions = VersionSerializer(source="versions_ordonnees", many=True, read_only=True)
    page = PageField("contrats:contrat")

    class Meta:
        model = Contrat
        fields = ("id", "epci", "commune", "code_insee", "page", "versions")
        descriptions = {
            "versions": "La version initiale, puis les avenants.",
        }


class ContratFilter(CodesFilterSet):
    class Meta:
        model = Contrat
        fields = ("epci", "commune", "code_insee")


@extend_schema_view(
    **read_only_schema(
        "Contrats",
        "Le contrat d'engagement de chaque commune, ses versions, et les domaines que le compte peut voir.",
    )
)
class ContratViewSet(ReadViewSet):
    queryset = Contrat.objects.none()
    serializer_class = ContratSerializer
    filterset_class = ContratFilter

    def get_queryset(self) -> QuerySet[Contrat]:
        user = self.request.user
        seen = Engagement.objects.visible_to(user).select_related("domaine").order_by("domaine__ordre", "pk")
        versions = VersionContrat.objects.order_by("numero").prefetch_related(
            Prefetch("engagements", queryset=seen, to_attr="engagements_visibles")
        )
        return (
            Contrat.objects.visible_to(user)
            .select_related("commune")
            .prefetch_related(Prefetch("versions", queryset=versions, to_attr="versions_ordonnees"))
        )
