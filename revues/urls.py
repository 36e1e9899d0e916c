"""Addresses."""

from django.urls import path

from revues.views import compte_rendu, revue

app_name = "revues"
urlpatterns = [
    path("revues/", revue.revues, name="revues"),
    path("revues/tableau/", revue.tableau, name="tableau"),
    path("revues/<int:pk>/", revue.revue, name="revue"),
    path("revues/<int:pk>/compte-rendu/", compte_rendu.rediger, name="rediger"),
    path("revues/<int:pk>/compte-rendu/emettre/", compte_rendu.emettre, name="emettre"),
    path("revues/<int:pk>/non-tenue/", revue.non_tenue, name="non_tenue"),
    path("revues/<int:pk>/retablir/", revue.retablir, name="retablir"),
    path("comptes-rendus/<int:pk>.pdf", compte_rendu.compte_rendu_pdf, name="compte_rendu_pdf"),
]
