"""`manage.py installer` and `manage.py jeton`: a house without demonstration."""

from datetime import date, timedelta
from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from comptes.models import Habilitation, Jeton, Personne
from comptes.models.jeton import digest
from comptes.roles import Role
from contrats.models import Fiche
from journal.models import Courriel
from mutualisation.models import Activite, Catalogue, Domaine
from socle import horloge
from territoire.models import Appartenance, Epci
from tests.comptes import captured
from tests.factories import EpciFactory, holder

SIREN = "243300316"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _day(at_time):
    at_time("2027-02-10 10:00")


def installer(**options):
    out = StringIO()
    call_command("installer", **{"siren": SIREN, "email": "alix@metropole.fr", **options}, stdout=out)
    return out.getvalue()


def counts():
    models = (Epci, Appartenance, Catalogue, Domaine, Activite, Fiche, Personne, Habilitation, Courriel)
    return [model.objects.count() for model in models]


class TestInstaller:
    def test_an_epci_its_catalogue_and_an_administrator_who_enters(self, client):
        told = installer(nom="Martin", prenom="Alix")
        assert "Bordeaux Métropole : créé, 28 communes." in told
        assert counts() == [1, 28, 1, 18, 130, 18, 1, 1, 1]
        assert Catalogue.objects.get().effective_on == date(2027, 1, 1)
        assert Appartenance.objects.filter(debut=date(2027, 1, 1)).count() == 28
        link = captured(r"http://127\.0\.0\.1:8000(/invitation/\S+)", told)
        form = client.get(link)
        client.post(form.url, {"new_password1": "une phrase à moi", "new_password2": "une phrase à moi"})
        assert client.get("/personnes/").status_code == HTTPStatus.OK
        assert Courriel.objects.get().destinataire == Personne.objects.get(nom="Martin", prenom="Alix")

    def test_again_it_says_what_exists_and_makes_nothing(self):
        installer()
        before = counts()
        told = installer(email="ALIX@metropole.fr", siren="243 300 316")
        assert counts() == before
        assert told.count("existe déjà") == 3 and "18 déjà là" in told
        assert "/invitation/" in told, "the link may have been lost"

    def test_no_link_for_who_has_a_password(self):
        installer()
        personne = Personne.objects.get()
        personne.set_password("une phrase à moi")
        personne.save()
        assert "/invitation/" not in installer()

    def test_another_address_makes_another_administrator(self):
        installer()
        installer(email="second@metropole.fr")
        assert Habilitation.objects.filter(role=Role.ADMINISTRATEUR).count() == 2

    def test_an_existing_account_receives_the_role(self):
        personne = holder(Role.DIRECTION_TERRITOIRES, EpciFactory(), email="alix@metropole.fr")
        assert "rôle donné au compte" in installer()
        assert personne.habilitations.get(role=Role.ADMINISTRATEUR).epci.siren == SIREN

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({"siren": "123456789"}, "Aucun EPCI"),
            ({"email": "alix"}, "adresse"),
            ({"nom": "x" * 101}, "100 caractères"),
        ],
    )
    def test_a_mistake_leaves_nothing_behind(self, options, fault):
        with pytest.raises(CommandError, match=fault):
            installer(**options)
        assert counts() == [0] * 9


class TestJeton:
    def give(self, **options):
        out = StringIO()
        call_command("jeton", **{"siren": SIREN, "nom": "Intranet", **options}, stdout=out, stderr=StringIO())
        return out.getvalue().strip()

    @pytest.fixture
    def epci(self):
        return EpciFactory(siren=SIREN)

    def test_the_secret_is_shown_once_and_kept_as_a_digest(self, epci):
        secret = self.give()
        jeton = Jeton.objects.get()
        assert jeton.empreinte == digest(secret)
        days = jeton.expire_at - horloge.real_now()
        assert timedelta(days=364) < days <= timedelta(days=365)
        row = jeton.personne.habilitations.get()
        assert (row.role, row.epci, jeton.personne.has_usable_password()) == (Role.SERVICE, epci, False)

    def test_a_second_token_of_the_same_account(self, epci):
        first, second = self.give(), self.give(jours=30)
        assert first != second
        assert Personne.objects.count() == 1
        assert Jeton.objects.filter(revoque_at=None).count() == 2

    def test_a_new_token_may_revoke_the_others(self, epci):
        self.give()
        secret = self.give(revoquer=True)
        assert Jeton.objects.get(revoque_at=None).empreinte == digest(secret)

    def test_one_account_per_epci(self, epci):
        self.give()
        self.give(siren=EpciFactory().siren)
        assert Personne.objects.count() == 2

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({"siren": "999999999"}, "installer"),
            ({"jours": 0}, "1 à 3650"),
            ({"nom": " ! "}, "lisible"),
            ({"nom": "x" * 101}, "100"),
        ],
    )
    def test_mistakes_are_said_in_french(self, epci, options, fault):
        with pytest.raises(CommandError, match=fault):
            self.give(**options)
        assert not Jeton.objects.exists()
