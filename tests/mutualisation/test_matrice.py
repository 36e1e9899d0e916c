"""Who shares what, at any date: the cells, what each may see of choices, the pages and the exports."""

import csv
import io
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from comptes.models import Role
from mutualisation.matrice import Case, members, read_matrix
from mutualisation.models import Adhesion, Ligne
from socle import horloge
from socle.tableur import neutralise
from territoire.models import Appartenance, Commune, CommuneVersion, Epci
from tests.factories import (
    AdhesionFactory,
    CommuneFactory,
    CycleFactory,
    DeclarationFactory,
    EpciFactory,
    HabilitationFactory,
    LigneFactory,
    Monde,
    PersonneFactory,
    PoleFactory,
    SiegeFactory,
    activite,
    catalogue,
    domaine,
    holder,
    member_commune,
)

pytestmark = pytest.mark.django_db
NEW_YEAR = date(2028, 1, 1)
FIRST, SECOND, THIRD = "DA-01", "DA-02", "DA-03"


@pytest.fixture
def epci(at_time: Callable[[Any], Any]) -> Any:
    """An EPCI with a catalogue, on 10 February 2027, and a Direction."""
    at_time("2027-02-10")
    made = EpciFactory()
    catalogue(made)
    return made


@pytest.fixture
def direction(epci: Epci) -> Any:
    return holder(Role.DIRECTION_TERRITOIRES, epci)


def formerly(commune: Commune, nom: str, code_insee: str) -> None:
    """The commune had another name or code until the end of 2027."""
    CommuneVersion.objects.create(
        commune=commune, nom=nom, code_insee=code_insee, debut=date(2020, 1, 1), fin=NEW_YEAR
    )


def share(epci: Epci, commune: Any, *codes: str, **period: Any) -> None:
    for code in codes:
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, code), **period)


def cell(epci: Epci, user: Any, on: date, commune: Any, code: str = "DA") -> Case:
    matrix = read_matrix(epci, user, on)
    column = [d.code for d in matrix.domaines].index(code)
    return next(rang.cases[column] for rang in matrix.rangs if rang.commune.id == commune.pk)


def ask(epci: Epci, commune: Any, code: str, **line: Any) -> Any:
    """A line deposited for 2028 by a commune."""
    cycle = epci.cycles.first() or CycleFactory(epci=epci, calendrier=True, annee=2028)
    declaration = cycle.declarations.filter(commune=commune).first()
    declaration = declaration or DeclarationFactory(cycle=cycle, commune=commune, deposee=True)
    return LigneFactory(declaration=declaration, activite=activite(epci, code), **line)


class TestAcrossANewYear:
    """Three days around 1 January 2028: the eve, the day, the day a year before."""

    @pytest.mark.parametrize(
        ("on", "genre", "words"),
        [
            (date(2027, 2, 10), "a", "arrive au 1er janvier 2028, 3 activités sur 3"),
            (date(2027, 12, 31), "a", "arrive au 1er janvier 2028, 3 activités sur 3"),
            (NEW_YEAR, "v", "domaine entier, 3 activités, depuis le 1er janvier 2028"),
            (date(2026, 2, 10), "n", "non partagé"),
        ],
    )
    def test_an_arrival(self, epci: Epci, direction: Any, on: date, genre: str, words: str):
        commune = member_commune(epci)
        share(epci, commune, FIRST, SECOND, THIRD, debut=NEW_YEAR)
        case = cell(epci, direction, on, commune)
        assert (case.genre, case.mots) == (genre, words)

    @pytest.mark.parametrize(
        ("on", "genre", "words"),
        [
            (date(2026, 2, 10), "p", "en partie, 2 activités sur 3, depuis le 1er janvier 2020"),
            (
                date(2027, 12, 31),
                "x",
                "part au 1er janvier 2028, 2 activités sur 3, depuis le 1er janvier 2020",
            ),
            (NEW_YEAR, "n", "non partagé"),
        ],
    )
    def test_a_departure(self, epci: Epci, direction: Any, on: date, genre: str, words: str):
        commune = member_commune(epci)
        share(epci, commune, FIRST, SECOND, fin=NEW_YEAR)
        case = cell(epci, direction, on, commune)
        assert (case.genre, case.mots) == (genre, words)

    def test_part_of_a_domain_that_grows_and_shrinks(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST)
        share(epci, commune, SECOND, fin=NEW_YEAR)
        share(epci, commune, THIRD, debut=NEW_YEAR)
        case = cell(epci, direction, date(2027, 2, 10), commune)
        assert (case.genre, case.marque) == ("p", "plus")
        assert case.mots.endswith(
            "1 activité arrive au 1er janvier 2028, 1 activité part au 1er janvier 2028"
        )

    def test_a_period_followed_by_another_leaves_nothing(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST, fin=NEW_YEAR)
        share(epci, commune, FIRST, debut=NEW_YEAR)
        assert cell(epci, direction, date(2027, 2, 10), commune).partent == 0


class TestVotedLines:
    """Both assemblies voted, the day has not come: as public and as sure as an adhesion."""

    def test_an_entry_shows_to_everyone_before_and_after_its_day(self, epci: Epci):
        asking, other = member_commune(epci), member_commune(epci)
        ask(epci, asking, FIRST, acceptee=True, effet_on=NEW_YEAR)
        stranger = holder(Role.DGS, epci, commune=other)
        assert (
            cell(epci, stranger, date(2027, 2, 10), asking).mots
            == "arrive au 1er janvier 2028, 1 activité sur 3"
        )
        assert cell(epci, stranger, NEW_YEAR, asking).genre == "p"

    def test_a_retrait_ends_the_open_adhesion(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST)
        ask(epci, commune, FIRST, nature=Ligne.Nature.RETRAIT, acceptee=True, effet_on=NEW_YEAR)
        assert cell(epci, direction, date(2027, 12, 31), commune).genre == "x"
        assert cell(epci, direction, NEW_YEAR, commune).genre == "n"

    def test_a_line_already_in_effect_counts_once(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ligne = ask(
            epci, commune, FIRST, acceptee=True, effet_on=date(2027, 1, 1), appliquee_at=horloge.now()
        )
        AdhesionFactory(
            epci=epci, commune=commune, activite=activite(epci), debut=date(2027, 1, 1), ligne=ligne
        )
        assert cell(epci, direction, date(2027, 2, 10), commune).partagees == 1


class TestUnvotedChoices:
    """What is only asked is seen by the commune, its pôle, the référents of the domain and the Direction."""

    @pytest.fixture
    def asking(self, epci: Epci) -> Any:
        commune = member_commune(epci, pole=PoleFactory(epci=epci))
        ask(epci, commune, FIRST)
        return commune

    def test_the_commune_and_the_direction_see_it(self, epci: Epci, direction: Any, asking: Any):
        for user in (direction, holder(Role.LECTEUR, epci, commune=asking)):
            case = cell(epci, user, date(2027, 2, 10), asking)
            assert (case.genre, case.mots) == ("d", "non partagé, entrée demandée")

    def test_another_commune_does_not(self, epci: Epci, asking: Any):
        stranger = holder(Role.DGS, epci, commune=member_commune(epci))
        assert cell(epci, stranger, date(2027, 2, 10), asking) == Case(3)

    def test_the_responsable_of_the_domain_sees_it_and_another_does_not(self, epci: Epci, asking: Any):
        seen = []
        for code in ("DA", "DB"):
            user = holder(Role.LECTEUR, epci, commune=member_commune(epci))
            SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, code), titulaire=user)
            seen.append(cell(epci, type(user).objects.get(pk=user.pk), date(2027, 2, 10), asking).genre)
        assert seen == ["d", "n"]

    def test_neither_a_draft_nor_a_day_before_the_deposit_shows(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ask(epci, commune, THIRD)
        assert cell(epci, direction, date(2027, 2, 9), commune).genre == "n"
        draft = DeclarationFactory(cycle=epci.cycles.get(), commune=member_commune(epci))
        LigneFactory(declaration=draft, activite=activite(epci))
        assert cell(epci, direction, date(2027, 2, 10), draft.commune).genre == "n"

    def test_refused_and_postponed_show_to_who_may_see_them_only(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ask(epci, commune, FIRST, refusee=True)
        refused = cell(epci, direction, date(2027, 2, 10), commune)
        assert (refused.genre, refused.mots) == ("f", "non partagé, entrée refusée")
        ask(epci, commune, SECOND, reportee=True, nature=Ligne.Nature.PRESTATION)
        both = cell(epci, direction, date(2027, 2, 10), commune)
        assert (both.genre, both.mots) == ("o", "non partagé, prestation reportée, entrée refusée")
        stranger = holder(Role.DGS, epci, commune=member_commune(epci))
        assert cell(epci, stranger, date(2027, 2, 10), commune) == Case(3)

    def test_what_is_asked_for_the_next_1_january_shows_on_the_first_day_of_a_leap_year(
        self, epci: Epci, direction: Any, at_time: Callable[[Any], Any]
    ):
        at_time("2028-01-01")
        commune = member_commune(epci)
        cycle = CycleFactory(epci=epci, calendrier=True, annee=2029)
        declaration = DeclarationFactory(cycle=cycle, commune=commune, deposee=True)
        LigneFactory(declaration=declaration, activite=activite(epci, FIRST))
        assert cell(epci, direction, NEW_YEAR, commune).demandes

    def test_a_refusal_is_forgotten_a_year_after_or_once_it_came_about(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ask(epci, commune, FIRST, refusee=True)
        assert cell(epci, direction, date(2028, 12, 30), commune).refus
        assert not cell(epci, direction, date(2029, 1, 1), commune).refus
        share(epci, commune, FIRST, debut=NEW_YEAR)
        assert not cell(epci, direction, NEW_YEAR, commune).refus

    def test_a_day_before_the_decision_still_says_asked(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ask(
            epci,
            commune,
            FIRST,
            refusee=True,
            arbitree_at=horloge.at_hour(date(2027, 3, 1), time(9), "Europe/Paris"),
        )
        assert cell(epci, direction, date(2027, 2, 28), commune).demandes == ("entrée demandée",)
        assert cell(epci, direction, date(2027, 3, 1), commune).refus == ("entrée refusée",)

    def test_a_revision_is_asked_without_changing_what_is_shared(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST, SECOND, THIRD)
        ask(epci, commune, FIRST, nature=Ligne.Nature.REVISION)
        case = cell(epci, direction, date(2027, 2, 10), commune)
        assert (case.genre, case.marque) == ("v", "demande")
        assert case.mots.endswith("révision du niveau de service demandée")

    def test_an_accepted_line_whose_acts_are_late_waits(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        ask(epci, commune, FIRST, acceptee=True)
        assert cell(epci, direction, date(2027, 12, 31), commune).genre == "d"
        late = cell(epci, direction, NEW_YEAR, commune)
        assert (late.genre, late.mots) == ("r", "non partagé, entrée demandée, en attente d'acte")


class TestNatures:
    """How an activity is shared is said when it is not by mutualisation."""

    def test_part_of_a_domain(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST)
        share(epci, commune, SECOND, nature=Adhesion.Nature.PRESTATION)
        case = cell(epci, direction, date(2027, 2, 10), commune)
        assert case.mots == ("en partie, 2 activités sur 3, dont 1 en prestation, depuis le 1er janvier 2020")
        assert {"partie", "prestation"} == case.etats

    def test_all_of_it(self, epci: Epci, direction: Any):
        commune = member_commune(epci)
        share(epci, commune, FIRST, SECOND, THIRD, nature=Adhesion.Nature.REGULARISATION)
        case = cell(epci, direction, date(2027, 2, 10), commune)
        assert case.mots == "domaine entier, 3 activités, en régularisation, depuis le 1er janvier 2020"
        assert {"entier", "regularisation"} == case.etats


class TestReading:
    def test_the_same_number_of_queries_for_5_and_25_communes(
        self, client: Client, epci: Epci, direction: Any
    ):
        assert direction.acces.epcis  # read once per request, before the page
        client.force_login(direction)

        def count() -> tuple[int, ...]:
            with CaptureQueriesContext(connection) as reading:
                read_matrix(epci, direction, date(2027, 2, 10))
            pages = []
            for url in ("/qui-partage-quoi/", "/qui-partage-quoi/liste/", "/referents/", "/catalogue/"):
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(url).status_code == 200
                pages.append(len(queries))
            return len(reading), *pages

        for _ in range(5):
            share(epci, member_commune(epci), FIRST)
        few = count()
        for _ in range(20):
            share(epci, member_commune(epci), FIRST, SECOND)
        assert count() == few
        assert few[0] <= 12

    def test_members_stand_in_french_order_under_the_name_of_their_time(self, epci: Epci):
        for nom in ("Zuydcoote", "Œuilly", "L'Haÿ-les-Roses"):
            member_commune(epci, nom=nom)
        formerly(member_commune(epci, nom="Val-Neuf"), "Ancy", "33001")
        before = [m.nom for m in members(epci, date(2027, 2, 10))]
        assert before == ["Ancy", "L'Haÿ-les-Roses", "Œuilly", "Zuydcoote"]
        assert [m.nom for m in members(epci, NEW_YEAR)] == [
            "L'Haÿ-les-Roses",
            "Œuilly",
            "Val-Neuf",
            "Zuydcoote",
        ]

    def test_an_epci_without_catalogue_has_an_empty_matrix(self, at_time: Callable[[Any], Any]):
        at_time("2027-02-10")
        bare = EpciFactory()
        assert read_matrix(bare, holder(Role.DIRECTION_TERRITOIRES, bare), date(2027, 2, 10)).rangs == ()


class TestPages:
    @pytest.fixture
    def lire(self, client: Client, epci: Epci, direction: Any) -> Callable[..., str]:
        commune = member_commune(epci, nom="Floirac", pole=PoleFactory(epci=epci, nom="Pôle Est"))
        share(epci, commune, FIRST, SECOND)
        member_commune(epci, nom="Bègles")
        client.force_login(direction)

        def get(url: str = "/qui-partage-quoi/", status: int = 200, **query: Any) -> str:
            response = client.get(url, query)
            assert response.status_code == status
            return response.content.decode()

        return get

    def test_a_sentence_and_words_in_each_cell(self, lire: Callable[..., str]):
        html = lire()
        assert "Au 10\u00a0février 2027\u00a0: 1\u00a0commune sur 2\u00a0partage au moins un domaine." in html
        assert "Floirac, Voirie\u00a0: en partie, 2\u00a0activités sur 3, depuis le" in html
        assert "Choix inventés" not in html

    def test_the_demonstration_says_so(self, lire: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(horloge, "is_demonstration", lambda: True)
        assert "Choix inventés pour la démonstration." in lire()

    def test_a_day_to_come_says_what_it_is_made_of(self, lire: Callable[..., str]):
        assert "actes enregistrés à ce jour" in lire(le="2028-01-01")
        assert "actes enregistrés à ce jour" not in lire(le="2027-02-10")

    @pytest.mark.parametrize(
        "le", ["2027-02-31", "demain", "0000-00-00", "9999-12-31", "1066-10-14", "2027-02-10' --"]
    )
    def test_a_bad_date_keeps_the_page_and_shows_today(self, lire: Callable[..., str], le: str):
        html = lire(le=le)
        assert "Voici la situation d’aujourd’hui." in html
        assert "Au 10\u00a0février 2027" in html
        assert "Voici la situation" in lire("/qui-partage-quoi/liste/", le=le)

    def test_the_address_of_an_unknown_filter_changes_nothing(self, lire: Callable[..., str]):
        html = lire(pole="999999", famille="cirque")
        assert "Ce pôle n’est pas dans la liste." in html
        assert "Cette famille n’est pas dans la liste." in html
        assert "Bègles" in html

    def test_one_pole_one_family_or_grouped_by_pole(self, lire: Callable[..., str], epci: Epci):
        one = lire(pole=epci.poles.get().pk, famille="support")
        assert "Bègles" not in one
        assert "Ressources humaines" in one
        assert "Voirie" not in one
        grouped = lire(pole="groupes")
        assert grouped.index("Pôle Est</span>") < grouped.index("Floirac<") < grouped.index("Sans pôle<")

    def test_one_state_keeps_the_communes_that_have_it_and_fades_the_rest(
        self, lire: Callable[..., str], epci: Epci
    ):
        share(epci, member_commune(epci, nom="Cenon"), "DB-01", "DB-02", "DB-03")
        html = lire(etat="partie")
        assert "1\u00a0commune a au moins un domaine dans l’état «\u00a0en partie\u00a0»" in html
        assert "Cenon" not in html
        assert '<td class="p">' in html
        assert '<td class="n hors">' in html
        listed = lire("/qui-partage-quoi/liste/", etat="entier")
        assert "Floirac" not in listed
        assert "Ressources humaines" in listed
        assert "Aucune commune n’est dans cet état à cette date." in lire(etat="refuse")
        assert "Cet état n’est pas dans la liste." in lire(etat="cirque")

    def test_the_list_says_it_in_words(self, lire: Callable[..., str], epci: Epci):
        html = lire("/qui-partage-quoi/liste/")
        assert "2\u00a0activités sur 3, depuis le" in html
        assert "Aucun domaine partagé" in html
        alone = lire("/qui-partage-quoi/liste/", commune=members(epci, epci.today)[1].id)
        assert "Bègles" not in alone
        assert "Espaces verts" in alone
        lire("/qui-partage-quoi/liste/", 404, commune="12x")

    def test_the_story_shows_ends_inclusive_and_who_answers(self, lire: Callable[..., str], epci: Epci):
        commune = members(epci, epci.today)[1]
        share(epci, Commune.objects.get(pk=commune.id), THIRD, fin=date(2027, 1, 1))
        html = lire(f"/qui-partage-quoi/{commune.id}/{domaine(epci).pk}/")
        assert "31\u00a0décembre 2026" in html
        assert html.count("Siège vacant") == 2

    def test_the_card_beside_the_matrix_is_a_fragment(
        self, client: Client, lire: Callable[..., str], epci: Epci
    ):
        url = f"/qui-partage-quoi/{members(epci, epci.today)[1].id}/{domaine(epci).pk}/"
        html = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in html
        assert "Référents\u00a0: siège vacant (commune)" in html


class TestStory:
    def test_the_way_of_sharing_and_the_name_of_the_time(self, client: Client, epci: Epci, direction: Any):
        commune = member_commune(epci, nom="Val-Neuf")
        formerly(commune, "Ancy", "33001")
        share(epci, commune, FIRST, nature=Adhesion.Nature.PRESTATION)
        client.force_login(direction)
        html = client.get(f"/qui-partage-quoi/{commune.pk}/{domaine(epci).pk}/").content.decode()
        assert "janvier 2020, en prestation" in html
        assert "La commune s’appelle aujourd’hui Val-Neuf." in html


class TestStoryOfRequests:
    def test_refused_and_postponed_say_why_to_the_commune_only(self, client: Client, epci: Epci):
        asking = member_commune(epci)
        ask(epci, asking, FIRST, refusee=True)
        ask(epci, asking, SECOND, reportee=True)
        url = f"/qui-partage-quoi/{asking.pk}/{domaine(epci).pk}/"
        client.force_login(holder(Role.DGS, epci, commune=asking))
        own = client.get(url).content.decode()
        assert "Service complet." in own
        assert "Refusé" in own
        assert "Reporté" in own
        client.force_login(holder(Role.DGS, epci, commune=member_commune(epci)))
        other = client.get(url).content.decode()
        assert "Service complet." not in other
        assert "Refusé" not in other

    def test_another_epci_does_not_exist(self, client: Client, monde: Monde):
        client.force_login(monde.direction_voisine)
        for path in (
            f"{monde.a.commune.pk}/{monde.domaine.pk}/",
            f"{monde.commune_voisine.pk}/{monde.domaine.pk}/",
        ):
            assert client.get(f"/qui-partage-quoi/{path}").status_code == 404
        assert "Œuilly" not in client.get("/qui-partage-quoi/").content.decode()

    def test_the_hat_worn_hides_the_communes_of_the_other_epci(self, client: Client, monde: Monde):
        HabilitationFactory(personne=monde.direction, direction=True, epci=monde.epci_voisin)
        client.force_login(monde.direction)
        path = f"/qui-partage-quoi/{monde.commune_voisine.pk}/{monde.domaine.pk}/"
        assert client.get(path).status_code == 404
        assert "Voisine" not in client.get("/qui-partage-quoi/").content.decode()

    def test_someone_without_a_title_finds_nothing(self, client: Client, monde: Monde):
        client.force_login(PersonneFactory())
        assert client.get("/qui-partage-quoi/").status_code == 404


class TestExports:
    @pytest.fixture
    def rows(self, client: Client, epci: Epci, direction: Any) -> Client:
        share(epci, member_commune(epci, nom="=HYPERLINK(1)"), FIRST, SECOND, THIRD)
        member_commune(epci, nom="@Bègles")
        client.force_login(direction)
        return client

    def test_csv_opens_in_a_french_spreadsheet_without_running_anything(self, rows: Client):
        response = rows.get("/qui-partage-quoi/?format=csv&le=2027-02-10")
        assert response["Content-Disposition"] == 'attachment; filename="qui-partage-quoi-2027-02-10.csv"'
        text = response.content.decode("utf-8-sig")
        found = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        assert {row["Commune"] for row in found} == {"'=HYPERLINK(1)", "'@Bègles"}
        shared = next(row for row in found if "HYPERLINK" in row["Commune"])
        assert shared["Voirie"] == "domaine entier, 3 activités, depuis le 1er janvier 2020"
        assert shared["Date"] == "2027-02-10"

    def test_xlsx_holds_texts_only(self, rows: Client):
        response = rows.get("/qui-partage-quoi/?format=xlsx")
        sheet = load_workbook(io.BytesIO(response.content)).active
        assert sheet is not None
        names = [sheet.cell(row, 1) for row in (3, 4)]
        assert {cell.value for cell in names} == {"'=HYPERLINK(1)", "'@Bègles"}
        assert {cell.data_type for cell in names} == {"s"}
        assert sheet.freeze_panes == "B3"

    def test_a_filter_is_in_the_file_and_in_its_title(self, rows: Client):
        sheet = load_workbook(
            io.BytesIO(rows.get("/qui-partage-quoi/?format=xlsx&etat=entier").content)
        ).active
        assert sheet is not None
        assert "1 commune a au moins un domaine dans l'état « domaine entier »" in str(sheet["A1"].value)
        assert sheet.max_row == 3

    def test_names_and_codes_are_those_of_the_day_asked(self, client: Client, epci: Epci, direction: Any):
        """One commune was renamed, the other kept its name and changed code; both are themselves again on 1 January."""
        formerly(member_commune(epci, nom="Val-Neuf", code_insee="33002"), "Ancy", "33002")
        formerly(member_commune(epci, nom="Bourg", code_insee="33009"), "Bourg", "33003")
        client.force_login(direction)

        def exported(day: date) -> list[tuple[str, str]]:
            response = client.get(f"/qui-partage-quoi/?format=csv&le={day}")
            table = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";")
            return [(row["Commune"], row["Code INSEE"]) for row in table]

        assert exported(date(2027, 2, 10)) == [("Ancy", "33002"), ("Bourg", "33003")]
        assert exported(NEW_YEAR) == [("Bourg", "33009"), ("Val-Neuf", "33002")]

    def test_renaming_communes_costs_no_query(self, epci: Epci):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                members(epci, date(2027, 2, 10))
            return len(captured)

        communes = [member_commune(epci) for _ in range(20)]
        before = queries()
        for rank, commune in enumerate(communes):
            formerly(commune, f"Ancienne-{rank}", f"{33900 + rank}")
        assert len({membre.code_insee for membre in members(epci, date(2027, 2, 10))}) == 20
        assert queries() == before

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_each_beginning_of_a_formula_is_neutralised(self, start: str):
        assert neutralise(f"{start}1") == f"'{start}1"

    def test_numbers_and_plain_texts_stay(self):
        assert (neutralise(-3), neutralise("Œuilly"), neutralise(None)) == (-3, "Œuilly", None)


def test_the_name_of_a_commune_is_escaped(client: Client, epci: Epci, direction: Any):
    commune = CommuneFactory(nom="<script>alert(1)</script>")
    Appartenance.objects.create(epci=epci, commune=commune, debut=date(2020, 1, 1))
    share(epci, commune, FIRST)
    client.force_login(direction)
    assert "<script>alert" not in client.get("/qui-partage-quoi/").content.decode()
