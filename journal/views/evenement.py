"""The history of an object."""

from typing import Any

from django.apps import apps
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from journal.details import told
from journal.models import Evenement
from socle import registres

PER_PAGE = 50


@require_safe
def history(request: HttpRequest, objet_type: str, objet_id: int) -> HttpResponse:
    """What happened to an object, latest first, as far as the reader may know.

    404 when nothing did, unless the reader may see the object itself: pages lead here before its first event.
    """
    model = _model(objet_type)
    rows = Evenement.objects.visible_to(request.user).filter(
        objet_type=model._meta.label_lower, objet_id=objet_id
    )
    page = Paginator(
        rows.select_related("acteur", "detail").order_by("-survenu_at", "-numero"), PER_PAGE
    ).get_page(request.GET.get("page"))
    obj = _visible(model, request.user).filter(pk=objet_id).first()
    if not (obj or page.paginator.count):
        raise Http404
    url = _page_of(model, obj)
    request.vu_de = url  # the menu shows where the object is
    context = {
        "objet": _name(model, obj),
        "etapes": [{"libelle": capfirst(str(obj)), "url": url}] if url else [],
        "lignes": _lines(model, list(page), request.user),
        "page": page,
    }
    return render(request, "journal/evenement/historique.html", context)


def _model(label: str) -> type[Model]:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise Http404 from error


def _name(model: type[Model], obj: Model | None) -> str:
    """The object by its name and kind when the reader may see it, else by its kind."""
    kind = str(model._meta.verbose_name)
    return f"{obj} ({kind})" if obj else kind


def _page_of(model: type[Model], obj: Model | None) -> str:
    """The page of an object that the reader may see; empty when it has none."""
    label = model._meta.label_lower
    return registres.pages.get(label)(obj) if obj and label in registres.pages else ""


def _visible(model: type[Model], user: Any) -> Any:
    """Rows of the kind that the reader may see; none for a kind without rule of its own."""
    if model is Personne:
        return Personne.objects.in_epcis(user.acces.epcis_with(Role.ADMINISTRATEUR))
    manager: Any = model._default_manager
    return manager.visible_to(user) if hasattr(manager, "visible_to") else manager.none()


def _lines(model: type[Model], evenements: list[Evenement], user: Any) -> list[dict[str, Any]]:
    """Lines of the component; before and after only for who sees the whole of the commune or of the EPCI."""
    ids = [evenement.pk for evenement in evenements]
    whole = set(Evenement.objects.filter(of_commune(user), pk__in=ids).values_list("pk", flat=True))
    return [
        {
            "quand": evenement.survenu_at,
            "quoi": evenement.libelle,
            "qui": _who(evenement),
            "detail": _detail(model, evenement) if evenement.pk in whole else "",
        }
        for evenement in evenements
    ]


def _who(evenement: Evenement) -> str:
    if evenement.acteur is None:
        return ""
    return f"{evenement.acteur}, {evenement.qualite}" if evenement.qualite else str(evenement.acteur)


def _detail(model: type[Model], evenement: Evenement) -> str:
    detail = getattr(evenement, "detail", None)  # may have been purged
    return "\n".join(told(model, detail.contenu)) if detail else ""
