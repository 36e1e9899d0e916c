"""Issuing: a number without gap, frozen data, bytes once, and nothing changes afterwards."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from documents.models import CompteurDocument, Document, DocumentContenu
from documents.models.document import ECHECS
from documents.views.document import serve
from documents.workflows import document as workflow
from documents.workflows.document import annul, complete, replace_annulled, reserve, run_render
from journal.models import Evenement, Tache
from journal.workflows.tache import run_due
from socle import horloge, registres
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Epci
from tests.concurrence import PATIENCE, failures, together
from tests.factories import DocumentFactory, EpciFactory
from tests.mutualisation.gestes import submit, text_of

TOGETHER = 5
OCTETS = b"%PDF-1.7 essai"


def take(epci: Epci, **kwargs: Any) -> Document:
    kwargs = {
        "commune": None,
        "type": "accuse",
        "annee": 2027,
        "titre": "Essai",
        "source": {"a": 1},
        **kwargs,
    }
    return reserve(epci=epci, **kwargs)


def numbers(epci: Epci) -> list[int]:
    return sorted(Document.objects.filter(epci=epci).values_list("numero", flat=True))


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """References rendered, in order; rendering itself is replaced by a constant."""
    seen: list[str] = []

    def render(document: Document) -> bytes:
        seen.append(document.reference)
        return OCTETS

    monkeypatch.setitem(registres.rendus._functions, "accuse", render)
    return seen


@pytest.mark.django_db
class TestReserve:
    def test_numbers_follow_each_other_per_epci_kind_and_year(self):
        one, two = EpciFactory(), EpciFactory()
        taken = [
            take(one),
            take(one),
            take(two),
            take(one, type="compte_rendu"),
            take(one, annee=2028),
            take(one),
        ]
        references = [
            "AD-2027-001",
            "AD-2027-002",
            "AD-2027-001",
            "CR-2027-001",
            "AD-2028-001",
            "AD-2027-003",
        ]
        assert [document.reference for document in taken] == references

    def test_the_data_are_frozen_with_the_number(self):
        document = take(EpciFactory(), source={"commune": "Œuilly"})
        assert document.source == {"commune": "Œuilly", "numero": "AD-2027-001"}
        assert (document.etat, document.sha256, document.taille) == ("reserve", "", None)

    def test_the_rendering_is_scheduled_once(self):
        document = take(EpciFactory())
        assert Tache.objects.get().parametres == {"document": document.pk}

    def test_a_refused_act_gives_its_number_back(self):
        epci = EpciFactory()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            take(epci)
            raise ZeroDivisionError
        assert take(epci).numero == 1

    def test_a_kind_nobody_named_is_refused(self):
        with pytest.raises(KeyError):
            take(EpciFactory(), type="inconnu")
        assert not Document.objects.exists()


@pytest.mark.django_db
class TestIssue:
    def test_bytes_digest_and_state(self, rendered: list[str], at_time: Any):
        instant = at_time("2027-02-10 10:00")
        document = take(EpciFactory())
        assert run_due() == 1
        document.refresh_from_db()
        assert (document.etat, document.emis_at, document.taille) == ("emis", instant, len(OCTETS))
        assert document.sha256 == hashlib.sha256(OCTETS).hexdigest()
        assert "weasyprint" in str(document.moteur).lower()
        assert bytes(document.contenu.octets) == OCTETS
        assert rendered == ["AD-2027-001"]

    def test_the_journal_tells_it_once(self, rendered: list[str]):
        document = take(EpciFactory())
        run_due()
        complete(document=document, octets=b"autre")
        event = Evenement.objects.about(document).get()
        assert (event.type, event.contenu) == (
            "document.emis",
            {"reference": "AD-2027-001", "type": "accuse"},
        )

    def test_a_crash_between_number_and_rendering_is_resumed_once(
        self, rendered: list[str], monkeypatch: pytest.MonkeyPatch
    ):
        document = take(EpciFactory())
        with monkeypatch.context() as crash:
            crash.setitem(registres.rendus._functions, "accuse", lambda document: 1 / 0)
            run_due()
        document.refresh_from_db()
        assert document.etat == "reserve", "the number is kept"
        Tache.objects.update(reessai_at=horloge.real_now())
        assert run_due() == 1
        document.refresh_from_db()
        assert (document.etat, rendered) == ("emis", ["AD-2027-001"])
        run_render(Tache.objects.get())
        assert rendered == ["AD-2027-001"], "already issued: nothing is rendered again"

    def test_a_second_worker_changes_nothing(self):
        document = DocumentFactory()
        for octets in (OCTETS, b"autres octets"):
            complete(document=document, octets=octets)
        assert bytes(DocumentContenu.objects.get().octets) == OCTETS


@pytest.mark.django_db
class TestImmutable:
    @pytest.fixture
    def document(self) -> Document:
        return DocumentFactory(emis=True)

    @pytest.mark.parametrize(
        "change",
        [
            {"titre": "Autre"},
            {"etat": "annule", "emis_at": None, "taille": None, "sha256": ""},
            {"source": {"b": 2}},
        ],
    )
    def test_an_issued_document_never_changes(self, document: Document, change: dict[str, Any]):
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(**change)

    @pytest.mark.parametrize(
        "change", [{"source": {"b": 2}}, {"numero": 99}, {"reference": "AD-1"}, {"annee": 2030}]
    )
    def test_what_was_reserved_is_frozen(self, change: dict[str, Any]):
        document = DocumentFactory(source={"a": 1})
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(**change)

    def test_its_bytes_neither(self, document: Document):
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            DocumentContenu.objects.update(octets=b"x")

    @pytest.mark.parametrize("table", ["documents_documentcontenu", "documents_document"])
    def test_nothing_is_deleted(self, document: Document, table: str):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
        assert DocumentContenu.objects.exists()

    def test_a_reserved_number_is_not_deleted_either(self):
        document = DocumentFactory()
        with pytest.raises(IntegrityError, match="ne se supprime pas"), transaction.atomic():
            document.delete()

    @pytest.mark.parametrize("facts", [{"sha256": ""}, {"taille": 0}, {"emis_at": None}])
    def test_the_state_is_tied_to_its_facts(self, facts: dict[str, Any]):
        with pytest.raises(IntegrityError, match="document_issued_facts"), transaction.atomic():
            DocumentFactory(emis=True, **facts)


@pytest.mark.django_db
class TestServe:
    @pytest.fixture
    def request_of(self, rf: RequestFactory) -> Callable[..., Any]:
        return lambda **headers: rf.get("/accuse.pdf", headers=headers)

    def test_the_bytes_as_they_are(self, request_of: Any):
        document = DocumentFactory(emis=True, reference="AD-2027-001")
        response = serve(request_of(), document)
        assert (response.status_code, response.content) == (200, OCTETS)
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == 'inline; filename="AD-2027-001.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_unchanged_for_who_has_them(self, request_of: Any):
        document = DocumentFactory(emis=True)
        etag = serve(request_of(), document)["ETag"]
        assert serve(request_of(**{"If-None-Match": etag}), document).status_code == 304


@pytest.fixture
def monde_en_panne(monde: Any, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A receipt of the world whose rendering has failed as often as it takes, and the world itself."""
    accuse = submit(monde.a.declaration, monde.a.dgs).accuse
    assert accuse
    with monkeypatch.context() as broken:
        broken.setitem(registres.rendus._functions, "accuse", lambda document: 1 / 0)
        for _ in range(ECHECS):
            Tache.objects.update(reessai_at=None)
            run_due()
    return accuse


def path_of(monde: Any) -> str:
    return f"/declarations/{monde.a.declaration.pk}/accuse.pdf"


class TestAnnul:
    """A rendering that keeps failing: the number is annulled with a motive, and what it stood for gets another."""

    def test_the_job_says_so_after_several_failures_only(self, monde: Any, monkeypatch: pytest.MonkeyPatch):
        accuse = submit(monde.a.declaration, monde.a.dgs).accuse
        monkeypatch.setitem(registres.rendus._functions, "accuse", lambda document: 1 / 0)
        for tries in range(1, ECHECS + 1):
            Tache.objects.update(reessai_at=None)
            run_due()
            job = Tache.objects.get(cle=accuse.cle_rendu)
            assert (job.essais, bool(job.constat), accuse.en_echec) == (tries, *[tries == ECHECS] * 2)
            assert accuse.abilities_for(monde.administrateur)["annuler"] == (tries == ECHECS)
        assert accuse.reference in job.constat and "ZeroDivisionError" in job.erreur

    def test_its_number_stays_with_its_motive(self, monde: Any, monde_en_panne: Document, wakes: list[str]):
        accuse = monde_en_panne
        annul(document=accuse, acteur=monde.direction, motif=" Caractère impossible ")
        accuse.refresh_from_db()
        assert (accuse.etat, accuse.motif, accuse.annule_par) == (
            "annule",
            "Caractère impossible",
            monde.direction,
        )
        assert accuse.mention == f"{accuse.reference} (annulé)"
        event = Evenement.objects.about(accuse).get()
        assert (event.type, event.acteur) == ("document.annule", monde.direction)
        assert event.detail.contenu == {"motif": "Caractère impossible"}
        assert take(accuse.epci, annee=accuse.annee).numero == accuse.numero + 1

    def test_its_job_ends(self, monde: Any, monde_en_panne: Document, rendered: list[str]):
        annul(document=monde_en_panne, acteur=monde.administrateur, motif="Panne")
        run_due()
        job = Tache.objects.get(cle=monde_en_panne.cle_rendu)
        assert (job.etat, job.constat, rendered) == ("faite", "", [])

    def test_twice_changes_nothing(self, monde: Any, monde_en_panne: Document):
        for motif in ("Une fois", "Deux fois"):
            annul(document=monde_en_panne, acteur=monde.administrateur, motif=motif)
        assert Document.objects.get(pk=monde_en_panne.pk).motif == "Une fois"
        assert Evenement.objects.about(monde_en_panne).count() == 1

    def test_not_one_issued_meanwhile(self, monde: Any, monde_en_panne: Document):
        complete(document=monde_en_panne, octets=OCTETS)
        with pytest.raises(Refus, match="vient d'être émis"):
            annul(document=monde_en_panne, acteur=monde.administrateur, motif="Trop tard")

    def test_a_rendering_that_ends_afterwards_issues_nothing(self, monde: Any, monde_en_panne: Document):
        annul(document=monde_en_panne, acteur=monde.administrateur, motif="Panne")
        complete(document=monde_en_panne, octets=OCTETS)
        assert not DocumentContenu.objects.filter(document=monde_en_panne).exists()

    def test_nor_by_those_it_is_addressed_to(self, monde: Any, monde_en_panne: Document):
        with pytest.raises(ActionInterdite, match="Seuls l'administrateur"):
            annul(document=monde_en_panne, acteur=monde.a.dgs, motif="Panne")

    def test_it_never_changes_again(self, monde: Any, monde_en_panne: Document):
        annul(document=monde_en_panne, acteur=monde.administrateur, motif="Panne")
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            Document.objects.filter(pk=monde_en_panne.pk).update(motif="Autre")

    @pytest.mark.parametrize("facts", [{"motif": ""}, {"annule_par": None}, {"annule_at": None}])
    def test_the_state_is_tied_to_its_facts(self, monde: Any, facts: dict[str, Any]):
        known = {"motif": "Panne", "annule_par": monde.direction, "annule_at": horloge.now()}
        with pytest.raises(IntegrityError, match="document_annulled_facts"), transaction.atomic():
            DocumentFactory(etat="annule", **{**known, **facts})

    def test_the_page_of_those_who_may_annuls(self, client: Any, monde: Any, monde_en_panne: Document):
        path = path_of(monde)
        client.force_login(monde.a.dgs)
        shown = client.get(path)
        assert (shown.status_code, "<textarea" in shown.content.decode()) == (202, False)
        assert "a échoué plusieurs fois" in text_of(shown)
        client.force_login(monde.administrateur)
        assert "Annuler ce numéro" in text_of(client.get(path))
        refused = client.post(path, {"motif": " "})
        assert refused.status_code == 422 and "Dites pourquoi" in text_of(refused)
        assert client.post(path, {"motif": "Un caractère <b> impossible"}).url == path

    def test_then_it_answers_410_with_the_motive(self, client: Any, monde: Any, monde_en_panne: Document):
        annul(document=monde_en_panne, acteur=monde.direction, motif="Un caractère <b> impossible")
        client.force_login(monde.a.dgs)
        shown = client.get(path_of(monde))
        assert shown.status_code == 410
        assert "Un caractère <b> impossible" in text_of(shown) and "nouveau numéro" not in text_of(shown)
        sheet = text_of(client.get(f"/declarations/{monde.a.declaration.pk}/"))
        assert f"Accusé de dépôt {monde_en_panne.reference} (annulé)" in sheet

    def test_a_new_number_is_reserved_for_the_same_data(
        self, client: Any, monde: Any, monde_en_panne: Document, rendered: list[str]
    ):
        ancien, path = monde_en_panne, path_of(monde)
        annul(document=ancien, acteur=monde.direction, motif="Panne")
        client.force_login(monde.administrateur)
        assert "Réserver un nouveau numéro" in text_of(client.get(path))
        assert client.post(path, {"remplacer": "1"}).url == path
        monde.a.declaration.refresh_from_db()
        new = monde.a.declaration.accuse
        assert (new.remplace, new.numero) == (ancien, ancien.numero + 1)
        assert new.source == {**ancien.source, "numero": new.reference}
        run_due()
        assert client.get(path).content == OCTETS
        sheet = text_of(client.get(f"/declarations/{monde.a.declaration.pk}/"))
        assert f"{ancien.reference} (annulé)" in sheet and f"Accusé de dépôt {new.reference} (PDF)" in sheet
        old = client.get(f"/declarations/{monde.a.declaration.pk}/accuses/{ancien.numero}.pdf")
        assert old.status_code == 410 and f"Remplacé par {new.reference}" in re.sub(
            r"<[^>]*>|\s+", " ", text_of(old)
        ).replace("  ", " ").replace("  ", " ")

    def test_asked_twice_it_is_the_same(self, monde: Any, monde_en_panne: Document):
        annul(document=monde_en_panne, acteur=monde.direction, motif="Panne")
        first, second = (replace_annulled(document=monde_en_panne, acteur=monde.direction) for _ in range(2))
        assert first == second
        assert Evenement.objects.about(monde_en_panne).filter(type="document.remplace").count() == 1

    def test_nothing_is_replaced_before_it_is_annulled(self, monde: Any, monde_en_panne: Document):
        with pytest.raises(ActionInterdite, match="remplacent, une fois"):
            replace_annulled(document=monde_en_panne, acteur=monde.direction)

    def test_minutes_follow_their_new_document(self, client: Any, monde: Any):
        minutes = monde.a.revue_tenue.compte_rendu
        ancien = DocumentFactory(
            epci=monde.epci,
            commune=monde.a.commune,
            type="compte_rendu",
            reference="CR-2027-900",
            etat="annule",
            annule_at=horloge.now(),
            annule_par=monde.direction,
            motif="Panne",
        )
        type(minutes).objects.filter(pk=minutes.pk).update(document=ancien)
        client.force_login(monde.direction)
        page = f"/revues/{monde.a.revue_tenue.pk}/"
        assert "Pourquoi ce numéro est annulé" in text_of(client.get(page))
        new = replace_annulled(document=ancien, acteur=monde.direction)
        minutes.refresh_from_db()
        assert minutes.document == new
        assert "Il remplace CR-2027-900 (annulé)." in text_of(client.get(page))


def read_then_write(meeting: threading.Barrier) -> Callable[[Epci, str, int], int]:
    """The next number looked up before it is taken."""

    def next_number(epci: Epci, type: str, annee: int) -> int:
        counter = CompteurDocument.objects.get(epci=epci, type=type, annee=annee)
        meeting.wait(PATIENCE)
        counter.dernier += 1
        counter.save()
        return counter.dernier

    return next_number


@pytest.mark.django_db(transaction=True)
class TestTogether:
    @pytest.fixture(autouse=True)
    def _empty(self) -> Iterator[None]:
        yield
        with connection.cursor() as cursor:  # rows cannot be deleted, the table can be emptied
            cursor.execute("TRUNCATE documents_document CASCADE")

    def test_numbers_have_no_gap_and_no_double(self):
        epci = EpciFactory()
        assert failures(together(*[lambda: take(epci)] * TOGETHER)) == []
        assert numbers(epci) == list(range(1, TOGETHER + 1))

    def test_control_without_the_lock_two_documents_want_the_same_number(
        self, monkeypatch: pytest.MonkeyPatch
    ):
        epci = EpciFactory()
        take(epci)
        monkeypatch.setattr(workflow, "_next_number", read_then_write(threading.Barrier(2)))
        assert [type(e) for e in failures(together(*[lambda: take(epci)] * 2))] == [IntegrityError]

    def test_two_workers_issue_once(self, rendered: list[str]):
        document = take(EpciFactory())
        octets = [OCTETS, b"autres octets"]
        results = together(*[lambda o=o: complete(document=document, octets=o) for o in octets])
        assert failures(results) == []
        document.refresh_from_db()
        assert document.sha256 == hashlib.sha256(bytes(DocumentContenu.objects.get().octets)).hexdigest()
        assert Evenement.objects.about(document).count() == 1
