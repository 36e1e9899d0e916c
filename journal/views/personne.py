"""The directory of people of an EPCI: its administrators' pages."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.annuaire import Annuaire
from comptes.contexte import person
from comptes.models import Habilitation, Personne, Role
from journal.forms import FinForm, IdentiteForm, MandatForm, RechercheForm
from journal.models import Courriel, Evenement
from journal.workflows import personne as workflow
from journal.workflows.compte import FERME
from journal.workflows.invitation import INVITATION, invite
from socle import horloge
from socle.dates import ONE_DAY
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.tableur import Tableau, day_and_hour, table_response
from socle.typographie import loosely, sort_key
from territoire.models import Epci

PER_PAGE = 50
ENTETE = ("Nom", "Prénom", "Fonction", "Adresse", "Rôles en cours", "Accès", "Invitation du")
REFUSED = 422
ENDED = "La fin de ce rôle est enregistrée."
BEGUN = "Ce rôle, qui ne valait que d'aujourd'hui, est retiré."
NOT_BEGUN = "Ce rôle, qui n'avait pas commencé, est retiré."


def annuaire_of(request: HttpRequest) -> Annuaire:
    """The directory of the EPCI of the hat; raises ActionInterdite for who does not administer it."""
    if request.epci is None:
        raise ActionInterdite(Annuaire.QUI_PEUT["administrer"])
    annuaire = Annuaire(request.epci)
    require(annuaire, request.user, "administrer")
    return annuaire


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Everyone who has, had or will have a role here, on a page or as a sheet (`format`)."""
    annuaire = annuaire_of(request)
    form = RechercheForm(request.GET)
    people = _search(annuaire, **form.cleaned_data) if form.is_valid() else Personne.objects.none()
    rows = _detailed(people, annuaire.epci)
    if kind := asked_format(request):
        return table_response(_sheet(rows, annuaire.epci), kind)
    page = _page(request, rows)
    context = {
        "form": form,
        "recherche": form.cleaned_data.get("q", ""),
        "filtree": form.has_changed(),
        "page": page,
        "lignes": [(personne, _access(personne)) for personne in page],
    }
    return render(request, "comptes/personne/liste.html", context)


def _access(personne: Any) -> tuple[str, str]:
    """Whether a person of `_detailed` may sign in, as a word and a tone."""
    if not personne.is_active:
        return "fermé", "n"
    if personne.has_usable_password():
        return "ouvert", "v"
    return ("invité", "a") if personne.invitee_at else ("pas encore invité", "o")


def _sheet(rows: QuerySet[Any], epci: Epci) -> Tableau:
    lines = [
        (
            *(one.nom, one.prenom, one.fonction, one.email),
            " ; ".join(_mandat(row).libelle for row in one.actuelles),
            _access(one)[0],
            day_and_hour(one.invitee_at, epci.fuseau)[0],
        )
        for one in rows
    ]
    title = f"Personnes, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("personnes", title, ENTETE, lines, "Personnes", figees=2)


def _mandat(row: Habilitation) -> workflow.Mandat:
    return workflow.Mandat(Role(row.role), row.debut, row.fin, row.pole, row.commune)


def _search(annuaire: Annuaire, q: str, role: str) -> QuerySet[Personne]:
    """People who answer every word, by what their row shows, and hold a role today."""
    people = annuaire.people()
    held = Habilitation.objects.on(annuaire.epci.today).filter(epci=annuaire.epci)
    if role:
        people = people.filter(pk__in=held.filter(role=role).values("personne"))
    key = sort_key(q)
    for word in key.split():
        roles = held.filter(_said(word)).values("personne")
        own = Q(tri__contains=word) | Q(email__icontains=word) | Q(fonction__iregex=loosely(word))
        people = people.filter(own | Q(pk__in=roles))
    # What has no letter nor digit, « @ » for instance, can only be part of an address.
    return people if key else people.filter(email__icontains=q.strip())


def _said(word: str) -> Q:
    """Habilitations told with a word: the role, the commune or the pôle."""
    roles = [role for role in Role if word in sort_key(role.label)]
    return Q(role__in=roles) | Q(commune__tri__contains=word) | Q(pole__tri__contains=word)


def _detailed(people: QuerySet[Personne], epci: Epci) -> QuerySet[Personne]:
    current = (
        Habilitation.objects.on(epci.today)
        .filter(epci=epci)
        .select_related("pole", "commune")
        .order_by("debut", "pk")
    )
    sent = _invitations(epci).filter(destinataire=OuterRef("pk")).order_by("-ecrit_at")
    return (
        people.annotate(invitee_at=Subquery(sent.values("ecrit_at")[:1]))
        .prefetch_related(Prefetch("habilitations", current, to_attr="actuelles"))
        .order_by("tri", "pk")
    )


def _invitations(epci: Epci) -> QuerySet[Courriel]:
    return Courriel.objects.filter(epci=epci, type=INVITATION)


def _page(request: HttpRequest, rows: QuerySet[Any]) -> Page:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account with its first role, or a role for an account that exists."""
    annuaire = annuaire_of(request)
    data = request.POST if request.method == "POST" else None
    forms = {"form": IdentiteForm(data), "mandat": MandatForm(data, epci=annuaire.epci)}
    context: dict[str, Any] = {**forms, "existe": False}
    # A list, not a generator: both forms show their faults at once.
    if data is None or not all([form.is_valid() for form in forms.values()]):  # noqa: C419
        return render(request, "comptes/personne/nouvelle.html", context, status=REFUSED if data else 200)
    try:
        personne = workflow.welcome(
            epci=annuaire.epci,
            acteur=person(request),
            identite=forms["form"].identite,
            mandat=forms["mandat"].mandat,
            rattacher=bool(data.get("rattacher")),
        )
    except workflow.CompteExistant:
        return render(request, "comptes/personne/nouvelle.html", {**context, "existe": True}, status=REFUSED)
    except Refus as refus:
        add_refus(forms["mandat"], refus)
        return render(request, "comptes/personne/nouvelle.html", context, status=REFUSED)
    messages.success(request, f"{personne} a maintenant un rôle ici. Il reste à l'inviter par courriel.")
    return redirect("comptes:personne", personne.pk)


def add_refus(form: Any, refus: Refus) -> None:
    """Show a refusal beside its field when the form has it."""
    form.add_error(refus.field if refus.field in form.fields else None, refus.message)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """An account: who, which roles here, when it was invited."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    return _detail(request, personne, MandatForm(epci=annuaire.epci))


def _detail(
    request: HttpRequest, personne: Personne, mandat: MandatForm, fin: tuple[int, FinForm] | None = None
) -> HttpResponse:
    """The page of an account; `fin` is the form of the habilitation whose end was just refused."""
    held = Habilitation.objects.filter(personne=personne, epci=request.epci).select_related("pole", "commune")
    rows = list(held.order_by("-debut", "-pk"))
    refused = fin is not None or mandat.is_bound
    sent = _invitations(request.epci).filter(destinataire=personne).order_by("-ecrit_at").first()
    context = {
        "personne": personne,
        "lignes": [_row(row, request.epci, personne, fin) for row in rows],
        "mandat": mandat,
        "fautes": fin[1] if fin else mandat,
        "derniere_invitation": sent,
        "invitation_morte": bool(sent and sent.perime_at and sent.perime_at <= horloge.now()),
        "peut_entrer": personne.has_usable_password(),
        "tenues": Annuaire(request.epci).tenues(personne),
        "fin_des_roles": _last_day(rows),
        "fermeture": {} if personne.is_active else _closing(personne, request.epci),
    }
    return render(request, "comptes/personne/detail.html", context, status=REFUSED if refused else 200)


def _last_day(rows: list[Habilitation]) -> date | None:
    """The last day of the last role here; None while one has no end."""
    ends = [row.fin for row in rows if row.fin]
    return max(ends) - ONE_DAY if ends and len(ends) == len(rows) else None


def _closing(personne: Personne, epci: Epci) -> dict[str, Any]:
    """When, by whom and why the account was closed; empty when it was not from here."""
    lines = Evenement.objects.about(personne).filter(epci=epci, type=FERME)
    line = lines.select_related("acteur", "detail").first()
    if line is None:
        return {}
    detail = getattr(line, "detail", None)  # may have been purged
    return {"le": line.survenu_at, "par": line.acteur, "motif": detail.contenu["motif"] if detail else ""}


def _row(
    row: Habilitation, epci: Epci, personne: Personne, fin: tuple[int, FinForm] | None
) -> dict[str, Any]:
    today = epci.today
    ended = row.fin is not None and row.fin <= today
    mot, ton = ("à venir", "a") if row.debut > today else ("en cours", "v")
    if not personne.is_active:
        mot, ton = "sans effet, compte fermé", "n"
    form = (
        fin[1] if fin and fin[0] == row.pk else FinForm(prefix=_prefix(row), initial={"dernier_jour": today})
    )
    return {
        "habilitation": row,
        "libelle": _mandat(row).libelle,
        "terminee": ended,
        "mot": "terminée" if ended else mot,
        "ton": "n" if ended else ton,
        "form": form,
        "ouverte": form.is_bound,
    }


def _prefix(row: Habilitation) -> str:
    return f"fin{row.pk}"


@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a role to an account of the directory."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    form = MandatForm(request.POST, epci=annuaire.epci)
    if form.is_valid():
        try:
            workflow.grant(personne=personne, epci=annuaire.epci, acteur=person(request), mandat=form.mandat)
        except Refus as refus:
            add_refus(form, refus)
        else:
            messages.success(request, f"Rôle donné : {form.mandat.libelle}.")
            return redirect("comptes:personne", pk)
    return _detail(request, personne, form)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Say the last day of a habilitation."""
    annuaire = annuaire_of(request)
    rows = Habilitation.objects.filter(epci=annuaire.epci).select_related(
        "personne", "epci", "pole", "commune"
    )
    habilitation = get_object_or_404(rows, pk=pk)
    form = FinForm(request.POST, prefix=_prefix(habilitation))
    if form.is_valid():
        try:
            withdrawn = workflow.end(
                habilitation=habilitation,
                acteur=person(request),
                dernier_jour=form.cleaned_data["dernier_jour"],
            )
        except Refus as refus:
            add_refus(form, refus)
        else:
            messages.success(request, _withdrawn(habilitation) if withdrawn else ENDED)
            return _after_end(annuaire, habilitation)
    return _detail(request, habilitation.personne, MandatForm(epci=annuaire.epci), (pk, form))


def _withdrawn(habilitation: Habilitation) -> str:
    """What is said of a role that never was, or no longer, since its first day."""
    return NOT_BEGUN if habilitation.debut > habilitation.epci.today else BEGUN


def _after_end(annuaire: Annuaire, habilitation: Habilitation) -> HttpResponse:
    """Back to the person, or to the list when her only role here has just been withdrawn."""
    still = annuaire.people().filter(pk=habilitation.personne_id).exists()
    return redirect("comptes:personne", habilitation.personne_id) if still else redirect("comptes:personnes")


@require_POST
def send_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail the link that lets the person choose a password."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    try:
        invite(personne=personne, epci=annuaire.epci, acteur=person(request))
    except Refus as refus:
        messages.error(request, refus.message)
    else:
        messages.success(request, f"L'invitation part à l'adresse {personne.email}.")
    return redirect("comptes:personne", pk)
