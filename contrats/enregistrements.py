"""What this floor tells the floors below."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse

from comptes.models import Personne
from contrats.astreintes import on_call
from contrats.avenant import template_of
from contrats.echeances import deadlines
from contrats.echeances_programme import late_lines
from contrats.etats import CIRCUIT, CLAUSES, LOT, PROGRAMME
from contrats.models import Engagement, LigneLot, Signataire, Verification, VersionContrat
from contrats.programme import address as year_address
from contrats.signataires import address
from contrats.workflows.circuit import CONSOLIDATED, SETTLED, TO_SIGN
from contrats.workflows.lot import TACHE_LOT, run_lot
from documents.gabarit import render_document
from documents.models import Document
from mutualisation.models import Domaine
from socle import registres
from socle.registres import Lien, Tenue
from territoire.models import Commune, today_of


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.liens.register("contrats", links)
    registres.echeances.register("contrats", deadlines)
    registres.echeances.register("programme", late_lines)
    registres.tables.register("contrats", lambda: (CIRCUIT, CLAUSES, LOT, PROGRAMME))
    registres.tenues.register("signatures", signatures_of)
    registres.astreintes.register("contrats", on_call)
    registres.pages.register("contrats.engagement", registres.at("contrats:engagement"))
    registres.pages.register("contrats.contrat", registres.at("contrats:contrat"))
    registres.pages.register("contrats.fiche", registres.at("contrats:fiche", "domaine_id"))
    registres.pages.register("contrats.ficheactivite", registres.at("contrats:fiche_activite", "activite_id"))
    registres.pages.register("contrats.ligneprogramme", registres.at("contrats:programme_ligne"))
    registres.pages.register("contrats.versioncontrat", registres.at("contrats:contrat", "contrat_id"))
    registres.pages.register("contrats.jeuclauses", registres.at("contrats:jeu_clauses"))
    registres.pages.register("contrats.lotcontrats", registres.at("contrats:lot"))
    registres.taches.register(TACHE_LOT, run_lot)
    registres.intitules |= {TACHE_LOT: "Plusieurs contrats à la fois"}
    for type in (SETTLED, TO_SIGN, CONSOLIDATED):
        registres.rendus.register(type, render_contract)
        registres.remplacements.register(type, follow_document)


def links(user: Personne, commune: Commune, domaine: Domaine, on: date) -> Iterable[Lien]:
    """From a domain of a commune to its fiche d'engagement, for who may see it."""
    rows: Any = Engagement.objects.visible_to(user).filter(commune=commune, domaine=domaine)
    engagement = rows.to_read(on)
    if engagement:
        yield Lien("Ouvrir le contrat", reverse("contrats:engagement", args=[engagement.pk]))
        yield Lien(f"Programme {on.year}", year_address(commune.pk, domaine.pk, on.year))


def signatures_of(personne: Personne) -> Iterable[Tenue]:
    """For which sides a person signs, today or later, besides being maire."""
    held = Signataire.objects.filter(Q(fin=None) | Q(fin__gt=today_of("epci")), personne=personne)
    for row in held.select_related("epci", "commune").order_by("debut", "pk"):
        side = row.commune or row.epci.nom_commun
        yield Tenue(row.epci_id, f"signataire pour {side} ({row.qualite})", address(row.commune))


def render_contract(document: Document) -> bytes:
    """The settled text, the copy to sign or the consolidated text, from its frozen data."""
    data = document.source["contrat"]
    return render_document(template_of(data), {"contrat": data, "document": document.reference}, document)


def follow_document(annulled: Document, new: Document) -> None:
    """A version whose document was annulled points to the one that stands in for it, under the same code."""
    VersionContrat.objects.filter(arrete=annulled).update(arrete=new)
    VersionContrat.objects.filter(a_signer=annulled).update(a_signer=new)
    VersionContrat.objects.filter(consolide=annulled).update(consolide=new)
    LigneLot.objects.filter(document=annulled).update(document=new)
    Verification.objects.filter(document=annulled).update(document=new)
