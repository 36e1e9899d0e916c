"""Addresses of the sittings of the councils."""

from django.urls import path

from mutualisation.views import seance

urlpatterns = [
    path("seances/", seance.seances, name="seances"),
    path("seances/epci/", seance.seances_epci, name="seances_epci"),
    path("seances/communes/<int:pk>/", seance.seances_commune, name="seances_commune"),
]
