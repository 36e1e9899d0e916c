"""Issuing: a number without gap, frozen data, bytes once, and nothing changes afterwards."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from documents.models import CompteurDocument, Document, DocumentContenu
from documents.views.document import serve
from documents.workflows import document as workflow
from documents.workflows.document import complete, reserve, run_render
from journal.models import Evenement, Tache
from journal.workflows.tache import run_due
from socle import horloge, registres
from territoire.models import Epci
from tests.concurrence import PATIENCE, failures, together
from tests.factories import DocumentFactory, EpciFactory

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
