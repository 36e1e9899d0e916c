"""The point d'arrêt: the list of a cycle, and the page of a commune where both sides confirm."""

from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.arrets import ENTETE, ArretLu, arret_pill, broken_rules, not_before, read_arrets
from mutualisation.campagne import require_reader
from mutualisation.forms.arret import ReouvertureForm, read_kept, read_seen
from mutualisation.forms.instruction import QUALITE
from mutualisation.lignes import read_lines
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.qualite import qualite_of
from mutualisation.views.refus import status_of
from mutualisation.workflows.arret import confirm_for_commune, confirm_for_epci, reopen
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, table_response
from socle.typographie import plural, typeset

RELATED = ("cycle__epci", "commune", "epci", "arret_commune_par", "arret_epci_par")


@require_http_methods(["GET", "HEAD", "POST"])
def arrets(request: HttpRequest, pk: int) -> HttpResponse:
    """Where each commune stands; POST `declarations` confirms those ticked for the EPCI, each for itself."""
    cycle = visible_cycle(request, pk)
    require_reader(request.user, cycle.epci)
    peut = request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES)
    if request.method == "POST" and not peut:
        raise ActionInterdite(Declaration.QUI_PEUT["arreter"])
    if request.method == "POST":
        _confirm_many(request, cycle.pk)
        return redirect("mutualisation:arrets", pk=pk)
    lus = read_arrets(cycle, request.user)
    if kind := asked_format(request):
        return table_response(_table(cycle, lus), kind)
    context = {
        "cycle": cycle,
        "arrets": lus,
        "confirmes": sum(lu.declaration.arretee for lu in lus),
        "prets": [lu for lu in lus if lu.pret],
        "peut": peut,
        "attente": not_before(cycle.declaration_fin_on) if cycle.declarations_ouvertes else "",
        "tout": "cocher" in request.GET,
    }
    return render(request, "mutualisation/arret/arrets.html", context)


def _table(cycle: Cycle, lus: list[ArretLu]) -> Tableau:
    title = f"Point d'arrêt {cycle.annee}, {cycle.epci}"
    return Tableau(f"point-d-arret-{cycle.annee}", title, ENTETE, [lu.row for lu in lus], "Point d'arrêt")


def _confirm_many(request: HttpRequest, cycle: int) -> None:
    """Each commune is confirmed, or says why not; one refusal undoes no other."""
    asked = [number(text) or 0 for text in request.POST.getlist("declarations")]
    rows = Declaration.objects.visible_to(request.user).filter(cycle=cycle, pk__in=asked)
    done = 0
    for declaration in rows.order_by("commune__tri", "pk"):
        try:
            confirm_for_epci(declaration=declaration, acteur=person(request), qualite=QUALITE)
            done += 1
        except (Refus, ActionInterdite) as refus:
            messages.error(request, typeset(getattr(refus, "message", str(refus))))
    if done:
        messages.success(request, typeset(f"{plural(done, 'commune confirmée', 'communes confirmées')}."))
    elif not asked:
        messages.info(request, typeset("Cochez au moins une commune."))


@require_http_methods(["GET", "HEAD", "POST"])
def arret(request: HttpRequest, pk: int) -> HttpResponse:
    """The point d'arrêt of a commune. POST by the commune: first reads again what it withdraws, then confirms."""
    found = _visible(request, pk)
    if request.method != "POST":
        return _page(request, found)
    vues, gardees = read_seen(request.POST), read_kept(request.POST)
    if "confirmer" not in request.POST:
        if not (found.ouverte and found.signed_by(request.user)):  # who comes early reads why on the page
            require(found, request.user, "confirmer")
        return _page(request, found, gardees=gardees, relire=True)
    try:
        confirm_for_commune(
            declaration=found,
            acteur=person(request),
            qualite=qualite_of(request, found),
            vues=vues,
            gardees=gardees,
        )
    except Refus as refus:
        return _page(request, _visible(request, pk), gardees=gardees, refus=refus)
    messages.success(request, typeset("Vos choix sont confirmés."))
    return redirect("mutualisation:arret", pk=pk)


@require_POST
def arret_epci(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm for the EPCI."""
    found = _visible(request, pk)
    try:
        confirm_for_epci(declaration=found, acteur=person(request), qualite=QUALITE)
    except Refus as refus:
        return _page(request, found, refus=refus)
    messages.success(request, typeset("Choix confirmés pour l'EPCI."))
    return redirect("mutualisation:arret", pk=pk)


@require_POST
def arret_rouvrir(request: HttpRequest, pk: int) -> HttpResponse:
    """Reopen, with a motive."""
    found = _visible(request, pk)
    form = ReouvertureForm(request.POST)
    if not form.is_valid():
        require(found, request.user, "rouvrir")
        return _page(request, found, form=form)
    reopen(declaration=found, acteur=person(request), motif=form.cleaned_data["motif"])
    messages.success(request, typeset("Point d'arrêt rouvert : la commune est prévenue."))
    return redirect("mutualisation:arret", pk=pk)


def _visible(request: HttpRequest, pk: int) -> Declaration:
    rows = Declaration.objects.visible_to(request.user).filter(etat=Declaration.Etat.DEPOSEE)
    return get_object_or_404(rows.select_related(*RELATED), pk=pk)


def _page(
    request: HttpRequest,
    found: Declaration,
    *,
    gardees: frozenset[int] | None = None,
    relire: bool = False,
    refus: Refus | None = None,
    form: ReouvertureForm | None = None,
) -> HttpResponse:
    lignes = found.lignes.changing().order_by("domaine__ordre", "domaine_id", "activite__code", "pk")
    lues = read_lines(lignes, found.epci.today)
    dropped = Ligne.Arbitrage.ABANDONNEE
    kept = {lue.ligne.pk for lue in lues if lue.ligne.arbitrage != dropped} if gardees is None else gardees
    context = {
        "declaration": found,
        "cycle": found.cycle,
        "etat": arret_pill(found),
        "attente": not_before(found.limite_on) if found.ouverte else "",
        "domaines": [(d, list(group)) for d, group in groupby(lues, key=lambda lue: lue.ligne.domaine)],
        "lues": lues,
        "gardees": kept,
        "retirees": [lue for lue in lues if lue.ligne.pk not in kept and lue.retirable],
        "reprises": [lue for lue in lues if lue.ligne.pk in kept and lue.ligne.arbitrage == dropped],
        "a_instruire": [lue for lue in lues if lue.ligne.arbitrage == Ligne.Arbitrage.A_INSTRUIRE],
        "a_revoir": [] if found.arretee else broken_rules(found),
        "droits": found.abilities_for(request.user),
        "relire": relire,
        "refus": refus,
        "form": form or ReouvertureForm(),
        "pilote": request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES),
        "qui_peut": Declaration.QUI_PEUT,
    }
    status = status_of(refus) if refus else 422 if form else 200
    return render(request, "mutualisation/arret/arret.html", context, status=status)
