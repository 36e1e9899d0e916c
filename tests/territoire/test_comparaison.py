"""Comparing the members of an EPCI with an extract, and writing what moved."""

import json
import lzma
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from socle.erreurs import Refus
from territoire.comparaison import Comparaison, Mouvement, Nature, Releve, compare, plan, read_releve
from territoire.models import Appartenance, Commune, Epci, Filiation
from territoire.reference import DEPLOYE_MAX, ExtraitInvalide, parse_extract
from territoire.workflows.mouvement import apply_moves, refresh_present
from tests.factories import EpciFactory, PoleFactory, member_commune
from tests.territoire.releves import as_reference, extract_file, new_commune, releve

pytestmark = pytest.mark.django_db
DAY = date(2028, 1, 1)
EVE = date(2027, 12, 31)


@pytest.fixture
def epci(at_time: Any) -> Epci:
    at_time("2027-02-10 09:00")
    return EpciFactory(nom="Métropole d'Essai")


@pytest.fixture
def trois(epci: Epci) -> list[Commune]:
    pole = PoleFactory(epci=epci)
    return [
        member_commune(epci, nom="Ambès", population=3000, pole=pole),
        member_commune(epci, nom="Bassens", population=7000, pole=pole),
        member_commune(epci, nom="Pessac", population=60000),
    ]


def proposed(comparaison: Comparaison) -> list[Mouvement]:
    """The moves made of what is proposed."""
    devenirs = {one.avant.commune.pk: "" if one.ailleurs else one.proposee for one in comparaison.disparues}
    return plan(comparaison, devenirs, {one.apres.siren: one.origine for one in comparaison.apparues})


def told(moves: list[Mouvement]) -> list[tuple[str, list[str], str]]:
    return [
        (move.nature.value, sorted(one.nom for one in move.anciennes), move.apres.nom if move.apres else "")
        for move in moves
    ]


def apply(epci: Epci, said: Releve) -> dict[str, Commune]:
    return apply_moves(epci=epci, moves=proposed(compare(epci, said, DAY)), day=DAY)


class TestComparer:
    def test_the_same_says_nothing(self, epci: Epci, trois: list[Commune]):
        comparaison = compare(epci, releve(epci), DAY)
        assert comparaison.vide
        assert proposed(comparaison) == []

    def test_a_merger_is_proposed_by_the_code_of_the_chef_lieu(self, epci: Epci, trois: list[Commune]):
        a, b, _ = trois
        nouvelle = new_commune("Presqu'île", 10000, code_insee=b.code_insee)
        comparaison = compare(epci, releve(epci, sans=(a, b), plus=(nouvelle,)), DAY)
        assert told(proposed(comparaison)) == [("fusion", ["Ambès", "Bassens"], "Presqu'île")]

    def test_one_that_took_another_in_and_grew_by_it(self, epci: Epci, trois: list[Commune]):
        a, b, _ = trois
        comparaison = compare(epci, releve(epci, sans=(a,), change={b: {"population": 10000}}), DAY)
        assert ("fusion", ["Ambès"], "Bassens") in told(proposed(comparaison))

    def test_one_found_elsewhere_left(self, epci: Epci, trois: list[Commune]):
        a, *_ = trois
        comparaison = compare(epci, releve(epci, sans=(a,), ailleurs={a.siren: "CC de Blaye"}), DAY)
        assert told(proposed(comparaison)) == [("départ", ["Ambès"], "")]
        assert comparaison.disparues[0].ailleurs == "CC de Blaye"

    def test_what_cannot_be_guessed_is_asked(self, epci: Epci, trois: list[Commune]):
        a, *_ = trois
        (gone,) = compare(epci, releve(epci, sans=(a,)), DAY).disparues
        assert (gone.proposee, gone.ailleurs) == ("", "")

    def test_a_part_detached_from_one_that_shrank_by_it(self, epci: Epci, trois: list[Commune]):
        p = trois[2]
        said = releve(epci, plus=(new_commune("Alouette", 9000),), change={p: {"population": 51000}})
        assert told(proposed(compare(epci, said, DAY))) == [
            ("scission", ["Pessac"], "Alouette"),
            ("population", ["Pessac"], "Pessac"),
        ]

    def test_one_that_comes_from_elsewhere_arrives(self, epci: Epci, trois: list[Commune]):
        said = releve(
            epci, plus=(new_commune("Saucats", 3000),), provenances={"299999990": "CC de Montesquieu"}
        )
        assert told(proposed(compare(epci, said, DAY))) == [("arrivée", [], "Saucats")]

    def test_a_name_and_a_code(self, epci: Epci, trois: list[Commune]):
        a, b, _ = trois
        said = releve(epci, change={a: {"nom": "Ambès-sur-Garonne"}, b: {"code_insee": "33991"}})
        assert told(proposed(compare(epci, said, DAY))) == [
            ("nom ou code", ["Ambès"], "Ambès-sur-Garonne"),
            ("nom ou code", ["Bassens"], "Bassens"),
        ]

    def test_a_siren_corrected_is_the_same_commune(self, epci: Epci, trois: list[Commune]):
        comparaison = compare(epci, releve(epci, change={trois[0]: {"siren": "299999991"}}), DAY)
        (move,) = proposed(comparaison)
        assert (move.nature, move.anciennes[0].commune) == (Nature.NOM, trois[0])

    def test_a_commune_nouvelle_that_keeps_the_name_and_code_of_one_of_them(
        self, epci: Epci, trois: list[Commune]
    ):
        a, b, _ = trois
        nouvelle = as_reference(b, siren="299999992", population=10000)
        comparaison = compare(epci, releve(epci, sans=(a, b), plus=(nouvelle,)), DAY)
        assert told(proposed(comparaison)) == [("fusion", ["Ambès", "Bassens"], "Bassens")]

    def test_the_fingerprint_follows_what_is_read(self, epci: Epci, trois: list[Commune]):
        said = releve(epci, change={trois[0]: {"population": 3100}})
        before = compare(epci, said, DAY).empreinte
        assert before == compare(epci, said, DAY).empreinte
        other = releve(epci, change={trois[0]: {"population": 3200}})
        assert before != compare(epci, other, DAY).empreinte

    def test_queries_do_not_grow_with_the_communes(self, epci: Epci, trois: list[Commune]):
        def read() -> int:
            said = releve(epci)
            with CaptureQueriesContext(connection) as captured:
                compare(epci, said, DAY)
            return len(captured)

        few = read()
        for _ in range(10):
            member_commune(epci)
        assert read() == few


class TestEcrire:
    def test_a_merger_keeps_the_names_of_each_time(self, epci: Epci, trois: list[Commune]):
        a, b, _ = trois
        said = releve(epci, sans=(a, b), plus=(new_commune("Presqu'île", 10000, code_insee=b.code_insee),))
        (nouvelle,) = apply(epci, said).values()
        members = [c.nom for c in Commune.objects.members_of(epci, DAY)]
        assert members == ["Pessac", "Presqu'île"]
        assert [c.nom for c in Commune.objects.members_of(epci, EVE)] == ["Ambès", "Bassens", "Pessac"]
        rows = Filiation.objects.order_by("pk").values_list("ancienne", "nouvelle", "effective_on")
        assert set(rows) == {(a.pk, nouvelle.pk, DAY), (b.pk, nouvelle.pk, DAY)}
        held = Appartenance.objects.get(commune=nouvelle)
        assert (held.debut, held.pole) == (DAY, a.appartenances.get().pole)

    def test_a_detached_part_leaves_the_other_a_member(self, epci: Epci, trois: list[Commune]):
        p = trois[2]
        said = releve(epci, plus=(new_commune("Alouette", 9000),), change={p: {"population": 51000}})
        apply(epci, said)
        assert p in Commune.objects.members_of(epci, DAY)
        assert Filiation.objects.get().ancienne == p

    def test_a_new_name_waits_for_its_day(self, epci: Epci, trois: list[Commune], at_time: Any):
        a = trois[0]
        apply(epci, releve(epci, change={a: {"nom": "Ambès-sur-Garonne"}}))
        refresh_present(epci=epci)
        a.refresh_from_db()
        assert (a.nom, a.name_on(EVE), a.name_on(DAY)) == ("Ambès", "Ambès", "Ambès-sur-Garonne")
        at_time("2028-01-01 00:30")
        refresh_present(epci=epci)
        a.refresh_from_db()
        assert (a.nom, a.name_on(EVE)) == ("Ambès-sur-Garonne", "Ambès")
        assert a.tri.startswith("ambes sur") or "garonne" in a.tri

    def test_applied_once_nothing_is_left_to_say(self, epci: Epci, trois: list[Commune]):
        a, b, p = trois
        said = releve(
            epci,
            sans=(a,),
            plus=(new_commune("Alouette", 9000),),
            change={b: {"nom": "Bassens-le-Port"}, p: {"population": 51000}},
            ailleurs={a.siren: "CC de Blaye"},
        )
        apply(epci, said)
        assert compare(epci, said, DAY).vide

    def test_one_already_known_comes_back_as_itself(self, epci: Epci, trois: list[Commune]):
        a = trois[0]
        Appartenance.objects.filter(commune=a).update(fin=date(2025, 1, 1))
        apply(epci, releve(epci, plus=(as_reference(a, population=3500),)))
        assert a in Commune.objects.members_of(epci, DAY)
        assert Commune.objects.filter(siren=a.siren).count() == 1

    def test_one_still_a_member_elsewhere_is_refused(self, epci: Epci, trois: list[Commune]):
        other = member_commune(EpciFactory(nom="CC de Montesquieu"), nom="Saucats")
        with pytest.raises(Refus, match=r"encore membre d.un autre EPCI, CC de Montesquieu"):
            apply(epci, releve(epci, plus=(as_reference(other),)))

    def test_before_something_already_written_is_refused(self, epci: Epci, trois: list[Commune]):
        a = trois[0]
        apply(epci, releve(epci, change={a: {"nom": "Ambès-sur-Garonne"}}))
        said = releve(epci, change={a: {"nom": "Ambès-en-Bec"}})
        early = date(2027, 6, 1)
        with pytest.raises(Refus, match="change déjà à compter du 1er janvier 2028") as caught:
            apply_moves(epci=epci, moves=proposed(compare(epci, said, early)), day=early)
        assert caught.value.field == "le"


class TestLire:
    def test_a_file_is_read_as_the_packaged_one(self, epci: Epci, trois: list[Commune]):
        extrait = parse_extract(extract_file(epci, releve(epci)))
        said = read_releve(extrait, epci)
        assert said
        assert (said.version, said.jour) == ("7.0.0", date(2027, 3, 1))
        assert compare(epci, said, DAY).vide

    def test_an_epci_that_it_does_not_know(self, epci: Epci, trois: list[Commune]):
        extrait = parse_extract(extract_file(epci, releve(epci)))
        assert read_releve(extrait, EpciFactory()) is None

    @pytest.mark.parametrize(
        "octets",
        [
            b"",
            b"PK\x03\x04",
            lzma.compress(b""),
            lzma.compress(b"[]"),
            lzma.compress(b"null"),
            lzma.compress(b'{"meta": {}, "epci": []}'),
            lzma.compress(b"[" * 100_000),
            lzma.compress(b"\xff\xfe"),
        ],
    )
    def test_anything_else_is_a_sentence(self, octets: bytes):
        with pytest.raises(ExtraitInvalide, match="données de référence"):
            parse_extract(octets)

    @pytest.mark.parametrize(
        "row",
        [
            ["33X", "213300031", "Ambès", 3, 3, "33"],
            ["33003", "21330003", "Ambès", 3, 3, "33"],
            ["33003", "213300031", "Ambès\n", 3, 3, "33"],
            ["33003", "213300031", "A" * 201, 3, 3, "33"],
            ["33003", "213300031", "Ambès", -3, 3, "33"],
            ["33003", "213300031", "Ambès", "3", 3, "33"],
            ["33003"],
        ],
    )
    def test_a_malformed_commune_is_refused(self, row: list[Any], epci: Epci):
        raw = json.loads(lzma.decompress(extract_file(epci, releve(epci))))
        raw["epci"][0]["communes"] = [row]
        with pytest.raises(ExtraitInvalide):
            parse_extract(lzma.compress(json.dumps(raw).encode()))

    def test_a_small_file_made_to_fill_the_memory_is_refused(self):
        with pytest.raises(ExtraitInvalide):
            parse_extract(lzma.compress(b" " * (DEPLOYE_MAX + 10)))
