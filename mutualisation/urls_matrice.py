"""Addresses of the matrix, the seats, the pôles and the teams."""

from django.urls import path

from mutualisation.views import (
    absence,
    appel,
    comparaison,
    equipe,
    evolution,
    matrice,
    pole,
    rejoindre,
    siege,
    vacance,
)

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
    path("referents/a-pourvoir/", vacance.sieges_a_pourvoir, name="sieges_a_pourvoir"),
    path("referents/<int:pk>/", siege.siege, name="siege"),
    path("referents/<int:pk>/contact.vcf", appel.siege_contact, name="siege_contact"),
    path("qui-appeler/", appel.appels, name="appels"),
    path("qui-appeler/contacts.vcf", appel.contacts, name="appels_contacts"),
    path("mes-absences/", absence.absences, name="absences"),
    path("mes-absences/<int:pk>/", absence.absence, name="absence"),
    path("mes-absences/<int:pk>/retirer/", absence.retirer, name="absence_retirer"),
    path("poles/", pole.poles, name="poles"),
    path("equipes/", equipe.equipes, name="equipes"),
    path("equipes/<int:pk>/", equipe.equipe, name="equipe"),
    path("equipes/<int:pk>/dissoudre/", equipe.dissoudre, name="equipe_dissoudre"),
]
