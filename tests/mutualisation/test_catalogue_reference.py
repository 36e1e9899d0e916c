"""The reference catalogue of 18 domains and 130 activities, and the texts a contract takes from it."""

import json
import re
from pathlib import Path

import pytest

CATALOGUE = json.loads(
    (Path(__file__).resolve().parents[2] / "mutualisation" / "donnees" / "catalogue.json").read_text("utf-8")
)
DOMAINES = CATALOGUE["domaines"]
TEXTES = ("mission", "limites", "niveau_reference", "evaluation_exemple")
PHRASES = {"mission": (2, 3), "limites": (1, 1), "niveau_reference": (2, 2), "evaluation_exemple": (2, 2)}
COURTS = (
    "Finances Achats RH Juridique Numérique Bâtiments Immobilier Logistique Parc Archives Évaluation "
    "Urbanisme Cadre_de_vie Voirie Propreté Espaces_verts Mobilité Économie"
)
each_domaine = pytest.mark.parametrize("domaine", DOMAINES, ids=[d["code"] for d in DOMAINES])


def _sentences(text: str) -> int:
    return len(re.findall(r"\.(?= [A-ZÀ-Ý]|$)", text))


def test_there_are_18_domains_and_130_activities():
    counts = [len(domaine["activites"]) for domaine in DOMAINES]
    assert counts == [8, 7, 9, 6, 9, 8, 6, 7, 6, 6, 6, 9, 7, 8, 7, 8, 7, 6]
    assert (len(counts), sum(counts)) == (18, 130)


def test_codes_are_unique_and_numbered_within_their_domain():
    assert len({domaine["code"] for domaine in DOMAINES}) == 18
    for domaine in DOMAINES:
        expected = [f"{domaine['code']}-{n:02d}" for n in range(1, len(domaine["activites"]) + 1)]
        assert [activite["code"] for activite in domaine["activites"]] == expected


def test_domains_come_in_order_with_the_short_labels_of_the_matrix():
    assert [domaine["ordre"] for domaine in DOMAINES] == list(range(1, 19))
    assert [domaine["libelle_court"] for domaine in DOMAINES] == [s.replace("_", " ") for s in COURTS.split()]


def test_eleven_domains_support_and_seven_act_on_the_ground():
    assert [domaine["famille"] for domaine in DOMAINES] == ["support"] * 11 + ["operationnelle"] * 7
    poles = [domaine["code"] for domaine in DOMAINES if domaine["rattachement"] == "pole"]
    assert poles == ["FIN", "CP", "RH", "URB", "AME", "VOI", "PRO", "EV", "MOB", "ECO"]
    assert {domaine["rattachement"] for domaine in DOMAINES} == {"pole", "central"}
    assert {domaine["mode_paiement"] for domaine in DOMAINES} == {"ac"}


def test_the_list_does_not_pass_for_official_nor_its_figures_for_promises():
    assert "pas une liste officielle" in CATALOGUE["origine"]
    assert "exemples" in CATALOGUE["exemples"]


def test_no_label_is_empty_or_repeated():
    labels = [activite["libelle"] for domaine in DOMAINES for activite in domaine["activites"]]
    assert all(label == label.strip() and label for label in labels)
    assert len(set(labels)) == 130
    assert len({domaine["libelle"] for domaine in DOMAINES}) == 18


@pytest.mark.parametrize("nom", TEXTES)
def test_texts_are_written_for_each_domain(nom):
    texts = [domaine[nom] for domaine in DOMAINES]
    assert len(set(texts)) == 18
    for text in texts:
        fewest, most = PHRASES[nom]
        assert fewest <= _sentences(text) <= most, text
        assert text.endswith(".") and "  " not in text and not re.search(r"[’<>\u00a0\u202f]", text)


@each_domaine
def test_what_was_before_says_means_and_delay(domaine):
    assert re.search(r"\d ETP", domaine["evaluation_exemple"])
    assert re.search(r"€|sans budget", domaine["evaluation_exemple"])


@each_domaine
def test_three_indicators_with_values_that_hold_together(domaine):
    indicateurs = domaine["indicateurs"]
    assert len({one["libelle"] for one in indicateurs}) == len(indicateurs) == 3
    for one in indicateurs:
        assert set(one) == {"libelle", "unite", "reference", "cible", "tolerance", "sens"}
        assert one["libelle"].strip() and one["unite"].strip()
        assert one["cible"] >= 0 and one["tolerance"] >= 0
        assert one["unite"] != "%" or one["cible"] <= 100


@each_domaine
def test_the_promise_is_at_least_what_was_before(domaine):
    for one in domaine["indicateurs"]:
        assert one["sens"] in ("hausse", "baisse")
        if one["reference"] is not None:
            gain = one["cible"] - one["reference"]
            assert (gain if one["sens"] == "hausse" else -gain) > 0, one["libelle"]
            assert one["tolerance"] < abs(gain), one["libelle"]


def test_indicators_differ_from_one_domain_to_the_next():
    labels = [one["libelle"] for domaine in DOMAINES for one in domaine["indicateurs"]]
    assert len(set(labels)) == 54
