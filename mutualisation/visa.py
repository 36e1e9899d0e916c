"""Where the mayor's agreement stands: what the EPCI asks, what was asked of him, what he gave."""

from dataclasses import dataclass
from datetime import datetime

from journal.models import Courriel, Evenement
from mutualisation.changements import Choix, read_choices
from mutualisation.models import Declaration, Reglage

COURRIEL = "declaration_visa"
MISSING = {
    Reglage.Visa.LIEN: "Le visa du maire : demandez-le-lui, il le donne d'un geste.",
    Reglage.Visa.LETTRE: "La lettre signée du maire.",
}
MOVED = "Ce que la commune partage a changé depuis son accord."


def required_visa(declaration: Declaration) -> Reglage.Visa:
    """What the EPCI asks before a deposit « au nom du maire »."""
    return Reglage.Visa(Reglage.objects.of(declaration.epci).visa)


def visa_stands(declaration: Declaration, choix: Choix) -> bool:
    """Whether the mayor approved, or signed for, these very choices: what the commune shares may have moved since."""
    given = declaration.visee_at or declaration.lettre_id
    return bool(given) and declaration.visa_empreinte == choix.empreinte


def missing_visa(declaration: Declaration, choix: Choix, *, en_maire: bool) -> str:
    """What the mayor must still do before his name is used; empty when nothing, or when he submits himself."""
    visa = required_visa(declaration)
    if en_maire or visa not in MISSING:
        return ""
    given = declaration.visee_at if visa == Reglage.Visa.LIEN else declaration.lettre_id
    if given and visa_stands(declaration, choix):
        return ""
    return MISSING[visa] + (f" {MOVED}" if given else "")


def visa_occurrence(declaration: Declaration, empreinte: str) -> str:
    """What tells the mails about one visa from those about another: these choices, and how many visas fell before."""
    fallen = Evenement.objects.about(declaration).filter(type="declaration.visa_annule").count()
    return f"{empreinte}:{fallen}"


def visa_asked_at(declaration: Declaration, choix: Choix) -> datetime | None:
    """When the mayor was sent these very choices; None when he was not, or when they changed since."""
    letters = Courriel.objects.filter(
        type=COURRIEL,
        objet_type=declaration._meta.label_lower,
        objet_id=declaration.pk,
        occurrence=visa_occurrence(declaration, choix.empreinte),
    )
    return letters.order_by("pk").values_list("ecrit_at", flat=True).first()


@dataclass(frozen=True)
class VisaLu:
    """The visa by link of the choices as they stand: when it was asked, and whether the mayor gave it."""

    demande_at: datetime | None
    donne: bool

    @property
    def attendu(self) -> bool:
        return self.demande_at is not None and not self.donne


def read_visa(declaration: Declaration) -> VisaLu | None:
    """Where the visa by link stands; None when the EPCI asks none."""
    if required_visa(declaration) != Reglage.Visa.LIEN:
        return None
    choix = read_choices(declaration)
    approved = bool(declaration.visee_at) and visa_stands(declaration, choix)
    return VisaLu(visa_asked_at(declaration, choix), approved)
