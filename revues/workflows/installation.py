"""The first EPCI, its reference data and its first administrator."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from contrats.models import Fiche
from contrats.workflows.clause import load_reference_clauses
from contrats.workflows.fiche import load_reference_fiches
from journal.workflows.invitation import invite, password_link
from journal.workflows.personne import Identite, Mandat, find_personne, grant, welcome
from journal.workflows.unite import unite
from mutualisation.models import Catalogue
from mutualisation.workflows.catalogue import load_reference_catalogue
from socle import horloge
from socle.typographie import of, plural
from territoire.models import Appartenance, Epci
from territoire.workflows.epci import load_epci


@dataclass
class Installation:
    """What was done, in French sentences; the link for an administrator who has no password yet."""

    epci: Epci
    administrateur: Personne
    phrases: list[str] = field(default_factory=list)
    lien: str = ""


@unite
def install(*, siren: str, identite: Identite) -> Installation:
    """Load an EPCI with its communes, catalogue, fiches and an administrator; what exists is left as it is.

    Raises EpciInconnu for a SIREN the reference data do not know, ValidationError for an invalid identity.
    """
    first_day = horloge.today("Europe/Paris").replace(month=1, day=1)
    phrases: list[str] = []
    epci = _epci(siren, first_day, phrases)
    _catalogue(epci, first_day, phrases)
    administrateur = _administrator(epci, identite, phrases)
    lien = ""
    if not administrateur.has_usable_password():
        invite(personne=administrateur, epci=epci, acteur=None)
        lien = password_link(administrateur)
    return Installation(epci, administrateur, phrases, lien)


def _epci(siren: str, since: date, phrases: list[str]) -> Epci:
    siren = "".join(siren.split())
    existed = Epci.objects.filter(siren=siren).exists()
    epci = load_epci(siren=siren, since=since)
    communes = plural(Appartenance.objects.on(since).filter(epci=epci).count(), "commune")
    phrases.append(f"{epci} : {'existe déjà' if existed else 'créé'}, {communes}.")
    return epci


def _catalogue(epci: Epci, effective_on: date, phrases: list[str]) -> None:
    existed = Catalogue.objects.filter(epci=epci).exists()
    if not existed:
        load_reference_catalogue(epci=epci, effective_on=effective_on)
    phrases.append(
        "Catalogue : existe déjà." if existed else "Catalogue : 18 domaines et 130 activités de référence."
    )
    before = Fiche.objects.filter(epci=epci).count()
    load_reference_fiches(epci=epci)
    load_reference_clauses(epci=epci)
    added = Fiche.objects.filter(epci=epci).count() - before
    phrases.append(f"Fiches d'engagement de référence : {_told((added, 'ajoutée'), (before, 'déjà là'))}.")


def _told(*counts: tuple[int, str]) -> str:
    told: Iterable[str] = (
        plural(count, words, words if words == "déjà là" else None) for count, words in counts if count
    )
    return ", ".join(told) or "aucune"


def _administrator(epci: Epci, identite: Identite, phrases: list[str]) -> Personne:
    mandat = Mandat(role=Role.ADMINISTRATEUR, debut=epci.today)
    personne = find_personne(identite.email)
    if personne is None:
        personne = welcome(epci=epci, acteur=None, identite=identite, mandat=mandat)
        phrases.append(f"Administrateur : compte ouvert pour {personne}, {personne.email}.")
    elif (
        Habilitation.objects.on(epci.today)
        .filter(personne=personne, epci=epci, role=Role.ADMINISTRATEUR)
        .exists()
    ):
        phrases.append(f"Administrateur : {personne}, {personne.email}, existe déjà.")
    else:
        grant(personne=personne, epci=epci, acteur=None, mandat=mandat)
        phrases.append(f"Administrateur : rôle donné au compte {of(str(personne))}, {personne.email}.")
    return personne
