"""Communes: dated memberships, names and codes; French order and articles."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from territoire.models import Commune, CommuneVersion
from tests.factories import AppartenanceFactory, CommuneFactory, EpciFactory, PoleFactory

pytestmark = pytest.mark.django_db
JAN_2026, JAN_2027 = date(2026, 1, 1), date(2027, 1, 1)


class TestMembership:
    def test_one_epci_at_a_time(self):
        first = AppartenanceFactory(debut=JAN_2026)
        with pytest.raises(IntegrityError, match="appartenance_no_overlap"), transaction.atomic():
            AppartenanceFactory(commune=first.commune, debut=JAN_2027)

    def test_a_commune_may_change_on_the_very_day(self):
        first = AppartenanceFactory(debut=JAN_2026, fin=JAN_2027)
        second = AppartenanceFactory(commune=first.commune, debut=JAN_2027)
        assert not Commune.objects.members_of(first.epci, JAN_2027).exists()
        assert Commune.objects.members_of(first.epci, date(2026, 12, 31)).get() == first.commune
        assert Commune.objects.members_of(second.epci, JAN_2027).get() == first.commune

    @pytest.mark.parametrize("fin", [JAN_2026, date(2025, 12, 31)])
    def test_an_empty_period_does_not_escape(self, fin: date):
        with (
            pytest.raises(IntegrityError, match=r"appartenance_period|range lower bound"),
            transaction.atomic(),
        ):
            AppartenanceFactory(debut=JAN_2026, fin=fin)

    def test_the_refusal_is_a_french_sentence(self):
        first = AppartenanceFactory(debut=JAN_2026)
        with pytest.raises(ValidationError, match="n'appartient qu'à un EPCI"):
            AppartenanceFactory.build(commune=first.commune, epci=EpciFactory(), debut=JAN_2027).full_clean()

    def test_each_member_comes_once_with_its_pole(self):
        pole = PoleFactory(nom="Pôle Sud")
        commune = AppartenanceFactory(epci=pole.epci, debut=JAN_2026, fin=JAN_2027).commune
        AppartenanceFactory(epci=pole.epci, commune=commune, debut=JAN_2027, pole=pole)
        found = [Commune.objects.members_of(pole.epci, day).get() for day in (JAN_2026, JAN_2027)]
        assert [(c.pole_id, c.pole_nom) for c in found] == [(None, None), (pole.pk, "Pôle Sud")]


class TestNames:
    @pytest.fixture
    def commune(self) -> Commune:
        commune = CommuneFactory(nom="Nouvelle-Ville")
        CommuneVersion.objects.create(
            commune=commune, nom="Ville-Vieille", code_insee="33001", debut=JAN_2026, fin=JAN_2027
        )
        CommuneVersion.objects.create(
            commune=commune, nom="Nouvelle-Ville", code_insee="33002", debut=JAN_2027
        )
        return commune

    @pytest.mark.parametrize(
        ("day", "name"),
        [("2025-06-01", "Nouvelle-Ville"), ("2026-12-31", "Ville-Vieille"), ("2027-01-01", "Nouvelle-Ville")],
    )
    def test_the_name_of_the_time(self, commune: Commune, day: str, name: str):
        assert commune.name_on(date.fromisoformat(day)) == name

    def test_the_codes_of_the_time(self, commune: Commune):
        found = [commune.known_on(day).code_insee for day in (date(2025, 6, 1), JAN_2026, JAN_2027)]
        assert found == [commune.code_insee, "33001", "33002"]

    def test_one_name_at_a_time(self, commune: Commune):
        with pytest.raises(IntegrityError, match="communeversion_no_overlap"), transaction.atomic():
            CommuneVersion.objects.create(
                commune=commune, nom="x", code_insee="33003", debut=date(2028, 1, 1)
            )

    def test_order_is_french(self):
        names = ["Œuilly", "Oeyregave", "Évreux", "Eu", "L'Haÿ-les-Roses", "Le Haillan", "Zuydcoote", "Ambès"]
        for name in names:
            CommuneFactory(nom=name)
        expected = [
            "Ambès",
            "Eu",
            "Évreux",
            "L'Haÿ-les-Roses",
            "Le Haillan",
            "Œuilly",
            "Oeyregave",
            "Zuydcoote",
        ]
        assert [c.nom for c in Commune.objects.order_by("tri")] == expected

    @pytest.mark.parametrize(
        ("nom", "of", "to"),
        [
            ("Mérignac", "de Mérignac", "à Mérignac"),
            ("Le Bouscat", "du Bouscat", "au Bouscat"),
            ("Les Lilas", "des Lilas", "aux Lilas"),
            ("Ambès", "d'Ambès", "à Ambès"),
            ("Œuilly", "d'Œuilly", "à Œuilly"),
            ("La Teste-de-Buch", "de La Teste-de-Buch", "à La Teste-de-Buch"),
            ("L'Haÿ-les-Roses", "de L'Haÿ-les-Roses", "à L'Haÿ-les-Roses"),
            ("Saint-Louis-de-Montferrand", "de Saint-Louis-de-Montferrand", "à Saint-Louis-de-Montferrand"),
        ],
    )
    def test_articles(self, nom: str, of: str, to: str):
        commune = CommuneFactory.build(nom=nom)
        assert (commune.de, commune.a) == (of, to)

    @pytest.mark.parametrize(
        ("code", "valid"), [("33281", True), ("2A004", True), ("3328", False), ("33-81", False)]
    )
    def test_codes(self, code: str, valid: bool):
        commune = CommuneFactory.build(code_insee=code, tri="x")
        if valid:
            commune.clean_fields(exclude=["tri"])
        else:
            with pytest.raises(ValidationError, match="code_insee"):
                commune.clean_fields()
