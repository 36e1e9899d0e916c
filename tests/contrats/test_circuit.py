"""The circuit of a contract: review, vote, copy to sign, and the proof that it is the text voted."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from comptes.models import Personne
from comptes.roles import Role
from contrats.donnees import contract_data, digest
from contrats.echeances import deadlines
from contrats.forms.circuit import ActeAnnuleForm
from contrats.mentions import MENTIONS, differences
from contrats.models import Remarque, VersionContrat
from contrats.workflows import circuit
from contrats.workflows.contrat import prepare_contract, save_engagement
from contrats.workflows.signature import refuse_to_sign
from documents.controle import check_pdf
from documents.models import Document
from journal.models import Courriel, Evenement
from socle import horloge, registres
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import approve, leave, move, present, president, settled, to_sign, voted, written
from tests.factories import AdhesionFactory, Monde, RemarqueFactory, activite
from tests.mutualisation.test_declaration import text_of

Etat = VersionContrat.Etat
PEOPLE = ("dgs", "maire", "collaborateur", "lecteur", "referent")


class TestReview:
    def test_the_commune_is_asked_to_read(self, monde: Monde):
        assert move(monde, circuit.send_for_review).etat == Etat.EN_RELECTURE
        told = {one.destinataire for one in Courriel.objects.filter(type="contrat_relecture")}
        assert told == {monde.a.dgs, monde.a.maire, monde.a.collaborateur}

    def test_both_sides_still_write(self, monde: Monde):
        move(monde, circuit.send_for_review)
        engagement = monde.a.version.engagements.get()
        save_engagement(
            engagement=engagement,
            acteur=monde.a.dgs,
            version=engagement.version,
            valeurs={"limites": "Hors week-end."},
        )
        engagement.refresh_from_db()
        assert engagement.limites == "Hors week-end."

    def test_a_second_press_is_told_that_it_was_done(self, monde: Monde):
        version = present(monde.a.version)
        move(monde, circuit.send_for_review)
        with pytest.raises(Conflit, match="a modifié cette page"):
            circuit.send_for_review(version=version, acteur=monde.direction, lue=version.version)

    @pytest.mark.parametrize("who", PEOPLE)
    def test_only_the_direction_leads(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction des territoires"):
            move(monde, circuit.send_for_review, getattr(monde.a, who))


class TestSettle:
    def test_everything_printed_is_copied(self, monde: Monde):
        version = settled(monde)
        assert version.arrete
        source = version.arrete.source["contrat"]
        monde.a.version.engagements.update(niveau_attendu="Autre chose.")
        assert "sous deux jours" in source["fiches"][0]["niveau_attendu"]
        assert (source["projet"], source["exemplaire"]) == (False, "arrete")
        assert version.arrete.reference == "CA-2028-001"

    def test_the_cover_prints_the_digest_of_what_is_printed(self, monde: Monde):
        document = settled(monde).arrete
        assert document
        source = document.source["contrat"]
        assert source["verification"]["empreinte"] == digest(source | {"verification": None})
        assert check_pdf(registres.rendus.get(document.type)(document)) == []

    def test_a_level_is_missing(self, monde: Monde):
        move(monde, circuit.send_for_review)
        with pytest.raises(Refus, match="Le niveau de service attendu de"):
            move(monde, circuit.settle)

    def test_a_shared_domain_without_fiche_stops_it(self, monde: Monde):
        written(monde)
        move(monde, circuit.send_for_review)
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DB-01"))
        with pytest.raises(Refus, match="est partagé et n'a pas de fiche"):
            move(monde, circuit.settle)

    def test_it_changes_no_more(self, monde: Monde):
        settled(monde)
        engagement = monde.a.version.engagements.get()
        with pytest.raises(ActionInterdite):
            save_engagement(
                engagement=engagement,
                acteur=monde.direction,
                version=engagement.version,
                valeurs={"limites": "x"},
            )
        with pytest.raises(Refus, match="il ne se prépare plus"):
            prepare_contract(
                epci=monde.epci,
                commune=monde.a.commune,
                effective_on=date(2028, 1, 1),
                acteur=monde.direction,
            )

    def test_a_draft_is_reviewed_first(self, monde: Monde):
        written(monde)
        with pytest.raises(Refus, match="Le contrat est « projet »"):
            move(monde, circuit.settle)

    def test_reopened_it_gets_another_document(self, monde: Monde):
        first = settled(monde).arrete
        move(monde, circuit.reopen, motif="Une fiche oubliée.")
        second = move(monde, circuit.settle).arrete
        assert first and second
        assert (first.reference, second.reference) == ("CA-2028-001", "CA-2028-002")
        assert Document.objects.filter(pk=first.pk).exists()
        assert Courriel.objects.filter(type="contrat_rouvert").exists()

    def test_reopening_says_why(self, monde: Monde):
        settled(monde)
        with pytest.raises(Refus, match="Dites pourquoi"):
            move(monde, circuit.reopen, motif="  ")

    def test_once_an_assembly_approved_it_does_not_reopen(self, monde: Monde):
        settled(monde)
        approve(monde, "commune")
        with pytest.raises(Refus, match="Une assemblée a déjà approuvé"):
            move(monde, circuit.reopen, motif="Trop tard.")


class TestVote:
    def test_both_assemblies_approve_in_any_order(self, monde: Monde):
        settled(monde)
        assert approve(monde, "epci").etat == Etat.ARRETE
        assert approve(monde, "commune").etat == Etat.APPROUVE

    def test_the_same_act_again_changes_nothing(self, monde: Monde):
        settled(monde)
        for _ in range(2):
            approve(monde, "epci")
        assert Evenement.objects.filter(type="contrat.approuve").count() == 1

    def test_another_act_of_the_same_side_is_refused(self, monde: Monde):
        settled(monde)
        approve(monde, "epci")
        with pytest.raises(Refus, match="a déjà approuvé ce texte"):
            approve(monde, "epci", numero="2027-700")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"type": "conseil_municipal"}, "n'est pas de cette assemblée"),
            ({"executoire_on": date(2027, 2, 11)}, "à venir"),
            ({"executoire_on": date(2027, 2, 9)}, "avant d'être adopté"),
            ({"adopte_on": date(2027, 2, 9)}, "avant qu'il soit arrêté"),
        ],
    )
    def test_an_act_that_cannot_be(self, monde: Monde, changes: dict[str, Any], words: str):
        settled(monde)
        with pytest.raises(Refus, match=words):
            approve(monde, "epci", **changes)

    def test_a_text_under_review_is_not_voted(self, monde: Monde):
        move(monde, circuit.send_for_review)
        with pytest.raises(Refus, match="approuver n'est plus possible"):
            approve(monde, "epci")

    def test_two_acts_in_the_same_second(self, monde: Monde, transactional_db: None):
        settled(monde)
        done = together(lambda: approve(monde, "epci"), lambda: approve(monde, "commune"))
        assert failures(done) == []
        assert present(monde.a.version).etat == Etat.APPROUVE


class TestActeAnnule:
    """An act recorded with a wrong number is taken back; the right one is recorded."""

    @staticmethod
    def _withdraw(monde: Monde, **changes: Any) -> VersionContrat:
        facts = {"cote": "commune", "motif": "Numéro d'une autre délibération."} | changes
        return move(monde, circuit.withdraw_approval, **facts)

    def test_the_text_waits_again_for_that_assembly_alone(self, monde: Monde):
        settled(monde)
        approve(monde, "epci")
        approve(monde, "commune", numero="2027-999")
        assert self._withdraw(monde).etat == Etat.ARRETE
        assert [one.cote for one in present(monde.a.version).approbations.all()] == ["epci"]
        assert approve(monde, "commune", numero="2027-14").etat == Etat.APPROUVE
        told = Evenement.objects.get(type="contrat.acte_annule")
        assert "2027-999" in told.libelle
        assert told.detail.contenu["motif"] == "Numéro d'une autre délibération."

    def test_why_is_said(self, monde: Monde):
        settled(monde)
        approve(monde, "commune")
        with pytest.raises(Refus, match="Dites ce qui est faux"):
            self._withdraw(monde, motif=" ")

    def test_an_act_that_nobody_recorded(self, monde: Monde):
        settled(monde)
        with pytest.raises(Refus, match="Aucun acte de cette assemblée"):
            self._withdraw(monde)

    def test_no_longer_once_a_copy_is_to_be_signed(self, monde: Monde):
        to_sign(monde)
        with pytest.raises(Refus, match="annuler un acte n'est plus possible"):
            self._withdraw(monde)

    def test_from_the_page(self, monde: Monde, client: Client):
        version = settled(monde)
        approve(monde, "commune")
        client.force_login(monde.direction)
        page = reverse("contrats:circuit", args=[version.pk])
        assert "Un acte est mal saisi" in text_of(client.get(page))
        url = reverse("contrats:circuit_annuler_acte", args=[version.pk])
        sent = {"version": present(version).version, "cote": "commune", "motif": ""}
        assert "Dites ce qui est faux" in text_of(client.post(url, sent))
        assert client.post(url, sent | {"motif": "Faux numéro."}).status_code == 302
        assert not present(version).approbations.exists()

    def test_which_of_two_acts_is_chosen(self, monde: Monde, client: Client):
        """Nothing is chosen beforehand: the wrong act would be taken back by whoever reads fast."""
        version = settled(monde)
        assert approve(monde, "commune").etat == Etat.ARRETE
        assert [key for key, _ in acts_to_choose(version)] == ["commune"]
        approve(monde, "epci")
        assert acts_to_choose(version)[0] == ("", "Choisir…")
        client.force_login(monde.direction)
        url = reverse("contrats:circuit_annuler_acte", args=[version.pk])
        sent = {"version": present(version).version, "cote": "", "motif": "Faux numéro."}
        refused = client.post(url, sent)
        assert (refused.status_code, "Choisissez l'acte mal saisi" in text_of(refused)) == (422, True)
        assert present(version).approbations.count() == 2


def acts_to_choose(version: VersionContrat) -> list[tuple[str, str]]:
    fields: Any = ActeAnnuleForm(version=present(version)).fields
    return list(fields["cote"].choices)


class TestFicheGone:
    def test_a_written_fiche_of_a_domain_no_longer_shared_prevents_nothing(self, monde: Monde):
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DB-01"))
        facts = {"epci": monde.epci, "commune": monde.a.commune, "acteur": monde.direction}
        version = prepare_contract(effective_on=date(2028, 1, 1), **facts)
        version.engagements.update(version=2)
        monde.a.commune.adhesions.filter(activite=activite(monde.epci, "DB-01")).update(fin=date(2028, 1, 1))
        settled(monde)
        document = present(monde.a.version).arrete
        assert document and len(document.source["contrat"]["fiches"]) == 1

    def test_a_fiche_with_a_remark_is_kept(self, monde: Monde):
        RemarqueFactory(version_contrat=monde.a.version, engagement=monde.a.engagement, article=0)
        leave(monde, date(2028, 1, 1))
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DB-01"))
        prepare_contract(
            epci=monde.epci, commune=monde.a.commune, acteur=monde.direction, effective_on=date(2028, 1, 1)
        )
        assert monde.a.version.engagements.filter(pk=monde.a.engagement.pk).exists()


class TestToSign:
    def test_it_is_the_text_voted_with_the_mentions_of_the_acts(self, monde: Monde):
        version = to_sign(monde)
        assert version.arrete and version.a_signer
        found = circuit.compared(version)
        assert {one.chemin.split(".")[0] for one in found} <= set(MENTIONS)
        source = version.a_signer.source["contrat"]
        assert source["deliberations"]["commune"] == "délibération n° 2027-41 du 10 février 2027"
        assert source["signataires"]["epci"] == {"nom": "Ada Leroy", "qualite": "présidente"}
        assert not any("à venir" in visa for visa in source["visas"] if "délibération" in visa)
        assert source["fiches"] == version.arrete.source["contrat"]["fiches"]

    def test_what_happened_since_the_vote_does_not_enter(self, monde: Monde):
        settled(monde)
        voted(monde)
        president(monde)
        monde.a.version.engagements.update(niveau_attendu="Changé en douce.", horaires="Jamais")
        version = move(monde, circuit.issue_to_sign)
        assert all(one.permise for one in circuit.compared(version))

    def test_the_acts_and_the_signatories_are_needed(self, monde: Monde):
        settled(monde)
        voted(monde)
        with pytest.raises(Refus, match="Le signataire de"):
            move(monde, circuit.issue_to_sign)

    def test_nobody_signs_for_both_sides(self, monde: Monde):
        settled(monde)
        voted(monde)
        president(monde, monde.a.maire)
        with pytest.raises(Refus, match="signerait pour les deux parties"):
            move(monde, circuit.issue_to_sign)
        arrete = {"arrete_numero": "2026-12", "arrete_on": date(2026, 3, 1), "delegant": monde.a.maire}
        president(monde, qualite="vice-présidente déléguée", debut=date(2026, 3, 1), **arrete)
        version = move(monde, circuit.issue_to_sign)
        assert version.a_signer
        signs = version.a_signer.source["contrat"]["signataires"]["epci"]
        assert signs["qualite"] == (
            "vice-présidente déléguée, par délégation, arrêté n° 2026-12 du 1er mars 2026"
        )

    def test_a_delegation_that_has_ended_does_not_sign(self, monde: Monde):
        first = president(monde)
        ended = monde.epci.today - timedelta(days=1)
        president(
            monde,
            debut=date(2026, 1, 1),
            fin=ended,
            qualite="ancienne",
            arrete_numero="1",
            arrete_on=ended,
            delegant=first.personne,
        )
        data = contract_data(present(monde.a.version))
        assert data["signataires"]["epci"]["qualite"] == "présidente"

    def test_the_table_refuses_a_state_without_its_documents(self, monde: Monde):
        with pytest.raises(IntegrityError), transaction.atomic():
            VersionContrat.objects.filter(pk=monde.a.version.pk).update(etat=Etat.A_SIGNER)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inside, max_size=3)
    ),
    max_leaves=8,
)


class TestDifferences:
    @given(TREES, TREES)
    def test_nothing_differs_only_between_equal_trees(self, one: Any, two: Any):
        assert list(differences(one, one)) == []
        assert bool(list(differences(one, two))) == (one != two)

    def test_a_value_is_named_by_its_path(self):
        before, after = {"fiches": [{"a": 1}, {"a": 2}]}, {"fiches": [{"a": 1}, {"a": 3}, {"a": 4}]}
        assert [(one.chemin, one.avant, one.apres) for one in differences(before, after)] == [
            ("fiches.1.a", 2, 3),
            ("fiches.2", None, {"a": 4}),
        ]
        assert not any(one.permise for one in differences(before, after))


class TestPages:
    def _page(self, client: Any, monde: Monde, who: Any, name: str = "circuit") -> str:
        client.force_login(who)
        return text_of(client.get(reverse(f"contrats:{name}", args=[monde.a.version.pk])))

    def test_each_side_reads_its_own_words(self, monde: Monde, client: Any):
        move(monde, circuit.send_for_review)
        assert "À relire par votre commune" in self._page(client, monde, monde.a.dgs)
        assert "En attente de L'Haÿ-les-Roses" in self._page(client, monde, monde.direction)

    def test_the_whole_circuit_by_its_page(self, monde: Monde, client: Any):
        written(monde)
        president(monde)
        client.force_login(monde.direction)
        pk = monde.a.version.pk
        for acte in ("relecture", "arreter"):
            data = {"acte": acte, "version": present(monde.a.version).version}
            assert client.post(reverse("contrats:circuit_agir", args=[pk]), data).status_code == 302
        for type, numero in (("conseil_epci", "2027-612"), ("conseil_municipal", "41")):
            data = {"type": type, "numero": numero, "adopte_on": "2027-02-10", "executoire_on": "2027-02-10"}
            assert client.post(reverse("contrats:circuit_approuver", args=[pk]), data).status_code == 302
        data = {"acte": "a_signer", "version": present(monde.a.version).version}
        assert client.post(reverse("contrats:circuit_agir", args=[pk]), data).status_code == 302
        page = self._page(client, monde, monde.a.dgs, "preuve")
        assert "Conforme" in page and "n° 2027-612 du 10 février 2027" in page

    def test_what_is_missing_is_told_and_nothing_moves(self, monde: Monde, client: Any):
        move(monde, circuit.send_for_review)
        client.force_login(monde.direction)
        data = {"acte": "arreter", "version": present(monde.a.version).version}
        response = client.post(reverse("contrats:circuit_agir", args=[monde.a.version.pk]), data)
        assert response.status_code == 422
        assert "Le niveau de service attendu" in text_of(response)

    def test_a_bad_act_keeps_what_was_typed(self, monde: Monde, client: Any):
        settled(monde)
        client.force_login(monde.direction)
        data = {
            "type": "bureau",
            "numero": "2099-1",
            "adopte_on": "2099-01-01",
            "executoire_on": "2099-01-01",
        }
        response = client.post(reverse("contrats:circuit_approuver", args=[monde.a.version.pk]), data)
        assert response.status_code == 422
        assert 'value="2099-1"' in response.content.decode()

    def test_the_documents_are_not_those_of_a_foreign_commune(self, monde: Monde, client: Any):
        to_sign(monde)
        client.force_login(monde.b.dgs)
        for name in ("arrete_pdf", "a_signer_pdf", "preuve", "circuit"):
            assert client.get(reverse(f"contrats:{name}", args=[monde.a.version.pk])).status_code == 404

    def test_no_copy_to_sign_before_it_is_issued(self, monde: Monde, client: Any):
        settled(monde)
        client.force_login(monde.direction)
        for name, code in (("arrete_pdf", 202), ("a_signer_pdf", 404), ("preuve", 404)):
            assert client.get(reverse(f"contrats:{name}", args=[monde.a.version.pk])).status_code == code


class TestSigners:
    """Those who sign are told, even without a role here."""

    def test_the_copy_to_sign_then_its_refusal(self, monde: Monde):
        version = to_sign(monde)
        head = Personne.objects.get(nom="Leroy", prenom="Ada")
        told = Courriel.objects.get(type="contrat_a_signer", destinataire=head)
        assert "vous remet le document" in told.corps and "/circuit/" not in told.corps
        assert "/circuit/" in Courriel.objects.get(type="contrat_a_signer", destinataire=monde.a.maire).corps
        refuse_to_sign(
            version=version, acteur=monde.a.maire, lue=version.version, cote="commune", motif="Une fiche."
        )
        assert Courriel.objects.filter(type="contrat_refuse", destinataire=head).exists()


class TestDeadlines:
    def _told(self, monde: Monde) -> list[str]:
        who = monde.direction
        (title,) = [one for one in who.acces.titres if one.role == Role.DIRECTION_TERRITOIRES]
        return [one.titre for one in deadlines(who, title, monde.epci.today)]

    def test_the_direction_answers_then_votes(self, monde: Monde):
        written(monde)
        move(monde, circuit.send_for_review)
        assert self._told(monde) == []
        asked = RemarqueFactory(version_contrat=present(monde.a.version), auteur=monde.a.dgs)
        assert self._told(monde) == ["Répondre aux remarques des communes"]
        Remarque.objects.filter(pk=asked.pk).update(close_at=horloge.now(), close_par=monde.direction)
        move(monde, circuit.settle)
        assert self._told(monde) == ["Faire voter les textes arrêtés"]
        approve(monde, "epci")
        assert self._told(monde) == []
