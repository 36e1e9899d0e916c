"""The dossier de conseil: what it says, to whom, and that nothing typed by anybody breaks the file."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import docx
import pytest
from django.test import Client
from django.urls import reverse
from docx.oxml.ns import qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contrats.deliberation_epci import Vote, read_vote, write_deliberation
from contrats.dossier import read_dossier
from contrats.dossier_docx import write_dossier
from contrats.models import Indicateur, VersionContrat
from contrats.workflows.circuit import settle
from documents.docx import Redaction, clean
from journal.workflows.tache import run_due
from mutualisation.models import Adhesion, Ligne
from socle import horloge
from territoire.models import Commune
from tests.contrats.gestes import amended, approve, present, president, settled, through, written
from tests.factories import (
    AdhesionFactory,
    AvisFactory,
    ConventionFactory,
    EffetACFactory,
    EngagementFactory,
    LigneFactory,
    Monde,
    SeanceFactory,
    activite,
)
from tests.factories import domaine as domaine_of
from tests.mutualisation.seances import sitting
from tests.navigateur.clavier import plain

pytestmark = pytest.mark.django_db
SITTING = date(2027, 10, 15)


def said(octets: bytes) -> str:
    """Every word of the file, tables included, with plain spaces and apostrophes."""
    document = docx.Document(io.BytesIO(octets))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return plain("\n".join([*(one.text for one in document.paragraphs), *cells]))


def file_of(monde: Monde) -> bytes:
    return write_dossier(read_dossier(present(monde.a.version)))


def words_of(monde: Monde) -> str:
    return said(file_of(monde))


def accepted(monde: Monde, code: str, nature: str = Ligne.Nature.ENTREE) -> Ligne:
    """A line of A's declaration for 2028, accepted."""
    made: Ligne = LigneFactory(
        declaration=monde.a.declaration, activite=activite(monde.epci, code), nature=nature, acceptee=True
    )
    return made


def costed(monde: Monde, ligne: Ligne, etat: str, fonctionnement: int, investissement: int) -> None:
    amounts = {"fonctionnement": Decimal(fonctionnement), "investissement": Decimal(investissement)}
    EffetACFactory(ligne=ligne, etat=etat, **amounts)


class TestDeliberation:
    def test_a_draft_says_so_everywhere(self, monde: Monde):
        found = docx.Document(io.BytesIO(file_of(monde)))
        assert "PROJET" in found.sections[0].header.paragraphs[0].text
        words = words_of(monde)
        assert "projet, texte non encore arrêté pour le vote" in words
        assert "ne peut pas être soumis au vote en l'état" in words

    def test_the_settled_text_is_named_by_its_reference_and_its_digest(self, monde: Monde):
        settled(monde)
        assert "document en préparation" in words_of(monde)
        run_due()
        document = present(monde.a.version).arrete
        assert document and document.sha256
        words = words_of(monde)
        assert (
            words.count(f"texte arrêté pour vote {document.reference}, empreinte SHA-256 {document.sha256}")
            >= 2
        )
        assert "PROJET" not in words

    def test_real_names_dates_and_numbers(self, monde: Monde):
        sitting(monde, jour=SITTING)
        words = words_of(monde)
        assert "Commune de L'Haÿ-les-Roses – Conseil municipal" in words
        assert "Séance : vendredi 15 octobre 2027" in words
        assert "au 1er janvier 2028, 1 domaine et 1 activité" in words
        assert f"le contrat d'engagement {monde.a.version.reference} avec Métropole d'Essai" in words
        assert f"Autorise le maire, {monde.a.maire}, à signer" in words
        assert "L. 2121-12, L. 2121-29 et L. 2122-21 du code" in words
        assert f"Vu la délibération n° {monde.a.acte.numero} du conseil municipal" in words
        assert "à venir ;" not in words

    def test_nobody_named(self, monde: Monde):
        monde.a.maire.habilitations.all().delete()
        assert "le maire, ou la personne à qui il délègue sa signature, à signer" in words_of(monde)

    def test_a_settled_text_does_not_move_with_the_fiches(self, monde: Monde):
        settled(monde)
        monde.a.version.engagements.update(niveau_attendu="Tout autre chose.")
        words = words_of(monde)
        assert "Chaque demande reçoit une réponse sous deux jours." in words and "Tout autre" not in words


class TestNote:
    def test_small_communes_are_not_bound_to_it(self, monde: Monde):
        monde.a.commune.population = 3499
        monde.a.commune.save()
        words = words_of(monde)
        assert "2. Note explicative\n" in words and "moins de 3 500 habitants" in words
        assert "les articles L. 2121-11, L. 2121-29" in words and "3 jours pour le conseil municipal" in words

    def test_each_domain_its_promise_and_who_answers(self, monde: Monde):
        written(monde)
        Indicateur.objects.create(
            engagement=monde.a.engagement,
            libelle="Délai",
            unite="jours",
            reference=5,
            cible=Decimal("2.5"),
            sens="baisse",
        )
        words = words_of(monde)
        assert "Niveau attendu : Chaque demande reçoit une réponse sous deux jours." in words
        assert "Délai : 2,5 jours (avant : 5)" in words
        assert f"pour la commune de L'Haÿ-les-Roses, {monde.a.referent}" in words
        assert f"pour la Métropole, {monde.responsable}" in words

    def test_a_seat_without_anybody_is_said(self, monde: Monde):
        monde.siege.titulaires.all().delete()
        assert "pour la Métropole, personne n'est encore désigné" in words_of(monde)

    def test_what_enters_extends_and_leaves(self, monde: Monde):
        for code in ("DA-02", "DB-01", "DB-02", "DB-03"):
            accepted(monde, code)
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DC-01"))
        accepted(monde, "DC-01", Ligne.Nature.RETRAIT)
        accepted(monde, "DA-01", Ligne.Nature.REVISION)
        EngagementFactory(version_contrat=monde.a.version, domaine=domaine_of(monde.epci, "DB"))
        words = words_of(monde)
        assert "« Voirie » s'étend à « Voirie, activité 2 »" in words
        assert "« Ressources humaines » entre en entier" in words
        assert "« Espaces verts » : la commune reprend « Espaces verts, activité 1 »" in words
        assert "« Voirie » : niveau revu pour « Voirie, activité 1 »" in words

    def test_nothing_new(self, monde: Monde):
        Adhesion.objects.filter(commune=monde.a.commune).update(debut=date(2020, 1, 1))
        assert "Rien ne change dans ce que la commune partage" in words_of(monde)

    def test_a_long_text_is_cut_between_two_words(self, monde: Monde):
        monde.a.version.engagements.update(niveau_attendu="service " * 2500)
        words = words_of(monde)
        assert "service… (la suite dans la fiche, annexe A du contrat)" in words
        assert words.count("service service") < 200


class TestAvenant:
    def settled_words(self, monde: Monde, **changes: Any) -> str:
        version = through(amended(monde, **changes), monde.direction)
        return said(write_dossier(read_dossier(present(version))))

    def test_the_note_tells_what_it_changes(self, monde: Monde):
        before = monde.a.engagement.horaires
        words = self.settled_words(monde, horaires="Jour et nuit")
        assert "Dossier de conseil – L'Haÿ-les-Roses, avenant n° 1" in words
        assert "Approuve l'avenant n° 1 au contrat d'engagement" in words
        note = words.split("2. Note explicative")[1].split("3. Effet")[0]
        assert "Ce que l'avenant n° 1 change\nObjet : Réponse sous un jour\nAnnexe A – Voirie" in note
        assert f"Horaires : Jour et nuit ; jusqu'ici : {plain(before) or 'ne figurait pas'}" in note
        assert "aucun changement accepté n'accompagne cet avenant" in note.lower()

    def test_a_draft_tells_it_too_and_cuts_what_is_long(self, monde: Monde):
        version = amended(monde, niveau_attendu="service " * 2500)
        words = said(write_dossier(read_dossier(version)))
        assert "service… (la suite dans l'annexe 2 de l'avenant) ; jusqu'ici : Chaque demande" in words
        assert (
            "Projet d'avenant, à remplacer par le texte arrêté, avec 1 fiche d'engagement : « Voirie »"
            in words
        )

    def test_only_the_fiches_it_prints(self, monde: Monde):
        EngagementFactory(version_contrat=monde.a.version, domaine=domaine_of(monde.epci, "DB"))
        AdhesionFactory(
            epci=monde.epci,
            commune=monde.a.commune,
            activite=activite(monde.epci, "DB-01"),
            debut=date(2027, 1, 1),
        )
        version = amended(monde)
        version.engagements.filter(domaine__code="DA").update(horaires="Jour et nuit")
        dossier = read_dossier(through(version, monde.direction))
        assert len(dossier.contrat["fiches"]) == 2
        assert [fiche["code"] for fiche in dossier.fiches] == ["DA"]
        assert "avec 1 fiche d'engagement : « Voirie » (PDF)" in dossier.annexes[0]
        promised = (
            plain(said(write_dossier(dossier))).split("Ce qui est promis")[1].split("Ce que cela coûte")[0]
        )
        assert "Voirie" in promised and "Ressources humaines" not in promised


class TestCompensation:
    def test_without_change_there_is_no_effect(self, monde: Monde):
        assert "aucun changement accepté n'accompagne ce contrat" in words_of(monde)

    def test_not_costed_says_when_it_will_be_known(self, monde: Monde):
        accepted(monde, "DB-01")
        assert "sera connu le 9 juillet 2027, au point d'arrêt" in words_of(monde)

    def test_not_costed_after_its_day_is_to_be_asked_for(self, monde: Monde, at_time: Any):
        accepted(monde, "DB-01")
        at_time("2027-09-01")
        assert "à demander à la Direction des territoires" in words_of(monde)

    def test_costed_in_its_real_state_both_sections_apart(self, monde: Monde):
        costed(monde, accepted(monde, "DB-01"), "arbitre", 12300, -4000)
        words = words_of(monde)
        assert "arbitré\n12 300 € retenus par an\n4 000 € rendus par an" in words
        assert "fonctionnement, 12 300 € retenus par an ; investissement, 4 000 € rendus par an" in words

    def test_several_are_added(self, monde: Monde):
        costed(monde, accepted(monde, "DB-01"), "estime", 1000, 10)
        costed(monde, accepted(monde, "DC-01"), "vote", 500, 20)
        assert "Total de ce qui est chiffré\n\n1 500 € retenus par an\n30 € retenus par an" in words_of(monde)

    def test_the_total_leaves_out_what_was_refused_or_is_paid_otherwise(self, monde: Monde):
        costed(monde, accepted(monde, "DA-02"), "estime", 1000, 10)
        costed(monde, accepted(monde, "DC-01"), "vote", 500, 20)
        refused = LigneFactory(
            declaration=monde.a.declaration, activite=activite(monde.epci, "DB-01"), refusee=True
        )
        costed(monde, refused, "estime", 7000, 7000)
        assert "Total de ce qui est chiffré\n\n1 500 € retenus par an\n30 € retenus par an" in words_of(monde)
        Ligne.objects.get(activite__code="DC-01").domaine.versions.update(paiement="acte")
        assert "Total de ce qui est chiffré" not in words_of(monde)

    def test_paid_otherwise(self, monde: Monde):
        ligne = accepted(monde, "DB-01")
        ligne.domaine.versions.update(paiement="acte")
        assert "sans effet, refacturation" in words_of(monde)

    def test_what_was_refused_costs_nothing(self, monde: Monde):
        LigneFactory(declaration=monde.a.declaration, activite=activite(monde.epci, "DB-01"), refusee=True)
        assert "aucun changement accepté" in words_of(monde)

    def test_a_contract_outside_every_cycle(self, monde: Monde):
        VersionContrat.objects.filter(pk=monde.a.version.pk).update(effective_on=date(2031, 1, 1))
        words = words_of(monde)
        assert "qu'aucun changement accepté" in words and "Fin des délibérations" not in words


class TestAnnexes:
    def test_what_is_recorded_is_listed(self, monde: Monde):
        ConventionFactory(epci=monde.epci, cycle=monde.cycle, commune=monde.a.commune, numero="C7", rang=1)
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune, rendu_on=date(2027, 2, 1))
        AvisFactory(cycle=monde.cycle, commune=monde.b.commune, rendu_on=date(2027, 2, 2))
        words = words_of(monde)
        assert (
            "Avenant n° 1 à la convention de services communs n° C7, en projet : fichiers à joindre" in words
        )
        assert (
            "Comité social territorial de la commune, rendu le 1er février 2027, favorable (collège personnel)"
            in words
        )
        assert "2 février 2027" not in words

    def test_what_is_missing_is_told(self, monde: Monde):
        words = words_of(monde)
        assert "rien n'est enregistré" in words and "aucun n'est enregistré" in words


class TestPlan:
    def test_from_the_sittings_of_the_commune(self, monde: Monde):
        sitting(monde, jour=SITTING)
        sitting(monde, monde.b.commune, jour=date(2027, 4, 1))
        words = words_of(monde)
        assert "Séance retenue : le vendredi 15 octobre 2027" in words
        assert "vendredi 8 octobre 2027\nConvocation et note explicative de synthèse" in words
        assert "Aucune séance à venir du conseil de la Métropole n'est saisie" in words

    def test_no_sitting_proposes_the_latest_day(self, monde: Monde):
        words = words_of(monde)
        assert (
            "Séance proposée : le mardi 30 novembre 2027" in words
            and "Aucune séance à venir n'est saisie" in words
        )
        assert "Séance : …" in words

    def test_the_council_of_the_epci(self, monde: Monde):
        sitting(monde, jour=SITTING)
        seance = sitting(monde)
        seance.commune, seance.jour = None, date(2027, 9, 24)
        seance.save()
        assert "Prochaine séance du conseil de la Métropole : le vendredi 24 septembre 2027." in words_of(
            monde
        )

    def test_once_voted_the_act_is_told_instead(self, monde: Monde):
        settled(monde)
        approve(monde, "commune")
        approve(monde, "epci")
        words = words_of(monde)
        assert (
            "Le conseil municipal a approuvé ce texte : délibération du conseil municipal n° 2027-41" in words
        )
        assert (
            "La Métropole a approuvé ce texte" in words
            and "Convocation" not in words.split("5. Rétroplanning")[-1]
        )


HOSTILE = (
    '🏗️ \u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c =HYPERLINK("http://x") '
    "\x0b\x1f\ufffe\ud800 <w:p>&amp; ]]>\r\n\t" + "m" * 20000
)


class TestFile:
    def test_the_same_data_give_the_same_bytes(self, monde: Monde):
        sitting(monde, jour=SITTING)
        octets = file_of(monde)
        assert octets == file_of(monde)
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}

    def test_language_title_author_and_heading_rows(self, monde: Monde):
        octets = file_of(monde)
        document = docx.Document(io.BytesIO(octets))
        facts = document.core_properties
        assert (facts.language, facts.author) == ("fr-FR", "Métropole d’Essai")
        assert "Dossier de conseil, L’Haÿ-les-Roses" in facts.title and facts.comments == ""
        assert all(table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in document.tables)
        assert [one.text[:2] for one in document.paragraphs if one.style.name == "Heading 1"] == [
            "1.",
            "2.",
            "3.",
            "4.",
            "5.",
        ]
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            assert 'w:lang w:val="fr-FR"' in archive.read("word/styles.xml").decode()
            assert b"python-docx" not in archive.read("docProps/core.xml")

    def test_french_is_set(self, monde: Monde):
        document = docx.Document(io.BytesIO(file_of(monde)))
        text = "\n".join(one.text for one in document.paragraphs)
        assert "l'" not in text and "«\u00a0Jours francs\u00a0»\u00a0:" in text

    def test_whatever_was_typed(self, monde: Monde):
        safe = HOSTILE.replace("\ud800", "")  # a database keeps no lone half of a character
        monde.a.version.engagements.update(
            niveau_attendu=safe, evaluation_prealable=safe, horaires=safe[:300]
        )
        monde.epci.nom = safe[:150].replace("\x0b", "")
        monde.epci.save()
        sitting(monde, jour=SITTING)
        words = words_of(monde)
        assert "=HYPERLINK" in words and "🏗️" in words and "\u202e" not in words

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=300))
    def test_any_text_is_read_back(self, title: str, text: str):
        redaction = Redaction(titre=title, auteur=text, created_at=horloge.now(), pied=text, bandeau=title)
        redaction.titre(title)
        redaction.partie(text)
        redaction.paragraphe(text)
        redaction.terme(title, text)
        redaction.liste([text, title])
        redaction.tableau(title, (text,), [(text,)], (1,))
        found = docx.Document(io.BytesIO(redaction.octets()))
        assert found.tables[0].rows[1].cells[0].text == clean(text).replace("\x0b", "\n")

    def test_twenty_domains_ask_no_more_queries_than_one(
        self, monde: Monde, django_assert_max_num_queries: Any
    ):
        for code in ("DA-02", "DB-01", "DB-02", "DC-01"):
            costed(
                monde, accepted(monde, code), "estime", 10, 10
            ) if code != "DB-02" and code != "DA-02" else accepted(monde, code)
        for code in ("DB", "DC"):
            EngagementFactory(version_contrat=monde.a.version, domaine=domaine_of(monde.epci, code))
        with django_assert_max_num_queries(45):
            read_dossier(present(monde.a.version))


class TestPage:
    def test_it_is_downloaded_from_the_circuit(self, client: Client, monde: Monde):
        client.force_login(monde.a.lecteur)
        address = reverse("contrats:dossier", args=[monde.a.version.pk])
        page = client.get(reverse("contrats:circuit", args=[monde.a.version.pk])).content.decode()
        assert address in page and "Dossier de conseil, projet (DOCX)" in page
        response = client.get(address)
        assert (
            response["Content-Disposition"]
            == f'attachment; filename="{monde.a.version.reference}-dossier-de-conseil.docx"'
        )
        assert (response["X-Content-Type-Options"], response["Cache-Control"]) == (
            "nosniff",
            "private, no-cache",
        )
        assert "Projet de délibération" in said(response.content)

    def test_a_seat_does_not_open_it(self, client: Client, monde: Monde):
        client.force_login(monde.a.referent)
        assert (
            "Dossier de conseil"
            not in client.get(reverse("contrats:circuit", args=[monde.a.version.pk])).content.decode()
        )
        assert client.get(reverse("contrats:dossier", args=[monde.a.version.pk])).status_code == 403


class TestEpci:
    URL = "/contrats/deliberation-epci.docx"

    def test_it_names_each_commune_and_its_settled_text(self, client: Client, monde: Monde):
        version = settled(monde)
        run_due()
        document = present(version).arrete
        assert document
        client.force_login(monde.direction)
        assert self.URL in client.get("/contrats/").content.decode()
        words = said(client.get(self.URL).content)
        assert (
            f"L'Haÿ-les-Roses\n{version.reference}\n1er janvier 2028\n1\n{document.reference} {document.sha256}"
            in words
        )
        assert "Œuilly" not in words and "approuver 1 contrat d'engagement" in words
        assert "le président, ou son délégataire, à signer" in words and "qui puisse être convoquée" in words

    def test_contracts_and_avenants_are_counted_apart(self, monde: Monde):
        version = amended(monde, horaires="Jour et nuit")
        VersionContrat.objects.filter(pk=version.pk).update(etat=VersionContrat.Etat.EN_RELECTURE)
        settle(version=present(version), acteur=monde.direction, lue=present(version).version)
        alone = read_vote(monde.epci)
        assert alone and "approuver 1 avenant à un contrat d'engagement" in said(write_deliberation(alone))
        assert "contrats d'engagement arrêtés" not in said(write_deliberation(alone)).replace(
            "des contrats", ""
        )
        first, avenant = present(monde.a.version), present(version)
        facts = (monde.epci, [first, avenant, avenant], alone.regle, None, None, None)
        words = said(write_deliberation(Vote(*facts)))
        assert "approuver 1 contrat d'engagement et 2 avenants à des contrats d'engagement" in words
        assert (
            "Approuve les contrats d'engagement et les avenants à des contrats d'engagement ci-dessus"
            in words
        )

    def test_its_sitting_and_who_signs(self, monde: Monde):
        settled(monde)
        president(monde)
        for day in (date(2027, 2, 12), SITTING):
            SeanceFactory(epci=monde.epci, commune=None, jour=day)
        sitting(monde, jour=date(2027, 3, 1))
        vote = read_vote(monde.epci)
        assert vote and (vote.seance_on, vote.convocation_on) == (SITTING, date(2027, 10, 8))
        assert write_deliberation(vote) == write_deliberation(vote)
        assert "Autorise Ada Leroy, présidente, à signer" in said(write_deliberation(vote))

    def test_small_communes_make_a_short_delay(self, monde: Monde):
        settled(monde)
        Commune.objects.update(population=800)
        vote = read_vote(monde.epci)
        assert vote and vote.regle.jours == 3

    def test_once_approved_nothing_is_left(self, client: Client, monde: Monde):
        settled(monde)
        approve(monde, "epci")
        client.force_login(monde.direction)
        page = client.get(self.URL, follow=True)
        assert "Aucun texte arrêté n'attend le vote" in plain(page.content.decode())
