"""Addresses of the journal; and those of people, which carry the name of the floor below."""

from django.urls import path

from journal.views import compte, courriel, evenement, invitation, personne, tache, vue

app_name = "journal"
urlpatterns = [
    path("courriels/", courriel.index, name="courriels"),
    path("courriels/<int:pk>/", courriel.show, name="courriel"),
    path("courriels/<int:pk>/renvoyer/", courriel.resend, name="courriel_renvoyer"),
    path("taches/", tache.index, name="taches"),
    path("historique/<str:objet_type>/<int:objet_id>/", evenement.history, name="historique"),
]
# Included by config in the namespace `comptes`: these pages write mails and events, out of reach of comptes.
personnes = [
    path("invitation/<str:uidb64>/<str:token>/", invitation.Accept.as_view(), name="invitation"),
    path("mot-de-passe/", invitation.forgotten, name="mot_de_passe_oublie"),
    path("personnes/", personne.index, name="personnes"),
    path("personnes/nouvelle/", personne.create, name="personne_nouvelle"),
    path("personnes/<int:pk>/", personne.show, name="personne"),
    path("personnes/<int:pk>/corriger/", compte.correct, name="compte_corriger"),
    path("personnes/<int:pk>/fermer/", compte.close, name="compte_fermer"),
    path("personnes/<int:pk>/rouvrir/", compte.reopen, name="compte_rouvrir"),
    path("personnes/<int:pk>/habilitations/", personne.grant, name="habilitation_nouvelle"),
    path("personnes/<int:pk>/inviter/", personne.send_invitation, name="inviter"),
    path("habilitations/<int:pk>/fin/", personne.end, name="habilitation_fin"),
    path("vues/", vue.vue_nouvelle, name="vue_nouvelle"),
    path("vues/<int:pk>/supprimer/", vue.vue_supprimer, name="vue_supprimer"),
]
