"""Addresses of the catalogue and of its editions."""

from django.urls import path

from mutualisation.views import activite, affiliation, bloc, catalogue, domaine, edition

EDITION = "catalogue/editions/<int:pk>/"
DOMAINE = f"{EDITION}domaines/<int:domaine>/"
ACTIVITE = f"{EDITION}activites/<int:activite>/"

urlpatterns = [
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/centre-de-gestion/", affiliation.affiliations, name="affiliations"),
    path("catalogue/editions/", edition.editions, name="editions"),
    path(EDITION, edition.edition, name="edition"),
    path(f"{EDITION}ce-qui-change/", edition.edition_ecarts, name="edition_ecarts"),
    path(f"{EDITION}geler/", edition.edition_geler, name="edition_geler"),
    path(f"{EDITION}premier-jour/", edition.edition_jour, name="edition_jour"),
    path(f"{EDITION}abandonner/", edition.edition_abandonner, name="edition_abandonner"),
    path(f"{EDITION}domaines/nouveau/", domaine.domaine_nouveau, name="domaine_nouveau"),
    path(DOMAINE, domaine.domaine, name="domaine"),
    path(f"{DOMAINE}place/", domaine.domaine_place, name="domaine_place"),
    path(f"{DOMAINE}retirer/", domaine.domaine_retirer, name="domaine_retirer"),
    path(f"{DOMAINE}retablir/", domaine.domaine_retablir, name="domaine_retablir"),
    path(f"{DOMAINE}activites/nouvelle/", activite.activite_nouvelle, name="activite_nouvelle"),
    path(f"{DOMAINE}blocs/nouveau/", bloc.bloc_nouveau, name="bloc_nouveau"),
    path(f"{EDITION}blocs/<int:bloc>/defaire/", bloc.bloc_defaire, name="bloc_defaire"),
    path(ACTIVITE, activite.activite, name="activite"),
    path(f"{ACTIVITE}place/", activite.activite_place, name="activite_place"),
    path(f"{ACTIVITE}retirer/", activite.activite_retirer, name="activite_retirer"),
    path(f"{ACTIVITE}retablir/", activite.activite_retablir, name="activite_retablir"),
    path(f"{ACTIVITE}scinder/", activite.activite_scinder, name="activite_scinder"),
    path(f"{ACTIVITE}fusionner/", activite.activite_fusionner, name="activite_fusionner"),
]
