"""Addresses of the yearly cycle; those of the matrix, the catalogue and the seats are beside."""

from django.urls import path

from mutualisation import urls_matrice
from mutualisation.views import acte, campagne, cycle, declaration, instruction

app_name = "mutualisation"
urlpatterns = [
    path("declaration/", declaration.ma_declaration, name="ma_declaration"),
    path("declarations/<int:pk>/", declaration.declaration, name="declaration"),
    path("declarations/<int:pk>/relire/", declaration.declaration_relire, name="declaration_relire"),
    path("declarations/<int:pk>/deposer/", declaration.declaration_deposer, name="declaration_deposer"),
    path("declarations/<int:pk>/accuse.pdf", declaration.accuse, name="accuse"),
    path("campagne/", campagne.campagne, name="campagne"),
    path("cycles/nouveau/", cycle.cycle_nouveau, name="cycle_nouveau"),
    path("cycles/<int:pk>/", cycle.cycle, name="cycle"),
    path("cycles/<int:pk>/dates/", cycle.cycle_dates, name="cycle_dates"),
    path("cycles/<int:pk>/ouvrir/", cycle.cycle_ouvrir, name="cycle_ouvrir"),
    path("cycles/<int:pk>/clore/", cycle.cycle_clore, name="cycle_clore"),
    path("instruction/", instruction.instructions, name="instructions"),
    path("cycles/<int:pk>/instruction/", instruction.instruction, name="instruction"),
    path("lignes/<int:pk>/", instruction.ligne, name="ligne"),
    path("lignes/<int:pk>/date-d-effet/", instruction.ligne_dater, name="ligne_dater"),
    path("cycles/<int:pk>/actes/", acte.actes, name="actes"),
    path("cycles/<int:pk>/actes/nouveau/", acte.acte_nouveau, name="acte_nouveau"),
    *urls_matrice.urlpatterns,
]
