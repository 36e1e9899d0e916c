"""Addresses of the first steps of an EPCI, and of taking over what exists."""

from django.urls import path

from mutualisation.views import jour_ferie, premiers_pas, reprise

urlpatterns = [
    path("premiers-pas/", premiers_pas.premiers_pas, name="premiers_pas"),
    path("jours-feries/", jour_ferie.jours_feries, name="jours_feries"),
    path("reprise/", reprise.reprises, name="reprises"),
    path("reprise/modele/<str:type>/", reprise.modele, name="reprise_modele"),
    path("reprise/<int:pk>/", reprise.reprise, name="reprise"),
    path("reprise/<int:pk>/fichier/", reprise.fichier, name="reprise_fichier"),
    path("reprise/<int:pk>/confirmer/", reprise.confirmer, name="reprise_confirmer"),
    path("reprise/<int:pk>/inviter/", reprise.inviter, name="reprise_inviter"),
    path("reprise/<int:pk>/annuler/", reprise.annuler, name="reprise_annuler"),
]
