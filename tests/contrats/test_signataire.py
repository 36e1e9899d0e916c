"""Who signs the contracts: named, ended, read on a day."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from comptes.annuaire import Annuaire
from comptes.models import Habilitation
from contrats.models import Signataire
from contrats.signataires import Signatures
from contrats.workflows.signataire import end_signature, name_signatory
from journal.models import Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import HabilitationFactory, Monde

TODAY = date(2027, 2, 10)
LIST, EPCI = "/contrats/signataires/", "/contrats/signataires/epci/"
ARRETE = {"arrete_numero": "2027-3", "arrete_on": date(2027, 1, 4)}


def commune_url(monde: Monde) -> str:
    return reverse("contrats:signataires_commune", args=[monde.a.commune.pk])


def name(monde: Monde, **changes: Any) -> Signataire:
    """The Direction says that one of hers presides, since 2026."""
    facts = {
        "commune": None,
        "personne": monde.direction,
        "qualite": "présidente",
        "debut": date(2026, 7, 1),
        "acteur": monde.direction,
    }
    return name_signatory(epci=monde.epci, **{**facts, **changes})


def end(monde: Monde, row: Signataire, fin: date, acteur: Any = None) -> Signataire:
    """As from a page that read the first version."""
    return end_signature(signataire=row, fin=fin, lue=1, acteur=acteur or monde.direction)


def signs(monde: Monde, on: date = TODAY, **more: Any) -> tuple[str, str]:
    """Who signs on a day: (for A, for the EPCI)."""
    found = Signatures(monde.epci, on, **more)
    theirs, ours = found.of(monde.a.commune.pk), found.of(None)
    return str(theirs and theirs.personne), str(ours and ours.personne)


class TestNaming:
    def test_the_maire_signs_without_being_named(self, monde: Monde):
        assert signs(monde) == (str(monde.a.maire), "None")

    def test_the_executive_is_relieved_by_the_next(self, monde: Monde):
        first = name(monde)
        second = name(monde, personne=monde.administrateur, debut=TODAY)
        first.refresh_from_db()
        assert (first.fin, second.fin) == (TODAY, None)
        assert signs(monde, date(2027, 2, 9))[1] == str(monde.direction)
        assert signs(monde)[1] == str(monde.administrateur)
        assert Evenement.objects.about(second)[0].libelle.endswith("présidente à compter du 10 février 2027")

    def test_a_later_executive_stands_in_the_way(self, monde: Monde):
        name(monde, debut=date(2027, 6, 1))
        with pytest.raises(Refus, match="déjà nommé à compter du 1er juin 2027"):
            name(monde, personne=monde.administrateur)
        name(monde, personne=monde.administrateur, fin=date(2027, 6, 1))
        assert signs(monde, date(2027, 6, 1))[1] == str(monde.direction)

    def test_a_delegation_comes_first_and_relieves_nobody(self, monde: Monde):
        facts = {"commune": monde.a.commune, "personne": monde.a.dgs, "qualite": "directrice générale"}
        name(monde, **facts, debut=TODAY, **ARRETE)
        president = name(monde)
        name(monde, personne=monde.administrateur, qualite="vice-présidente", debut=TODAY, **ARRETE)
        president.refresh_from_db()
        assert president.fin is None
        assert signs(monde) == (str(monde.a.dgs), str(monde.administrateur))
        signe = Signatures(monde.epci, TODAY).of(None)
        assert (
            signe
            and signe.data["qualite"] == "vice-présidente, par délégation, arrêté n° 2027-3 du 4 janvier 2027"
        )

    def test_a_delegation_lapses_with_the_mandate_of_who_gave_it(self, monde: Monde):
        name(monde)
        given = name(monde, personne=monde.administrateur, qualite="vice-présidente", debut=TODAY, **ARRETE)
        assert given.delegant == monde.direction
        name(monde, personne=monde.b.maire, qualite="président", debut=date(2027, 3, 1))
        assert signs(monde, date(2027, 2, 28))[1] == str(monde.administrateur)
        assert signs(monde, date(2027, 3, 1))[1] == str(monde.b.maire)

    def test_a_delegation_does_not_survive_the_mandate(self, monde: Monde):
        """The same maire, elected again, delegates again."""
        name(
            monde, commune=monde.a.commune, personne=monde.a.dgs, qualite="directrice", debut=TODAY, **ARRETE
        )
        mandate = Habilitation.objects.get(personne=monde.a.maire)
        elected = date(2027, 3, 20)
        Habilitation.objects.filter(pk=mandate.pk).update(fin=elected)
        HabilitationFactory(
            personne=monde.a.maire, role=mandate.role, epci=monde.epci, commune=monde.a.commune, debut=elected
        )
        assert signs(monde, date(2027, 3, 19))[0] == str(monde.a.dgs)
        assert signs(monde, elected)[0] == str(monde.a.maire)

    def test_of_two_delegates_the_last_named_signs(self, monde: Monde):
        """Whatever the numbers of their arrêtés, which are words: « 2027-99 » comes after « 2027-100 »."""
        facts = {"commune": monde.a.commune, "qualite": "adjointe"}
        for who, numero, day in ((monde.a.dgs, "2027-99", 5), (monde.a.collaborateur, "2027-100", 9)):
            on = date(2027, 1, day)
            name(monde, **facts, personne=who, debut=on, arrete_numero=numero, arrete_on=on)
        assert signs(monde)[0] == str(monde.a.collaborateur)

    def test_an_interim_leaves_the_mandate_running(self, monde: Monde):
        first = name(monde)
        interim = name(monde, personne=monde.administrateur, debut=TODAY, fin=date(2027, 3, 1))
        first.refresh_from_db()
        assert (first.fin, first.version) == (None, 1)
        assert signs(monde, date(2027, 2, 28))[1] == str(monde.administrateur)
        assert signs(monde, interim.fin)[1] == str(monde.direction)

    def test_who_is_relieved_reads_it_in_his_history(self, monde: Monde):
        first = name(monde)
        name(monde, personne=monde.administrateur, debut=TODAY)
        first.refresh_from_db()
        last = Evenement.objects.about(first)[0]
        assert (first.version, last.type) == (2, "signataire.fin")
        assert last.libelle.endswith("présidente jusqu'au 9 février 2027")

    def test_nobody_delegates_where_nobody_signs(self, monde: Monde):
        with pytest.raises(Refus, match="qui délègue"):
            name(monde, debut=TODAY, **ARRETE)
        with pytest.raises(Refus, match="signe déjà de plein droit"):
            name(monde, commune=monde.a.commune, personne=monde.a.maire, debut=TODAY, **ARRETE)
        with pytest.raises(Refus, match="donnez l'arrêté"):
            name(monde, commune=monde.a.commune, personne=monde.a.dgs, qualite="adjoint")

    def test_a_delegation_limited_to_avenants_signs_no_contract(self, monde: Monde):
        name(monde)
        name(monde, personne=monde.administrateur, debut=TODAY, portee=Signataire.Portee.AVENANTS, **ARRETE)
        assert signs(monde)[1] == str(monde.direction)
        assert signs(monde, avenant=True)[1] == str(monde.administrateur)

    def test_a_closed_account_signs_nothing(self, monde: Monde):
        name(monde, personne=monde.administrateur)
        monde.administrateur.is_active = False
        monde.administrateur.save()
        assert signs(monde)[1] == "None"

    def test_the_same_again_changes_nothing(self, monde: Monde):
        assert name(monde) == name(monde)
        assert Signataire.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"qualite": "  "}, "en quelle qualité"),
            ({"arrete_numero": "12"}, "le numéro et la date"),
            ({"arrete_on": TODAY}, "le numéro et la date"),
            ({"portee": "avenants"}, "Seule une délégation se limite"),
            ({**ARRETE, "debut": date(2027, 1, 3)}, "ne commence pas avant son arrêté"),
            ({"fin": date(2026, 7, 1)}, "ne peut pas précéder le premier"),
        ],
    )
    def test_what_cannot_be(self, monde: Monde, changes: dict[str, Any], words: str):
        with pytest.raises(Refus, match=words):
            name(monde, **changes)
        assert not Signataire.objects.exists()

    def test_people_of_the_other_side_do_not_sign(self, monde: Monde):
        for stranger in (monde.b.dgs, monde.direction, monde.direction_voisine):
            with pytest.raises(Refus, match="pas de compte de ce côté"):
                name(monde, commune=monde.a.commune, personne=stranger, debut=TODAY, **ARRETE)

    def test_who_may_name(self, monde: Monde):
        assert name(
            monde,
            commune=monde.a.commune,
            personne=monde.a.collaborateur,
            acteur=monde.a.dgs,
            **ARRETE | {"debut": TODAY},
        )
        for acteur in (monde.a.maire, monde.b.dgs, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match="La Direction des territoires tient la liste"):
                name(monde, commune=monde.a.commune, acteur=acteur)
        with pytest.raises(ActionInterdite):
            name(monde, acteur=monde.a.dgs)

    def test_the_table_limits_nobody_but_delegates(self, monde: Monde):
        row = name(monde)
        with pytest.raises(IntegrityError), transaction.atomic():
            Signataire.objects.filter(pk=row.pk).update(portee=Signataire.Portee.AVENANTS)

    def test_two_executives_named_in_the_same_second(self, monde: Monde, transactional_db: None):
        names = [
            lambda: name(monde, debut=TODAY),
            lambda: name(monde, personne=monde.administrateur, debut=TODAY),
        ]
        done = together(*names)
        assert [type(one) for one in failures(done)] == [Refus]
        assert Signataire.objects.count() == 1


class TestEnding:
    def test_an_end_is_a_day_excluded(self, monde: Monde):
        row = name(monde)
        end(monde, row, date(2027, 3, 1))
        assert signs(monde, date(2027, 2, 28))[1] == str(monde.direction)
        assert signs(monde, date(2027, 3, 1))[1] == "None"
        end(monde, row, date(2027, 3, 1))
        assert Evenement.objects.about(row).count() == 2

    def test_the_last_of_two_pages_is_told_of_the_first(self, monde: Monde):
        row = name(monde)
        end(monde, row, date(2027, 6, 1))
        with pytest.raises(Conflit, match="a modifié cette page"):
            end(monde, row, date(2027, 3, 1))
        row.refresh_from_db()
        assert row.fin == date(2027, 6, 1)

    def test_an_end_that_cannot_be(self, monde: Monde):
        row = name(monde, fin=date(2027, 3, 1))
        with pytest.raises(Refus, match="finit déjà le 28 février 2027"):
            end(monde, row, date(2027, 3, 2))
        with pytest.raises(Refus, match="ne peut pas précéder le 1er juillet 2026"):
            end(monde, row, row.debut)
        with pytest.raises(ActionInterdite):
            end(monde, row, TODAY, monde.a.dgs)


class TestPages:
    def test_the_list_says_who_signs_and_who_would_sign_for_both(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        assert "Aucun exemplaire à signer" in client.get(LIST).content.decode()
        name(monde, personne=monde.a.maire)
        html = client.get(LIST).content.decode()
        assert html.count("Maire L’Haÿ-les-Roses") == 2
        assert "signerait aussi pour l’EPCI" in html

    def test_naming_and_ending_on_the_page(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        sent = {
            "personne": monde.a.collaborateur.pk, "qualite": "adjointe", "debut": "2027-02-10", "fin": "2027-12-31",
            "arrete_numero": "12", "arrete_on": "2027-02-01", "portee": "contrats",
        }  # fmt: skip
        assert client.post(commune_url(monde), sent).url == commune_url(monde)
        row = Signataire.objects.get()
        assert (row.fin, row.arrete_numero) == (date(2028, 1, 1), "12")
        html = client.get(commune_url(monde)).content.decode()
        assert 'data-label="Au">31' in html
        end = reverse("contrats:signataire_finir", args=[row.pk])
        assert client.post(end, {"version": 1, f"fin-{row.pk}-fin": "2027-06-30"}).url == commune_url(monde)
        assert Signataire.objects.get().fin == date(2027, 7, 1)
        stale = client.post(end, {"version": 1, f"fin-{row.pk}-fin": "2027-05-31"})
        assert (stale.status_code, "2027-05-31" in stale.content.decode()) == (409, True)

    def test_what_was_typed_stays(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        wrong = client.post(
            EPCI, {"personne": monde.direction.pk, "qualite": "Qualité tapée", "debut": "31/02"}
        )
        assert wrong.status_code == 422
        assert "Qualité tapée" in wrong.content.decode()
        row = name(monde)
        late = client.post(
            reverse("contrats:signataire_finir", args=[row.pk]),
            {"version": 1, f"fin-{row.pk}-fin": "2020-01-01"},
        )
        assert late.status_code == 422
        assert "ne peut pas précéder" in late.content.decode()
        assert "2020-01-01" in late.content.decode()

    def test_who_names_a_maire_president_is_told_at_once(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {
            "personne": monde.a.maire.pk,
            "qualite": "président",
            "debut": "2027-02-10",
            "portee": "contrats",
        }
        html = client.post(EPCI, sent, follow=True).content.decode()
        assert "signe aussi pour la commune de L’Haÿ-les-Roses" in html

    def test_closing_an_account_says_what_it_signs(self, monde: Monde):
        name(monde, personne=monde.administrateur)
        said = [one.texte for one in Annuaire(monde.epci).tenues(monde.administrateur)]
        assert f"signataire pour {monde.epci.nom_commun} (présidente)" in said

    def test_the_list_asks_the_same_number_of_queries(
        self, client: Client, monde: Monde, django_assert_max_num_queries: Any
    ):
        name(monde)
        client.force_login(monde.direction)
        with django_assert_max_num_queries(12):
            client.get(LIST)
