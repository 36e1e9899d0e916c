"""Deciding on what communes ask: the work list, many lines at once."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import person
from comptes.models import Vue
from comptes.roles import Role
from mutualisation.arrets import STOPPED, broken_rules
from mutualisation.campagne import READERS
from mutualisation.forms.instruction import COMMUNE, QUALITE, FiltreInstruction, LotForm
from mutualisation.lignes import LigneSuivie, follow_lines, with_study
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.views.cycle import visible_cycle
from mutualisation.workflows.instruction import Decision, Resultat, accept_all, decide_many
from socle.droits import ActionInterdite
from socle.liste import asked_format, listed
from socle.saisie import number
from socle.tableur import Tableau, Valeur, table_response
from socle.typographie import in_french_order, plural, typeset
from territoire.models import Commune, Epci

PAGE = "mutualisation:instruction"
LOT = "lot"
INSTRUCTORS = (*READERS, Role.RESPONSABLE_SERVICE)
QUI_LIT = (
    "L'instruction est suivie par la Direction des territoires, les directeurs de pôle et, pour leurs domaines, les "
    "responsables de service commun. Vos propres choix sont dans votre déclaration."
)
ENTETE = (
    *("Commune", "Code INSEE", "Domaine", "Activité", "Demande", "Étape", "Âge (jours ouvrés)", "Avis"),
    *("Étude conduite par", "Décision", "Motif", "Décidée par", "En qualité de", "Effet"),
)


def require_instructor(user: Any, epci: Epci | None) -> None:
    """Refuse those who have no line of other people to follow in an EPCI."""
    if epci is None or not user.acces.acts_for_epci(epci.pk, *INSTRUCTORS):
        raise ActionInterdite(QUI_LIT)


@require_GET
def instructions(request: HttpRequest) -> HttpResponse:
    """To the work list of the cycle that is being instructed: the earliest that has something to decide, else the latest."""
    require_instructor(request.user, request.epci)
    opened = Cycle.objects.filter(epci=request.epci, ouvert_at__isnull=False)
    waiting = opened.filter(clos_at=None, declarations__lignes__arbitrage=Ligne.Arbitrage.A_INSTRUIRE)
    deposited = waiting.filter(declarations__etat=Declaration.Etat.DEPOSEE)
    cycle = deposited.order_by("annee").first() or opened.order_by("-annee").first()
    if cycle is None:
        return render(request, "mutualisation/campagne/aucune.html")
    return redirect(PAGE, pk=cycle.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def instruction(request: HttpRequest, pk: int) -> HttpResponse:
    """The work list of a cycle, on a page or as a sheet (`format`).

    POST by the Direction: `commune` accepts what is still to decide there, `une` accepts one line (« id:version »), else the
    lines ticked (`lignes`) get the act chosen; the results are told line by line.
    """
    found = visible_cycle(request, pk)
    require_instructor(request.user, found.epci)
    peut = request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES)
    if request.method == "POST" and not peut:
        raise ActionInterdite(Ligne.QUI_PEUT["arbitrer"])
    if request.method == "POST":
        return _act(request, found)
    if kind := asked_format(request):
        return table_response(_table(request, found), kind)
    return _list(request, found, LotForm())


def _lines(request: HttpRequest, cycle: Cycle) -> Any:
    """Changing lines of the submitted declarations of a cycle that the user sees."""
    rows = Ligne.objects.visible_to(request.user).changing()
    submitted = rows.filter(declaration__cycle=cycle, declaration__etat=Declaration.Etat.DEPOSEE)
    return submitted.order_by("commune__tri", "commune_id", "domaine__ordre", "activite__code", "pk")


def _list(
    request: HttpRequest, cycle: Cycle, lot: LotForm, ticked: Iterable[str] = (), status: int = 200
) -> HttpResponse:
    rows = _lines(request, cycle)
    filtre = FiltreInstruction(request.GET, queryset=with_study(rows), request=request)
    liste = listed(request, filtre)
    pending = rows.filter(arbitrage=Ligne.Arbitrage.A_INSTRUIRE)
    pks = [ligne.pk for ligne in liste["page"].object_list]
    lues = follow_lines(filtre.qs.filter(pk__in=pks), cycle.epci)
    ticking = "cocher" in request.GET and request.method != "POST"
    toutes = {lue.ligne.pk for lue in lues if lue.a_decider}
    context = {
        **liste,
        "cycle": cycle,
        "cycles": Cycle.objects.filter(epci=cycle.epci, ouvert_at__isnull=False).order_by("-annee"),
        "lues": lues,
        "groupes": _groups(lues, request.GET.get("tri") or COMMUNE),
        "a_instruire": pending.count(),
        "communes_a_instruire": set(pending.to_decide().values_list("commune_id", flat=True)),
        "peut": request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES),
        "suit": request.user.acces.acts_for_epci(cycle.epci_id, *READERS),
        "lot": lot,
        "cochees": toutes if ticking else set(map(number, ticked)),
        "laissees": len(lues) - len(toutes) if ticking else 0,
        "ici": request.get_full_path(),
        "page_nom": PAGE,
        "vues": in_french_order(Vue.objects.visible_to(request.user).filter(page=PAGE)),
    }
    return render(request, "mutualisation/instruction/instruction.html", context, status=status)


def _groups(lues: list[LigneSuivie], tri: str) -> list[dict[str, Any]]:
    """Commune by commune in their order; one group, which says each commune, in any other."""
    if tri != COMMUNE:
        return [{"commune": None, "lues": lues}] if lues else []
    by_commune = groupby(lues, key=lambda lue: lue.ligne.commune)
    return [{"commune": commune, "lues": list(group)} for commune, group in by_commune]


def _act(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    if "commune" in request.POST:
        return _accept_all(request, cycle)
    if "une" in request.POST:
        return _accept_one(request, cycle)
    return _decide_many(request, cycle)


def _accept_all(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    """Accept what is still to decide in the commune sent, say it, and come back to the same list."""
    rows = Declaration.objects.visible_to(request.user).filter(cycle=cycle, etat=Declaration.Etat.DEPOSEE)
    found = rows.filter(commune=number(request.POST.get("commune")) or 0)
    declaration = found.select_related("commune").first()
    accepted = declaration and accept_all(declaration=declaration, acteur=person(request), qualite=QUALITE)
    if declaration and accepted:
        messages.success(request, typeset(_told(declaration, len(accepted))))
    else:
        messages.info(request, typeset("Rien ne restait à instruire pour cette commune."))
    return redirect(request.get_full_path())


def _told(declaration: Declaration, accepted: int) -> str:
    """What a commune had accepted at once, and what was left because its answer is awaited."""
    left = declaration.lignes.filter(
        arbitrage=Ligne.Arbitrage.A_INSTRUIRE, etape=Ligne.Etape.A_COMPLETER
    ).count()
    count = plural(accepted, "demande acceptée", "demandes acceptées")
    kept = plural(left, "autre attend", "autres attendent")
    kept = f"{kept} un complément de la commune : laissée{'s' if left > 1 else ''} de côté. " if left else ""
    return f"{declaration.commune} : {count}. {kept}La commune en reçoit la liste par courriel."


def _accept_one(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    """The button at the end of a line."""
    said = Decision(Ligne.Arbitrage.ACCEPTEE, "", QUALITE)
    resultats = decide_many(
        lignes=_chosen(request, cycle, [request.POST["une"]]), acteur=person(request), said=said
    )
    for resultat in resultats:
        ligne = Ligne.objects.select_related("commune", "activite").get(pk=resultat.ligne)
        told = typeset(f"{ligne.commune}, {ligne.activite} : demande {resultat.message}.")
        if resultat.fait:
            messages.success(request, told)
        else:
            messages.error(request, typeset(f"{ligne.commune}, {ligne.activite} : {resultat.message}"))
    return redirect(request.get_full_path())


def _decide_many(request: HttpRequest, cycle: Cycle) -> HttpResponse:
    form, ticked = LotForm(request.POST), request.POST.getlist("lignes")
    chosen = _chosen(request, cycle, ticked)
    if not chosen:
        form.add_error(None, "Cochez au moins une ligne.")
    if not form.is_valid():
        return _list(request, cycle, form, [text.partition(":")[0] for text in ticked], status=422)
    data = form.cleaned_data
    said = Decision(data["geste"], data["motif"], data["qualite"])
    resultats = decide_many(lignes=chosen, acteur=person(request), said=said)
    request.session[LOT] = {
        "cycle": cycle.pk,
        "resultats": [list(vars(one).values()) for one in resultats],
        "suite": request.get_full_path(),
    }
    return redirect("mutualisation:instruction_resultat", pk=cycle.pk)


def _chosen(request: HttpRequest, cycle: Cycle, texts: list[str]) -> list[tuple[int, int | None]]:
    """The lines sent as « id:version », those that the user sees in this cycle."""
    sent = {number(pk): number(version) for pk, _, version in (text.partition(":") for text in texts)}
    visible = _lines(request, cycle).filter(pk__in=[pk for pk in sent if pk])
    return [(pk, sent[pk]) for pk in visible.values_list("pk", flat=True)]


@require_GET
def instruction_resultat(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of each line of the last act on many, for who did it."""
    found = visible_cycle(request, pk)
    require_instructor(request.user, found.epci)
    kept = request.session.get(LOT)
    if not kept or kept["cycle"] != found.pk:
        return redirect(PAGE, pk=pk)
    resultats = [Resultat(*values) for values in kept["resultats"]]
    lignes = {
        ligne.pk: ligne
        for ligne in _lines(request, found)
        .filter(pk__in=[one.ligne for one in resultats])
        .select_related(
            "commune", "domaine", "activite", "declaration__cycle__catalogue", "declaration__commune"
        )
    }
    told = [(lignes[one.ligne], one) for one in resultats if one.ligne in lignes]
    context = {
        "cycle": found,
        "faites": [pair for pair in told if pair[1].fait],
        "refusees": [pair for pair in told if not pair[1].fait],
        "a_revoir": _broken(told),
        "suite": kept["suite"],
    }
    return render(request, "mutualisation/instruction/resultat.html", context)


def _broken(told: list[tuple[Ligne, Resultat]]) -> list[tuple[Commune, list[str]]]:
    """The communes whose choices cannot go to the vote as what was just refused or postponed leaves them, and why."""
    stopped = {one.declaration for one, resultat in told if resultat.fait and one.arbitrage in STOPPED}
    ordered = sorted(stopped, key=lambda declaration: (declaration.commune.tri, declaration.pk))
    read = [(declaration.commune, broken_rules(declaration)) for declaration in ordered]
    return [(commune, phrases) for commune, phrases in read if phrases]


def _table(request: HttpRequest, cycle: Cycle) -> Tableau:
    """The filtered lines, all pages together."""
    rows = with_study(_lines(request, cycle))
    filtre = FiltreInstruction(request.GET, queryset=rows, request=request)
    lines = [_row(lue) for lue in follow_lines(filtre.qs, cycle.epci)]
    title = f"Instruction {cycle.annee}, {cycle.epci}"
    return Tableau(f"instruction-{cycle.annee}", title, ENTETE, lines, "Instruction")


def _row(lue: LigneSuivie) -> list[Valeur]:
    """A line of the sheet; numbers stay numbers."""
    ligne = lue.ligne
    return [
        ligne.commune.nom,
        ligne.commune.code_insee,
        ligne.domaine.libelle,
        ligne.activite.libelle,
        lue.nature[1],
        lue.etape[1],
        lue.delai.jours if lue.delai else None,
        lue.avis[1],
        lue.conduite_par,
        lue.arbitrage[1],
        ligne.arbitrage_motif,
        str(ligne.arbitree_par or ""),
        ligne.arbitree_qualite,
        lue.effet[1],
    ]
