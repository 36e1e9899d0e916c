"""EPCI and communes, read-only."""

from datetime import date

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view

from socle.api import ReadSerializer, ReadViewSet, read_only_schema
from socle.filtres import day_filter, id_filter
from territoire.models import Appartenance, Commune, Epci


class EpciSerializer(ReadSerializer):
    class Meta:
        model = Epci
        fields = ("id", "siren", "nom", "type", "fuseau")
        descriptions = {
            "type": "Nature juridique.",
            "fuseau": "Fuseau horaire : les jours de cet EPCI commencent à son minuit.",
        }


class CommuneSerializer(ReadSerializer):
    class Meta:
        model = Commune
        fields = ("id", "nom", "code_insee", "siren", "population")
        descriptions = {
            "nom": "Nom actuel.",
            "code_insee": "Code INSEE actuel ; il peut changer, et être partagé avec une commune déléguée.",
            "siren": "SIREN actuel.",
            "population": "Population de la source officielle la plus récente chargée.",
        }


class CommuneFilter(django_filters.FilterSet):
    epci = id_filter("appartenances__epci", "Identifiant de l'EPCI dont la commune est ou a été membre.")
    le = day_filter("Garde les communes membres ce jour-là.", method="members_on")
    code_insee = django_filters.CharFilter(label="Code INSEE actuel, par exemple 33281.")
    siren = django_filters.CharFilter(label="SIREN actuel de la commune.")

    class Meta:
        model = Commune
        fields = ("epci", "le", "code_insee", "siren")

    def members_on(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        members = Appartenance.objects.on(value).filter(epci__in=self.request.user.acces.epcis)
        if self.form.cleaned_data["epci"]:
            members = members.filter(epci=self.form.cleaned_data["epci"])
        return queryset.filter(pk__in=members.values("commune"))


@extend_schema_view(**read_only_schema("EPCI", "Les EPCI dans lesquels le compte a un titre."))
class EpciViewSet(ReadViewSet):
    queryset = Epci.objects.none()
    serializer_class = EpciSerializer

    def get_queryset(self) -> QuerySet[Epci]:
        return Epci.objects.visible_to(self.request.user)


@extend_schema_view(
    **read_only_schema(
        "Communes", "Les communes membres, ou qui l'ont été, avec leur nom et leurs codes actuels."
    )
)
class CommuneViewSet(ReadViewSet):
    queryset = Commune.objects.none()
    serializer_class = CommuneSerializer
    filterset_class = CommuneFilter

    def get_queryset(self) -> QuerySet[Commune]:
        return Commune.objects.visible_to(self.request.user)
