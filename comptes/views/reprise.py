"""What was being sent when the session ended, offered again after sign-in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.reprise import forget, kept

LONG = 20


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest) -> HttpResponse:
    """Show what was kept, with one button that sends it where it was going; POST gives it up.

    Files are not kept: they are asked for again, under the names they had.
    """
    form = kept(request)
    if request.method == "POST":
        forget(request)
        messages.info(request, "La saisie gardée est effacée.")
        return redirect("accueil")
    if not form:
        return redirect("accueil")
    fields = [(name, value) for name, values in form["fields"].items() for value in values]
    textes = [value for _, value in fields if len(value) > LONG]
    context = {"chemin": form["path"], "champs": fields, "textes": textes, "fichiers": form["files"].items()}
    return render(request, "comptes/reprendre.html", context)
