"""Addresses."""

from django.urls import path

from contrats.views import circuit, contrat, engagement, verification

app_name = "contrats"
VERSION = "contrats/versions/<int:pk>/"
urlpatterns = [
    path("v/", verification.chercher, name="verifier_code"),
    path("v/<str:code>/", verification.verifier, name="verifier"),
    path("contrats/", contrat.contrats, name="contrats"),
    path("contrats/preparer/", contrat.preparer, name="preparer"),
    path("contrats/<int:pk>/", contrat.contrat, name="contrat"),
    path("contrats/versions/<int:pk>/projet.pdf", contrat.projet_pdf, name="projet_pdf"),
    path(f"{VERSION}circuit/", circuit.page, name="circuit"),
    path(f"{VERSION}circuit/agir/", circuit.agir, name="circuit_agir"),
    path(f"{VERSION}circuit/rouvrir/", circuit.rouvrir, name="circuit_rouvrir"),
    path(f"{VERSION}circuit/approuver/", circuit.approuver, name="circuit_approuver"),
    path(f"{VERSION}remarques/nouvelle/", circuit.remarquer, name="remarque_nouvelle"),
    path("contrats/remarques/<int:pk>/repondre/", circuit.repondre, name="remarque_repondre"),
    path("contrats/remarques/<int:pk>/clore/", circuit.clore, name="remarque_clore"),
    path(f"{VERSION}arrete.pdf", circuit.arrete_pdf, name="arrete_pdf"),
    path(f"{VERSION}a-signer.pdf", circuit.a_signer_pdf, name="a_signer_pdf"),
    path(f"{VERSION}preuve/", circuit.preuve, name="preuve"),
    path("engagements/<int:pk>/", engagement.engagement, name="engagement"),
    path("engagements/<int:pk>/modifier/", engagement.modifier, name="engagement_modifier"),
]
