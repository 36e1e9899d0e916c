"""Blocs, prérequis and exclusions: explained, answered by a button, and held by the server."""

from typing import Any

import pytest
from django.urls import reverse

from mutualisation.arrets import broken_rules
from mutualisation.changements import read_choices
from mutualisation.manques import missing_to_submit
from mutualisation.models import Declaration
from mutualisation.regles import read_rules
from socle.erreurs import Refus
from territoire.models import Affiliation
from tests.factories import AdhesionFactory, LigneFactory, Monde, activite, domaine
from tests.mutualisation.editions import bloc, exclude, requires
from tests.mutualisation.gestes import form_of, ids, prepare, submit, text_of, wanted


def page_url(declaration: Declaration) -> str:
    return reverse("mutualisation:declaration", args=[declaration.pk])


def post(client: Any, declaration: Declaration, action: str, *, plus: Any = (), moins: Any = ()) -> Any:
    """Tick and untick on the page as loaded, and press a button."""
    url = page_url(declaration)
    data = form_of(client.get(url))
    data["activites"] = (set(data["activites"]) | ids(declaration, *plus)) - ids(declaration, *moins)
    return client.post(url, {**data, "action": action})


class TestBlocs:
    def test_ticking_one_ticks_all_and_says_why(self, monde: Monde, client: Any):
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        client.force_login(monde.a.dgs)
        response = post(client, monde.a.declaration, "enregistrer", plus=["DB-01"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DB-01", "DB-03")
        said = text_of(client.get(response.url))
        assert "« Ressources humaines, activité 3 » cochée aussi. Bloc « Paie »" in said

    def test_leaving_one_leaves_all(self, monde: Monde):
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        prepare(monde.a.declaration, monde.a.dgs, moins=["DB-03"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01")

    def test_the_page_that_saves_as_one_goes_says_it_in_its_own_region(self, monde: Monde, client: Any):
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        client.force_login(monde.a.dgs)
        response = post(client, monde.a.declaration, "brouillon", plus=["DB-01", "DB-03"], moins=[])
        assert response.context["feuille"].remarques == []
        response = post(client, monde.a.declaration, "brouillon", moins=["DB-01"])
        assert response.status_code == 200
        (remarque,) = response.context["feuille"].remarques
        assert remarque.startswith("« Ressources humaines, activité 3 » décochée aussi.")

    def test_one_made_of_what_the_cycle_before_postponed_is_not_submitted_in_part(
        self, monde: Monde, client: Any
    ):
        """DB-01 comes back pre-filled, and this year's edition joins it to DB-03: no page has ticked anything."""
        LigneFactory(
            declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DB-01"), reportee=True
        )
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        with pytest.raises(Refus, match="Le bloc « Paie » se prend ou se laisse en entier : « Ressources"):
            submit(monde.a.declaration, monde.a.dgs)
        client.force_login(monde.a.dgs)
        page = text_of(client.get(page_url(monde.a.declaration)))
        (first,) = ids(monde.a.declaration, "DB-01")
        assert f'#activite-{first}">Le bloc « Paie »' in page and f'id="activite-{first}"' in page
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-03"])
        assert submit(monde.a.declaration, monde.a.dgs).deposee

    def test_an_untouched_bloc_shared_in_part_is_left_alone(self, monde: Monde):
        bloc(monde.a.declaration, "Voirie", "DA-01", "DA-02")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DC-01"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DC-01")

    def test_the_sentence_is_on_the_page_before_any_tick(self, monde: Monde, client: Any):
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        client.force_login(monde.a.dgs)
        assert "Bloc « Paie »" in text_of(client.get(page_url(monde.a.declaration)))


class TestPrerequis:
    def missing(self, monde: Monde) -> list[Any]:
        choix = read_choices(monde.a.declaration)
        return missing_to_submit(choix, read_rules(monde.a.declaration, choix))

    def test_entering_asks_for_the_other_first(self, monde: Monde):
        requires(monde.a.declaration, "DB", "DC")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        (manque,) = self.missing(monde)
        assert (
            manque.phrase
            == "« Ressources humaines » demande d'abord une activité au moins de « Espaces verts »."
        )
        assert [r.verbe for r in manque.raccourcis] == [
            "Ajouter « Espaces verts »",
            "Renoncer à « Ressources humaines »",
        ]
        with pytest.raises(Refus, match="demande d'abord"):
            submit(monde.a.declaration, monde.a.dgs)

    def test_with_one_activity_of_the_other_it_is_submitted(self, monde: Monde):
        requires(monde.a.declaration, "DB", "DC")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DC-02"])
        assert submit(monde.a.declaration, monde.a.dgs).deposee

    def test_what_was_already_so_is_not_questioned(self, monde: Monde):
        requires(monde.a.declaration, "DA", "DC")
        assert submit(monde.a.declaration, monde.a.dgs).deposee

    def test_the_button_adds_the_whole_domain_but_what_is_excluded(self, monde: Monde, client: Any):
        requires(monde.a.declaration, "DB", "DC")
        exclude(monde.a.declaration, "DC-03")
        client.force_login(monde.a.dgs)
        pk = domaine(monde.epci, "DC").pk
        response = post(client, monde.a.declaration, f"prendre-{pk}", plus=["DB-01"])
        assert response.url == f"{page_url(monde.a.declaration)}#domaine-{pk}"
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DB-01", "DC-01", "DC-02")
        assert not self.missing(monde)

    def test_the_other_button_gives_up(self, monde: Monde, client: Any):
        requires(monde.a.declaration, "DB", "DC")
        client.force_login(monde.a.dgs)
        post(client, monde.a.declaration, f"laisser-{domaine(monde.epci, 'DB').pk}", plus=["DB-01", "DB-02"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01")

    def test_leaving_what_another_needs_offers_to_keep_it_or_to_leave_both(self, monde: Monde, client: Any):
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DC-01"))
        requires(monde.a.declaration, "DA", "DC")
        client.force_login(monde.a.dgs)
        post(client, monde.a.declaration, "enregistrer", moins=["DC-01"])
        manque = self.missing(monde)[-1]
        assert [r.verbe for r in manque.raccourcis] == [
            "Garder « Espaces verts »",
            "Laisser aussi « Voirie »",
        ]
        post(client, monde.a.declaration, manque.raccourcis[1].action)
        assert wanted(monde.a.declaration) == frozenset()
        post(client, monde.a.declaration, "enregistrer", plus=["DA-01"])
        post(client, monde.a.declaration, manque.raccourcis[0].action)
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DC-01")

    @pytest.mark.parametrize("action", ["prendre-", "prendre-999999", "laisser-x", "prendre-²"])
    def test_a_button_that_is_not_ours_only_saves(self, monde: Monde, client: Any, action: str):
        client.force_login(monde.a.dgs)
        assert post(client, monde.a.declaration, action, plus=["DB-01"]).status_code == 302
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DB-01")


class TestExclusions:
    def test_what_was_ticked_before_it_was_excluded_is_not_submitted(self, monde: Monde, client: Any):
        draft = monde.a.declaration
        prepare(draft, monde.a.dgs, plus=["DB-01"])
        exclude(draft, "DB-01")
        with pytest.raises(
            Refus, match="« Ressources humaines, activité 1 » ne peut pas être confiée : mission"
        ):
            submit(draft, monde.a.dgs)
        client.force_login(monde.a.dgs)
        post(client, draft, "enregistrer", moins=["DB-01"])
        assert submit(draft, monde.a.dgs).deposee

    def test_what_is_excluded_after_the_deposit_does_not_go_to_the_vote(self, monde: Monde):
        draft = monde.a.declaration
        prepare(draft, monde.a.dgs, plus=["DB-01"])
        done = submit(draft, monde.a.dgs)
        assert broken_rules(done) == []
        exclude(draft, "DB-01")
        (said,) = broken_rules(done)
        assert said.startswith("« Ressources humaines, activité 1 » ne peut pas être confiée")

    def test_the_box_is_closed_and_says_why(self, monde: Monde, client: Any):
        exclude(monde.a.declaration, "DB-01")
        client.force_login(monde.a.dgs)
        response = client.get(page_url(monde.a.declaration))
        pk = activite(monde.epci, "DB-01").pk
        closed = [c.id for v in response.context["feuille"].volets for c in v.cases if c.fermee]
        assert closed == [pk]
        assert f'id="activite-{pk}" disabled aria-describedby="exclue-{pk}"' in response.content.decode()
        assert "Ne peut pas être confiée : mission du centre de gestion." in text_of(response)

    def test_the_server_refuses_it_where_it_was_ticked(self, monde: Monde, client: Any):
        exclude(monde.a.declaration, "DB-01")
        client.force_login(monde.a.dgs)
        response = post(client, monde.a.declaration, "enregistrer", plus=["DB-01", "DC-01"])
        assert response.status_code == 422
        assert "« Ressources humaines, activité 1 » ne peut pas être confiée" in text_of(response)
        assert ids(monde.a.declaration, "DC-01") <= set(form_of(response)["activites"])
        assert not monde.a.declaration.lignes.exists()

    def test_the_way_of_sharing_is_no_way_round(self, monde: Monde, client: Any):
        exclude(monde.a.declaration, "DB-01")
        client.force_login(monde.a.dgs)
        url, pk = page_url(monde.a.declaration), activite(monde.epci, "DB-01").pk
        assert client.post(url, {**form_of(client.get(url)), f"facon-{pk}": "prestation"}).status_code == 422

    def test_a_bloc_with_an_excluded_activity_is_out_of_reach(self, monde: Monde):
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
        exclude(monde.a.declaration, "DB-01")
        with pytest.raises(Refus, match="du même bloc que « Ressources humaines, activité 1 »"):
            prepare(monde.a.declaration, monde.a.dgs, plus=["DB-03"])

    def test_what_is_already_shared_is_kept_or_left(self, monde: Monde):
        exclude(monde.a.declaration, "DA-01")
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DB-01")
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"])
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DB-01")

    def test_a_commune_that_is_not_affiliated_on_the_eve_is_free(self, monde: Monde):
        exclude(monde.a.declaration, "DB-01")
        Affiliation.objects.update(fin=monde.cycle.veille_on)
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        assert ids(monde.a.declaration, "DB-01") <= wanted(monde.a.declaration)
