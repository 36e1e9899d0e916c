"""What « Ce qui change » says of money, and of what a retrait has to settle."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from mutualisation.changements import read_choices
from mutualisation.compensation import ac_sentences
from mutualisation.models import Declaration, EffetAC, Etude, Evaluation
from mutualisation.retraits import read_retraits
from socle import horloge
from tests.factories import Monde, domaine
from tests.mutualisation.gestes import prepare, submit, text_of


def cost(
    declaration: Declaration, code: str, etat: str, fonctionnement: str | None, investissement: str | None
) -> None:
    """What a domain's change costs, as far as it is known."""
    EffetAC.objects.create(
        declaration=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        domaine=domaine(declaration.epci, code),
        etat=etat,
        fonctionnement=fonctionnement and Decimal(fonctionnement),
        investissement=investissement and Decimal(investissement),
    )


def invoice(monde: Monde, code: str) -> None:
    """The domain is paid by the act, in the edition of the cycle."""
    monde.cycle.catalogue.domaines.filter(domaine__code=code).update(paiement="acte")


def said(declaration: Declaration) -> list[str]:
    return ac_sentences(declaration, read_choices(declaration))


class TestCompensation:
    def test_nothing_changes(self, monde: Monde):
        assert said(monde.a.declaration) == ["Effet sur l'attribution de compensation : aucun."]

    def test_not_costed_says_when_it_will_be_known(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        cost(monde.a.declaration, "DB", "non_chiffre", None, None)
        (sentence,) = said(monde.a.declaration)
        assert sentence.endswith(
            "non chiffré ; première estimation avant le point d'arrêt du 9 juillet 2027."
        )

    def test_costed_says_both_amounts_and_their_sign(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        cost(monde.a.declaration, "DB", "estime", "12300", "-4000.50")
        assert said(monde.a.declaration) == [
            "Effet de « Ressources humaines » sur l'attribution de compensation, estimé : "
            "fonctionnement, 12\u202f300 € retenus par an ; investissement, 4\u202f000,50 € rendus par an."
        ]

    def test_zero_is_said(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        cost(monde.a.declaration, "DB", "vote", "0", "0")
        assert "voté : fonctionnement, rien ; investissement, rien." in said(monde.a.declaration)[0]

    def test_costed_in_part_names_the_others(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DC-01"])
        cost(monde.a.declaration, "DB", "arbitre", "1", "1")
        assert said(monde.a.declaration)[1].endswith("9 juillet 2027 : « Espaces verts ».")

    def test_what_is_invoiced_says_how_it_is_paid_and_is_not_awaited(self, monde: Monde):
        invoice(monde, "DB")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        assert said(monde.a.declaration) == [
            "Sans effet sur l'attribution de compensation, refacturation à l'acte : « Ressources humaines »."
        ]

    def test_beside_what_is_imputed_each_is_named(self, monde: Monde):
        invoice(monde, "DB")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DC-01"])
        imputed, invoiced = said(monde.a.declaration)
        assert imputed.endswith("9 juillet 2027 : « Espaces verts ».")
        assert invoiced.endswith("à l'acte : « Ressources humaines ».")

    def test_it_is_on_the_submitted_page(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        submit(monde.a.declaration, monde.a.dgs)
        cost(monde.a.declaration, "DB", "notifie", "12300", "0")
        client.force_login(monde.a.dgs)
        page = client.get(reverse("mutualisation:declaration", args=[monde.a.declaration.pk]))
        assert "notifié : fonctionnement, 12 300 € retenus par an" in text_of(page)


class TestRetraits:
    def phrases(self, monde: Monde) -> list[str]:
        (retrait,) = read_retraits(monde.a.declaration, read_choices(monde.a.declaration))
        assert retrait.libelle == "Voirie"
        return list(retrait.phrases)

    @pytest.fixture(autouse=True)
    def _leaving(self, monde: Monde) -> None:
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"])

    def evaluate(self, monde: Monde, *, sent: bool) -> None:
        Evaluation.objects.create(
            declaration=monde.a.ligne.declaration,
            epci=monde.epci,
            commune=monde.a.commune,
            domaine=monde.domaine,
            service_rendu="Six passages.",
            etp=Decimal("3.50"),
            fonctionnement=Decimal(1),
            investissement=Decimal(0),
            equipement="Une balayeuse.",
            transmise_at=horloge.now() if sent else None,
            transmise_par=monde.a.dgs if sent else None,
        )

    def test_without_evaluation_it_says_so_and_when_it_is_settled(self, monde: Monde):
        agents, notice, acts = self.phrases(monde)
        assert "aucune évaluation préalable" in agents
        assert notice.startswith("Préavis")
        assert "conseil municipal de L'Haÿ-les-Roses et du conseil de la Métropole" in acts

    def test_agents_and_equipment_of_the_last_evaluation(self, monde: Monde):
        self.evaluate(monde, sent=True)
        assert self.phrases(monde)[:2] == [
            "Agents : 3,5 ETP à l'entrée dans le service commun (évaluation préalable pour 2027).",
            "Équipement, locaux et contrats alors recensés : Une balayeuse.",
        ]

    def test_an_evaluation_that_was_never_sent_is_not_quoted(self, monde: Monde):
        self.evaluate(monde, sent=False)
        assert "aucune évaluation" in self.phrases(monde)[0]

    def test_the_means_of_the_last_study(self, monde: Monde):
        Etude.objects.create(
            declaration=monde.a.ligne.declaration,
            epci=monde.epci,
            commune=monde.a.commune,
            domaine=monde.domaine,
            moyens="Deux équipes.",
        )
        assert self.phrases(monde)[0] == "Moyens retenus par la dernière étude : Deux équipes."

    def test_nothing_leaves_nothing_is_said(self, monde: Monde):
        assert read_retraits(monde.b.declaration, read_choices(monde.b.declaration)) == []

    def test_it_is_read_before_submitting(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        page = client.get(reverse("mutualisation:declaration_relire", args=[monde.a.declaration.pk]))
        assert "Ce que demande le retrait : Voirie" in text_of(page)
