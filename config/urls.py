"""Addresses of the whole house; each app names its own."""

from django.conf import settings
from django.urls import include, path

import comptes.urls
import journal.urls
from config import api, views

# One namespace for people and sign-in, although the pages of people stand on the floor of the journal.
COMPTES = [*comptes.urls.urlpatterns, *journal.urls.personnes]

urlpatterns = [
    path("", views.home, name="accueil"),
    path("sante/", views.health, name="sante"),
    path("", include((COMPTES, comptes.urls.app_name))),
    path("", include("journal.urls")),
    path("", include("mutualisation.urls")),
    path("", include("contrats.urls")),
    path("", include("revues.urls")),
    path("api/v1/", include((api.urlpatterns, "api"))),
]
if settings.DEMO:
    urlpatterns.append(path("demonstration/", include("demo.urls")))
handler400 = "comptes.views.erreurs.bad_request"
handler403 = "comptes.views.erreurs.forbidden"
