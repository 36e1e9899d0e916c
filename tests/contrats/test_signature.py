"""The signed copy of a contract: deposited, examined, confirmed; or a side refuses."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contrats.exemplaires import awaited
from contrats.models import ExemplaireSigne, VersionContrat
from contrats.verification import worth
from contrats.workflows import circuit
from contrats.workflows.signature import confirm_signed, deposit_signed, refuse_to_sign
from documents import isolement
from documents.models import Piece
from documents.signature import examine
from documents.workflows.document import complete
from journal.models import Courriel, Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import move, present, to_sign
from tests.documents.bombes import deep_content, text_bomb, truncated, xref_stream_bomb
from tests.documents.signatures import issued, racines, signataire, signed, stamped, with_evidence
from tests.factories import Monde
from tests.mutualisation.test_declaration import text_of

Etat, Nature = VersionContrat.Etat, ExemplaireSigne.Nature
TODAY = date(2027, 2, 10)


def pdf(octets: bytes, name: str = "contrat signé.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, octets, "application/pdf")


def both(octets: bytes) -> bytes:
    """Signed by the two who were to sign: the maire of A, and who presides."""
    return signed(
        octets, signataire("Claude MAIRE L'Hay-les-Roses", "Commune"), signataire("Ada Leroy", "Métropole")
    )


def issue(monde: Monde) -> VersionContrat:
    """A's contract to sign, its document issued."""
    version = to_sign(monde)
    assert version.a_signer
    complete(document=version.a_signer, octets=issued())
    return present(version)


def deposit(monde: Monde, octets: bytes | None = None, who: Any = None) -> ExemplaireSigne:
    version = present(monde.a.version)
    return deposit_signed(
        version=version, acteur=who or monde.direction, fichier=pdf(octets or both(issued()))
    )


def confirm(
    monde: Monde, row: ExemplaireSigne, on: date = TODAY, who: Any = None, motif: str = ""
) -> ExemplaireSigne:
    return confirm_signed(exemplaire=row, acteur=who or monde.direction, signe_on=on, motif=motif)


def said(client: Client, url: str) -> str:
    """What a page says, apostrophes typed."""
    return client.get(url).content.decode().replace("’", "'")


def refuse(monde: Monde, who: Any, **changes: Any) -> VersionContrat:
    version = present(monde.a.version)
    facts = {"cote": "commune", "motif": "Le montant de l'AC n'est pas le bon.", "lue": version.version}
    return refuse_to_sign(version=version, acteur=who, **{**facts, **changes})


class TestDeposit:
    def test_nothing_is_signed_before_the_confirmation(self, monde: Monde):
        issue(monde)
        row = deposit(monde)
        assert (row.nature, len(row.constat["signatures"])) == (Nature.OCTETS, 2)
        assert present(monde.a.version).etat == Etat.A_SIGNER

    def test_a_contract_that_is_not_to_sign_takes_none(self, monde: Monde):
        with pytest.raises(Refus, match="n'est plus possible"):
            deposit(monde)

    def test_while_the_copy_is_being_prepared(self, monde: Monde):
        to_sign(monde)
        with pytest.raises(Refus, match="se prépare encore"):
            deposit(monde)

    def test_what_is_refused_is_not_kept(self, monde: Monde):
        issue(monde)
        for octets, words in ((issued(), "sans aucune signature"), (b"non", "pas un PDF")):
            with pytest.raises(Refus, match=words):
                deposit(monde, octets)
        assert not ExemplaireSigne.objects.exists()

    def test_the_same_file_again_is_the_same_copy(self, monde: Monde):
        issue(monde)
        octets = both(issued())
        first = deposit(monde, octets)
        assert deposit(monde, octets) == first
        assert (Piece.objects.count(), ExemplaireSigne.objects.count()) == (1, 1)
        assert deposit(monde, both(issued())) != first

    def test_the_file_is_read_before_the_contract_is_locked(self, monde: Monde, monkeypatch: Any):
        """Reading 20 MB takes long: another page of the contract does not wait for it."""
        issue(monde)

        def look(*files: bytes) -> Any:
            locks.append([one["sql"] for one in asked.captured_queries if "FOR NO KEY UPDATE" in one["sql"]])
            return examine(*files)

        locks: list[list[str]] = []
        monkeypatch.setattr("contrats.workflows.signature.examine", look)
        with CaptureQueriesContext(connection) as asked:
            deposit(monde)
        assert locks == [[]]

    def test_a_copy_refused_while_the_file_was_read_takes_none(self, monde: Monde, monkeypatch: Any):
        issue(monde)

        def meanwhile(*files: bytes) -> Any:
            refuse(monde, monde.a.maire)
            return examine(*files)

        monkeypatch.setattr("contrats.workflows.signature.examine", meanwhile)
        with pytest.raises(Refus, match="n'est plus possible"):
            deposit(monde)

    def test_only_the_direction_deposits(self, monde: Monde):
        issue(monde)
        for who in (monde.a.dgs, monde.a.maire, monde.administrateur):
            with pytest.raises(ActionInterdite, match="conduit le circuit"):
                deposit(monde, who=who)


class TestConfirm:
    def test_the_contract_is_signed_and_both_sides_told(self, monde: Monde):
        version = issue(monde)
        row = confirm(monde, deposit(monde))
        assert present(monde.a.version).etat == Etat.SIGNE
        assert (row.signe_on, row.confirme_par) == (TODAY, monde.direction)
        told = set(Courriel.objects.filter(type="contrat_signe").values_list("destinataire", flat=True))
        assert told == {monde.a.dgs.pk, monde.a.maire.pk, monde.a.collaborateur.pk}
        assert version.a_signer and worth(version.a_signer).mot == "Signé"
        assert Evenement.objects.about(version)[0].type == "contrat.signe"

    def test_twice_changes_nothing(self, monde: Monde):
        issue(monde)
        row = deposit(monde)
        confirm(monde, row)
        confirm(monde, row, TODAY - timedelta(days=1))
        assert ExemplaireSigne.objects.get().signe_on == TODAY
        assert Courriel.objects.filter(type="contrat_signe").count() == 3

    def test_one_of_two_files_counts(self, monde: Monde):
        issue(monde)
        one, other = deposit(monde), deposit(monde)
        assert one != other
        confirm(monde, one)
        with pytest.raises(ActionInterdite, match="tant que cet exemplaire est à signer"):
            confirm(monde, other)
        with pytest.raises(IntegrityError), transaction.atomic():
            facts = {"confirme_at": one.confirme_at, "confirme_par": monde.direction, "signe_on": TODAY}
            ExemplaireSigne.objects.filter(pk=other.pk).update(**facts)

    @pytest.mark.parametrize(
        ("on", "words"),
        [(date(2027, 2, 11), "à venir"), (date(2027, 2, 9), "avant que l'exemplaire soit émis")],
    )
    def test_a_day_that_cannot_be(self, monde: Monde, on: date, words: str):
        issue(monde)
        with pytest.raises(Refus, match=words):
            confirm(monde, deposit(monde), on)

    def test_a_copy_refused_is_confirmed_no_more(self, monde: Monde, client: Client):
        issue(monde)
        old = deposit(monde)
        refuse(monde, monde.a.maire)
        client.force_login(monde.direction)
        page = reverse("contrats:exemplaire", args=[old.pk])
        assert f"l'exemplaire {old.document.reference}" in said(client, page)
        again = move(monde, circuit.issue_to_sign)
        assert again.a_signer
        with pytest.raises(ActionInterdite, match="tant que cet exemplaire est à signer"):
            confirm(monde, old)
        assert present(again).etat == Etat.A_SIGNER
        html = said(client, page)
        assert f"l'exemplaire {old.document.reference}" in html and again.a_signer.reference not in html
        assert "non retenu" in said(client, reverse("contrats:circuit", args=[again.pk]))

    def test_a_signature_that_is_awaited_and_is_not_there(self, monde: Monde):
        """One signature of somebody unknown: the contract is not signed by both sides unless somebody says why."""
        issue(monde)
        row = deposit(monde, signed(issued(), signataire("Parapheur de la Métropole")))
        assert [one.trouve for one in awaited(row)] == [False, False]
        with pytest.raises(Refus, match="Maire L'Haÿ-les-Roses et Ada Leroy") as refused:
            confirm(monde, row)
        assert refused.value.field == "motif"
        done = confirm(monde, row, motif=" Signé sur papier le même jour. ")
        assert done.motif == "Signé sur papier le même jour."
        told = Courriel.objects.filter(type="contrat_signe").first()
        assert told and "signé par les deux parties" not in told.corps
        assert "Maire L’Haÿ-les-Roses et Ada Leroy" in told.corps and "Signé sur papier" in told.corps

    def test_a_revoked_certificate_needs_a_reason(
        self, monde: Monde, client: Client, settings: Any, tmp_path: Path
    ):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        issue(monde)
        row = deposit(monde, with_evidence(both(issued()), signataire("Ada Leroy", "Métropole")))
        assert [one.trouve for one in awaited(row)] == [True, True]
        client.force_login(monde.direction)
        page = reverse("contrats:exemplaire", args=[row.pk])
        assert '<span class="etat r">certificat révoqué</span>' in said(client, page)
        refused = client.post(page, {"signe_on": TODAY.isoformat(), "motif": " "})
        assert refused.status_code == 422
        assert "certificat révoqué : Ada Leroy. Dites pourquoi" in refused.content.decode().replace(
            "\xa0", " "
        )
        with pytest.raises(Refus, match="certificat révoqué : Ada Leroy") as error:
            confirm(monde, row)
        assert error.value.field == "motif"
        assert confirm(monde, row, motif="Clé renouvelée.").motif == "Clé renouvelée."
        told = Courriel.objects.filter(type="contrat_signe").first()
        assert told and "révoqué" in told.corps and "Clé renouvelée." in told.corps

    def test_signatures_that_are_those_awaited_need_no_reason(self, monde: Monde):
        """A certificate writes a name in capitals, without accents, in any order."""
        issue(monde)
        row = deposit(
            monde, signed(issued(), signataire("LEROY Ada 12"), signataire("MAIRE L'Hay-les-Roses Claude"))
        )
        assert [one.trouve for one in awaited(row)] == [True, True]
        confirm(monde, row)
        told = Courriel.objects.filter(type="contrat_signe").first()
        assert told and "LEROY Ada 12" in told.corps

    def test_one_certificate_is_one_signature(self, monde: Monde):
        issue(monde)
        row = deposit(monde, signed(issued(), signataire("Ada Leroy Claude Maire L'Haÿ-les-Roses")))
        assert [one.trouve for one in awaited(row)] == [True, False]

    def test_two_people_confirm_in_the_same_second(self, monde: Monde, transactional_db: None):
        issue(monde)
        one, other = deposit(monde), deposit(monde)
        done = together(lambda: confirm(monde, one), lambda: confirm(monde, other))
        assert [type(error) for error in failures(done)] == [ActionInterdite]
        assert ExemplaireSigne.objects.exclude(confirme_at=None).count() == 1


class TestRefusal:
    def test_another_copy_may_follow_and_the_first_engages_nobody(self, monde: Monde):
        version = issue(monde)
        refused = version.a_signer
        assert refused
        refuse(monde, monde.a.maire)
        assert present(version).etat == Etat.APPROUVE
        assert worth(refused).mot == "Remplacé"
        said = Courriel.objects.filter(type="contrat_refuse")
        assert monde.direction.pk in said.values_list("destinataire", flat=True)
        assert all("Le montant de l" in mail.corps for mail in said)
        again = move(monde, circuit.issue_to_sign)
        assert again.a_signer and again.a_signer.pk != refused.pk

    def test_with_a_reason_by_who_may_and_from_what_was_read(self, monde: Monde):
        issue(monde)
        with pytest.raises(Refus, match="Dites pourquoi"):
            refuse(monde, monde.a.maire, motif=" ")
        with pytest.raises(ActionInterdite, match="le maire et le DGS"):
            refuse(monde, monde.a.collaborateur)
        with pytest.raises(Conflit):
            refuse(monde, monde.direction, lue=1)

    def test_a_contract_signed_is_refused_no_more(self, monde: Monde):
        issue(monde)
        confirm(monde, deposit(monde))
        with pytest.raises(Refus, match="n'est plus possible"):
            refuse(monde, monde.a.maire)


class TestPages:
    def test_from_the_file_to_the_signed_contract(self, client: Client, monde: Monde):
        version = issue(monde)
        client.force_login(monde.direction)
        sent = client.post(
            reverse("contrats:signe_deposer", args=[version.pk]), {"fichier": pdf(both(issued()))}
        )
        row = ExemplaireSigne.objects.get()
        page = reverse("contrats:exemplaire", args=[row.pk])
        assert sent.url == page
        html = client.get(page).content.decode()
        assert "Ada Leroy" in html and "autorité non reconnue" in html
        assert client.post(page, {"signe_on": "2027-02-10"}).url == reverse(
            "contrats:circuit", args=[version.pk]
        )
        assert (
            "Le contrat est signé"
            in client.get(reverse("contrats:circuit", args=[version.pk])).content.decode()
        )
        got = client.get(reverse("contrats:exemplaire_fichier", args=[row.pk]))
        assert got.content == both(issued()) or got.content.startswith(issued())

    def test_a_wrong_file_keeps_the_page_and_says_why(self, client: Client, monde: Monde):
        version = issue(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:signe_deposer", args=[version.pk])
        wrong = client.post(url, {"fichier": pdf(issued())})
        assert (wrong.status_code, "sans aucune signature" in wrong.content.decode()) == (422, True)
        assert "Choisissez le PDF" in client.post(url, {}).content.decode()

    @pytest.mark.parametrize("bomb", [deep_content, text_bomb, xref_stream_bomb, truncated])
    def test_a_file_made_to_harm_is_refused_in_words(
        self, client: Client, monde: Monde, monkeypatch: Any, bomb: Any
    ):
        monkeypatch.setitem(isolement.SECONDES, "examen", 4)
        monkeypatch.setattr(isolement, "MEMOIRE", 600_000_000)
        version = issue(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:signe_deposer", args=[version.pk])
        answer = client.post(url, {"fichier": pdf(bomb())})
        assert answer.status_code == 422
        assert re.search(r"ne se lit pas|ne s’ouvre pas", answer.content.decode().replace("'", "’"))
        assert not Piece.objects.exists() and not ExemplaireSigne.objects.exists()
        assert present(version).etat == Etat.A_SIGNER

    @pytest.mark.parametrize(
        ("octets", "words"),
        [
            pytest.param(lambda: stamped(issued(), b"DADBDCE"), "ddde", id="text"),
            pytest.param(lambda: signed(issued(), signataire("Ada\0 Leroy")), "Ada Leroy", id="name"),
        ],
    )
    def test_characters_that_no_table_keeps_are_not_kept(
        self, client: Client, monde: Monde, octets: Any, words: str
    ):
        version = issue(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:signe_deposer", args=[version.pk])
        sent = client.post(url, {"fichier": pdf(octets())}, follow=True)
        assert (sent.status_code, words in sent.content.decode()) == (200, True)
        assert ExemplaireSigne.objects.exists()

    def test_a_signature_of_the_year_9999_has_no_time(self, client: Client, monde: Monde):
        version = issue(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:signe_deposer", args=[version.pk])
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        octets = signed(issued(), signataire("Ada Leroy"), at=last)
        sent = client.post(url, {"fichier": pdf(octets)}, follow=True)
        assert (sent.status_code, "non dit" in sent.content.decode()) == (200, True)

    def test_half_a_character_in_a_refusal_is_not_said(self, client: Client, monde: Monde):
        version = issue(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:signe_deposer", args=[version.pk])
        sent = client.post(url, {"fichier": pdf(stamped(issued(), b"DADBDCE", instead=True))})
        assert (sent.status_code, "lu : « ddde »" in text_of(sent)) == (422, True)

    def test_the_maire_refuses_from_the_page(self, client: Client, monde: Monde):
        version = issue(monde)
        client.force_login(monde.a.maire)
        url = reverse("contrats:signe_refuser", args=[version.pk])
        sent = {"version": version.version, "cote": "epci", "motif": "Non."}
        assert client.post(url, sent).status_code == 422
        assert client.post(url, sent | {"cote": "commune"}).status_code == 302
        assert present(version).etat == Etat.APPROUVE

    def test_the_home_says_what_is_expected(self, client: Client, monde: Monde):
        issue(monde)
        for who, words in (
            (monde.a.maire, "Signer le contrat"),
            (monde.direction, "Faire signer les contrats"),
        ):
            client.force_login(who)
            assert words in client.get("/").content.decode()
