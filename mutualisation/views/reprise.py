"""Taking over what exists: sheets to download, to deposit, to verify, to confirm and to undo."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.contexte import person
from documents.views.piece import serve_piece
from journal.models import Tache
from mutualisation.forms.reprise import RepriseForm
from mutualisation.models import Reprise
from mutualisation.reprise.existant import rows_of
from mutualisation.reprise.modele import build_book, choices_of, example, headings
from mutualisation.reprise.phrases import details, figures, kind, state
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import tell
from mutualisation.workflows.reprise import (
    TACHE_REPRISE,
    cancel,
    confirm,
    deposit,
    invite_people,
    to_invite,
)
from mutualisation.workflows.reprise_retrait import preview
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.tableur import XLSX, Tableau, Valeur, csv_response, table_response
from socle.typographie import plural
from territoire.models import Epci

PAR_PAGE = 20
GARDEES_MONTREES = 50
LOURDS = ("plan", "creations", "erreurs", "avertissements")


@dataclass(frozen=True)
class Fiche:
    """A kind of sheet on the page: what it is for, its form when the person may deposit one."""

    type: str
    titre: str
    usage: str
    form: RepriseForm | None
    url: str
    par: str


@require_http_methods(["GET", "HEAD", "POST"])
def reprises(request: HttpRequest) -> HttpResponse:
    """The sheets to download and to deposit, by kind, and what became of those already deposited."""
    epci = current_epci(request)
    allowed = _allowed(request, epci)
    if not allowed:
        raise ActionInterdite(Reprise.QUI_PEUT["deposer"])
    sent = None
    if wanted := asked_format(request):
        return table_response(_list(request, epci), wanted)
    if request.method == "POST":
        sent = _sent(request, epci)
        done = _deposit(request, epci, sent)
        if done:
            return redirect("mutualisation:reprise", pk=done.pk)
    return _show(request, epci, allowed, sent)


def _allowed(request: HttpRequest, epci: Epci) -> list[str]:
    """The kinds of sheets that the person may deposit."""
    return [
        type
        for type in Reprise.Type.values
        if Reprise(epci=epci, type=type).abilities_for(request.user)["deposer"]
    ]


def _sent(request: HttpRequest, epci: Epci) -> RepriseForm:
    """The form sent. Raises ActionInterdite for a kind the person may not deposit, 404 for an unknown one."""
    type = request.POST.get("type", "")
    if type not in Reprise.Type.values:
        raise Http404
    require(Reprise(epci=epci, type=type), request.user, "deposer")
    return RepriseForm(request.POST, request.FILES, type=type)


def _deposit(request: HttpRequest, epci: Epci, form: RepriseForm) -> Reprise | None:
    if not form.is_valid():
        return None
    try:
        return deposit(
            epci=epci, type=form.type, acteur=person(request), fichier=form.cleaned_data["fichier"]
        )
    except Refus as refus:
        tell(form, refus)
        return None


def _show(request: HttpRequest, epci: Epci, allowed: list[str], sent: RepriseForm | None) -> HttpResponse:
    page = Paginator(_rows(request, epci), PAR_PAGE).get_page(request.GET.get("page"))
    context = {
        "epci": epci,
        "fiches": [_card(type, allowed, sent) for type in Reprise.Type.values],
        "sent": sent,
        "page": page,
        "deposees": [(row, state(row)) for row in page],
    }
    return render(request, "mutualisation/reprise/reprises.html", context, status=422 if sent else 200)


def _rows(request: HttpRequest, epci: Epci) -> Any:
    rows = Reprise.objects.visible_to(request.user).filter(epci=epci).defer(*LOURDS)
    return rows.select_related("piece", "deposee_par")


def _list(request: HttpRequest, epci: Epci) -> Tableau:
    lines = [_line(row, epci) for row in _rows(request, epci)]
    entete = ("Feuille", "Contenu", "Déposée le", "Par", "Lignes", "État")
    return Tableau("reprises", f"Feuilles déposées, {epci}", entete, lines, "Reprises")


def _line(row: Reprise, epci: Epci) -> tuple[Valeur, ...]:
    day = horloge.local(row.deposee_at, epci.fuseau).date()
    return (row.piece.nom, row.get_type_display(), day, str(row.deposee_par), row.lignes, state(row)[1])


def _card(type: str, allowed: list[str], sent: RepriseForm | None) -> Fiche:
    form = None
    if type in allowed:
        form = sent if sent and sent.type == type else RepriseForm(type=type)
    titre, usage = kind(type)
    par = " ou ".join(str(role.label) for role in Reprise.ROLES[type])
    return Fiche(type, titre, usage, form, reverse("mutualisation:reprise_modele", args=[type]), par)


@require_safe
def modele(request: HttpRequest, type: str) -> HttpResponse:
    """The sheet to fill in, or with `existant=1` what exists in the same columns; XLSX, or CSV with `format=csv`."""
    epci = current_epci(request)
    if type not in Reprise.Type.values:
        raise Http404
    require(Reprise(epci=epci, type=type), request.user, "deposer")
    existing = request.GET.get("existant") == "1"
    rows = rows_of(epci, type) if existing else None
    name = f"{type}-{'existant' if existing else 'modele'}-{epci.siren}"
    if request.GET.get("format") == "csv":
        shown = rows if rows is not None else [example(type, choices_of(epci))]
        return csv_response(f"{name}.csv", headings(type), shown)
    return _download(f"{name}.xlsx", build_book(epci, type, rows))


def _download(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _get(request: HttpRequest, pk: int) -> Reprise:
    rows = Reprise.objects.visible_to(request.user).filter(epci=current_epci(request))
    related = ("epci", "piece", "deposee_par", "confirmee_par", "annulee_par")
    found: Reprise = get_object_or_404(rows.defer("plan", "creations").select_related(*related), pk=pk)
    return found


@require_safe
def reprise(request: HttpRequest, pk: int) -> HttpResponse:
    """What a sheet holds, what is to be corrected, what confirming would write; what was found as a sheet (`format`)."""
    row = _get(request, pk)
    if kind := asked_format(request):
        return table_response(_found(row), kind)
    rights = row.abilities_for(request.user)
    context = {
        "reprise": row,
        "etat": state(row),
        "chiffres": figures(row),
        "peut": rights,
        "a_inviter": to_invite(row).count() if rights["inviter"] else 0,
        "tache": Tache.objects.filter(cle=f"{TACHE_REPRISE}:{row.pk}", faite_at=None).first(),
    }
    return render(request, "mutualisation/reprise/reprise.html", context)


def _found(row: Reprise) -> Tableau:
    lines = [(c["ligne"] or None, c["colonne"], c["message"]) for c in row.erreurs + row.avertissements]
    title = f"Reprise de {row.piece.nom}, {row.epci}"
    return Tableau(f"reprise-{row.pk}", title, ("Ligne", "Colonne", "Message"), lines, "Constats")


@require_safe
def fichier(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet as it was deposited."""
    return serve_piece(request, _get(request, pk).piece)


@require_POST
def confirmer(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what was verified."""
    row = confirm(reprise=_get(request, pk), acteur=person(request))
    if row.ecrite_at:
        written = plural(row.bilan["ecrites"], "ligne est reprise", "lignes sont reprises")
        messages.success(request, f"{written}.")
    elif row.confirmee_at:
        messages.success(
            request, "La reprise est confirmée : l'outil écrit les lignes, cette page dit où il en est."
        )
    else:
        messages.warning(
            request, "Rien n'est repris : depuis la vérification, ce qui est enregistré a changé. Relisez."
        )
    return redirect("mutualisation:reprise", pk=row.pk)


@require_POST
def inviter(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail an invitation to each account that the sheet opened."""
    count = invite_people(reprise=_get(request, pk), acteur=person(request))
    messages.success(request, f"{plural(count, 'invitation envoyée', 'invitations envoyées')} par courriel.")
    return redirect("mutualisation:reprise", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def annuler(request: HttpRequest, pk: int) -> HttpResponse:
    """What undoing would remove and what it would keep, then undoing."""
    row = _get(request, pk)
    if request.method == "POST":
        return _cancel(request, row)
    require(row, request.user, "annuler")
    removable, kept = preview(row)
    counts: dict[str, Any] = {label.partition(".")[2]: len(rows) for label, rows in removable.items()}
    context = {
        "reprise": row,
        "retirees": details(row, counts),
        "rien": not any(counts.values()),
        "gardees": kept[:GARDEES_MONTREES],
        "autres": max(len(kept) - GARDEES_MONTREES, 0),
    }
    return render(request, "mutualisation/reprise/annuler.html", context)


def _cancel(request: HttpRequest, row: Reprise) -> HttpResponse:
    done = cancel(reprise=row, acteur=person(request))
    removed = plural(done.bilan["retirees"], "ligne est retirée", "lignes sont retirées")
    kept = done.bilan["gardees"]
    rest = f" ; {plural(kept, 'ligne reste', 'lignes restent')}, avec la raison ci-dessous." if kept else "."
    messages.success(request, removed + rest)
    return redirect("mutualisation:reprise", pk=row.pk)
