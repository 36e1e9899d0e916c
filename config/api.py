"""The API of the intranet: one read-only router, filled from each floor."""

from typing import Any

from django.urls import path, re_path
from django.views.decorators.cache import cache_page
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from contrats.api.contrat import ContratViewSet
from journal.api.evenement import EvenementViewSet
from mutualisation.api.adhesion import AdhesionViewSet
from mutualisation.api.catalogue import ActiviteViewSet, DomaineViewSet
from mutualisation.api.cycle import CycleViewSet
from mutualisation.api.siege import SiegeViewSet
from revues.api.revue import RevueViewSet
from territoire.api.territoire import CommuneViewSet, EpciViewSet

HOUR = 3600
RESOURCES = {
    "epcis": EpciViewSet,
    "communes": CommuneViewSet,
    "domaines": DomaineViewSet,
    "activites": ActiviteViewSet,
    "cycles": CycleViewSet,
    "adhesions": AdhesionViewSet,
    "contrats": ContratViewSet,
    "sieges": SiegeViewSet,
    "revues": RevueViewSet,
    "evenements": EvenementViewSet,
}


@extend_schema(exclude=True)
class UnknownAddress(APIView):
    """An address the API does not have: told like its other errors, not by the page of the site."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    """The OpenAPI schema, under a file name a header may hold: the library takes it from the title, which has an accent."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)
        response["Content-Disposition"] = f'inline; filename="openapi.{request.accepted_renderer.format}"'
        return response


router = SimpleRouter()
for name, viewset in RESOURCES.items():
    router.register(name, viewset, basename=name)

urlpatterns = [
    *router.urls,
    # Open to all and slow to make, but the same as long as the process lives.
    path("schema/", cache_page(HOUR)(SchemaView.as_view()), name="schema"),
    re_path(r"^(?:.*/)?$", UnknownAddress.as_view(), name="inconnue"),
]
