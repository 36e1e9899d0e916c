"""The study of a domain and its effect on the attribution de compensation."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from journal.models import Courriel, Evenement
from mutualisation.models import Declaration, EffetAC, Etude, Ligne
from mutualisation.workflows.declaration import withdraw_declaration
from mutualisation.workflows.etude import Travail, cost_effect, study
from mutualisation.workflows.instruction import mark_receivable
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import Monde, fresh
from tests.mutualisation.gestes_instruction import ask, comment, decide, entrust, give_avis
from tests.mutualisation.test_compensation import invoice
from tests.mutualisation.test_declaration import text_of
from tests.navigateur.clavier import plain


@pytest.fixture
def lignes(monde: Monde) -> list[Ligne]:
    """A asks for DA-02 (extension), DB-01 and DB-02 (entrée)."""
    return ask(monde)


def cost(monde: Monde, ligne: Ligne, etat: str, *amounts: int, **kwargs: Any) -> EffetAC:
    fonctionnement, investissement = [Decimal(one) for one in amounts] or [None, None]
    return cost_effect(
        declaration=ligne.declaration,
        domaine=ligne.domaine,
        acteur=kwargs.pop("acteur", monde.direction),
        etat=etat,
        fonctionnement=fonctionnement,
        investissement=investissement,
        **kwargs,
    )


class TestEtudier:
    def test_the_avis_makes_recevable_lines_studied(self, monde: Monde, lignes: list[Ligne]):
        mark_receivable(ligne=lignes[1], acteur=monde.direction)
        etude = give_avis(lignes[1], monde.direction, "favorable")
        steps = dict(
            Ligne.objects.filter(pk__in=[one.pk for one in lignes]).values_list("activite__code", "etape")
        )
        assert steps == {"DA-02": "recue", "DB-01": "etudiee", "DB-02": "recue"}
        give_avis(lignes[1], monde.direction, "", version=etude.version)
        lignes[1].refresh_from_db()
        assert lignes[1].etape == "recevable"

    @pytest.mark.parametrize("avis", ["reserve", "defavorable"])
    def test_reserves_say_why(self, monde: Monde, lignes: list[Ligne], avis: str):
        with pytest.raises(Refus, match="Dites pourquoi") as caught:
            give_avis(lignes[0], monde.direction, avis)
        assert caught.value.field == "avis_motif"
        assert give_avis(lignes[0], monde.direction, avis, "Effectif insuffisant.").avis == avis

    def test_the_responsable_studies_his_domain_only(self, monde: Monde, lignes: list[Ligne]):
        give_avis(lignes[0], monde.responsable, "favorable")
        with pytest.raises(ActionInterdite, match="L'étude est conduite par"):
            give_avis(lignes[1], monde.responsable, "favorable")

    def test_conducted_by_somebody_who_is_told(self, monde: Monde, lignes: list[Ligne]):
        def appoint(pk: int, version: int) -> Etude:
            return study(
                declaration=lignes[0].declaration,
                domaine=lignes[0].domaine,
                acteur=monde.direction,
                travail=Travail("", "", "", "", pk),
                version=version,
            )

        etude = appoint(monde.responsable.pk, 0)
        assert etude.conduite_par == monde.responsable
        appoint(monde.responsable.pk, etude.version)
        assert Courriel.objects.get(type="etude_confiee").destinataire == monde.responsable
        with pytest.raises(Refus, match="Choisissez quelqu'un") as caught:
            appoint(monde.a.dgs.pk, etude.version + 1)
        assert caught.value.field == "conduite_par"

    def test_who_conducts_has_it_at_home(self, monde: Monde, lignes: list[Ligne], client: Any):
        entrust(lignes[0], monde.direction, monde.responsable)
        client.force_login(fresh(monde.responsable))
        assert "Étude : Voirie, L'Haÿ-les-Roses" in text_of(client.get(reverse("accueil")))

    def test_not_once_all_its_lines_are_decided(self, monde: Monde, lignes: list[Ligne], client: Any):
        entrust(lignes[0], monde.direction, monde.responsable)
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        client.force_login(fresh(monde.responsable))
        assert "Étude : Voirie" not in text_of(client.get(reverse("accueil")))

    def test_a_draft_taken_back_is_nobody_s_study(self, monde: Monde, lignes: list[Ligne], client: Any):
        Ligne.objects.filter(pk=lignes[0].pk).update(etape="recue")
        entrust(lignes[0], monde.direction, monde.responsable)
        Declaration.objects.filter(pk=monde.a.declaration.pk).update(
            etat="brouillon", deposee_at=None, deposee_par=None, accuse=None
        )
        client.force_login(fresh(monde.responsable))
        assert "Étude : Voirie" not in text_of(client.get(reverse("accueil")))

    def test_a_study_entrusted_begins_the_instruction(self, monde: Monde, lignes: list[Ligne]):
        declaration = Declaration.objects.get(pk=monde.a.declaration.pk)
        assert not declaration.commencee
        entrust(lignes[0], monde.direction, monde.responsable)
        assert declaration.commencee
        with pytest.raises(Refus, match="a commencé l'instruction"):
            withdraw_declaration(declaration=declaration, acteur=monde.a.dgs, version=declaration.version)

    def test_two_people_on_one_study(self, monde: Monde, lignes: list[Ligne]):
        give_avis(lignes[0], monde.responsable, "favorable")
        with pytest.raises(Conflit, match="Responsable"):
            give_avis(lignes[0], monde.direction, "favorable")


class TestChiffrer:
    def test_along_its_states(self, monde: Monde, lignes: list[Ligne]):
        for etat, *amounts in (("estime", 1000, 0), ("arbitre", 1200, 50), ("vote",), ("notifie",)):
            effet = cost(monde, lignes[0], etat, *amounts)
        assert (effet.etat, effet.fonctionnement, effet.investissement) == ("notifie", 1200, 50)
        assert Evenement.objects.filter(type="effet_ac.chiffre").count() == 4

    def test_no_step_is_jumped(self, monde: Monde, lignes: list[Ligne]):
        cost(monde, lignes[0], "estime", 1000, 0)
        with pytest.raises(Refus, match="notifier n'est plus possible"):
            cost(monde, lignes[0], "notifie")

    def test_what_is_invoiced_is_not_costed(self, monde: Monde, lignes: list[Ligne], client: Any):
        invoice(monde, "DA")
        with pytest.raises(Refus, match="« Voirie » n'est pas imputé") as caught:
            cost(monde, lignes[0], "estime", 1, 1)
        assert caught.value.field == "etat"
        client.force_login(monde.direction)
        address = ("mutualisation:etude", [lignes[0].declaration_id, lignes[0].domaine_id])
        page = text_of(client.get(reverse(address[0], args=address[1])))
        assert "Sans objet : refacturation à l'acte." in page
        assert "Enregistrer l'effet" not in page

    def test_what_was_costed_before_it_was_invoiced_may_be_taken_back(
        self, monde: Monde, lignes: list[Ligne]
    ):
        cost(monde, lignes[0], "estime", 1, 1)
        invoice(monde, "DA")
        assert cost(monde, lignes[0], "non_chiffre", motif="Refacturé.").etat == "non_chiffre"

    def test_both_amounts_are_said(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match="fût-ce zéro") as caught:
            cost_effect(
                declaration=lignes[0].declaration,
                domaine=lignes[0].domaine,
                acteur=monde.direction,
                etat="estime",
                fonctionnement=Decimal(5),
            )
        assert caught.value.field == "investissement"

    def test_going_back_says_why(self, monde: Monde, lignes: list[Ligne]):
        cost(monde, lignes[0], "estime", 1000, 0)
        cost(monde, lignes[0], "arbitre")
        with pytest.raises(Refus, match="le motif est gardé") as caught:
            cost(monde, lignes[0], "estime")
        assert caught.value.field == "motif"
        effet = cost(monde, lignes[0], "non_chiffre", motif="La CLECT n'a pas conclu.")
        assert (effet.fonctionnement, effet.investissement) == (None, None)
        detail = Evenement.objects.about(effet).select_related("detail")[0].detail.contenu
        assert (
            detail["motif"] == "La CLECT n'a pas conclu." and detail["avant"]["fonctionnement"] == "1000.00"
        )

    def test_an_amount_voted_does_not_change_without_saying_why(self, monde: Monde, lignes: list[Ligne]):
        cost(monde, lignes[0], "estime", 1000, 0)
        cost(monde, lignes[0], "estime", 1100, 0)  # an estimate may move
        cost(monde, lignes[0], "arbitre")
        cost(monde, lignes[0], "vote")
        with pytest.raises(Refus, match="Dites pourquoi"):
            cost(monde, lignes[0], "vote", 1300, 0)
        assert cost(monde, lignes[0], "vote", 1300, 0, motif="Erreur de report.").fonctionnement == 1300

    def test_the_same_again_changes_nothing(self, monde: Monde, lignes: list[Ligne]):
        for _ in range(2):
            effet = cost(monde, lignes[0], "estime", 1000, 0)
        assert effet.version == 1
        assert Evenement.objects.filter(type="effet_ac.chiffre").count() == 1

    def test_an_old_version_is_a_conflict(self, monde: Monde, lignes: list[Ligne]):
        cost(monde, lignes[0], "estime", 1000, 0)
        with pytest.raises(Conflit, match="Direction"):
            cost(monde, lignes[0], "estime", 900, 0, version=0)

    @pytest.mark.parametrize("who", ["responsable", "administrateur", "directeur"])
    def test_only_the_direction_costs(self, monde: Monde, lignes: list[Ligne], who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            cost(monde, lignes[0], "estime", 1, 0, acteur=getattr(monde, who))


class TestPage:
    def _url(self, ligne: Ligne, name: str = "etude") -> str:
        return reverse(f"mutualisation:{name}", args=[ligne.declaration_id, ligne.domaine_id])

    def test_study_by_the_page(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(fresh(monde.responsable))
        data = {"faisabilite": "Oui <b>.", "avis": "defavorable", "avis_motif": "", "version": 0}
        refused = client.post(self._url(lignes[0]), data)
        assert refused.status_code == 422
        assert "Oui &lt;b&gt;." in refused.content.decode() and "Dites pourquoi" in text_of(refused)
        done = client.post(self._url(lignes[0]), data | {"avis_motif": "Complet."}, follow=True)
        assert "Étude enregistrée." in text_of(done)

    def test_a_conflict_keeps_what_was_typed(self, monde: Monde, lignes: list[Ligne], client: Any):
        give_avis(lignes[0], monde.responsable, "favorable")
        client.force_login(monde.direction)
        response = client.post(self._url(lignes[0]), {"faisabilite": "La mienne", "version": 0})
        assert response.status_code == 409
        assert "La mienne" in text_of(response) and "Responsable" in text_of(response)
        again = {"faisabilite": "La mienne", "version": response.context["form"]["version"].value()}
        assert client.post(self._url(lignes[0]), again).status_code == 302

    def test_cost_by_the_page_with_french_amounts(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        url = self._url(lignes[0], "effet_ac")
        data = {"etat": "estime", "fonctionnement": "12 500,50", "investissement": "-300", "version": 0}
        assert "enregistré" in text_of(client.post(url, data, follow=True))
        effet = EffetAC.objects.get()
        assert (effet.fonctionnement, effet.investissement) == (Decimal("12500.50"), -300)
        bad = client.post(url, data | {"fonctionnement": "douze", "version": effet.version})
        assert (
            bad.status_code == 422 and "Écrivez un nombre" in text_of(bad) and 'value="douze"' in text_of(bad)
        )
        client.post(
            url, data | {"etat": "non_chiffre", "motif": "Erreur de saisie.", "version": effet.version}
        )
        assert "Erreur de saisie." in text_of(client.get(self._url(lignes[0])))
        client.post(url, data | {"version": 2})
        back = client.post(url, {"etat": "non_chiffre", "version": 3})
        assert back.status_code == 422 and "Dites pourquoi vous revenez" in text_of(back)

    def test_the_commune_reads_and_the_responsable_sees_no_amount(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        cost(monde, lignes[0], "estime", 4321, 0)
        give_avis(lignes[0], monde.direction, "reserve", "Sous réserve d'un recrutement.")
        client.force_login(monde.a.dgs)
        text = text_of(client.get(self._url(lignes[0])))
        assert "4 321" in plain(text) and "Sous réserve d'un recrutement." in text
        assert "Enregistrer l'étude" not in text
        client.force_login(fresh(monde.responsable))
        assert "4 321" not in plain(client.get(self._url(lignes[0])).content.decode())

    def test_lines_not_recevable_are_said(self, monde: Monde, lignes: list[Ligne], client: Any):
        mark_receivable(ligne=lignes[1], acteur=monde.direction)
        comment(monde, lignes[2])
        client.force_login(monde.direction)
        assert "1 ligne n'est pas encore recevable" in text_of(client.get(self._url(lignes[1])))

    def test_the_evaluation_to_come_is_said_with_its_day(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        client.force_login(monde.direction)
        page = text_of(client.get(self._url(lignes[0])))
        assert "Demandée à la commune à partir du jeudi 1<sup>er</sup> avril 2027." in page
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        assert "Aucune n'est demandée pour ce domaine." in text_of(client.get(self._url(lignes[0])))

    def test_a_domain_without_line_does_not_exist(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        other = monde.epci.domaines.get(code="DC")
        url = reverse("mutualisation:etude", args=[lignes[0].declaration_id, other.pk])
        assert client.get(url).status_code == 404
        client.force_login(monde.b.dgs)
        assert client.get(self._url(lignes[0])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_people_begin_the_same_study_at_once(monde: Monde):
    lignes = ask(monde)
    results = together(
        lambda: give_avis(lignes[0], monde.direction, "favorable"),
        lambda: give_avis(lignes[0], monde.responsable, "favorable"),
    )
    assert [type(one) for one in failures(results)] == [Conflit]
    assert Etude.objects.count() == 1
