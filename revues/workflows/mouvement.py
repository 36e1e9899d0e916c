"""What becomes of the reviews of a commune on the day it leaves the EPCI, succeeded or not."""

from datetime import date

from journal.workflows.unite import unite
from mutualisation.derivations import Membres
from revues.models import Revue
from revues.workflows.revue import close_review
from socle import horloge
from territoire.devenir import Devenir, read_devenir
from territoire.models import Commune, Epci


def close_reviews(epci: Epci, day: date) -> None:
    """The reviews to come of the communes that leave on a day are not held, and say why; twice changes nothing.

    Those already past still wait for their minutes. One transaction for each commune.
    """
    left = [commune for commune, fin in Membres(epci).departures() if fin == day]
    for commune in Commune.objects.filter(pk__in=left).order_by("tri", "pk"):
        devenir = read_devenir(epci, commune)
        if devenir and devenir.depuis_on == day:
            _close(devenir=devenir)


@unite
def _close(*, devenir: Devenir) -> None:
    midnight = horloge.midnight(devenir.depuis_on, devenir.epci.fuseau)
    coming = Revue.objects.filter(
        epci=devenir.epci,
        commune=devenir.commune,
        etat=Revue.Etat.PREVUE,
        compte_rendu=None,
        prevue_at__gte=max(midnight, horloge.now()),
    )
    locked = coming.select_for_update(of=("self",), no_key=True).select_related("epci", "commune", "domaine")
    for revue in locked.order_by("pk"):
        close_review(revue, devenir.phrase, None, "annuler au départ de la commune")
