"""« Mes absences »: noting one's own, and those one keeps for others; changing them, taking them back."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.forms.absence import AbsenceChangeeForm, AbsenceForm, AbsenceNouvelleForm
from mutualisation.models import Absence
from mutualisation.models.absence import wards
from mutualisation.referents import deputies_for, people_of
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.absence import change_absence, note_absence, withdraw_absence
from socle.droits import require
from socle.erreurs import Conflit, Refus
from territoire.models import Commune, Epci


@require_http_methods(["GET", "HEAD", "POST"])
def absences(request: HttpRequest) -> HttpResponse:
    """One's absences to come, and those of the people one keeps them for; a form to note one."""
    epci = current_epci(request)
    form = _form(request, epci)
    if not form.is_valid():
        return _show(request, epci, form, 422 if form.is_bound else 200)
    given = {"personne": person(request), **form.cleaned_data}
    try:
        absence = note_absence(epci=epci, acteur=person(request), **given)
    except Refus as refus:
        tell(form, refus)
        return _show(request, epci, form, status_of(refus))
    messages.success(request, f"{absence} : c'est noté ({absence.mots}).")
    return redirect("mutualisation:absences")


def _form(request: HttpRequest, epci: Epci) -> AbsenceForm:
    """Who keeps the absences of others says whose it is; the others note their own."""
    data = request.POST if request.method == "POST" else None
    me, kept = person(request), _kept(request, epci)
    if kept is None:
        return AbsenceForm(data, epci=epci, suppleants=deputies_for(epci, me))
    people = Personne.objects.filter(Q(pk=me.pk) | kept).order_by("tri", "pk")
    given: dict[str, Any] = {"suppleants": _deputies(me, epci), "personnes": people}
    return AbsenceNouvelleForm(data, epci=epci, initial={"personne": me}, **given)


def _deputies(me: Personne, epci: Epci) -> QuerySet[Personne]:
    """All the people of the EPCI for the Direction; those of her commune and the agents for a DGS, as in a seat."""
    if me.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        return people_of(epci)
    own = Commune.objects.filter(pk__in=me.acces.communes_with(Role.DGS))
    known = Q(pk__in=())
    for commune in own:
        known |= Q(pk__in=people_of(epci, commune).order_by().values("pk"))
    return Personne.objects.filter(known).order_by("tri", "pk")


def _kept(request: HttpRequest, epci: Epci) -> Q | None:
    """The people whose absences the reader keeps in the EPCI; None for who keeps nobody's."""
    found = [Q(pk__in=people.values("pk")) for one, people in wards(request.user) if one == epci.pk]
    condition = Q(pk__in=())
    for one in found:
        condition |= one
    return condition if found else None


def _show(request: HttpRequest, epci: Epci, form: AbsenceForm, status: int) -> HttpResponse:
    rows = _lasting(Absence.objects.visible_to(request.user), epci)
    mine = [row for row in rows if row.personne_id == request.user.pk]
    context = {
        "form": form,
        "miennes": mine,
        "autres": [row for row in rows if row not in mine],
        "tient_les_autres": "personne" in form.fields,
        "aujourdhui": epci.today,
    }
    return render(request, "mutualisation/absence/absences.html", context, status=status)


def _lasting(rows: QuerySet[Absence], epci: Epci) -> QuerySet[Absence]:
    """Those of the EPCI that are not over, the first to come first."""
    left = rows.filter(Q(fin=None) | Q(fin__gt=epci.today), epci=epci)
    return left.select_related("personne", "suppleant").order_by("debut", "personne__tri", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: HttpRequest, pk: int) -> HttpResponse:
    """An absence, changed; who was slower is told (409)."""
    found = _found(request, pk)
    people = deputies_for(found.epci, found.personne)
    form = AbsenceChangeeForm(
        request.POST if request.method == "POST" else None, absence=found, suppleants=people
    )
    if not form.is_valid():
        return _change_page(request, found, form, 422 if form.is_bound else 200)
    try:
        changed = change_absence(absence=found, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        if isinstance(refus, Conflit):
            found.refresh_from_db()
            with_version(form, found.version)
        return _change_page(request, found, form, status_of(refus))
    messages.success(request, f"{changed} : à jour ({changed.mots}).")
    return redirect("mutualisation:absences")


@require_POST
def retirer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    found = _found(request, pk)
    withdraw_absence(absence=found, acteur=person(request))
    messages.success(request, f"{found} : retirée.")
    return redirect("mutualisation:absences")


def _found(request: HttpRequest, pk: int) -> Absence:
    rows: Any = Absence.objects.visible_to(request.user).filter(epci=current_epci(request))
    found: Absence = get_object_or_404(rows.select_related("epci", "personne", "suppleant"), pk=pk)
    require(found, request.user, "saisir")
    return found


def _change_page(request: HttpRequest, found: Absence, form: AbsenceChangeeForm, status: int) -> HttpResponse:
    context = {"absence": found, "form": form}
    return render(request, "mutualisation/absence/absence.html", context, status=status)
