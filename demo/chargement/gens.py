"""Invented people: their habilitations, their seats, and those the sign-in page offers to be."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from comptes.models import Habilitation, Personne, Role
from contrats.models import Signataire
from demo.chargement.noms import FEMININS, Registre
from demo.models import Visiteur
from mutualisation.models import Domaine, Siege, Titulaire
from mutualisation.workflows.absence import note_absence
from territoire.models import Commune, Epci, Pole

HOST = "demonstration.invalid"  # RFC 2606: no mail can ever leave for it
SUPPORT_SEATS = 11  # the first eleven domains of the reference catalogue are support functions


@dataclass
class Gens:
    """Who is who in a loaded EPCI."""

    epci: Epci
    debut: date
    noms: Registre
    direction: Personne = field(init=False)
    administrateur: Personne = field(init=False)
    directeurs: dict[int, Personne] = field(default_factory=dict)
    responsables: dict[int, Personne] = field(default_factory=dict)
    dgs: dict[int, Personne] = field(default_factory=dict)
    maires: dict[int, Personne] = field(default_factory=dict)
    referents: dict[int, tuple[Personne, Personne]] = field(default_factory=dict)

    def new(self, fonction: str, feminin: str = "") -> Personne:
        """Somebody who holds an office; `feminin` is its name for a woman, when it is another."""
        prenom, nom = self.noms.take()
        number = Personne.objects.count() + 1
        return Personne.objects.create(
            email=f"personne-{number}@{HOST}",
            prenom=prenom,
            nom=nom,
            fonction=feminin if feminin and prenom in FEMININS else fonction,
            telephone="05 00 00 00 00",
        )

    def agent(self, fonction: str, feminin: str = "") -> Personne:
        """Someone who may sign in; what more she may do comes from a seat."""
        personne = self.new(fonction, feminin)
        self.entitle(personne, Role.AGENT)
        return personne

    def entitle(
        self, personne: Personne, role: Role, *, pole: Pole | None = None, commune: Commune | None = None
    ) -> None:
        Habilitation.objects.create(
            personne=personne, role=role, epci=self.epci, pole=pole, commune=commune, debut=self.debut
        )


def president(gens: Gens) -> None:
    """Who signs for the EPCI."""
    personne = gens.agent("Président", "Présidente")
    Signataire.objects.create(
        epci=gens.epci, personne=personne, qualite=personne.fonction.lower(), debut=gens.debut
    )


def people(gens: Gens, communes: list[Commune], sharing: Iterable[int]) -> None:
    """Invent everyone: EPCI, pôles, domains, then each commune (référents only where something is shared)."""
    _epci(gens)
    sharing = set(sharing)
    for commune in communes:
        _commune(gens, commune, commune.pk in sharing)


def _epci(gens: Gens) -> None:
    gens.direction = gens.new("Directeur des territoires", "Directrice des territoires")
    gens.entitle(gens.direction, Role.DIRECTION_TERRITOIRES)
    gens.administrateur = gens.new("Direction du numérique")
    gens.entitle(gens.administrateur, Role.ADMINISTRATEUR)
    for pole in Pole.objects.filter(epci=gens.epci):
        gens.directeurs[pole.pk] = gens.new(f"Direction du {pole.nom}")
        gens.entitle(gens.directeurs[pole.pk], Role.DIRECTEUR_POLE, pole=pole)
    for domaine in Domaine.objects.filter(epci=gens.epci):
        gens.responsables[domaine.pk] = gens.agent(f"Responsable du service commun {domaine.libelle}")
        _seat(gens, domaine, gens.responsables[domaine.pk], None)


def _commune(gens: Gens, commune: Commune, sharing: bool) -> None:
    gens.dgs[commune.pk] = gens.new("Direction générale des services")
    gens.entitle(gens.dgs[commune.pk], Role.DGS, commune=commune)
    gens.maires[commune.pk] = gens.new("Maire")
    gens.entitle(gens.maires[commune.pk], Role.MAIRE, commune=commune)
    if sharing:
        gens.referents[commune.pk] = (
            gens.agent("Direction des ressources"),
            gens.agent("Direction des services techniques"),
        )


def communal_seats(gens: Gens, commune: Commune, domaines: Iterable[Domaine]) -> None:
    """Give a commune its seats: one référent for the support domains, one for the operational ones."""
    resources, technical = gens.referents[commune.pk]
    for domaine in domaines:
        holder, deputy = (resources, technical) if domaine.ordre <= SUPPORT_SEATS else (technical, resources)
        siege = _seat(gens, domaine, holder, commune)
        Titulaire.objects.create(
            siege=siege, personne=deputy, rang=Titulaire.Rang.SUPPLEANT, debut=gens.debut
        )


def absences(gens: Gens, commune: Commune, domaine: Domaine) -> None:
    """A référent away today, replaced by a colleague; a responsable away next week, whom nobody replaces."""
    today = gens.epci.today
    resources, technical = gens.referents[commune.pk]
    for personne, first, suppleant in (
        (resources, today - timedelta(days=1), technical),
        (gens.responsables[domaine.pk], today + timedelta(days=7), None),
    ):
        note_absence(
            epci=gens.epci,
            personne=personne,
            debut=first,
            fin=first + timedelta(days=5),
            suppleant=suppleant,
            acteur=personne,
        )


def _seat(gens: Gens, domaine: Domaine, personne: Personne, commune: Commune | None) -> Siege:
    cote = Siege.Cote.COMMUNE if commune else Siege.Cote.EPCI
    siege = Siege.objects.create(epci=gens.epci, cote=cote, domaine=domaine, commune=commune)
    Titulaire.objects.create(siege=siege, personne=personne, debut=gens.debut)
    return siege


def visitors(gens: Gens, inside: Commune, outside: Commune, domaine: Domaine) -> None:
    """The eight people one may enter as."""
    nom = gens.epci.nom
    offered = [
        (gens.dgs[inside.pk], f"DGS {inside.de}, qui partage déjà"),
        (gens.dgs[outside.pk], f"DGS {outside.de}, qui ne partage rien encore"),
        (gens.maires[inside.pk], f"Maire {inside.de}"),
        (gens.referents[inside.pk][1], f"Référent communal {inside.de}"),
        (gens.responsables[domaine.pk], f"Responsable de service commun : {domaine.libelle}"),
        *((person, f"Direction de pôle, {nom}") for person in list(gens.directeurs.values())[-1:]),
        (gens.direction, f"Direction des territoires, {nom}"),
        (gens.administrateur, f"Administration de l'outil, {nom}"),
    ]
    Visiteur.objects.bulk_create(
        Visiteur(personne=personne, presentation=text, ordre=ordre)
        for ordre, (personne, text) in enumerate(offered, 1)
    )
