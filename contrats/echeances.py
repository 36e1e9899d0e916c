"""What the circuit of contracts expects of a person."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Approbation, Cote, Remarque, VersionContrat
from socle.registres import Echeance
from socle.typographie import plural

Etat = VersionContrat.Etat
# Of a commune, by state: what to do, why, the button.
COMMUNE = {
    Etat.EN_RELECTURE: (
        "Relire {texte}",
        "Relisez les articles et les fiches ; vos remarques reçoivent une réponse.",
        "Relire",
    ),
    Etat.ARRETE: (
        "Faire voter {texte}",
        "Le texte est arrêté : votre conseil municipal l'approuve par une délibération.",
        "Voir le texte",
    ),
    Etat.A_SIGNER: (
        "Signer {texte}",
        "L'exemplaire à signer est émis. Signez-le dans votre parapheur.",
        "Voir l'exemplaire",
    ),
}
# Of the Direction, by state: how many, and what to do with them.
DIRECTION = {
    Etat.EN_RELECTURE: (
        "Répondre aux remarques des communes",
        "contrat attend",
        "contrats attendent",
        "votre réponse",
    ),
    Etat.ARRETE: (
        "Faire voter les textes arrêtés",
        "texte attend",
        "textes attendent",
        "l'acte de votre assemblée",
    ),
    Etat.APPROUVE: (
        "Émettre les exemplaires à signer",
        "contrat approuvé attend",
        "contrats approuvés attendent",
        "l'exemplaire à signer",
    ),
    Etat.A_SIGNER: (
        "Faire signer les contrats",
        "exemplaire émis attend",
        "exemplaires émis attendent",
        "les signatures",
    ),
}


def deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """The contract to review, to vote or to sign, for a commune; what waits for an act of the Direction, counted by state."""
    versions = VersionContrat.objects.visible_to(user).filter(epci=contexte.epci_id)
    if contexte.role in (Role.DGS, Role.MAIRE, Role.COLLABORATEUR):
        yield from _of_commune(versions.filter(commune=contexte.commune_id, etat__in=COMMUNE))
    if contexte.role == Role.DIRECTION_TERRITOIRES:
        yield from _of_direction(versions.filter(_expected()))


def _expected() -> Q:
    """What waits for the Direction: of the texts under review or settled, those that the EPCI has not answered or voted."""
    asked = Remarque.objects.filter(cote=Cote.COMMUNE, reponse="", close_at=None).values("version_contrat")
    voted = Approbation.objects.filter(cote=Cote.EPCI).values("version_contrat")
    review = Q(etat=Etat.EN_RELECTURE, pk__in=asked)
    return review | Q(etat=Etat.ARRETE) & ~Q(pk__in=voted) | Q(etat__in=(Etat.APPROUVE, Etat.A_SIGNER))


def _of_commune(versions: Iterable[VersionContrat]) -> Iterator[Echeance]:
    for version in versions:
        voted = version.approbations.filter(cote=Cote.COMMUNE)
        if version.etat == Etat.ARRETE and voted.exists():
            continue
        titre, detail, bouton = COMMUNE[Etat(version.etat)]
        titre = titre.format(texte=version.titre_defini)
        url = reverse("contrats:circuit", args=[version.pk])
        yield Echeance(due_on=version.effective_on, titre=titre, detail=detail, url=url, bouton=bouton)


def _of_direction(versions: Any) -> Iterator[Echeance]:
    rows = versions.order_by().values("etat").annotate(nombre=Count("pk"), premier=Min("effective_on"))
    for row in rows.order_by("premier", "etat"):
        titre, one, many, what = DIRECTION[Etat(row["etat"])]
        yield Echeance(
            due_on=row["premier"],
            titre=titre,
            detail=f"{plural(row['nombre'], one, many)} {what}.",
            url=f"{reverse('contrats:contrats')}?etat={row['etat']}",
            bouton="Voir",
        )
