"""Loading any EPCI of France; pôles; the present day where the EPCI is; working days."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from comptes.roles import Role
from territoire.models import Appartenance, Commune, CommuneVersion, Epci, JourFerie, Pole
from territoire.models.epci import WorkingDays
from territoire.reference import EpciInconnu
from territoire.workflows.epci import draw_poles, load_epci
from tests.factories import EpciFactory, PoleFactory, holder, member_commune

pytestmark = pytest.mark.django_db
BORDEAUX, MARTINIQUE, REUNION = "243300316", "249720061", "249740119"
SINCE = date(2024, 1, 1)


class TestLoading:
    @pytest.fixture
    def bordeaux(self) -> Epci:
        return load_epci(siren=BORDEAUX, since=SINCE)

    def test_a_metropole_with_its_communes(self, bordeaux: Epci):
        assert (bordeaux.nom, bordeaux.type, bordeaux.fuseau) == (
            "Bordeaux Métropole",
            "METRO",
            "Europe/Paris",
        )
        members = list(Commune.objects.members_of(bordeaux, SINCE))
        assert len(members) == 28
        assert [c.nom for c in members if c.nom.startswith("Saint-L")] == ["Saint-Louis-de-Montferrand"]
        assert all(c.population and c.siren and c.code_insee for c in members)
        assert CommuneVersion.objects.filter(debut=SINCE, fin=None).count() == 28

    def test_communes_come_in_french_order(self, bordeaux: Epci):
        names = [c.nom for c in Commune.objects.members_of(bordeaux, SINCE)]
        assert names[0] == "Ambarès-et-Lagrave"
        assert (
            names.index("Bègles")
            < names.index("Blanquefort")
            < names.index("Le Bouscat")
            < names.index("Le Haillan")
        )

    def test_not_members_the_day_before(self, bordeaux: Epci):
        assert not Commune.objects.members_of(bordeaux, date(2023, 12, 31)).exists()

    def test_loading_twice_is_loading_once(self, bordeaux: Epci):
        assert load_epci(siren=BORDEAUX, since=date(2025, 1, 1)) == bordeaux
        assert Appartenance.objects.count() == 28

    def test_holidays_are_seeded(self, bordeaux: Epci):
        assert bordeaux.jours_feries.filter(jour__year=2027).count() == 11
        assert bordeaux.jours_feries.get(jour=date(2027, 5, 6)).nom == "Ascension"

    def test_an_unknown_siren_says_so(self):
        with pytest.raises(EpciInconnu, match="Vérifiez ses neuf chiffres"):
            load_epci(siren="123456789", since=SINCE)
        assert not Epci.objects.exists()

    @pytest.mark.parametrize("zone", ["America/Martinique", "Indian/Reunion"])
    def test_overseas_has_its_own_midnight(self, zone: str, at_time: Any):
        epci = EpciFactory(fuseau=zone)
        at_time(datetime(2027, 12, 31, 22, tzinfo=UTC))
        assert EpciFactory().today == date(2027, 12, 31)
        assert (
            epci.today == {"America/Martinique": date(2027, 12, 31), "Indian/Reunion": date(2028, 1, 1)}[zone]
        )
        at_time(datetime(2028, 1, 1, 3, tzinfo=UTC))
        assert EpciFactory().today == date(2028, 1, 1)
        assert (
            epci.today == {"America/Martinique": date(2027, 12, 31), "Indian/Reunion": date(2028, 1, 1)}[zone]
        )


class TestEpci:
    def test_its_facts_are_checked(self):
        with pytest.raises(ValidationError) as refused:
            EpciFactory.build(siren="12", fuseau="Europe/Bordeaux", couleur="bleu").full_clean()
        assert set(refused.value.message_dict) == {"siren", "fuseau", "couleur"}
        assert refused.value.message_dict["fuseau"] == ["Ce fuseau horaire n'existe pas."]

    @pytest.mark.parametrize(
        ("type", "words"), [("METRO", "la Métropole"), ("MET69", "la Métropole"), ("CC", "la Communauté")]
    )
    def test_how_its_agents_call_it(self, type: str, words: str):
        assert EpciFactory.build(type=type).nom_commun == words

    def test_two_epci_never_see_each_other(self):
        one, two = EpciFactory(peuple=True), EpciFactory(peuple=True)
        user = holder(Role.DIRECTION_TERRITOIRES, one)
        assert list(Epci.objects.visible_to(user)) == [one]
        assert set(Pole.objects.visible_to(user)) == set(one.poles.all())
        seen = set(Commune.objects.visible_to(user).values_list("pk", flat=True))
        assert seen == set(one.appartenances.values_list("commune", flat=True))
        assert not seen & set(two.appartenances.values_list("commune", flat=True))


class TestPoles:
    def test_drawing_puts_communes_in_and_moves_them(self):
        epci = EpciFactory()
        a, b, c = (member_commune(epci) for _ in range(3))
        draw_poles(epci=epci, poles={"Nord": [a], "Sud": [b]})
        draw_poles(epci=epci, poles={"Sud": [a]})
        poles = {m.pk: m.pole_nom for m in Commune.objects.members_of(epci, date(2027, 1, 1))}
        assert poles == {a.pk: "Sud", b.pk: "Sud", c.pk: None}
        assert epci.poles.count() == 2

    def test_one_name_once_per_epci(self):
        pole = PoleFactory(nom="Nord")
        PoleFactory(nom="Nord")
        with pytest.raises(IntegrityError, match="pole_unique_name"), transaction.atomic():
            PoleFactory(epci=pole.epci, nom="Nord")


class TestWorkingDays:
    @pytest.fixture
    def days(self) -> WorkingDays:
        epci = EpciFactory()
        JourFerie.objects.create(epci=epci, jour=date(2027, 5, 6), nom="Ascension")
        JourFerie.objects.create(epci=EpciFactory(), jour=date(2027, 5, 7), nom="Fête d'ailleurs")
        return WorkingDays(epci)

    @pytest.mark.parametrize(
        ("day", "works"),
        [("2027-05-05", True), ("2027-05-06", False), ("2027-05-07", True), ("2027-05-08", False)],
    )
    def test_week_ends_and_holidays_of_the_whole_epci_are_off(self, days: WorkingDays, day: str, works: bool):
        assert days.works(date.fromisoformat(day)) is works

    def test_before_and_after(self, days: WorkingDays):
        assert days.before(date(2027, 5, 6)) == date(2027, 5, 5)
        assert days.after(date(2027, 5, 6)) == date(2027, 5, 7)
        assert days.before(date(2027, 5, 9)) == date(2027, 5, 7)
        assert days.after(date(2027, 5, 8)) == date(2027, 5, 10)
        assert days.before(date(2027, 5, 5)) == days.after(date(2027, 5, 5)) == date(2027, 5, 5)

    def test_a_month(self, days: WorkingDays):
        found = days.of_month(date(2027, 5, 1))
        assert (found[0], found[-1], len(found)) == (date(2027, 5, 3), date(2027, 5, 31), 20)
        february = days.of_month(date(2028, 2, 1))
        assert (february[-1], len(february)) == (date(2028, 2, 29), 21)

    def test_a_holiday_is_written_once(self, days: WorkingDays):
        epci = JourFerie.objects.get(nom="Ascension").epci
        with pytest.raises(IntegrityError, match="jour_ferie_unique"), transaction.atomic():
            JourFerie.objects.create(epci=epci, jour=date(2027, 5, 6), nom="Deux fois")
