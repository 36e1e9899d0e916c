"""Addresses of the whole house; each app names its own."""

from django.conf import settings
from django.urls import include, path

from config import api

urlpatterns = [
    path("", include("comptes.urls")),
    path("", include("journal.urls")),
    path("", include("mutualisation.urls")),
    path("", include("contrats.urls")),
    path("", include("revues.urls")),
    path("api/v1/", include((api.urlpatterns, "api"))),
]
if settings.DEMO:
    urlpatterns.append(path("demonstration/", include("demo.urls")))
handler403 = "comptes.views.erreurs.forbidden"
