"""Addresses of sign-in; those of people stand one floor up (journal.urls.personnes) under the same name."""

from django.urls import path

from comptes.views import connexion, contexte, reprise, theme

app_name = "comptes"
urlpatterns = [
    path("connexion/", connexion.SignIn.as_view(), name="connexion"),
    path("deconnexion/", connexion.sign_out, name="deconnexion"),
    path("reprendre/", reprise.resume, name="reprendre"),
    path("contexte/", contexte.change, name="changer_contexte"),
    path("theme/<int:pk>.css", theme.stylesheet, name="theme"),
]
