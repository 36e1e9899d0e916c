"""Seats and who holds them, read-only."""

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from mutualisation.models import Siege, Titulaire
from socle.api import PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet, id_filter
from territoire.models import today_of


class TitulaireSerializer(ReadSerializer):
    """Who holds the seat today: a name and a duty number, never an account."""

    nom = serializers.CharField(source="__str__", read_only=True)
    fonction = serializers.SerializerMethodField()
    telephone = serializers.SerializerMethodField()

    class Meta:
        model = Titulaire
        fields = ("rang", "nom", "fonction", "telephone", "debut", "fin")
        descriptions = {
            "rang": "Titulaire, ou suppléant.",
            "nom": "Nom de la personne ou de l'équipe.",
            "fonction": "Fonction de la personne ; vide pour une équipe.",
            "telephone": "Téléphone de service, jamais un numéro personnel ; vide s'il n'est pas connu.",
            "debut": "Premier jour.",
            "fin": "Jour qui suit le dernier ; `null` si aucune fin n'est prévue.",
        }

    def get_fonction(self, titulaire: Titulaire) -> str:
        return titulaire.personne.fonction if titulaire.personne else ""

    def get_telephone(self, titulaire: Titulaire) -> str:
        holder: Any = titulaire.personne or titulaire.equipe
        telephone: str = holder.telephone
        return telephone


class SiegeSerializer(ReadSerializer):
    domaine_code = serializers.CharField(source="domaine.code", read_only=True)
    code_insee = serializers.CharField(
        source="commune.code_insee", read_only=True, default=None, allow_null=True
    )
    titulaires = TitulaireSerializer(source="titulaires_du_jour", many=True, read_only=True)
    page = PageField("mutualisation:siege")

    class Meta:
        model = Siege
        fields = (
            "id",
            "epci",
            "cote",
            "domaine",
            "domaine_code",
            "commune",
            "code_insee",
            "pole",
            "titulaires",
            "page",
        )
        descriptions = {
            "cote": "La commune (référent communal) ou l'EPCI (responsable de service commun).",
            "commune": "Identifiant de la commune ; `null` si le siège en couvre plusieurs.",
            "code_insee": "Code INSEE actuel de la commune, ou `null`.",
            "pole": "Identifiant du pôle territorial couvert ; `null` pour une commune ou tout l'EPCI.",
            "titulaires": "Qui tient le siège aujourd'hui, le titulaire d'abord ; vide si personne.",
        }


class SiegeFilter(CodesFilterSet):
    cote = django_filters.ChoiceFilter(choices=Siege.Cote, label="Le côté : commune ou EPCI.")
    domaine = id_filter("domaine", "Identifiant du domaine.")
    domaine_code = django_filters.CharFilter("domaine__code", label="Code du domaine, par exemple FIN.")

    class Meta:
        model = Siege
        fields = ("epci", "cote", "domaine", "domaine_code", "commune", "code_insee")


@extend_schema_view(**read_only_schema("Sièges", "Qui répond d'un domaine, de chaque côté, aujourd'hui."))
class SiegeViewSet(ReadViewSet):
    queryset = Siege.objects.none()
    serializer_class = SiegeSerializer
    filterset_class = SiegeFilter

    def get_queryset(self) -> QuerySet[Siege]:
        present = Titulaire.objects.on(today_of("siege__epci"))
        holders = present.select_related("personne", "equipe").order_by("-rang", "pk")
        rows = Siege.objects.visible_to(self.request.user).select_related("domaine", "commune")
        return rows.prefetch_related(Prefetch("titulaires", queryset=holders, to_attr="titulaires_du_jour"))
