"""Saved views of lists: keeping one, forgetting one."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from comptes.contexte import person
from comptes.models import Vue
from journal.workflows.vue import forget_view, save_view
from socle.erreurs import Refus
from socle.typographie import typeset


class VueForm(forms.Form):
    """A name for the filters of a page; `suite` is where the person stood."""

    nom = forms.CharField(
        label="Nom de la vue",
        max_length=60,
        error_messages={"required": "Donnez un nom à cette vue."},
        help_text="Le même nom remplace la vue qui le porte.",
    )
    page = forms.RegexField(r"^[a-z_:]+$", max_length=80, widget=forms.HiddenInput)
    requete = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    suite = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)


@require_POST
def vue_nouvelle(request: HttpRequest) -> HttpResponse:
    """Keep the filters sent, and come back to the list."""
    form = VueForm(request.POST)
    if form.is_valid():
        data = dict(form.cleaned_data)
        suite = data.pop("suite")
        try:
            vue = save_view(personne=person(request), **data)
        except Refus as refus:
            form.add_error(refus.field, refus.message)
        else:
            messages.success(request, typeset(f"Vue « {vue.nom} » enregistrée."))
            return redirect(_inside(request, suite))
    return render(request, "comptes/vue.html", {"form": form}, status=422)


@require_POST
def vue_supprimer(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one of one's own views."""
    vue = get_object_or_404(Vue.objects.visible_to(request.user), pk=pk)
    nom = vue.nom
    forget_view(vue=vue)
    messages.success(request, typeset(f"Vue « {nom} » supprimée."))
    return redirect(_inside(request, request.POST.get("suite", "")))


def _inside(request: HttpRequest, suite: str) -> str:
    """`suite` when it is one of our pages, else the home page."""
    ours = bool(suite) and url_has_allowed_host_and_scheme(suite, allowed_hosts={request.get_host()})
    return suite if ours else "accueil"
