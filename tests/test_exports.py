"""Lists that people take away: the rows of the page, for the same people, under the same filters, in three formats."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from comptes.models import Personne
from mutualisation.models import Titulaire
from socle.tableur import FORMATS
from socle.typographie import sort_key
from territoire.models import JourFerie
from tests.contrats.gestes_fiche import planned
from tests.contrats.lots import lot_pk
from tests.factories import (
    CourrielFactory,
    EquipeFactory,
    EvaluationFactory,
    LotContratsFactory,
    Monde,
    PersonneFactory,
    RepriseFactory,
    RevueFactory,
    SiegeFactory,
    TacheFactory,
    domaine,
)
from tests.mutualisation.dossier import act_of, avis_of
from tests.socle.test_tableur import read_ods

pytestmark = pytest.mark.django_db
Feuille = Callable[..., list[list[str]]]


@pytest.fixture
def feuille(client: Client) -> Feuille:
    """The rows of the CSV that `qui` gets at an address with some filters, heading first."""

    def read(qui: Personne, url: str, **query: Any) -> list[list[str]]:
        client.force_login(qui)
        response = client.get(url, {**query, "format": "csv"})
        assert response["Content-Type"].startswith("text/csv"), response.content
        return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))

    return read


def of_cycle(route: str, pk: int) -> str:
    return reverse(f"mutualisation:{route}", args=[pk])


def leaving(monde: Monde) -> str:
    """The list of the seats about to be left empty, with one in it."""
    Titulaire.objects.filter(siege=monde.siege).update(fin="2027-03-01")
    return "/referents/a-pourvoir/"


def holiday(monde: Monde) -> date:
    return JourFerie.objects.create(epci=monde.epci, jour=date(2027, 5, 6), nom="Ascension").jour


ADRESSES: dict[str, Callable[[Monde], tuple[str, Personne]]] = {
    "revues": lambda m: ("/revues/", m.direction),
    "tableau": lambda m: ("/revues/tableau/", m.direction),
    "référents d'une commune": lambda m: (f"/referents/?commune={m.a.commune.pk}", m.direction),
    "responsables": lambda m: ("/referents/", m.direction),
    "signataires": lambda m: ("/contrats/signataires/", m.direction),
    "jours fériés": lambda m: (
        f"/jours-feries/?annee={holiday(m).year}",
        m.direction,
    ),
    "pôles": lambda m: (reverse("mutualisation:poles"), m.direction),
    "affiliations": lambda m: (reverse("mutualisation:affiliations"), m.direction),
    "reprises": lambda m: (
        reverse("mutualisation:reprises"),
        RepriseFactory(epci=m.epci).epci and m.direction,
    ),
    "équipes": lambda m: ("/equipes/", m.direction),
    "séances": lambda m: ("/seances/", m.direction),
    "qui appeler": lambda m: (f"/qui-appeler/?commune={m.a.commune.pk}", m.direction),
    "sièges à pourvoir": lambda m: (leaving(m), m.direction),
    "personnes": lambda m: ("/personnes/", m.administrateur),
    "courriels": lambda m: ("/courriels/", m.administrateur),
    "clauses": lambda m: ("/contrats/clauses/", m.direction),
    "tâches": lambda m: ("/taches/", m.administrateur),
    "évaluations": lambda m: (
        of_cycle("evaluations", EvaluationFactory(ligne=m.a.ligne).declaration.cycle_id),
        m.direction,
    ),
    "lots de contrats": lambda m: ("/contrats/lots/", LotContratsFactory(epci=m.epci) and m.direction),
    "contrats d'un lot": lambda m: (f"/contrats/lots/{lot_pk(m)['pk']}/", m.direction),
    "actes": lambda m: (of_cycle("actes_enregistres", act_of(m).cycle_id), m.direction),
    "fiches de référence": lambda m: ("/contrats/fiches/", m.a.lecteur),
    "programmes": lambda m: (f"/programmes/?commune={planned(m).commune_id}", m.direction),
    "avis": lambda m: (of_cycle("avis_enregistres", avis_of(m).cycle_id), m.direction),
}


@pytest.mark.parametrize("nom", ADRESSES)
def test_the_page_offers_three_formats_that_say_the_same(monde: Monde, client: Client, nom: str):
    EquipeFactory(epci=monde.epci)
    TacheFactory(epci=monde.epci)
    CourrielFactory(epci=monde.epci)
    url, qui = ADRESSES[nom](monde)
    client.force_login(qui)
    page = client.get(url).content.decode()
    start = f"?{url.partition('?')[2]}&amp;" if "?" in url else "?"
    answers = {}
    for one in FORMATS:
        assert f'href="{start}format={one}"' in page, one
        answers[one] = client.get(f"{url}{'&' if '?' in url else '?'}format={one}")
        assert f'.{one}"' in answers[one]["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answers["csv"].content.decode("utf-8-sig")), delimiter=";"))
    sheet = load_workbook(io.BytesIO(answers["xlsx"].content)).active
    assert sheet is not None
    ods = read_ods(answers["ods"].content)
    assert [cell.value for cell in sheet[2]] == ods[1] == rows[0]
    assert sheet.max_row - 1 == len(ods) - 1 == len(rows)
    assert [row[0].value for row in sheet.iter_rows(min_row=3)] == [row[0] for row in rows[1:]]


def test_the_board_of_reviews_is_in_words(monde: Monde, feuille: Feuille):
    """« 1/2 » would be the first of February for a spreadsheet."""
    rows = feuille(monde.direction, "/revues/tableau/", annee="2027")
    assert rows[0][:3] == ["Commune", "Janvier", "Février"]
    assert [row[:4] for row in rows[1:]] == [
        [nom, "1 tenue sur 1 prévue, tout est tenu", "1 revue prévue", "aucune revue prévue"]
        for nom in ("L'Haÿ-les-Roses", "Œuilly")
    ]
    assert len(feuille(monde.direction, "/revues/tableau/", annee="2025")) == 1
    assert [row[0] for row in feuille(monde.a.dgs, "/revues/tableau/")[1:]] == ["L'Haÿ-les-Roses"]


def test_reviews_by_state_in_ods(monde: Monde, client: Client):
    RevueFactory(
        epci=monde.epci,
        commune=monde.a.commune,
        domaine=domaine(monde.epci, "DC"),
        etat="non_tenue",
        motif="=1+1",
    )
    client.force_login(monde.direction)
    rows = read_ods(client.get("/revues/", {"etat": "non_tenue", "format": "ods"}).content)
    assert [row[-1] for row in rows[2:]] == ["'=1+1"]


def test_both_sides_of_a_commune(monde: Monde, feuille: Feuille):
    deputy = PersonneFactory(prenom="Ève", nom="Relève")
    seat = Titulaire.objects.get(personne=monde.a.referent).siege
    seat.titulaires.create(personne=deputy, rang=Titulaire.Rang.SUPPLEANT, debut="2026-01-01")
    rows = feuille(monde.direction, "/referents/", commune=monde.a.commune.pk)
    assert rows[0][:5] == [
        "Domaine",
        "Partage",
        "Référent de la commune",
        "Suppléance, commune",
        "Depuis, commune",
    ]
    assert [row[0] for row in rows[1:]] == ["Voirie", "Ressources humaines", "Espaces verts"]
    assert rows[1][1].startswith("en partie, 1 activité sur 3")
    assert rows[1][2:4] == [str(monde.a.referent), "Ève Relève"]
    assert rows[1][5] == str(monde.responsable)
    assert rows[3][2] == rows[3][5] == "Siège vacant"


def test_a_commune_takes_its_own_seats_and_no_others(monde: Monde, feuille: Feuille, client: Client):
    (row,) = [row for row in feuille(monde.a.dgs, "/referents/")[1:] if row[0] == "Voirie"]
    assert row[2] == str(monde.a.referent)
    query = {"commune": monde.b.commune.pk, "format": "csv"}
    assert client.get("/referents/", query).status_code == 404


def test_the_seats_of_the_epci_the_widest_first_then_in_french_order(monde: Monde, feuille: Feuille):
    for commune in (monde.b.commune, monde.a.commune):
        SiegeFactory(
            epci=monde.epci,
            responsable=True,
            domaine=monde.domaine,
            commune=commune,
            titulaire=PersonneFactory(),
        )
    rows = feuille(monde.direction, "/referents/")
    assert rows[0][:5] == ["Domaine", "Périmètre", "Titulaire", "Suppléance", "Depuis"]
    ours = [row[1] for row in rows if row[0] == "Voirie"]
    assert ours[1:] == ["L'Haÿ-les-Roses", "Œuilly"]
    assert rows[-1][:3] == ["Espaces verts", "", "Siège vacant"]


def test_teams_in_french_order_without_the_neighbours(monde: Monde, feuille: Feuille):
    closed = PersonneFactory(prenom="Zoé", nom="Partie", is_active=False)
    EquipeFactory(epci=monde.epci, nom="Voirie", telephone="+33 5 56 00 00 00")
    EquipeFactory(epci=monde.epci, nom="Équipe du soir", membres=[monde.a.dgs, closed])
    EquipeFactory(epci=monde.epci_voisin)
    rows = feuille(monde.a.lecteur, "/equipes/")
    assert rows == [
        ["Équipe", "Membres", "Téléphone"],
        ["Équipe du soir", f"{monde.a.dgs} et Zoé Partie (compte fermé)", ""],
        ["Voirie", "", "'+33 5 56 00 00 00"],
    ]


def test_jobs_to_do_then_done(monde: Monde, feuille: Feuille, client: Client):
    TacheFactory(epci=monde.epci, cle="faite", faite_at="2027-02-09T08:30:00Z", fait=3, total=3)
    TacheFactory(epci=monde.epci, cle="à faire", due_at="2027-02-11T23:15:00Z", constat="=1+1")
    TacheFactory(epci=monde.epci_voisin)
    rows = feuille(monde.administrateur, "/taches/")
    assert rows[0][:4] == ["Tâche", "Clé", "Due le", "À"]
    found = [row for row in rows[1:] if row[0] == "essai"]
    assert [row[1] for row in found] == ["à faire", "faite"]
    assert found[0][2:6] == ["2027-02-12", "00:15", "", ""]
    assert found[0][8:10] == ["prévue", "'=1+1"]
    assert found[1][4:9] == ["2027-02-09", "09:30", "3", "3", "faite"]
    client.force_login(monde.direction)
    assert client.get("/taches/", {"format": "csv"}).status_code == 403


def test_people_found_by_the_search(monde: Monde, feuille: Feuille, client: Client):
    rows = feuille(monde.administrateur, "/personnes/")
    assert rows[0] == ["Nom", "Prénom", "Fonction", "Adresse", "Rôles en cours", "Accès", "Invitation du"]
    keys = [sort_key(f"{row[0]} {row[1]}") for row in rows[1:]]
    assert keys == sorted(keys)
    assert {row[3] for row in rows[1:]} >= {monde.a.dgs.email, monde.direction.email}
    assert monde.direction_voisine.email not in {row[3] for row in rows}
    monde.a.dgs.fonction = "=1+1"
    monde.a.dgs.save()
    (found,) = feuille(monde.administrateur, "/personnes/", q=monde.a.dgs.email)[1:]
    assert found[2:6] == ["'=1+1", monde.a.dgs.email, "DGS, L'Haÿ-les-Roses", "ouvert"]
    assert len(feuille(monde.administrateur, "/personnes/", role="dgs")) == 3
    client.force_login(monde.direction)
    assert client.get("/personnes/", {"format": "csv"}).status_code == 403


def test_mails_that_one_reads(monde: Monde, feuille: Feuille):
    CourrielFactory(
        epci=monde.epci, destinataire=monde.a.dgs, sujet="=À vous", ecrit_at="2027-02-09T23:30:00Z"
    )
    CourrielFactory(epci=monde.epci_voisin)
    ours = ["'=À vous", str(monde.a.dgs), monde.a.dgs.email, "2027-02-10", "00:30", "en attente"]
    rows = feuille(monde.administrateur, "/courriels/")
    assert rows == [["Objet", "Destinataire", "Adresse", "Écrit le", "À", "État"], ours]
    assert feuille(monde.administrateur, "/courriels/", etat="envoyé")[1:] == []
    assert feuille(monde.a.dgs, "/courriels/")[1:] == [ours]
    assert feuille(monde.b.dgs, "/courriels/")[1:] == []
