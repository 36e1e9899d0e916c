"""What people press in a year of the demonstration, by keyboard: shared by the chain and by the two years."""

from datetime import UTC, date, datetime

from comptes.models import Personne, Role
from demo.horloge import set_now
from demo.models import Visiteur
from mutualisation.models import Activite, Domaine
from mutualisation.workflows.catalogue import load_reference_catalogue
from mutualisation.workflows.cycle import open_cycle, prepare_cycle
from mutualisation.workflows.siege import appoint
from socle import horloge
from territoire.models import Commune, Epci
from tests import factories
from tests.navigateur.clavier import Clavier

START = datetime(2027, 2, 10, 8, tzinfo=UTC)
SINCE = date(2020, 1, 1)
DGS, DIRECTION = "DGS de Mérignac", "Direction des territoires"


def campaign() -> Epci:
    """An EPCI in its campaign of 2028: Mérignac shares one activity of Finances; two people enter by one click."""
    epci = factories.EpciFactory(nom="Bordeaux Métropole", type="METRO")
    commune = factories.member_commune(epci, nom="Mérignac")
    factories.member_commune(epci, nom="L'Haÿ-les-Roses")
    with horloge.at(datetime(2026, 11, 15, tzinfo=UTC)):
        load_reference_catalogue(epci=epci, effective_on=SINCE)
        factories.AdhesionFactory(
            epci=epci,
            commune=commune,
            activite=Activite.objects.get(code="FIN-01"),
            debut=date(2025, 1, 1),
            fin=None,
        )
        cycle = prepare_cycle(epci=epci, annee=2028, acteur=None)
    _people(epci, commune)
    with horloge.at(datetime(2026, 12, 1, 8, tzinfo=UTC)):
        open_cycle(cycle=cycle, acteur=None)
    set_now(START)
    return epci


def _people(epci: Epci, commune: Commune) -> None:
    offered = {
        DGS: factories.holder(Role.DGS, epci, commune=commune, nom="Etcheverry", prenom="Claire"),
        DIRECTION: factories.holder(Role.DIRECTION_TERRITOIRES, epci, nom="Duprat", prenom="Paul"),
    }
    finances = Domaine.objects.get(code="FIN")
    for cote, where in (("epci", None), ("commune", commune)):
        referent = Personne.objects.create(email=f"{cote}@exemple.invalid", nom="Référent", prenom=cote)
        appoint(
            epci=epci, cote=cote, domaine=finances, debut=SINCE, acteur=None, personne=referent, commune=where
        )
    for ordre, (text, personne) in enumerate(offered.items()):
        Visiteur.objects.create(personne=personne, presentation=text, ordre=ordre)


def leave(clavier: Clavier, nom: str) -> None:
    clavier.toggle(nom)
    clavier.press("Se déconnecter", "button")


def record_both_acts(clavier: Clavier, annee: int) -> None:
    """From « Mes échéances » of the Direction: the deliberation of the commune, then the act of the EPCI."""
    clavier.press("Mes échéances", "a")
    clavier.press("Enregistrer")
    clavier.press("Enregistrer sa délibération")
    _act(clavier, f"{annee}-10-01")
    clavier.press("Enregistrer un acte de l'EPCI")
    _act(clavier, f"{annee}-10-04")
    assert "complet" in clavier.text()


def _act(clavier: Clavier, day: str) -> None:
    clavier.type("Numéro", f"N-{day}")
    clavier.fill_date("Adopté le", day)
    clavier.fill_date("Exécutoire le", day)
    clavier.press("Enregistrer l'acte", "button")
