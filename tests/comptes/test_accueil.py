"""« Mes échéances »: what is expected, in order, in words."""

from datetime import date, timedelta

import pytest

from comptes.roles import Role
from config.echeances import greeting, rows, summary
from socle import registres
from socle.registres import Carte, Echeance, Lien
from tests.factories import EpciFactory, HabilitationFactory, PersonneFactory, holder

TODAY = date(2027, 2, 10)


def due(days, titre="Faire", **more):
    return Echeance(TODAY + timedelta(days=days), titre, "Parce que.", "/ici/", "Faire", **more)


class TestWords:
    @pytest.mark.parametrize(
        ("count", "sentence"),
        [
            (0, "Bonjour. Rien ne vous attend."),
            (1, "Bonjour. Une chose vous attend."),
            (3, "Bonjour. Trois choses vous attendent."),
            (10, "Bonjour. Dix choses vous attendent."),
            (11, "Bonjour. 11 choses vous attendent."),
        ],
    )
    def test_the_greeting_counts(self, count, sentence):
        assert greeting([due(1)] * count) == sentence

    def test_what_is_optional_does_not_count(self):
        assert greeting([due(1), due(2, facultatif=True)]) == "Bonjour. Une chose vous attend."

    @pytest.mark.parametrize(
        ("days", "sentence"),
        [
            ([], ""),
            ([0], "C'est pour aujourd'hui."),
            ([-3], "En retard de 3 jours."),
            ([19], "Rien avant le lundi 1er mars."),
            ([330], "Rien avant le jeudi 6 janvier 2028."),
            ([5, 16], "Rien avant le lundi 15 février."),
            ([0, 19, 30], "Dont une aujourd'hui. Rien d'autre avant le 1er mars."),
            ([-1, -2, 0, 5], "Dont deux en retard et une aujourd'hui. Rien d'autre avant le 15 février."),
            ([-1, 0], "Dont une en retard et une aujourd'hui. Rien d'autre pour l'instant."),
            ([0, 0], "Toutes pour aujourd'hui. Rien d'autre pour l'instant."),
            ([-1, -5], "Toutes en retard. Rien d'autre pour l'instant."),
        ],
    )
    def test_the_summary(self, days, sentence):
        assert summary([due(day) for day in reversed(days)], TODAY) == sentence

    def test_the_nearest_first_then_the_title(self):
        ordered = rows([due(5, "B"), due(5, "A"), due(-1, "Z")], TODAY)
        assert [row.echeance.titre for row in ordered] == ["Z", "A", "B"]

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (-2, ("En retard de 2 jours", "lundi 8 février", "r")),
            (0, ("Aujourd'hui", "mercredi 10 février", "r")),
            (1, ("Demain", "jeudi 11 février", "o")),
            (7, ("Dans 7 jours", "mercredi 17 février", "o")),
            (8, ("Dans 8 jours", "jeudi 18 février", "")),
            (16, ("26 février", "dans 16 jours", "")),
        ],
    )
    def test_distance_and_tone(self, days, expected):
        (row,) = rows([due(days)], TODAY)
        assert (row.quand, row.precision, row.ton) == expected


@pytest.fixture
def registries(monkeypatch):
    """The two registries of the page, empty."""
    monkeypatch.setattr(registres.echeances, "_functions", {})
    monkeypatch.setattr(registres.cartes, "_functions", {})
    return registres


@pytest.mark.django_db
class TestPage:
    @pytest.fixture(autouse=True)
    def _day(self, at_time):
        at_time("2027-02-10 10:00")

    @pytest.fixture
    def home(self, client):
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, EpciFactory()))
        return lambda: client.get("/").content.decode()

    def test_one_row_one_button(self, home, registries):
        registries.echeances.register(
            "x", lambda user, contexte, today: [due((today - TODAY).days, "Relire <b>")]
        )
        shown = home()
        assert "Une chose vous attend" in shown and "C’est pour aujourd’hui" in shown
        assert 'href="/ici/"' in shown and "Relire &lt;b&gt;" in shown

    def test_nothing_expected(self, home, registries):
        assert "Rien ne vous attend" in home()
        assert "Tout est à jour" in home()

    def test_cards_of_the_floors_above(self, home, registries):
        carte = Carte(
            "Revues <i>", ("57 tenues sur 66 prévues", "Prochaine mardi."), (57, 66), Lien("Voir", "/revues/")
        )
        assert "En ce moment" not in home()
        registries.cartes.register("x", lambda user, contexte, today: [carte])
        shown = home()
        assert "En ce moment" in shown and "Revues &lt;i&gt;" in shown
        assert 'value="57" max="66"' in shown and 'href="/revues/"' in shown

    def test_the_day_is_the_day_of_the_epci(self, client, registries, at_time):
        at_time("2027-02-10T23:30+00:00")
        seen: list[date] = []

        def watch(user, contexte, today):
            seen.append(today)
            return []

        registries.echeances.register("x", watch)
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, EpciFactory(fuseau="America/Martinique")))
        client.get("/")
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, EpciFactory(fuseau="Indian/Reunion")))
        client.get("/")
        assert seen == [date(2027, 2, 10), date(2027, 2, 11)]

    def test_without_any_role_it_says_who_to_ask(self, client):
        epci = EpciFactory()
        holder(Role.ADMINISTRATEUR, epci, prenom="Alix", nom="Martin", email="alix@exemple.fr")
        holder(Role.ADMINISTRATEUR, EpciFactory(), nom="Étranger")
        row = HabilitationFactory(epci=epci, debut=date(2027, 3, 1))
        client.force_login(row.personne)
        shown = client.get("/").content.decode()
        assert "aucun rôle" in shown and "mailto:alix@exemple.fr" in shown
        assert "Étranger" not in shown
        assert "lundi 1<sup>er</sup>\u00a0mars 2027" in shown

    def test_someone_from_nowhere_is_answered_too(self, client):
        client.force_login(PersonneFactory())
        assert "demandez à l’administrateur de votre EPCI" in client.get("/").content.decode()

    def test_every_hat_has_its_page(self, client, monde):
        for personne in (
            monde.a.dgs,
            monde.a.referent,
            monde.responsable,
            monde.directeur,
            monde.administrateur,
        ):
            client.force_login(personne)
            assert "Bonjour." in client.get("/").content.decode()
