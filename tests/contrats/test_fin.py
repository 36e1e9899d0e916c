"""The end of a contract: by which acts, from which day; another may follow."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.urls import reverse

from contrats.lots import foresee
from contrats.models import ActeDeFin, Contrat
from contrats.verification import worth
from contrats.workflows.contrat import prepare_contract
from contrats.workflows.fin import end_contract
from journal.models import Courriel, Evenement
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import ACTS, amended, leave, signed
from tests.factories import Monde
from tests.mutualisation.test_declaration import text_of

FIN = date(2029, 1, 1)


def contract(monde: Monde) -> Contrat:
    return Contrat.objects.get(pk=monde.a.version.contrat_id)


def act(monde: Monde, cote: str, **changes: Any) -> ActeDeFin:
    type, numero = ACTS[cote]
    today = monde.epci.today
    facts = {"type": type, "numero": numero, "adopte_on": today, "executoire_on": today} | changes
    return ActeDeFin(cote=cote, **facts)


def end(monde: Monde, *cotes: str, **changes: Any) -> Contrat:
    facts: dict[str, Any] = {
        "contrat": contract(monde),
        "acteur": monde.direction,
        "lue": contract(monde).version,
        "nature": "resiliation",
        "fin_on": FIN,
        "motif": "D'un commun accord.",
        "actes": [act(monde, cote) for cote in cotes or ("commune", "epci")],
    }
    return end_contract(**(facts | changes))


class TestEnd:
    def test_it_is_told_and_verified(self, monde: Monde):
        document = signed(monde).a_signer
        assert document
        ended = end(monde)
        assert (ended.fin_on, ended.get_fin_nature_display()) == (FIN, "résiliation")
        assert ended.actes_de_fin.count() == 2
        told = Courriel.objects.filter(type="contrat_fini")
        assert {monde.a.dgs.pk, monde.a.maire.pk} <= set(told.values_list("destinataire", flat=True))
        assert Evenement.objects.about(ended).filter(type="contrat.fin").exists()
        with horloge.at(datetime(2028, 12, 31, 12, tzinfo=UTC)):
            assert worth(document).mot == "En vigueur"
        with horloge.at(datetime(2029, 1, 1, 12, tzinfo=UTC)):
            assert worth(document).mot == "Résilié"
            assert "depuis le 1er janvier 2029" in worth(document).phrase

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"motif": " "}, "Dites pourquoi"),
            ({"actes": []}, "une résiliation au moins un"),
            ({"fin_on": date(2027, 2, 9)}, "avant que les actes soient exécutoires"),
            ({"fin_on": date(2028, 1, 1)}, "ne finit pas avant"),
            ({"nature": "retrait"}, "partage encore des activités"),
        ],
    )
    def test_refusals(self, monde: Monde, changes: dict[str, Any], words: str):
        signed(monde)
        with pytest.raises(Refus, match=words):
            end(monde, **changes)
        assert contract(monde).fin_on is None

    def test_a_retrait_needs_both_acts_and_nothing_shared(self, monde: Monde):
        signed(monde)
        leave(monde, FIN)
        with pytest.raises(Refus, match="l'acte des deux assemblées"):
            end(monde, "commune", nature="retrait")
        assert end(monde, nature="retrait").fin_nature == "retrait"

    def test_the_act_is_of_its_side_and_past(self, monde: Monde):
        signed(monde)
        with pytest.raises(Refus, match="pas de cette assemblée"):
            end(monde, actes=[act(monde, "commune", type="conseil_epci")])
        with pytest.raises(Refus, match="est à venir"):
            end(monde, actes=[act(monde, "epci", executoire_on=date(2030, 1, 1))])

    def test_by_the_direction_once_signed_and_nothing_open(self, monde: Monde):
        with pytest.raises(ActionInterdite, match="quand aucun avenant n'est ouvert"):
            end(monde)
        amended(monde)
        with pytest.raises(ActionInterdite):
            end(monde)

    def test_nor_by_the_commune_nor_twice_nor_over_somebody(self, monde: Monde):
        signed(monde)
        with pytest.raises(ActionInterdite):
            end(monde, acteur=monde.a.dgs)
        with pytest.raises(Conflit):
            end(monde, lue=77)
        end(monde)
        with pytest.raises(ActionInterdite):
            end(monde)

    def test_two_people_in_the_same_second(self, monde: Monde, transactional_db: None):
        signed(monde)
        lue = contract(monde).version
        done = together(lambda: end(monde, lue=lue), lambda: end(monde, lue=lue))
        assert [type(error) for error in failures(done)] == [Conflit]
        assert contract(monde).actes_de_fin.count() == 2

    def test_another_contract_may_follow_but_not_before(self, monde: Monde):
        signed(monde)
        end(monde)
        facts = {"epci": monde.epci, "commune": monde.a.commune, "acteur": monde.direction}
        with pytest.raises(Refus, match="lie jusqu'au 31 décembre 2028"):
            prepare_contract(effective_on=date(2028, 1, 1), **facts)
        again = prepare_contract(effective_on=FIN, **facts)
        assert again.contrat_id != monde.a.version.contrat_id
        assert again.numero == 0

    def test_lots_and_lists_follow(self, monde: Monde, client: Any):
        signed(monde)
        end(monde)
        [row] = [one for one in foresee(monde.epci, "preparer", FIN) if one.commune == monde.a.commune]
        assert row.possible and row.phrases[0].startswith("Projet à ouvrir")
        client.force_login(monde.direction)
        said = text_of(client.get(reverse("contrats:contrats")))
        assert "n'engage plus à compter du" in said
        again = prepare_contract(
            epci=monde.epci, commune=monde.a.commune, acteur=monde.direction, effective_on=FIN
        )
        client.force_login(monde.a.dgs)
        answer: Any = client.get(reverse("contrats:contrats"))
        assert answer.url == reverse("contrats:contrat", args=[again.contrat_id])


class TestPage:
    def test_typed_refused_kept_then_recorded(self, monde: Monde, client: Any):
        signed(monde)
        client.force_login(monde.direction)
        url = reverse("contrats:fin", args=[monde.a.version.contrat_id])
        today = monde.epci.today.isoformat()
        facts = {
            "version": contract(monde).version,
            "nature": "resiliation",
            "fin_on": "2029-01-01",
            "motif": "Accord des deux parties.",
            "epci-type": "conseil_epci",
            "epci-numero": "2027-700",
            "epci-adopte_on": today,
        }
        refused = client.post(url, facts)
        assert refused.status_code == 422
        assert "Accord des deux parties." in refused.content.decode()
        client.post(url, facts | {"epci-executoire_on": today})
        assert contract(monde).actes_de_fin.get().numero == "2027-700"
        page = reverse("contrats:contrat", args=[monde.a.version.contrat_id])
        assert "n'engage plus à compter du" in text_of(client.get(page))
