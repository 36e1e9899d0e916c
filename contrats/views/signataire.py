"""Who signs the contracts: the list, and the page of a side where its signatories are named."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.contexte import hat, person
from comptes.roles import Role
from contrats.forms.signataire import FinForm, SignataireForm
from contrats.liste import communes_of
from contrats.models import Signataire
from contrats.signataires import Signatures, Signe, address
from contrats.workflows.signataire import end_signature, name_signatory
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell
from socle.dates import ONE_DAY, day_and_year
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, table_response
from socle.typographie import enumerate_french, of, typeset
from territoire.models import Commune, Epci


@dataclass(frozen=True)
class LigneSignature:
    """A commune, and who signs for it today; `double` when the same person signs for the EPCI too."""

    commune: Any
    signe: Signe | None
    double: bool


@require_safe
def signataires(request: HttpRequest) -> HttpResponse:
    """Who signs today for the EPCI and for each commune of the hat."""
    epci = current_epci(request)
    communes = list(communes_of(person(request), hat(request), epci, epci.today))
    signs = Signatures(epci, epci.today, communes=[commune.pk for commune in communes])
    ours = signs.of(None)
    rows = [_row(commune, signs.of(commune.pk), ours) for commune in communes]
    if kind := asked_format(request):
        return table_response(_sheet(epci, ours, rows), kind)
    context = {
        "epci": epci,
        "signe": ours,
        "lignes": rows,
        "sans": sum(row.signe is None for row in rows),
    }
    return render(request, "contrats/signataire/signataires.html", context)


def _sheet(epci: Epci, ours: Signe | None, rows: list[LigneSignature]) -> Tableau:
    sides = [(epci.nom, ours), *((row.commune.nom, row.signe) for row in rows)]
    lines = [(side, *((str(one.personne), one.data["qualite"]) if one else ("", ""))) for side, one in sides]
    title = f"Signataires, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("signataires", title, ("Pour", "Signe", "Qualité"), lines, "Signataires")


def _row(commune: Any, signe: Signe | None, ours: Signe | None) -> LigneSignature:
    return LigneSignature(commune, signe, bool(signe and ours and signe.personne == ours.personne))


@require_http_methods(["GET", "HEAD", "POST"])
def pour_epci(request: HttpRequest) -> HttpResponse:
    """Who signs for the EPCI over time; the Direction names here."""
    return _side(request, current_epci(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
def pour_commune(request: HttpRequest, pk: int) -> HttpResponse:
    """Who signs for a commune over time; its DGS and the Direction name here."""
    epci = current_epci(request)
    mine = communes_of(person(request), hat(request), epci, epci.today)
    return _side(request, epci, get_object_or_404(mine, pk=pk))


@require_POST
def finir(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an end to somebody's signature."""
    epci = current_epci(request)
    row = get_object_or_404(Signataire.objects.visible_to(request.user).filter(epci=epci), pk=pk)
    require(row, request.user, "modifier")
    form, lue = FinForm(request.POST, prefix=f"fin-{pk}"), number(request.POST.get("version")) or 0
    if form.is_valid():
        try:
            fin = form.cleaned_data["fin"]
            end_signature(signataire=row, acteur=person(request), fin=fin, lue=lue)
        except Refus as refus:
            tell(form, refus)
            return _page(request, epci, row.commune, status=status_of(refus), fin=form)
        last = day_and_year(fin - ONE_DAY)
        messages.success(request, typeset(f"La signature {of(str(row.personne))} prend fin le {last}."))
        return redirect(address(row.commune))
    return _page(request, epci, row.commune, status=422, fin=form)


def _side(request: HttpRequest, epci: Epci, commune: Commune | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, epci, commune)
    require(Signataire(epci=epci, commune=commune), request.user, "modifier")
    form = SignataireForm(request.POST, epci=epci, commune=commune)
    if not form.is_valid():
        return _page(request, epci, commune, status=422, nommer=form)
    try:
        row = name_signatory(epci=epci, commune=commune, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return _page(request, epci, commune, status=status_of(refus), nommer=form)
    if commune is None:
        _warn_double(request, row)
    messages.success(
        request, f"{row.personne}, {row.qualite} : peut signer à compter du {day_and_year(row.debut)}."
    )
    return redirect(address(commune))


def _warn_double(request: HttpRequest, row: Signataire) -> None:
    """Tell at once whoever names, for the EPCI, somebody who signs for a commune too."""
    signs = Signatures(row.epci, max(row.debut, row.epci.today))
    double = [c for c in Commune.objects.members_of(row.epci, row.debut) if _signs(signs, c, row)]
    if double:
        names = enumerate_french([commune.de for commune in double])
        messages.warning(
            request,
            typeset(f"{row.personne} signe aussi pour la commune {names} : désignez un délégué d'un côté."),
        )


def _signs(signs: Signatures, commune: Any, row: Signataire) -> bool:
    signe = signs.of(commune.pk)
    return bool(signe and signe.personne == row.personne)


def _page(
    request: HttpRequest,
    epci: Epci,
    commune: Commune | None,
    *,
    status: int = 200,
    nommer: SignataireForm | None = None,
    fin: FinForm | None = None,
) -> HttpResponse:
    rows = Signataire.objects.visible_to(request.user).filter(epci=epci, commune=commune)
    pk = commune.pk if commune else None
    signs = Signatures(epci, epci.today, communes=[pk] if pk else [])
    context = {
        "epci": epci,
        "commune": commune,
        "signe": signs.of(pk),
        "lignes": [
            (row, row.covers(epci.today) and signs.caduque(row), _ending(row, fin))
            for row in rows.select_related("personne", "delegant")
        ],
        "aujourdhui": epci.today,
        "nommer": nommer or SignataireForm(epci=epci, commune=commune),
        "fin": fin,
        "peut": Signataire(epci=epci, commune=commune).abilities_for(request.user)["modifier"],
        "change": request.user.acces.acts_for_epci(epci.pk, Role.ADMINISTRATEUR, Role.DIRECTION_TERRITOIRES),
        "qui_peut": Signataire.QUI_PEUT["modifier"],
    }
    return render(request, "contrats/signataire/cote.html", context, status=status)


def _ending(row: Signataire, sent: FinForm | None) -> FinForm | None:
    """The form that ends a row still running: the one sent when it is its own; None once it is over."""
    prefix = f"fin-{row.pk}"
    if sent and sent.prefix == prefix:
        return sent
    over = row.fin is not None and row.fin <= row.epci.today
    return None if over else FinForm(prefix=prefix, initial={"fin": row.epci.today})
