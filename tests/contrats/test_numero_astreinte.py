"""The duty number of a fiche in use: changed without avenant, told to the commune, brought back by no later text."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contrats.astreintes import on_call
from contrats.donnees import contract_data
from contrats.fusion import fingerprint
from contrats.models import Engagement, VersionContrat
from contrats.workflows.astreinte import change_duty_number
from contrats.workflows.avenant import abandon, open_amendment
from contrats.workflows.contrat import save_engagement
from documents.models import Document
from journal.models import Courriel, Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import together
from tests.contrats.gestes import confirmed, present, settled, signed, through, words
from tests.factories import Monde
from tests.mutualisation.test_declaration import text_of

pytestmark = pytest.mark.django_db
OLD, NEW = "05 56 11 22 33", "05 56 44 55 66"
DAY = date(2027, 2, 10)
NOT_HERS = "par le responsable du service commun et la Direction"


@pytest.fixture
def fiche(monde: Monde) -> Engagement:
    """The fiche DA of A, in force since January, with a duty number."""
    VersionContrat.objects.filter(pk=monde.a.version.pk).update(effective_on=date(2027, 1, 1))
    Engagement.objects.filter(pk=monde.a.engagement.pk).update(telephone_astreinte=OLD)
    signed(monde)
    return now(monde.a.engagement)


def now(fiche: Engagement) -> Engagement:
    return Engagement.objects.get(pk=fiche.pk)


def change(fiche: Engagement, acteur: Any, telephone: str = NEW, lue: int | None = None) -> Engagement:
    read = now(fiche).version if lue is None else lue
    return change_duty_number(engagement=fiche, acteur=acteur, lue=read, telephone=telephone)


def told(type: str = "astreinte_changee") -> set[Any]:
    return {one.destinataire for one in Courriel.objects.filter(type=type)}


def fiche_of(version: VersionContrat) -> Engagement:
    return Engagement.objects.get(version_contrat=version)


class TestWho:
    @pytest.mark.parametrize("who", ["responsable", "direction"])
    def test_the_side_of_the_epci_changes_it(self, monde: Monde, fiche: Engagement, who: str):
        assert change(fiche, getattr(monde, who)).telephone_astreinte == NEW
        assert (now(fiche).telephone_astreinte, now(fiche).version) == (NEW, fiche.version + 1)

    @pytest.mark.parametrize(
        "who", ["a.dgs", "a.maire", "a.referent", "responsable_autre", "directeur", "administrateur"]
    )
    def test_nobody_else_does(self, monde: Monde, fiche: Engagement, who: str):
        user: Any = monde
        for name in who.split("."):
            user = getattr(user, name)
        with pytest.raises(ActionInterdite, match=NOT_HERS):
            change(fiche, user)
        assert now(fiche).telephone_astreinte == OLD

    def test_a_text_being_written_is_changed_on_its_own_page(self, monde: Monde):
        with pytest.raises(ActionInterdite, match="sans avenant dans le texte en vigueur"):
            change(monde.a.engagement, monde.responsable)

    def test_the_first_text_settled_and_in_effect_is_acted_upon_before_it_is_signed(self, monde: Monde):
        settled(monde)
        assert change(monde.a.engagement, monde.responsable).telephone_astreinte == NEW

    def test_a_contract_that_has_ended_calls_nobody(self, monde: Monde, fiche: Engagement):
        ended = {"fin_on": date(2027, 2, 1), "fin_nature": "resiliation", "fin_motif": "D'accord."}
        type(fiche.contrat).objects.filter(pk=fiche.contrat_id).update(**ended)
        with pytest.raises(ActionInterdite):
            change(fiche, monde.direction)


class TestNumber:
    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("demander Paul", "Écrivez un numéro : chiffres"),
            ("", "le supprimer demande un avenant"),
            (" ", "le supprimer demande un avenant"),
            ("+ ()", "le supprimer demande un avenant"),
        ],
    )
    def test_what_is_no_number_is_refused(self, monde: Monde, fiche: Engagement, typed: str, sentence: str):
        with pytest.raises(Refus, match=sentence) as refus:
            change(fiche, monde.direction, typed)
        assert refus.value.field == "telephone_astreinte"
        assert now(fiche).telephone_astreinte == OLD

    def test_the_same_again_changes_nothing_even_from_an_old_page(self, monde: Monde, fiche: Engagement):
        change(fiche, monde.direction)
        change(fiche, monde.direction, f" {NEW} ", lue=fiche.version)
        assert Evenement.objects.filter(type="engagement.astreinte").count() == 1
        assert now(fiche).version == fiche.version + 1

    def test_an_old_page_is_told_who_was_faster(self, monde: Monde, fiche: Engagement):
        change(fiche, monde.direction)
        with pytest.raises(Conflit, match=f"{monde.direction} a modifié cette page"):
            change(fiche, monde.responsable, "05 56 00 00 00", lue=fiche.version)
        assert now(fiche).telephone_astreinte == NEW


class TestTold:
    def test_the_journal_keeps_both_numbers(self, monde: Monde, fiche: Engagement):
        change(fiche, monde.responsable)
        event = Evenement.objects.about(fiche)[0]
        assert (event.type, event.acteur) == ("engagement.astreinte", monde.responsable)
        assert event.libelle == f"Fiche {fiche.domaine} : numéro d'astreinte changé sans avenant"
        assert event.contenu == {"domaine": "DA", "rubriques": ["telephone_astreinte"]}
        assert event.detail.contenu == {"telephone_astreinte": {"avant": OLD, "apres": NEW}}

    def test_the_référent_and_the_dgs_of_the_commune_are_written_to(self, monde: Monde, fiche: Engagement):
        change(fiche, monde.responsable)
        assert told() == {monde.a.referent, monde.a.dgs}
        mail = Courriel.objects.filter(type="astreinte_changee").first()
        assert mail and NEW in mail.corps and OLD in mail.corps and str(fiche.domaine) in mail.sujet

    def test_the_maire_when_there_is_no_dgs(self, monde: Monde, fiche: Engagement):
        monde.a.dgs.habilitations.all().delete()
        change(fiche, monde.responsable)
        assert told() == {monde.a.referent, monde.a.maire}


class TestRead:
    def test_who_to_call_and_the_page_of_the_fiche_give_it(
        self, monde: Monde, client: Client, fiche: Engagement
    ):
        change(fiche, monde.responsable)
        assert [one.telephone for one in on_call(monde.epci, monde.a.commune.pk, DAY)] == [NEW]
        client.force_login(monde.a.referent)
        asked = {"commune": monde.a.commune.pk, "domaine": monde.domaine.pk}
        page = words(client.get("/qui-appeler/", asked))
        for said in (page, words(client.get(url("engagement", fiche)))):
            assert NEW in said and OLD not in said

    def test_issued_documents_keep_what_they_print(self, monde: Monde, fiche: Engagement):
        rows = Document.objects.order_by("pk")
        before = list(rows.values_list("pk", "source", "etat", "sha256"))
        change(fiche, monde.responsable)
        assert list(rows.values_list("pk", "source", "etat", "sha256")) == before
        document = present(monde.a.version).a_signer
        assert document
        source = document.source["contrat"]
        assert source["fiches"][0]["telephone_astreinte"] == OLD


class TestLaterTexts:
    def test_an_avenant_open_follows_and_its_history_says_so(self, monde: Monde, fiche: Engagement):
        version = open_one(monde, fiche)
        change(fiche, monde.responsable)
        later = fiche_of(version)
        assert (later.telephone_astreinte, later.version) == (NEW, 2)
        assert contract_data(version)["fiches"][0]["telephone_astreinte"] == NEW
        event = Evenement.objects.about(later)[0]
        assert event.libelle.endswith(f"changé, comme dans {monde.a.version.reference}")
        assert event.detail.contenu == {"telephone_astreinte": {"avant": OLD, "apres": NEW}}

    def test_a_number_that_an_avenant_changes_itself_stays(self, monde: Monde, fiche: Engagement):
        version = open_one(monde, fiche, telephone_astreinte="05 56 77 77 77")
        change(fiche, monde.responsable)
        assert fiche_of(version).telephone_astreinte == "05 56 77 77 77"

    def test_a_page_of_the_avenant_opened_before_does_not_bring_it_back(
        self, monde: Monde, fiche: Engagement
    ):
        later = fiche_of(open_one(monde, fiche))
        change(fiche, monde.responsable)
        values = {"limites": "Hors week-end.", "telephone_astreinte": OLD}
        vues = {"limites": fingerprint(""), "telephone_astreinte": fingerprint(OLD)}
        save_engagement(engagement=later, acteur=monde.a.dgs, version=1, valeurs=values, vues=vues)
        assert (now(later).limites, now(later).telephone_astreinte) == ("Hors week-end.", NEW)

    def test_an_avenant_given_up_keeps_what_it_said(self, monde: Monde, fiche: Engagement):
        version = open_one(monde, fiche)
        abandon(version=version, acteur=monde.direction, lue=version.version, motif="Plus rien.")
        change(fiche, monde.responsable)
        assert fiche_of(version).telephone_astreinte == OLD

    def test_one_under_vote_follows_and_its_document_does_not(self, monde: Monde, fiche: Engagement):
        version = through(open_one(monde, fiche, horaires="Jour"), monde.direction)
        change(fiche, monde.responsable)
        assert fiche_of(version).telephone_astreinte == NEW
        issued = Document.objects.filter(pk__in=[version.arrete_id, version.a_signer_id]).order_by("pk")
        printed = [one.source["contrat"]["fiches"][0]["telephone_astreinte"] for one in issued]
        assert printed == [OLD, OLD]

    def test_one_signed_for_a_day_to_come_gives_it_on_that_day(self, monde: Monde, fiche: Engagement):
        version = through(open_one(monde, fiche, horaires="Jour"), monde.direction)
        confirmed(version, monde.direction)
        change(fiche, monde.responsable)
        numbers = [
            [one.telephone for one in on_call(monde.epci, monde.a.commune.pk, on)]
            for on in (DAY, version.effective_on)
        ]
        assert numbers == [[NEW], [NEW]]
        assert change(fiche_of(version), monde.direction, "05 56 88 88 88")
        assert now(fiche).telephone_astreinte == NEW

    def test_a_fiche_replaced_by_an_avenant_changes_no_more(self, monde: Monde, fiche: Engagement):
        version = through(open_one(monde, fiche, horaires="Jour"), monde.direction)
        confirmed(version, monde.direction)
        VersionContrat.objects.filter(pk=version.pk).update(effective_on=date(2027, 2, 1))
        with pytest.raises(ActionInterdite):
            change(fiche, monde.direction)
        assert change(fiche_of(version), monde.direction).telephone_astreinte == NEW

    def test_an_avenant_opened_in_the_same_second_begins_from_it(
        self, monde: Monde, fiche: Engagement, transactional_db: None
    ):
        results = together(lambda: change(fiche, monde.responsable), lambda: open_one(monde, fiche))
        assert [one for one in results if isinstance(one, Exception)] == []
        assert {row.telephone_astreinte for row in Engagement.objects.filter(contrat=fiche.contrat)} == {NEW}


def open_one(monde: Monde, fiche: Engagement, **changes: Any) -> VersionContrat:
    """An avenant to the signed contract of A; `changes` are fields of its fiche."""
    day = date(2029, 1, 1)
    version = open_amendment(
        contrat=fiche.contrat, acteur=monde.direction, effective_on=day, objet="Sous un jour"
    )
    if changes:
        version.engagements.update(**changes)
    return version


def url(name: str, fiche: Engagement) -> str:
    return reverse(f"contrats:{name}", args=[fiche.pk])


class TestPage:
    def post(self, client: Client, user: Any, fiche: Engagement, **data: Any) -> Any:
        client.force_login(user)
        sent = {"version": fiche.version, "telephone_astreinte": NEW} | data
        return client.post(url("engagement_astreinte", fiche), sent)

    def test_the_form_is_shown_to_who_may_only(self, monde: Monde, client: Client, fiche: Engagement):
        shown = {}
        for who in (monde.responsable, monde.direction, monde.a.dgs, monde.a.referent):
            client.force_login(who)
            page = words(client.get(url("engagement", fiche)))
            shown[who] = "Changer le numéro d'astreinte" in page
        assert list(shown.values()) == [True, True, False, False]

    def test_it_is_changed_and_said(self, monde: Monde, client: Client, fiche: Engagement):
        response = self.post(client, monde.responsable, fiche)
        assert response["Location"] == url("engagement", fiche)
        page = words(client.get(response["Location"]))
        assert "Le numéro d'astreinte est changé : la commune est prévenue." in page
        assert f"téléphone {NEW}" in page

    def test_a_bad_number_comes_back_to_be_corrected(self, monde: Monde, client: Client, fiche: Engagement):
        response = self.post(client, monde.direction, fiche, telephone_astreinte="demander Paul")
        page = text_of(response)
        assert response.status_code == 422
        assert "Écrivez un numéro" in page and 'value="demander Paul"' in page and "<details open>" in page
        assert self.post(client, monde.direction, fiche, telephone_astreinte="0" * 31).status_code == 422

    def test_who_was_faster_is_said_and_sending_again_is_a_decision(
        self, monde: Monde, client: Client, fiche: Engagement
    ):
        change(fiche, monde.direction)
        other = "05 56 00 00 00"
        response = self.post(client, monde.responsable, fiche, telephone_astreinte=other)
        page = text_of(response)
        assert response.status_code == 409
        assert f'value="{other}"' in page and f'name="version" value="{fiche.version + 1}"' in page
        assert f"téléphone {NEW}" in words(response)
        again = self.post(
            client, monde.responsable, fiche, telephone_astreinte=other, version=fiche.version + 1
        )
        assert again.status_code == 302 and now(fiche).telephone_astreinte == other

    def test_the_commune_is_told_who_may(self, monde: Monde, client: Client, fiche: Engagement):
        response = self.post(client, monde.a.dgs, fiche)
        assert response.status_code == 403 and NOT_HERS in words(response)
