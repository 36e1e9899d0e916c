"""A whole small world: two EPCI with every role filled in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from comptes.models import Personne, Role
from contrats.models import Engagement, VersionContrat
from mutualisation.models import Acte, Cycle, Declaration, Domaine, Ligne, Siege
from revues.models import CompteRendu, Revue
from socle import horloge
from territoire.models import Commune, Epci
from tests.factories.comptes import JetonFactory, PersonneFactory, fresh, holder
from tests.factories.contrats import ContratFactory, EngagementFactory, VersionContratFactory
from tests.factories.dates import in_days
from tests.factories.documents import DocumentFactory
from tests.factories.mutualisation import (
    ActeFactory,
    AdhesionFactory,
    CycleFactory,
    DeclarationFactory,
    LigneFactory,
    SiegeFactory,
    activite,
    catalogue,
    domaine,
)
from tests.factories.revues import CompteRenduFactory, RevueFactory
from tests.factories.territoire import EpciFactory, PoleFactory, member_commune


@dataclass(frozen=True)
class Cote:
    """What stands in one commune of the world."""

    commune: Commune
    dgs: Personne
    maire: Personne
    collaborateur: Personne
    lecteur: Personne
    referent: Personne
    declaration: Declaration
    ligne: Ligne
    version: VersionContrat
    engagement: Engagement
    revue: Revue
    revue_tenue: Revue
    acte: Acte


@dataclass(frozen=True)
class Monde:
    """Two EPCI on 10 February 2027, in the campaign of the cycle 2028.

    EPCI 1 (`epci`): pôles Nord and Sud; communes A (`a`, « L'Haÿ-les-Roses », Nord) and B (`b`, « Œuilly », Sud), each with a
    DGS, a maire, a collaborateur, a lecteur and a référent of the domain DA; a third commune C (`c`) with nobody and no line.
    A and B share DA-01; each has a draft declaration in `cycle`, a submitted line in the closed-campaign cycle `cycle_passe`
    (2027, in force), a draft contract with a fiche DA, a planned review and a held one with issued minutes, an act.
    `responsable` holds the EPCI's seat of DA, `responsable_autre` that of DB; `directeur` directs pôle Nord (so A, not B);
    `direction`, `administrateur`; `service` is the account of the intranet, `secret` its bearer token.
    EPCI 2 (`epci_voisin`): one commune (`commune_voisine`), its own catalogue, its Direction (`direction_voisine`).
    """

    epci: Epci
    cycle: Cycle
    cycle_passe: Cycle
    cycle_futur: Cycle
    a: Cote
    b: Cote
    c: Commune
    domaine: Domaine
    siege: Siege
    responsable: Personne
    responsable_autre: Personne
    directeur: Personne
    direction: Personne
    administrateur: Personne
    service: Personne
    secret: str
    epci_voisin: Epci
    commune_voisine: Commune
    direction_voisine: Personne


def build_world() -> Monde:
    """Build the world; the clock must stand on 10 February 2027."""
    epci = EpciFactory(nom="Métropole d'Essai", type=Epci.Type.METROPOLE)
    nord, sud = PoleFactory(epci=epci, nom="Pôle Nord"), PoleFactory(epci=epci, nom="Pôle Sud")
    communes = [
        member_commune(epci, nom="L'Haÿ-les-Roses", pole=nord),
        member_commune(epci, nom="Œuilly", pole=sud),
    ]
    alone = member_commune(epci, nom="Saint-Louis-de-Montferrand", pole=sud)
    catalogue(epci)
    opened = datetime(2026, 12, 1, 8, tzinfo=UTC)
    cycle = CycleFactory(epci=epci, calendrier=True, annee=2028, ouvert_at=opened)
    past = CycleFactory(epci=epci, calendrier=True, annee=2027, ouvert_at=opened - timedelta(days=365))
    future = CycleFactory(epci=epci, calendrier=True, annee=2029, ouvert_at=None)
    direction = holder(Role.DIRECTION_TERRITOIRES, epci, nom="Direction")
    chief, other_chief = PersonneFactory(nom="Responsable"), PersonneFactory(nom="Responsable-Autre")
    seat = SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, "DA"), titulaire=chief)
    SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, "DB"), titulaire=other_chief)
    service = holder(Role.SERVICE, epci, nom="Intranet")
    _, secret = JetonFactory.with_secret(personne=service)
    neighbour = EpciFactory(nom="Communauté voisine")
    catalogue(neighbour)
    sides = [_build_side(commune, cycle, past, direction) for commune in communes]
    return Monde(
        epci=epci,
        cycle=cycle,
        cycle_passe=past,
        cycle_futur=future,
        a=sides[0],
        b=sides[1],
        c=alone,
        domaine=domaine(epci, "DA"),
        siege=seat,
        responsable=fresh(chief),
        responsable_autre=fresh(other_chief),
        directeur=holder(Role.DIRECTEUR_POLE, epci, pole=nord, nom="Directeur"),
        direction=direction,
        administrateur=holder(Role.ADMINISTRATEUR, epci, nom="Administrateur"),
        service=service,
        secret=secret,
        epci_voisin=neighbour,
        commune_voisine=member_commune(neighbour, nom="Voisine"),
        direction_voisine=holder(Role.DIRECTION_TERRITOIRES, neighbour, nom="Direction-Voisine"),
    )


def _build_side(commune: Commune, cycle: Cycle, past: Cycle, direction: Personne) -> Cote:
    epci, name = cycle.epci, commune.nom
    referent = PersonneFactory(nom=f"Référent {name}")
    SiegeFactory(epci=epci, referent=True, commune=commune, domaine=domaine(epci, "DA"), titulaire=referent)
    ligne = LigneFactory(
        declaration=DeclarationFactory(cycle=past, commune=commune, deposee=True),
        activite=activite(epci),
        acceptee=True,
    )
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    version = VersionContratFactory(contrat=ContratFactory(epci=epci, commune=commune))
    minutes = CompteRenduFactory(
        epci=epci,
        commune=commune,
        redige_par=direction,
        etat=CompteRendu.Etat.EMIS,
        emis_at=horloge.now(),
        observation_until_on=in_days(8),
        document=DocumentFactory(epci=epci, commune=commune, type="compte_rendu", emis=True),
    )
    return Cote(
        commune=commune,
        dgs=holder(Role.DGS, epci, commune=commune, nom=f"DGS {name}"),
        maire=holder(Role.MAIRE, epci, commune=commune, nom=f"Maire {name}"),
        collaborateur=holder(Role.COLLABORATEUR, epci, commune=commune, nom=f"Collaborateur {name}"),
        lecteur=holder(Role.LECTEUR, epci, commune=commune, nom=f"Élu {name}"),
        referent=fresh(referent),
        declaration=DeclarationFactory(cycle=cycle, commune=commune),
        ligne=ligne,
        version=version,
        engagement=EngagementFactory(version_contrat=version, domaine=domaine(epci, "DA")),
        revue=RevueFactory(epci=epci, commune=commune, domaine=domaine(epci, "DA")),
        revue_tenue=RevueFactory(
            epci=epci,
            commune=commune,
            domaine=domaine(epci, "DA"),
            periode_on=date(2027, 1, 1),
            prevue_at=datetime(2027, 1, 20, 9, tzinfo=UTC),
            tenue=True,
            compte_rendu=minutes,
        ),
        acte=ActeFactory(
            cycle=past, commune=commune, lignes=[ligne], saisi_par=direction, adopte_on=date(2026, 10, 15)
        ),
    )
