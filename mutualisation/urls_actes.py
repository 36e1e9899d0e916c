"""Addresses of the acts, the opinions and the conventions."""

from django.urls import path

from mutualisation.views import acte, avis, convention, suivi

urlpatterns = [
    path("cycles/<int:pk>/actes/", acte.actes, name="actes"),
    path("cycles/<int:pk>/actes/nouveau/", acte.acte_nouveau, name="acte_nouveau"),
    path("cycles/<int:pk>/actes/enregistres/", acte.actes_enregistres, name="actes_enregistres"),
    path("actes/<int:pk>/", acte.acte, name="acte"),
    path("actes/<int:pk>/annuler/", acte.acte_annuler, name="acte_annuler"),
    path("actes/<int:pk>/fichier/", acte.acte_fichier, name="acte_fichier"),
    path("cycles/<int:pk>/avis/", avis.avis_enregistres, name="avis_enregistres"),
    path("cycles/<int:pk>/avis/nouveau/", avis.avis_nouveau, name="avis_nouveau"),
    path("avis/<int:pk>/", avis.avis, name="avis"),
    path("avis/<int:pk>/annuler/", avis.avis_annuler, name="avis_annuler"),
    path("avis/<int:pk>/fichier/", avis.avis_fichier, name="avis_fichier"),
    path("conventions/", convention.conventions, name="conventions"),
    path(
        "cycles/<int:pk>/conventions/preparer/", convention.conventions_preparer, name="conventions_preparer"
    ),
    path("conventions/<int:pk>/", convention.convention, name="convention"),
    path(
        "conventions/<int:pk>/fichiers/",
        convention.convention_piece_nouvelle,
        name="convention_piece_nouvelle",
    ),
    path("conventions/fichiers/<int:pk>/", convention.convention_piece, name="convention_piece"),
    path(
        "conventions/fichiers/<int:pk>/retirer/",
        convention.convention_piece_retirer,
        name="convention_piece_retirer",
    ),
    path("declarations/<int:pk>/suivi/", suivi.suivi, name="suivi"),
    path("declarations/<int:pk>/suivi/dater/", suivi.suivi_dater, name="suivi_dater"),
    path("declarations/<int:pk>/suivi/compensation/", suivi.suivi_ac, name="suivi_ac"),
]
