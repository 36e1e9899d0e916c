"""Where the mayor's agreement stands: what the EPCI asks, what was asked of him, what he gave."""

from datetime import datetime

from journal.models import Courriel
from mutualisation.models import Declaration, Reglage

COURRIEL = "declaration_visa"


def required_visa(declaration: Declaration) -> Reglage.Visa:
    """What the EPCI asks before a deposit « au nom du maire »."""
    return Reglage.Visa(Reglage.objects.of(declaration.epci).visa)


def missing_visa(declaration: Declaration, *, en_maire: bool) -> str:
    """What the mayor must still do before his name is used; empty when nothing, or when he submits himself."""
    visa = required_visa(declaration)
    if visa == Reglage.Visa.LIEN and not (declaration.visee_at or en_maire):
        return "Le visa du maire : demandez-le-lui, il le donne d'un geste."
    if visa == Reglage.Visa.LETTRE and not (declaration.lettre_id or en_maire):
        return "La lettre signée du maire."
    return ""


def visa_asked_at(declaration: Declaration) -> datetime | None:
    """When the mayor was sent these very choices; None when he was not, or when they changed since."""
    letters = Courriel.objects.filter(
        type=COURRIEL,
        objet_type=declaration._meta.label_lower,
        objet_id=declaration.pk,
        occurrence=str(declaration.version),
    )
    return letters.order_by("pk").values_list("ecrit_at", flat=True).first()
