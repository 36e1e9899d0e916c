"""Addresses of the matrix, the seats, the pôles and the teams."""

from django.urls import path

from mutualisation.views import comparaison, equipe, evolution, matrice, pole, rejoindre, siege

urlpatterns = [
    path("qui-partage-quoi/", matrice.matrice, name="matrice"),
    path("qui-partage-quoi/liste/", matrice.liste, name="matrice_liste"),
    path("qui-partage-quoi/comparaison/", comparaison.comparaison, name="comparaison"),
    path("qui-partage-quoi/comparaison/liste/", comparaison.comparaison_liste, name="comparaison_liste"),
    path("qui-partage-quoi/evolution/", evolution.evolution, name="evolution"),
    path("qui-partage-quoi/rejoindre/", rejoindre.rejoindre, name="rejoindre"),
    path("qui-partage-quoi/<int:commune>/<int:domaine>/", matrice.case, name="case"),
    path("referents/", siege.sieges, name="sieges"),
    path("referents/nouveau/", siege.nouveau, name="siege_nouveau"),
    path("referents/<int:pk>/", siege.siege, name="siege"),
    path("poles/", pole.poles, name="poles"),
    path("equipes/", equipe.equipes, name="equipes"),
    path("equipes/<int:pk>/", equipe.equipe, name="equipe"),
    path("equipes/<int:pk>/dissoudre/", equipe.dissoudre, name="equipe_dissoudre"),
]
