"""Saying which communes are affiliated to the centre de gestion: the catalogue may close activities to them."""

from collections.abc import Collection
from datetime import date

from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.unite import record, unite
from socle.dates import day_and_year
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Affiliation, Commune, Epci

WHO_AFFILIATES = (
    "Seule la Direction des territoires dit quelles communes sont affiliées au centre de gestion."
)


def affiliated(epci: Epci, on: date) -> frozenset[int]:
    """Ids of the members of an EPCI that are affiliated on a day."""
    rows = Affiliation.objects.on(on).filter(commune__in=Commune.objects.members_of(epci, on).values("pk"))
    return frozenset(rows.values_list("commune_id", flat=True))


@unite
def affiliate(*, epci: Epci, vues: Collection[int], communes: Collection[int], acteur: Personne) -> int:
    """From today, of the communes that the page showed (`vues`, ids), these are affiliated and the others are not.

    Those already so do not change; days past keep what they were. Returns how many changed. Raises ActionInterdite,
    Refus when one is not a member.
    """
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_AFFILIATES)
    # Two people who tick at once wait for each other.
    epci = Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    members = {commune.pk: commune for commune in Commune.objects.members_of(epci, epci.today)}
    if not {*vues, *communes} <= members.keys():
        raise Refus("Cette commune n'est pas membre de cet EPCI.", field="communes")
    held = affiliated(epci, epci.today)
    changed = [pk for pk in members if pk in vues and (pk in communes) != (pk in held)]
    for pk in changed:
        _change(epci, members[pk], pk in communes, acteur)
    return len(changed)


def _change(epci: Epci, commune: Commune, enters: bool, acteur: Personne) -> None:
    today = epci.today
    if enters:
        Affiliation.objects.filter(commune=commune, debut__gt=today).delete()
        Affiliation.objects.create(commune=commune, debut=today)
    else:
        running = Affiliation.objects.on(today).filter(commune=commune)
        running.filter(debut=today).delete()
        running.update(fin=today)
    words = "affiliée au centre de gestion" if enters else "n'est plus affiliée au centre de gestion"
    record(
        type="commune.affiliation",
        objet=commune,
        epci=epci,
        commune=commune,
        acteur=acteur,
        libelle=f"{commune} : {words} à compter du {day_and_year(today)}",
        contenu={"affiliee": enters, "le": today.isoformat()},
    )
