"""Each guard stops what it must stop, and only that."""

import socket
from datetime import UTC, datetime

import pytest
from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template

from comptes.models import Habilitation
from mutualisation.models import Cycle
from socle import horloge
from territoire.models import Appartenance, Epci
from tests import gardes
from tests.factories import AppartenanceFactory, EpciFactory
from tests.gardes import GuardFailure
from tests.pages import check_page, faults_of

PAGE = '<!doctype html><html lang="fr"><head><title>t</title></head><body><h1>Titre</h1>{}</body></html>'


class TestTemplates:
    @pytest.mark.parametrize(
        "source",
        ["{{ absent }}", "{{ objet.absent }}", "{% if absent %}x{% endif %}", "{{ absent|default:'x' }}"],
    )
    def test_an_unknown_variable_fails(self, source: str):
        with pytest.raises(GuardFailure, match="absent"):
            Template(source).render(Context({"objet": object()}))
        gardes.unknown_variables.clear()

    def test_even_where_the_engine_swallows_errors(self):
        Template("{% if absent and autre %}x{% endif %}").render(Context())
        assert gardes.unknown_variables == [("<unknown source>", "absent")]
        gardes.unknown_variables.clear()

    def test_templates_of_libraries_do_as_they_please(self):
        widget = forms.TextInput().render(
            "nom", None
        )  # Django's own template reads attributes that are not there
        assert '<input type="text" name="nom">' in widget
        assert not gardes.is_third_party(str(gardes.ROOT / "templates" / "base.html"))


@pytest.mark.django_db
class TestQueries:
    def test_rows_nobody_ordered_come_in_another_order(self):
        epci = EpciFactory(peuple=True)
        expected = list(epci.appartenances.order_by("pk"))
        assert list(epci.appartenances.order_by("pk")) == expected
        assert list(epci.appartenances.order_by()) != expected
        assert set(epci.appartenances.order_by()) == set(expected)

    def test_slices_and_single_rows_are_left_alone(self):
        rows = [AppartenanceFactory() for _ in range(2)]
        assert list(Appartenance.objects.order_by("pk")[:2]) == rows

    def test_a_lock_through_a_join_says_which_table(self):
        with pytest.raises(GuardFailure, match="of="):
            list(Habilitation.objects.select_related("epci").select_for_update())
        with pytest.raises(GuardFailure, match="no_key"):
            list(Epci.objects.select_for_update())
        list(Habilitation.objects.select_related("epci").select_for_update(of=("self",), no_key=True))

    def test_a_datetime_is_not_a_date(self):
        with pytest.raises(GuardFailure, match="datetime"):
            Cycle.objects.filter(effective_on=datetime(2027, 1, 1, tzinfo=UTC)).exists()


class TestNetwork:
    @pytest.mark.parametrize("address", [("203.0.113.1", 80), ("exemple.fr", 443)])
    def test_nothing_leaves_the_machine(self, address: tuple[str, int]):
        with socket.socket() as outside, pytest.raises(GuardFailure, match="no network"):
            outside.connect(address)
        with pytest.raises(GuardFailure, match="no network"):
            socket.getaddrinfo(*address)

    def test_this_machine_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()


class TestPages:
    @pytest.mark.parametrize(
        "body",
        [
            "<script>x</script>",
            "<style>p {}</style>",
            '<p style="color: red">x</p>',
            '<p onclick="x">x</p>',
            '<a href="javascript:x">x</a>',
            "<p>Voir : là</p>",
            "<p>« là\N{NO-BREAK SPACE}»</p>",
            "<p>l'eau</p>",
            "<p>{{ x }}</p>",
            "<p>le None du jour</p>",
            "<h1>Autre</h1>",
            '<img src="/x.png">',
            '<i id="a"></i><i id="a"></i>',
            '<form method="post"><button>x</button></form>',
        ],
    )
    def test_a_fault_is_seen(self, body: str):
        assert len(faults_of(PAGE.format(body))) == 1

    def test_a_page_without_fault(self):
        nbsp, narrow = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
        body = f"<p>L’eau{nbsp}: «{nbsp}là{nbsp}»{narrow}!</p>"
        body += "<textarea>l'eau : là</textarea><img alt=''><script src='/x.js'></script>"
        form = '<form method="post"><input type="hidden" name="csrfmiddlewaretoken"></form>'
        assert faults_of(PAGE.format(body + form)) == []

    def test_a_fragment_needs_no_heading_and_a_page_needs_its_language(self):
        assert faults_of("<p>fragment</p>") == []
        assert faults_of("<html><h1>x</h1></html>") == ["lang='', not fr"]

    def test_only_html_is_read(self):
        check_page(HttpResponse("{{", content_type="text/plain"))
        check_page(StreamingHttpResponse(["{{"]))
        with pytest.raises(AssertionError, match="syntax"):
            check_page(HttpResponse("<p>{{</p>"))


def test_the_clock_of_the_demonstration_is_out_of_the_way():
    assert not horloge.is_demonstration()


def test_nobody_is_woken_but_the_list_says_so_once_per_transaction(
    wakes: list[str], django_capture_on_commit_callbacks, db
):
    from journal.reveil import wake_after_commit

    with django_capture_on_commit_callbacks(execute=True):
        wake_after_commit()
        wake_after_commit()
    assert wakes == ["tick"]
