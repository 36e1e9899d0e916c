"""Addresses of the matrix, the catalogue, the seats, the pôles and the teams."""

from django.urls import path

from mutualisation.views import catalogue, equipe, matrice, pole, siege

urlpatterns = [
    path("qui-partage-quoi/", matrice.matrice, name="matrice"),
    path("qui-partage-quoi/liste/", matrice.liste, name="matrice_liste"),
    path("qui-partage-quoi/<int:commune>/<int:domaine>/", matrice.case, name="case"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("referents/", siege.sieges, name="sieges"),
    path("referents/nouveau/", siege.nouveau, name="siege_nouveau"),
    path("referents/<int:pk>/", siege.siege, name="siege"),
    path("poles/", pole.poles, name="poles"),
    path("equipes/", equipe.equipes, name="equipes"),
]
