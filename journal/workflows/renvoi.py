"""Sending again a mail that the server of its recipient refused."""

from comptes.annuaire import Annuaire
from comptes.models import Personne
from journal.models import Courriel
from journal.reveil import wake_after_commit
from journal.workflows.invitation import SAME_REQUEST
from journal.workflows.unite import record, unite
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus

PERIME = "Ce courriel n'a plus d'objet : il ne part plus."
FERME = "Le compte de cette personne est fermé : ce courriel ne part plus."
LIEN = "Ce courriel porte un lien personnel : invitez de nouveau cette personne, depuis sa page."


def why_not_again(courriel: Courriel) -> str:
    """Why a refused mail may not be sent again; empty when it may."""
    if courriel.perime_at and courriel.perime_at <= horloge.now():
        return PERIME
    if not courriel.destinataire.is_active:
        return FERME
    return LIEN if courriel.type in SAME_REQUEST else ""


@unite
def send_again(*, courriel: Courriel, acteur: Personne) -> None:
    """Let a refused mail leave again, to the present address of the account; one that is not refused is left alone.

    Raises ActionInterdite unless `acteur` administers the EPCI, Refus for a mail of no use any more, a closed account, or a
    link that opens the account: a new invitation replaces it.
    """
    require(Annuaire(courriel.epci), acteur, "administrer")
    rows = Courriel.objects.select_related("destinataire", "epci").select_for_update(
        of=("self",), no_key=True
    )
    row = rows.get(pk=courriel.pk)
    if row.refuse_at is None:
        return
    if why := why_not_again(row):
        raise Refus(why)
    row.adresse, row.refuse_at, row.reessai_at = row.destinataire.email, None, None
    row.essais, row.erreur = 0, ""
    row.save(update_fields=["adresse", "refuse_at", "reessai_at", "essais", "erreur"])
    _record(row, acteur)
    wake_after_commit()


def _record(row: Courriel, acteur: Personne) -> None:
    """A line about the person, as all that concerns her address: for administrators only."""
    record(
        type="courriel.renvoye",
        objet=row.destinataire,
        epci=row.epci,
        acteur=acteur,
        libelle="Courriel refusé par son serveur, envoyé de nouveau",
        contenu={"courriel": row.pk},
        detail={"objet": row.sujet, "adresse": row.adresse},
    )
