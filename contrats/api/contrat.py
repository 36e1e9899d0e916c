"""Contracts, read-only."""

from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from contrats.models import Contrat, Engagement, VersionContrat
from socle.api import DroitsField, PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet, day_filter


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
        fields = ("id", "numero", "reference", "etat", "objet", "effective_on", "engagements", "droits")
        descriptions = {
            "numero": "Numéro d'avenant ; 0 pour le contrat initial.",
            "etat": "Où en est cette version.",
            "objet": "Ce que change un avenant, en une phrase ; vide pour le contrat initial.",
            "effective_on": "Jour où elle prend effet.",
            "engagements": "Ce qui est promis, pour chaque domaine que le compte peut voir.",
        }


class ContratSerializer(ReadSerializer):
    code_insee = serializers.CharField(source="commune.code_insee", read_only=True)
    versions = VersionSerializer(source="versions_ordonnees", many=True, read_only=True)
    fin_nature = serializers.CharField(read_only=True)  # may be empty, unlike its choices
    page = PageField("contrats:contrat")

    class Meta:
        model = Contrat
        fields = ("id", "epci", "commune", "code_insee", "fin_nature", "fin_on", "page", "versions")
        descriptions = {
            "fin_nature": "Comment le contrat prend fin ; vide tant qu'il dure.",
            "fin_on": "Premier jour où il n'engage plus.",
            "versions": "Le contrat initial, puis les avenants.",
        }


class ContratFilter(CodesFilterSet):
    le = day_filter(
        "Jour demandé, par exemple 2029-03-01 : seules les versions qui comptent ce jour-là, la dernière s'applique.",
        method="read_on",
    )

    class Meta:
        model = Contrat
        fields = ("epci", "commune", "code_insee", "le")

    def read_on(self, rows: QuerySet[Contrat], name: str, value: date) -> QuerySet[Contrat]:
        """The same contracts, with the versions that say what is owed on a day."""
        versions = VersionContrat.objects.applicable(value).filter(effective_on__lte=value)
        return rows.prefetch_related(None).prefetch_related(_versions(self.request.user, versions))


def _versions(user: Any, rows: QuerySet[VersionContrat]) -> Prefetch:
    """Some versions, oldest first, each with the engagements that the user sees."""
    seen: Any = Engagement.objects.visible_to(user)
    fiches = seen.select_related("domaine").order_by("domaine__ordre", "pk")
    engagements = Prefetch("engagements", queryset=fiches, to_attr="engagements_visibles")
    return Prefetch(
        "versions",
        queryset=rows.order_by("numero", "pk").prefetch_related(engagements),
        to_attr="versions_ordonnees",
    )


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
        rows = Contrat.objects.visible_to(user).select_related("commune")
        return rows.prefetch_related(_versions(user, VersionContrat.objects.all()))
