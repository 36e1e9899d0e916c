"""Verifying an issued contract by its code, without signing in."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contrats.forms.verification import CodeForm, FichierForm
from contrats.models import Verification
from contrats.verification import compare, worth


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def chercher(request: HttpRequest) -> HttpResponse:
    """Where a code read on paper is typed."""
    form = CodeForm(request.GET or None)
    if form.is_bound and form.is_valid():
        return verifier(request, form.cleaned_data["code"])
    context = {"form": form, "inconnu": False}
    return render(request, "contrats/verification/chercher.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verifier(request: HttpRequest, code: str) -> HttpResponse:
    """What the document of a code is worth; POST compares a PDF with it. An unknown code is a 404 that tells nothing."""
    found = Verification.objects.select_related("document").filter(code=code.upper()).first()
    if found is None:
        form: forms.Form = CodeForm(initial={"code": code[:20]})
        return render(
            request, "contrats/verification/chercher.html", {"form": form, "inconnu": True}, status=404
        )
    fichier = FichierForm(request.POST or None, request.FILES or None)
    context = {"constat": worth(found.document), "form": fichier, "fichier": None, "code": found.code}
    status = 200
    if request.method == "POST":
        status = 200 if fichier.is_valid() else 422
        if fichier.is_valid():
            octets = fichier.cleaned_data["fichier"].read()
            context["fichier"] = compare(found.document, octets).value
    return render(request, "contrats/verification/verifier.html", context, status=status)
