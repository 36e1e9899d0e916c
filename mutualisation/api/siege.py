"""Seats and who holds them, read-only."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from mutualisation.models import Absence, Siege, Titulaire
from socle.api import PageField, ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import CodesFilterSet, day_filter, id_filter
from territoire.models import today_of


class TitulaireSerializer(ReadSerializer):
    """Who holds the seat on the day: a name and a duty number, never an account."""

    nom = serializers.CharField(source="__str__", read_only=True)
    fonction = serializers.SerializerMethodField()
    telephone = serializers.SerializerMethodField()
    joignable = serializers.SerializerMethodField()
    retour = serializers.SerializerMethodField()

    class Meta:
        model = Titulaire
        fields = ("rang", "nom", "fonction", "telephone", "joignable", "retour", "debut", "fin")
        descriptions = {
            "rang": "Titulaire, ou suppléant.",
            "nom": "Nom de la personne ou de l'équipe.",
            "fonction": "Fonction de la personne ; vide pour une équipe.",
            "telephone": "Téléphone de service, jamais un numéro personnel ; vide s'il n'est pas connu.",
            "joignable": "Faux pour une personne absente ce jour-là ou dont le compte est fermé ; toujours vrai pour une équipe.",
            "retour": "Premier jour où la personne absente répond de nouveau ; `null` si elle est là ou si son retour "
            "n'est pas connu.",
            "debut": "Premier jour.",
            "fin": "Jour qui suit le dernier ; `null` si aucune fin n'est prévue.",
        }

    def get_fonction(self, titulaire: Titulaire) -> str:
        return titulaire.personne.fonction if titulaire.personne else ""

    def get_telephone(self, titulaire: Titulaire) -> str:
        holder: Any = titulaire.personne or titulaire.equipe
        telephone: str = holder.telephone
        return telephone

    def get_joignable(self, titulaire: Titulaire) -> bool:
        person = titulaire.personne
        return person is None or (person.is_active and _absence(titulaire) is None)

    def get_retour(self, titulaire: Titulaire) -> date | None:
        absence = _absence(titulaire)
        return absence.fin if absence else None


def _absence(titulaire: Titulaire) -> Absence | None:
    """The absence, on the day asked for, of who holds a seat; never why."""
    person: Any = titulaire.personne
    found = person.absences_du_jour if person else ()
    return next((one for one in found if one.epci_id == titulaire.siege.epci_id), None)


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
            "titulaires": "Qui tient le siège aujourd'hui, ou le jour demandé (`le`), le titulaire d'abord ; vide si personne.",
        }


class SiegeFilter(CodesFilterSet):
    cote = django_filters.ChoiceFilter(choices=Siege.Cote, label="Le côté : commune ou EPCI.")
    domaine = id_filter("domaine", "Identifiant du domaine.")
    domaine_code = django_filters.CharFilter("domaine__code", label="Code du domaine, par exemple FIN.")
    le = day_filter("Jour demandé, par exemple 2027-03-01 ; aujourd'hui sans ce paramètre.", method="held_on")

    class Meta:
        model = Siege
        fields = ("epci", "cote", "domaine", "domaine_code", "commune", "code_insee", "le")

    def held_on(self, rows: QuerySet[Siege], name: str, value: date) -> QuerySet[Siege]:
        """The same seats, with who holds them on a day."""
        return rows.prefetch_related(None).prefetch_related(_holders(value, value))


def _holders(held_on: Any, absent_on: Any) -> Prefetch:
    """Who holds each seat on a day, a date or an expression of the row."""
    away = Prefetch(
        "personne__absences",
        queryset=Absence.objects.on(absent_on).order_by("pk"),
        to_attr="absences_du_jour",
    )
    rows = Titulaire.objects.on(held_on).select_related("siege", "personne", "equipe").prefetch_related(away)
    return Prefetch("titulaires", queryset=rows.order_by("-rang", "pk"), to_attr="titulaires_du_jour")


@extend_schema_view(
    **read_only_schema("Sièges", "Qui répond d'un domaine, de chaque côté, aujourd'hui ou un autre jour.")
)
class SiegeViewSet(ReadViewSet):
    queryset = Siege.objects.none()
    serializer_class = SiegeSerializer
    filterset_class = SiegeFilter

    def get_queryset(self) -> QuerySet[Siege]:
        rows = Siege.objects.visible_to(self.request.user).select_related("domaine", "commune")
        return rows.prefetch_related(_holders(today_of("siege__epci"), today_of("epci")))
