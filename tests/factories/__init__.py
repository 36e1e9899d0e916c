"""Rows for the tests, valid by default, everything else by traits; and a whole small world (`Monde`).

EpciFactory()                        an EPCI alone; EpciFactory(peuple=True): 3 communes, 2 pôles
AppartenanceFactory(epci=e)          a commune, member of e (`.commune`); or member_commune(e)
holder(Role.DGS, epci, commune=c)    someone who holds a role (habilitation since 2020)
PersonneFactory(password="…")        an account that can sign in
SiegeFactory(referent=True, …)       a seat of a commune; responsable=True: of the EPCI; titulaire=personne
catalogue(epci)                      a frozen edition, 3 domains (DA, DB, DC) of 3 activities (DA-01…)
CycleFactory(epci=e)                 an open campaign today; traits preparation, instruction, deliberation,
                                     en_vigueur, clos; calendrier=True: the usual dates of `annee`
DeclarationFactory(cycle=…, commune=…), deposee=True
LigneFactory(declaration=…, activite=…), acceptee=True, refusee=True
AdhesionFactory(commune=…, activite=…)
VersionContratFactory, EngagementFactory, RevueFactory, CompteRenduFactory, DocumentFactory(emis=True)
JetonFactory.with_secret(personne=…) (token, bearer secret)
TacheFactory, CourrielFactory
"""

from tests.factories.comptes import (
    PASSWORD,
    EquipeFactory,
    HabilitationFactory,
    JetonFactory,
    PersonneFactory,
    fresh,
    holder,
)
from tests.factories.contrats import (
    ClauseFactory,
    ContratFactory,
    EngagementFactory,
    ExemplaireSigneFactory,
    FicheActiviteFactory,
    FicheFactory,
    JeuClausesFactory,
    LigneLotFactory,
    LigneProgrammeFactory,
    LotContratsFactory,
    ReglageContratFactory,
    RemarqueFactory,
    SignataireFactory,
    VersionContratFactory,
)
from tests.factories.convention import AvisFactory, ConventionFactory
from tests.factories.dates import SINCE, in_days, today
from tests.factories.documents import DocumentFactory
from tests.factories.instruction import (
    DemandeComplementFactory,
    EffetACFactory,
    EtudeFactory,
    EvaluationFactory,
)
from tests.factories.journal import CourrielFactory, TacheFactory
from tests.factories.monde import Cote, Monde, build_world
from tests.factories.mutualisation import (
    AbsenceFactory,
    ActeFactory,
    ActiviteFactory,
    AdhesionFactory,
    CatalogueFactory,
    CycleFactory,
    DeclarationFactory,
    DomaineFactory,
    LigneFactory,
    SiegeFactory,
    TitulaireFactory,
    activite,
    catalogue,
    domaine,
    edition_of,
)
from tests.factories.reglage import ReglageFactory
from tests.factories.reprise import RepriseFactory
from tests.factories.revues import CompteRenduFactory, RevueFactory
from tests.factories.seances import SeanceFactory
from tests.factories.territoire import (
    AppartenanceFactory,
    CommuneFactory,
    EpciFactory,
    PoleFactory,
    member_commune,
)

__all__ = [
    "PASSWORD",
    "SINCE",
    "AbsenceFactory",
    "ActeFactory",
    "ActiviteFactory",
    "AdhesionFactory",
    "AppartenanceFactory",
    "AvisFactory",
    "CatalogueFactory",
    "ClauseFactory",
    "CommuneFactory",
    "CompteRenduFactory",
    "ContratFactory",
    "ConventionFactory",
    "Cote",
    "CourrielFactory",
    "CycleFactory",
    "DeclarationFactory",
    "DemandeComplementFactory",
    "DocumentFactory",
    "DomaineFactory",
    "EffetACFactory",
    "EngagementFactory",
    "EpciFactory",
    "EquipeFactory",
    "EtudeFactory",
    "EvaluationFactory",
    "ExemplaireSigneFactory",
    "FicheActiviteFactory",
    "FicheFactory",
    "HabilitationFactory",
    "JetonFactory",
    "JeuClausesFactory",
    "LigneFactory",
    "LigneLotFactory",
    "LigneProgrammeFactory",
    "LotContratsFactory",
    "Monde",
    "PersonneFactory",
    "PoleFactory",
    "ReglageContratFactory",
    "ReglageFactory",
    "RemarqueFactory",
    "RepriseFactory",
    "RevueFactory",
    "SeanceFactory",
    "SiegeFactory",
    "SignataireFactory",
    "TacheFactory",
    "TitulaireFactory",
    "VersionContratFactory",
    "activite",
    "build_world",
    "catalogue",
    "domaine",
    "edition_of",
    "fresh",
    "holder",
    "in_days",
    "member_commune",
    "today",
]
