"""Setting how an EPCI runs its cycles."""

from comptes.models import Personne
from journal.workflows.unite import record, unite
from mutualisation.models import Reglage
from mutualisation.workflows.verrou import locked
from socle.droits import require
from territoire.models import Epci


@unite
def change_settings(
    *, epci: Epci, acteur: Personne, version: int, rythme: int, visa: str, agregat_minimum: int
) -> Reglage:
    """Set the rhythm of the cycles (years), the visa of declarations and the smallest group a figure describes.

    The same values again change nothing. Raises ActionInterdite, Conflit when somebody was faster.
    """
    require(Reglage.objects.of(epci), acteur, "modifier")
    created, _ = Reglage.objects.get_or_create(epci=epci)
    reglage = locked(Reglage, created.pk, version, select=("epci",))
    values = {"rythme": rythme, "visa": visa, "agregat_minimum": agregat_minimum}
    before = {name: getattr(reglage, name) for name in values}
    if values == before:
        return reglage
    for name, value in values.items():
        setattr(reglage, name, value)
    reglage.validate_constraints()
    reglage.version += 1
    reglage.save()
    record(
        type="reglage.modifie",
        objet=reglage,
        epci=epci,
        acteur=acteur,
        libelle="Réglages des cycles modifiés",
        detail={"avant": before, "apres": values},
    )
    return reglage
