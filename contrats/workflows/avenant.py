"""An avenant opened by hand; a text given up."""

from datetime import date

from comptes.models import Personne
from contrats.etats import CIRCUIT
from contrats.models import Contrat, VersionContrat
from contrats.partages import domaines_on
from contrats.workflows.circuit import READERS, RELATED, save_version, tell_people
from contrats.workflows.contrat import cover, last_signed, open_draft
from journal.workflows.unite import unite
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus

NOTHING_SHARED = "La commune ne partage rien à cette date : enregistrez plutôt la fin du contrat."


@unite
def open_amendment(*, contrat: Contrat, acteur: Personne, effective_on: date, objet: str) -> VersionContrat:
    """Open an avenant to a signed contract, for a day of effect and an object; it begins as the text last signed.

    Raises ActionInterdite while the contract is not signed or an avenant is open, Refus without an object, for a day before
    the effect of what it changes, or when nothing is shared on that day.
    """
    contrat = locked(Contrat, contrat.pk, select=("epci", "commune"))
    require(contrat, acteur, "amender")
    signed = last_signed(contrat)
    assert signed  # what « amender » asks
    if not objet.strip():
        raise Refus("Dites en une phrase ce que l'avenant change.", field="objet")
    if effective_on < signed.effective_on:
        day = day_and_year(signed.effective_on)
        raise Refus(
            f"Un avenant ne précède pas le texte qu'il change, qui prend effet le {day}.", field="effet"
        )
    domaines = domaines_on(contrat.epci, contrat.commune, effective_on)
    if not domaines:
        raise Refus(NOTHING_SHARED, field="effet")
    version = open_draft(contrat, effective_on, acteur, objet=objet.strip())
    cover(version, domaines)
    return version


@unite
def abandon(*, version: VersionContrat, acteur: Personne, lue: int, motif: str) -> VersionContrat:
    """Give up a text, with a motive: it stays to be read, its number goes to the next one.

    Raises ActionInterdite once a copy is to be signed, Conflit, Refus without a motive.
    """
    version = locked(VersionContrat, version.pk, lue, select=RELATED)
    require(version, acteur, "abandonner")
    if not motif.strip():
        raise Refus("Dites pourquoi vous abandonnez ce texte : le motif est gardé.", field="motif")
    version.etat = CIRCUIT.move("abandonner", version.etat)
    detail = {"motif": motif.strip()}
    save_version(version, acteur, "abandonne", f"{version} abandonné", detail)
    tell_people(version, acteur, "contrat_abandonne", f"{version.libelle} abandonné", READERS, detail)
    return version
