"""What every filtered list shares: its page, its filters in an address, its export as a sheet."""

from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.http import HttpRequest

from socle.tableur import FORMATS

PAR_PAGE = 50


def asked_format(request: HttpRequest) -> str:
    """The format of a sheet that the address asks for (`format`), one of FORMATS; "" for a page."""
    wanted = request.GET.get("format", "")
    return wanted if wanted in FORMATS else ""


def query_of(request: HttpRequest) -> str:
    """The filters of the address, to add a page, ticks or the format of an export to."""
    query = request.GET.copy()
    for name in ("format", "page", "cocher"):
        query.pop(name, None)
    return query.urlencode()


def listed(request: HttpRequest, filtre: django_filters.FilterSet) -> dict[str, Any]:
    """What the template of a filtered list needs: the filters, the page asked for, the filters as a query."""
    page = Paginator(filtre.qs, PAR_PAGE).get_page(request.GET.get("page"))
    return {"filtre": filtre, "page": page, "requete": query_of(request)}
