"""Addresses."""

from django.urls import path

from contrats.views import contrat, engagement

app_name = "contrats"
urlpatterns = [
    path("contrats/", contrat.contrats, name="contrats"),
    path("contrats/preparer/", contrat.preparer, name="preparer"),
    path("contrats/<int:pk>/", contrat.contrat, name="contrat"),
    path("contrats/versions/<int:pk>/projet.pdf", contrat.projet_pdf, name="projet_pdf"),
    path("engagements/<int:pk>/", engagement.engagement, name="engagement"),
    path("engagements/<int:pk>/modifier/", engagement.modifier, name="engagement_modifier"),
]
