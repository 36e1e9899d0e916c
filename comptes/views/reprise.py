"""What was being sent when the session ended, offered again after sign-in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.reprise import forget, kept

TYPED = 12  # characters: below, a value is a choice, a number or a day, which says nothing without its label


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest) -> HttpResponse:
    """Show the texts that were kept, with one button that sends everything where it was going; POST gives it up.

    Files are not kept: they are asked for again, under the names they had.
    """
    form = kept(request)
    if request.method == "POST":
        forget(request)
        messages.info(request, "La saisie gardée est effacée.")
        return redirect("accueil")
    if not form:
        return redirect("accueil")
    champs = [(name, value) for name, values in form["fields"].items() for value in values]
    context = {
        "chemin": form["path"],
        "page": form["page"],
        "champs": champs,
        "textes": list(dict.fromkeys(value.strip() for _, value in champs if len(value.strip()) >= TYPED)),
        "fichiers": form["files"].items(),
    }
    return render(request, "comptes/reprendre.html", context)
