"""Addresses of the yearly cycle; those of the matrix, the catalogue and the seats are beside."""

from django.urls import path

from mutualisation import (
    urls_actes,
    urls_catalogue,
    urls_instruction,
    urls_matrice,
    urls_reprise,
    urls_seances,
)
from mutualisation.views import campagne, cycle, declaration, mouvement, reglage, visa

app_name = "mutualisation"
urlpatterns = [
    path("declaration/", declaration.ma_declaration, name="ma_declaration"),
    path("declarations/<int:pk>/", declaration.declaration, name="declaration"),
    path("declarations/<int:pk>/relire/", declaration.declaration_relire, name="declaration_relire"),
    path("declarations/<int:pk>/deposer/", declaration.declaration_deposer, name="declaration_deposer"),
    path("declarations/<int:pk>/retirer/", declaration.declaration_retirer, name="declaration_retirer"),
    path("declarations/<int:pk>/accuse.pdf", declaration.accuse, name="accuse"),
    path("declarations/<int:pk>/accuses/<int:numero>.pdf", declaration.ancien_accuse, name="ancien_accuse"),
    path("declarations/<int:pk>/visa/", visa.visa, name="visa"),
    path("declarations/<int:pk>/visa/demander/", visa.visa_demander, name="visa_demander"),
    path("declarations/<int:pk>/lettre/", visa.lettre, name="lettre"),
    path("declarations/<int:pk>/delai/", campagne.declaration_delai, name="declaration_delai"),
    path("campagne/", campagne.campagne, name="campagne"),
    path("reglages/", reglage.reglages, name="reglages"),
    path("communes/evolution/", mouvement.mouvements, name="mouvements"),
    path("communes/evolution/comparer/", mouvement.mouvements_comparer, name="mouvements_comparer"),
    path("cycles/<int:pk>/relancer/", campagne.cycle_relancer, name="cycle_relancer"),
    path("cycles/nouveau/", cycle.cycle_nouveau, name="cycle_nouveau"),
    path("cycles/<int:pk>/", cycle.cycle, name="cycle"),
    path("cycles/<int:pk>/dates/", cycle.cycle_dates, name="cycle_dates"),
    path("cycles/<int:pk>/ouvrir/", cycle.cycle_ouvrir, name="cycle_ouvrir"),
    path("cycles/<int:pk>/clore/", cycle.cycle_clore, name="cycle_clore"),
    *urls_actes.urlpatterns,
    *urls_instruction.urlpatterns,
    *urls_catalogue.urlpatterns,
    *urls_matrice.urlpatterns,
    *urls_reprise.urlpatterns,
    *urls_seances.urlpatterns,
]
