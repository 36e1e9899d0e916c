"""Before and after, as a history tells them."""

from typing import Any

import pytest

from comptes.models import Equipe, Personne
from journal.details import told
from mutualisation.models import Acte, Avis, Convention, Cycle, Evaluation, Reglage


@pytest.mark.parametrize(
    ("model", "contenu", "lines"),
    [
        (
            Personne,
            {"prénom": {"apres": "Ève", "avant": "Eve"}},
            ["prénom : avant « Eve », après « Ève »"],
        ),
        (
            Equipe,
            {"telephone": {"apres": "05 56", "avant": ""}, "ajoutes": ["Ève", "Luc"]},
            ["téléphone de service : avant rien, après « 05 56 »", "ajoutés : Ève et Luc"],
        ),
        (
            Cycle,
            {"apres": {"declaration_fin_on": "2027-03-05"}, "avant": {"declaration_fin_on": "2027-02-26"}},
            ["dernier jour des déclarations : avant 26 février 2027, après 5 mars 2027"],
        ),
        (
            Convention,
            {
                "apres": {"numero": "12", "signee_on": ""},
                "avant": {"numero": "12", "signee_on": "2027-02-26"},
            },
            ["signée le : avant 26 février 2027, après rien"],
        ),
        (Cycle, {"apres": "Nord", "avant": "None"}, ["Avant rien, après « Nord »"]),
        (Evaluation, {"avant": "à étudier", "motif": ""}, ["avant : à étudier", "motif : rien"]),
        (Reglage, {"apres": {"x_y": True}, "avant": {"x_y": False}}, ["x y : avant non, après oui"]),
        (Personne, {"motif": "Départ"}, ["motif : Départ"]),
        (
            Acte,
            {"numero": {"avant": "", "apres": "2027-11-45"}},
            ["numéro : avant rien, après « 2027-11-45 »"],
        ),
        (Acte, {"numero": "2027-09-12"}, ["numéro : 2027-09-12"]),
        (Acte, {"adopte_on": "2027-09-12"}, ["adopté le : 12 septembre 2027"]),
        (Acte, {"adopte_on": "2027-11-45"}, ["adopté le : 2027-11-45"]),
        (
            Evaluation,
            {"fin": "2027-09-12", "vu_on": "2027-09-12"},
            ["fin : 12 septembre 2027", "vu on : 12 septembre 2027"],
        ),
        (
            Avis,
            {"apres": {"sens_personnel": "defavorable"}, "avant": {"sens_personnel": "favorable"}},
            ["collège du personnel : avant favorable, après défavorable"],
        ),
    ],
)
def test_whatever_its_shape(model: Any, contenu: Any, lines: list[str]):
    assert list(told(model, contenu)) == lines
