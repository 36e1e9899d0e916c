"""Avenants: opened from the cycle or by hand, one at a time, from the text last signed; signed, consolidated, given up."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from contrats.avenant import changes_of
from contrats.donnees import contract_data
from contrats.models import Contrat, Engagement, Indicateur, VersionContrat
from contrats.verification import worth
from contrats.workflows import circuit
from contrats.workflows.avenant import abandon, open_amendment
from contrats.workflows.contrat import prepare_contract
from documents.controle import check_pdf
from documents.models import Document
from journal.models import Courriel
from mutualisation.models import Ligne, Titulaire
from socle import horloge, registres
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import amended, confirmed, leave, present, settled, signed, through
from tests.factories import (
    AdhesionFactory,
    DeclarationFactory,
    LigneFactory,
    Monde,
    PersonneFactory,
    activite,
    domaine,
)
from tests.mutualisation.test_declaration import text_of
from tests.navigateur.clavier import plain

Etat = VersionContrat.Etat
EFFET = date(2029, 1, 1)


def contract(monde: Monde) -> Contrat:
    return Contrat.objects.get(pk=monde.a.version.contrat_id)


def by_hand(monde: Monde, **changes: Any) -> VersionContrat:
    facts = {"acteur": monde.direction, "effective_on": EFFET, "objet": "Réponse sous un jour"} | changes
    return open_amendment(contrat=contract(monde), **facts)


def pages(octets: bytes) -> list[str]:
    """The text of each page of a PDF, with plain spaces."""
    read = pypdf.PdfReader(io.BytesIO(octets)).pages
    return [" ".join(plain(page.extract_text()).split()) for page in read]


def assert_verifiable_at_the_end(document: Document, octets: bytes) -> None:
    """The last page bears the address and the digest, as the cover does."""
    verification = document.source["contrat"]["verification"]
    for page in (pages(octets)[0], pages(octets)[-1]):
        assert verification["adresse"] in page
        assert verification["empreinte"].replace(" ", "") in page.replace(" ", "")


class TestOpen:
    def test_by_hand_it_begins_as_the_text_last_signed(self, monde: Monde):
        facts = {"libelle": "Délai", "unite": "jours", "cible": 2, "sens": "baisse"}
        Indicateur.objects.create(engagement=monde.a.engagement, **facts)
        first = signed(monde)
        version = by_hand(monde)
        assert (version.numero, version.reference) == (1, f"{first.reference}-A1")
        before, after = first.engagements.get(), version.engagements.get()
        same = ("domaine_id", "niveau_attendu", "urgence_definition", "rythme")
        assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
        assert [one.libelle for one in after.indicateurs.all()] == ["Délai"]
        assert before.indicateurs.count() == 1
        assert changes_of(version, contract_data(version)) == []

    def test_from_the_cycle_when_what_is_shared_changes(self, monde: Monde):
        signed(monde)
        facts = {
            "epci": monde.epci,
            "commune": monde.a.commune,
            "effective_on": EFFET,
            "acteur": monde.direction,
        }
        with pytest.raises(Refus, match="dit déjà ce que la commune partage le 1er janvier 2029"):
            prepare_contract(**facts)
        added = activite(monde.epci, "DB-01")
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=added, debut=EFFET, fin=None)
        version = prepare_contract(**facts)
        assert (version.numero, version.objet) == (1, "Choix de la commune au 1er janvier 2029")
        assert set(version.engagements.values_list("domaine", flat=True)) == {
            monde.domaine.pk,
            domaine(monde.epci, "DB").pk,
        }

    def test_one_at_a_time(self, monde: Monde):
        signed(monde)
        by_hand(monde)
        with pytest.raises(ActionInterdite, match="qu'aucun n'est ouvert"):
            by_hand(monde)
        with pytest.raises(IntegrityError), transaction.atomic():
            VersionContrat.objects.create(
                contrat=contract(monde),
                epci=monde.epci,
                commune=monde.a.commune,
                numero=2,
                reference="C-2028-9999",
                effective_on=EFFET,
            )

    def test_two_people_in_the_same_second(self, monde: Monde, transactional_db: None):
        signed(monde)
        done = together(lambda: by_hand(monde), lambda: by_hand(monde))
        assert [type(error) for error in failures(done)] == [ActionInterdite]
        assert contract(monde).versions.count() == 2

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"objet": " "}, "Dites en une phrase"),
            ({"effective_on": date(2027, 6, 1)}, "ne précède pas le texte"),
            ({"effective_on": date(2028, 1, 1)}, None),
        ],
    )
    def test_object_and_day(self, monde: Monde, changes: dict[str, Any], words: str | None):
        signed(monde)
        if words is None:
            assert by_hand(monde, **changes).numero == 1
            return
        with pytest.raises(Refus, match=words):
            by_hand(monde, **changes)

    def test_not_before_the_contract_is_signed_nor_by_the_commune(self, monde: Monde):
        settled(monde)
        with pytest.raises(ActionInterdite):
            by_hand(monde)

    def test_not_by_the_commune(self, monde: Monde):
        signed(monde)
        with pytest.raises(ActionInterdite):
            by_hand(monde, acteur=monde.a.dgs)

    def test_with_nothing_shared_the_contract_ends_instead(self, monde: Monde):
        signed(monde)
        leave(monde, EFFET)
        with pytest.raises(Refus, match="enregistrez plutôt la fin"):
            by_hand(monde)


class TestFromTheCycle:
    def _prepare(self, monde: Monde) -> VersionContrat:
        return prepare_contract(
            epci=monde.epci, commune=monde.a.commune, effective_on=EFFET, acteur=monde.direction
        )

    def test_an_activity_shared_otherwise_opens_one(self, monde: Monde):
        signed(monde)
        monde.a.commune.adhesions.update(nature="prestation")
        Ligne.objects.filter(commune=monde.a.commune).update(
            appliquee_at=horloge.now(), effet_on=date(2027, 1, 1)
        )
        assert self._prepare(monde).numero == 1

    def test_a_revision_of_level_accepted_opens_one(self, monde: Monde):
        signed(monde)
        asked = DeclarationFactory(cycle=monde.cycle_futur, commune=monde.a.commune, deposee=True)
        LigneFactory(
            declaration=asked,
            activite=activite(monde.epci),
            nature="revision",
            partage_avant=True,
            acceptee=True,
        )
        assert self._prepare(monde).numero == 1

    def test_not_before_the_effect_of_the_text_signed(self, monde: Monde):
        signed(monde)
        with pytest.raises(Refus, match="ne le précède pas"):
            prepare_contract(
                epci=monde.epci,
                commune=monde.a.commune,
                effective_on=date(2027, 1, 1),
                acteur=monde.direction,
            )

    def test_the_acts_it_cites_are_those_of_what_it_changes(self, monde: Monde):
        cited = contract_data(signed(monde))["visas"]
        assert any("2026" in visa for visa in cited)
        data = contract_data(by_hand(monde))
        assert data["deliberations"] == {"commune": None, "epci": None}
        assert not any("15 octobre 2026" in visa for visa in data["visas"])


class TestAct:
    def test_one_that_changes_nothing_is_not_voted(self, monde: Monde):
        version = amended(monde)
        circuit.send_for_review(version=version, acteur=monde.direction, lue=version.version)
        with pytest.raises(Refus, match="ne change rien encore"):
            circuit.settle(version=version, acteur=monde.direction, lue=present(version).version)

    def test_the_act_prints_what_changes_and_nothing_else(self, monde: Monde):
        version = amended(monde, niveau_attendu="Chaque demande reçoit une réponse sous un jour.")
        data = contract_data(version)
        act = data["avenant"]
        assert (act["numero"], act["objet"], act["signe"]) == (1, "Réponse sous un jour", "Contrat initial")
        assert act["contrat"] == monde.a.version.reference
        [section] = act["sections"]
        assert section["titre"] == f"Annexe A – {monde.domaine}"
        [one] = section["courts"]
        assert one["quoi"] == "Niveau de service promis"
        assert one["signe"] == one["initial"] == "Chaque demande reçoit une réponse sous deux jours."
        assert one["propose"] == "Chaque demande reçoit une réponse sous un jour."
        assert (act["articles"], act["fiches_sorties"]) == ([], [])
        assert [fiche["code"] for fiche in data["fiches"]] == act["fiches"]

    def test_what_enters_and_what_leaves(self, monde: Monde):
        signed(monde)
        added = activite(monde.epci, "DB-01")
        leave(monde, EFFET)
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=added, debut=EFFET, fin=None)
        act = contract_data(by_hand(monde))["avenant"]
        assert act["fiches_sorties"] == [str(monde.domaine)]
        assert "Article 3, activités partagées" in act["articles"]

    def test_its_document_is_a_sound_pdf(self, monde: Monde):
        version = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        document = version.a_signer
        assert document and document.titre.startswith("Avenant n° 1 au contrat d'engagement")
        octets = registres.rendus.get(document.type)(document)
        assert check_pdf(octets) == []
        assert_verifiable_at_the_end(document, octets)

    def test_a_date_is_not_cut_in_the_middle_of_a_word(self, monde: Monde):
        version = through(amended(monde, horaires="mutualisée, depuis le 1er janvier 2029"), monde.direction)
        document = version.a_signer
        assert document
        octets = registres.rendus.get(document.type)(document)
        assert " ".join(pages(octets)).count("depuis le 1er janvier 2029") == 2  # the fiche, then the table

    def test_the_last_page_of_a_contract_is_verified_too(self, monde: Monde):
        document = signed(monde).a_signer
        assert document
        assert_verifiable_at_the_end(document, registres.rendus.get(document.type)(document))

    def test_the_copy_to_sign_is_the_text_voted(self, monde: Monde):
        version = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        assert all(one.permise for one in circuit.compared(version))


class TestSigned:
    def test_the_first_text_is_said_to_be_modified_from_the_effect_on(self, monde: Monde):
        version = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        first = present(monde.a.version).a_signer
        assert first
        with horloge.at(datetime(2028, 6, 1, 12, tzinfo=UTC)):
            assert worth(first).mot == "En vigueur"
        confirmed(version, monde.direction)
        with horloge.at(datetime(2028, 6, 1, 12, tzinfo=UTC)):
            assert worth(first).mot == "En vigueur"
        with horloge.at(datetime(2029, 2, 1, 12, tzinfo=UTC)):
            assert worth(first).phrase == "Ce document est signé, et modifié par l'avenant n° 1."
            assert version.a_signer and worth(version.a_signer).mot == "En vigueur"

    def test_a_consolidated_version_is_issued_for_reading(self, monde: Monde):
        version = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        confirmed(version, monde.direction)
        document = present(version).consolide
        assert document and document.reference.startswith("CC-2029-")
        assert document.source["contrat"]["fiches"][0]["horaires"] == "Jour et nuit"
        assert [one["version"] for one in document.source["contrat"]["registre"]] == ["Contrat initial"]
        assert worth(document).mot == "Version consolidée"
        Contrat.objects.filter(pk=version.contrat_id).update(
            fin_on=date(2030, 1, 1), fin_nature="resiliation", fin_motif="x"
        )
        with horloge.at(datetime(2030, 1, 1, 12, tzinfo=UTC)):
            assert worth(document).mot == "Résilié"
        octets = registres.rendus.get(document.type)(document)
        assert check_pdf(octets) == []
        whole = " ".join(pages(octets))
        assert "Date et signature" not in whole and "sont approuvés" not in whole
        assert (
            "Version consolidée pour la lecture : seuls le contrat et ses avenants signés font foi." in whole
        )
        assert_verifiable_at_the_end(document, octets)

    def test_a_first_text_has_none(self, monde: Monde):
        assert signed(monde).consolide is None
        assert not Document.objects.filter(type="contrat_consolide").exists()

    def test_a_second_avenant_shows_the_first_text_and_the_last(self, monde: Monde):
        first = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        confirmed(first, monde.direction)
        second = by_hand(monde, effective_on=date(2030, 1, 1))
        second.engagements.update(horaires="Jour")
        found = changes_of(second, contract_data(second))
        assert found is not None
        [one] = found
        assert (one.initial, one.signe, one.propose) == (None, "Jour et nuit", "Jour")


class TestAbandon:
    def _abandon(self, monde: Monde, version: VersionContrat, **changes: Any) -> VersionContrat:
        facts = {"acteur": monde.direction, "lue": present(version).version, "motif": "La commune renonce."}
        return abandon(version=version, **(facts | changes))

    def test_its_number_goes_to_the_next_one(self, monde: Monde):
        version = amended(monde)
        assert self._abandon(monde, version).etat == Etat.ABANDONNE
        said = Courriel.objects.filter(type="contrat_abandonne")
        assert monde.a.dgs.pk in said.values_list("destinataire", flat=True)
        assert all("La commune renonce." in one.corps for one in said)
        again = by_hand(monde)
        assert (again.numero, again.reference) == (1, version.reference)

    def test_refusals(self, monde: Monde):
        version = amended(monde)
        with pytest.raises(Refus, match="Dites pourquoi"):
            self._abandon(monde, version, motif=" ")
        with pytest.raises(ActionInterdite):
            self._abandon(monde, version, acteur=monde.a.dgs)
        with pytest.raises(Conflit):
            self._abandon(monde, version, lue=77)

    def test_a_first_text_too_and_another_may_be_opened(self, monde: Monde):
        before = monde.a.version
        assert self._abandon(monde, before).etat == Etat.ABANDONNE
        again = prepare_contract(
            epci=monde.epci, commune=monde.a.commune, effective_on=date(2028, 1, 1), acteur=monde.direction
        )
        assert (again.numero, again.contrat_id) == (0, before.contrat_id)
        assert again.origine == again.contrat.premiere == again

    def test_not_a_copy_to_sign(self, monde: Monde):
        version = through(amended(monde, horaires="Jour"), monde.direction)
        with pytest.raises(ActionInterdite, match="tant qu'aucun exemplaire"):
            self._abandon(monde, version)

    def test_a_text_voted_then_given_up_engages_nobody(self, monde: Monde):
        version = amended(monde, horaires="Jour")
        for act in (circuit.send_for_review, circuit.settle):
            act(version=version, acteur=monde.direction, lue=present(version).version)
        given_up = self._abandon(monde, version)
        assert given_up.arrete and worth(given_up.arrete).mot == "Abandonné"


class TestMoved:
    def test_an_open_avenant_does_not_go_before_the_text_it_changes(self, monde: Monde):
        version = amended(monde)
        with pytest.raises(Refus, match="un avenant ne le précède pas"):
            prepare_contract(
                epci=monde.epci,
                commune=monde.a.commune,
                effective_on=date(2027, 1, 1),
                acteur=monde.direction,
            )
        assert present(version).effective_on == EFFET


class TestApplicable:
    def _read(self, monde: Monde, day: date) -> str:
        rows = Engagement.objects.filter(commune=monde.a.commune, domaine=monde.domaine)
        found = rows.to_read(day)
        assert found
        return found.horaires

    def test_an_avenant_applies_once_signed_and_in_effect(self, monde: Monde):
        before = monde.a.engagement.horaires
        version = amended(monde, horaires="Jour et nuit")
        assert self._read(monde, date(2029, 2, 1)) == before
        through(version, monde.direction)
        confirmed(version, monde.direction)
        assert self._read(monde, date(2028, 12, 31)) == before
        assert self._read(monde, EFFET) == "Jour et nuit"

    def test_a_domain_of_an_avenant_alone_is_read_before_it_is_signed(self, monde: Monde):
        signed(monde)
        added = activite(monde.epci, "DB-01")
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=added, debut=EFFET, fin=None)
        by_hand(monde)
        rows = Engagement.objects.filter(commune=monde.a.commune, domaine=domaine(monde.epci, "DB"))
        assert rows.to_read(EFFET)


class TestPages:
    def test_open_change_and_read_the_difference(self, monde: Monde, client: Any):
        signed(monde)
        client.force_login(monde.direction)
        page = reverse("contrats:contrat", args=[monde.a.version.contrat_id])
        assert "Ouvrir un avenant" in text_of(client.get(page))
        url = reverse("contrats:avenant_ouvrir", args=[monde.a.version.contrat_id])
        refused = client.post(url, {"objet": "Réponse rapide", "effet": "2020-01-01"})
        assert refused.status_code == 422
        assert "Réponse rapide" in refused.content.decode()
        client.post(url, {"objet": "Réponse rapide", "effet": "2029-01-01"})
        version = contract(monde).versions.get(numero=1)
        version.engagements.update(niveau_attendu="Une réponse sous un jour.")
        said = text_of(client.get(reverse("contrats:changements", args=[version.pk])))
        assert "Niveau de service promis" in said
        assert "Une réponse sous un jour." in said
        assert '<th scope="col">Contrat initial' not in said
        csv = client.get(reverse("contrats:changements", args=[version.pk]), {"format": "csv"})
        assert "Une réponse sous un jour." in b"".join(csv).decode("utf-8-sig")

    def test_a_long_text_is_compared_word_by_word(self, monde: Monde, client: Any):
        words = "Chaque demande reçoit une réponse écrite, motivée et datée, "
        version = amended(monde, niveau_attendu=words * 4 + "sous un jour.")
        client.force_login(monde.a.dgs)
        html = client.get(reverse("contrats:changements", args=[version.pk])).content.decode()
        assert "<ins>" in html and "<del>" in html and "ajouté\u00a0:" in html

    def test_a_first_text_has_no_such_page(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        assert client.get(reverse("contrats:changements", args=[monde.a.version.pk])).status_code == 404

    def test_a_version_is_read_by_its_id_or_its_day(self, monde: Monde, client: Any):
        version = amended(monde)
        client.force_login(monde.a.dgs)
        page = reverse("contrats:contrat", args=[version.contrat_id])
        assert "Avenant n° 1" in text_of(client.get(page))
        said = text_of(client.get(page, {"le": "2028-03-01"}))
        assert "Les référents sont ceux de ce jour" in said
        assert "Lire le contrat au" in said and "Avenant n° 1 au" not in said
        assert "aucun texte du contrat ne s'applique" in text_of(client.get(page, {"le": "2020-01-01"}))
        assert "Ce jour ne se lit pas" in text_of(client.get(page, {"le": "2028-02-31"}))

    def test_give_up_by_the_page(self, monde: Monde, client: Any):
        version = amended(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:abandonner", args=[version.pk])
        assert client.post(url, {"version": version.version, "motif": ""}).status_code == 422
        client.post(url, {"version": version.version, "motif": "Rien à changer."})
        assert present(version).etat == Etat.ABANDONNE
        assert mail.outbox == []

    def test_what_is_shared_is_brought_up_to_date_on_its_own_day(self, monde: Monde, client: Any):
        signed(monde)
        version = by_hand(monde, effective_on=date(2029, 5, 2))
        client.force_login(monde.direction)
        page = reverse("contrats:contrat", args=[version.contrat_id])
        assert "Sélectionnez un choix valide" not in text_of(client.get(page))
        client.post(reverse("contrats:preparer"), {"commune": monde.a.commune.pk, "effet": "2029-05-02"})
        assert present(version).effective_on == date(2029, 5, 2)


class TestApi:
    def test_the_versions_of_a_day(self, monde: Monde, client: Any):
        version = through(amended(monde, horaires="Jour et nuit"), monde.direction)
        confirmed(version, monde.direction)
        client.force_login(monde.a.dgs)

        def numbers(**asked: str) -> list[int]:
            [row] = client.get("/api/v1/contrats/", {"commune": monde.a.commune.pk, **asked}).json()[
                "resultats"
            ]
            return [one["numero"] for one in row["versions"]]

        assert numbers() == [0, 1]
        assert numbers(le="2028-06-01") == [0]
        assert numbers(le="2029-01-01") == [0, 1]
        assert numbers(le="2027-06-01") == []


class TestWhatIsVoted:
    """Who answers changes without an avenant; a long text shows which words change."""

    def _sit(self, monde: Monde) -> None:
        Titulaire.objects.filter(siege__commune=monde.a.commune).update(
            personne=PersonneFactory(prenom="Zoé", nom="Petit"), equipe=None
        )

    def test_a_name_alone_is_not_voted(self, monde: Monde):
        version = amended(monde)
        self._sit(monde)
        circuit.send_for_review(version=version, acteur=monde.direction, lue=version.version)
        with pytest.raises(Refus, match="changent sans avenant"):
            circuit.settle(version=version, acteur=monde.direction, lue=present(version).version)

    def test_a_fiche_where_only_a_name_changes_is_not_printed_again(self, monde: Monde):
        version = amended(monde)
        self._sit(monde)
        data = contract_data(version)
        assert data["avenant"]["fiches"] == [] and data["avenant"]["sections"]

    def test_the_annex_marks_the_words_of_a_long_text(self, monde: Monde):
        level = "Chaque demande reçoit une réponse sous deux jours."
        version = amended(monde, niveau_attendu=f"{level} " + "Une relance part chaque mois. " * 6)
        html = render_to_string("pdf/avenant.html", {"contrat": contract_data(version), "document": ""})
        assert " <ins>Une relance part" in html and f'<p class="mots">{level}</p>' in html
