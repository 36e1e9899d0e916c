"""What becomes of the reviews of a contract whose end is recorded: those it would have had afterwards are not held."""

from datetime import date, datetime

from contrats.models import Contrat
from revues.models import Revue
from revues.workflows.revue import close_review
from socle import horloge
from socle.dates import day_and_year


def close_contract_reviews(contrat: Contrat) -> None:
    """Note the contract reviews to come from the end of a contract as not held, with why; inside the unit of the caller.

    Reviews of domains go on as long as the domains are shared; those before the end are still held.
    """
    assert contrat.fin_on
    rows = Revue.objects.filter(
        epci=contrat.epci,
        commune=contrat.commune,
        type=Revue.Type.CONTRAT,
        etat=Revue.Etat.PREVUE,
        compte_rendu=None,
        prevue_at__gte=_from(contrat, contrat.fin_on),
    )
    locked = rows.select_for_update(of=("self",), no_key=True).select_related("epci", "commune", "domaine")
    motif = f"Le contrat n'engage plus à compter du {day_and_year(contrat.fin_on)} : {contrat.fin_motif}"
    for revue in locked.order_by("pk"):
        close_review(revue, motif, None, "annuler à la fin du contrat")


def _from(contrat: Contrat, day: date) -> datetime:
    return max(horloge.midnight(day, contrat.epci.fuseau), horloge.now())
