"""A declaration: drafts that never lose anything, one submission, a page to prepare it, one to read it again."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.roles import Role
from documents.controle import check_pdf
from documents.models import Document
from documents.workflows.document import complete
from journal.models import Courriel, Evenement
from mutualisation.brouillon import Saisie
from mutualisation.forms.declaration import read_saisie
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows import declaration as workflow
from mutualisation.workflows.declaration import save_draft
from mutualisation.workflows.instruction import arbitrate
from socle import registres
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import CycleFactory, DeclarationFactory, Monde, activite, build_world, domaine, holder
from tests.mutualisation.gestes import QUALITE, changing, form_of, ids, prepare, read, submit, text_of, wanted

AtTime = Callable[[Any], datetime]
FERMETURE = "2027-02-27 09:00"


def page_url(declaration: Declaration) -> str:
    return reverse("mutualisation:declaration", args=[declaration.pk])


def press(client: Any, declaration: Declaration, empreinte: str | None = None) -> Any:
    """« Déposer », on the page that was just read unless another digest is given."""
    return client.post(
        reverse("mutualisation:declaration_deposer", args=[declaration.pk]),
        {"empreinte": read(declaration) if empreinte is None else empreinte},
        follow=True,
    )


class TestBrouillon:
    def test_two_tabs_do_not_undo_each_other(self, monde: Monde):
        draft, dgs = monde.a.declaration, monde.a.dgs
        seen = wanted(draft)
        first = Saisie(seen, seen | ids(draft, "DB-01"), {}, {})
        second = Saisie(seen, seen | ids(draft, "DC-01"), {}, {})
        save_draft(declaration=draft, acteur=dgs, saisie=first)
        save_draft(declaration=draft, acteur=monde.a.collaborateur, saisie=second)
        assert wanted(draft) == ids(draft, "DA-01", "DB-01", "DC-01")

    def test_an_untick_in_one_tab_survives_a_tick_in_the_other(self, monde: Monde):
        draft, dgs = monde.a.declaration, monde.a.dgs
        prepare(draft, dgs, plus=["DB-01"])
        seen = wanted(draft)
        save_draft(declaration=draft, acteur=dgs, saisie=Saisie(seen, seen - ids(draft, "DB-01"), {}, {}))
        save_draft(declaration=draft, acteur=dgs, saisie=Saisie(seen, seen | ids(draft, "DC-01"), {}, {}))
        assert wanted(draft) == ids(draft, "DA-01", "DC-01")

    def test_only_what_differs_from_what_is_shared_is_a_line(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DA-02", "DB-01"], moins=["DA-01"])
        lignes = {
            ligne.activite.code: ligne.nature
            for ligne in monde.a.declaration.lignes.select_related("activite")
        }
        assert lignes == {"DA-01": "retrait", "DA-02": "extension", "DB-01": "entree"}

    def test_an_autosave_is_no_event(self, monde: Monde):
        before = Evenement.objects.count()
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        assert Evenement.objects.count() == before
        assert monde.a.declaration.lignes.count() == 1

    def test_the_same_motive_rewritten_meanwhile_is_a_conflict_and_nothing_is_saved(self, monde: Monde):
        draft, dom = monde.a.declaration, monde.domaine.pk
        seen = wanted(draft)
        save_draft(
            declaration=draft,
            acteur=monde.a.collaborateur,
            saisie=Saisie(seen, seen, {}, {dom: "Sa version"}),
        )
        mine = Saisie(seen, seen | ids(draft, "DB-01"), {dom: ""}, {dom: "Ma version"})
        with pytest.raises(Conflit, match=r"Collaborateur.*Sa version") as caught:
            save_draft(declaration=draft, acteur=monde.a.dgs, saisie=mine)
        assert caught.value.field == f"motif-{dom}"
        assert wanted(draft) == seen
        assert draft.motifs.get().texte == "Sa version"

    def test_two_motives_of_two_domains_are_both_kept(self, monde: Monde):
        draft, seen = monde.a.declaration, wanted(monde.a.declaration)
        one, two = domaine(monde.epci, "DA").pk, domaine(monde.epci, "DB").pk
        save_draft(
            declaration=draft,
            acteur=monde.a.dgs,
            saisie=Saisie(seen, seen, {one: "", two: ""}, {one: "Un", two: ""}),
        )
        save_draft(
            declaration=draft,
            acteur=monde.a.dgs,
            saisie=Saisie(seen, seen, {one: "", two: ""}, {one: "", two: "Deux"}),
        )
        assert dict(draft.motifs.values_list("domaine_id", "texte")) == {one: "Un", two: "Deux"}

    def test_an_activity_of_another_epci_is_refused(self, monde: Monde):
        foreign = activite(monde.epci_voisin).pk
        seen = wanted(monde.a.declaration)
        with pytest.raises(Refus, match="catalogue"):
            save_draft(
                declaration=monde.a.declaration,
                acteur=monde.a.dgs,
                saisie=Saisie(seen, seen | {foreign}, {}, {}),
            )

    def test_a_motive_of_another_epci_is_refused(self, monde: Monde):
        foreign = domaine(monde.epci_voisin).pk
        seen = wanted(monde.a.declaration)
        with pytest.raises(Refus, match="catalogue"):
            save_draft(
                declaration=monde.a.declaration,
                acteur=monde.a.dgs,
                saisie=Saisie(seen, seen, {}, {foreign: "x"}),
            )

    def test_ten_thousand_characters_are_refused_where_they_were_typed(self, monde: Monde):
        seen, dom = wanted(monde.a.declaration), monde.domaine.pk
        with pytest.raises(
            Refus, match=r"motif de « Voirie » tient en 4.000 caractères ; il y en a ici 10.000"
        ) as caught:
            save_draft(
                declaration=monde.a.declaration,
                acteur=monde.a.dgs,
                saisie=Saisie(seen, seen, {}, {dom: "é" * 10_000}),
            )
        assert caught.value.field == f"motif-{dom}"

    @pytest.mark.parametrize("role", ["lecteur", "referent"])
    def test_those_who_do_not_prepare_are_refused(self, monde: Monde, role: str):
        with pytest.raises(ActionInterdite, match="Seuls le DGS"):
            prepare(monde.a.declaration, getattr(monde.a, role), plus=["DB-01"])

    def test_the_dgs_of_another_commune_is_refused(self, monde: Monde):
        with pytest.raises(ActionInterdite):
            prepare(monde.a.declaration, monde.b.dgs, plus=["DB-01"])


class TestBase:
    def test_a_line_decided_in_the_cycle_before_is_counted_before_its_day(self, monde: Monde):
        """Cycle 2028 opens on 1 December 2026: what 2027 decided is not in force yet, and is counted."""
        cycle = CycleFactory(epci=monde.epci, calendrier=True, annee=2030)
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(
            activite=activite(monde.epci, "DC-02"), domaine=domaine(monde.epci, "DC")
        )
        draft = DeclarationFactory(cycle=cycle, commune=monde.a.commune)
        assert wanted(draft) == ids(draft, "DA-01", "DC-02")

    def test_a_retrait_already_decided_is_counted_too(self, monde: Monde):
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(nature=Ligne.Nature.RETRAIT)
        assert wanted(monde.a.declaration) == frozenset()

    def test_a_refused_line_is_not_counted(self, monde: Monde):
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(
            activite=activite(monde.epci, "DC-02"),
            arbitrage=Ligne.Arbitrage.REFUSEE,
            arbitrage_motif="Complet.",
        )
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01")


class TestDepot:
    def test_a_submission_freezes_everything_and_tells_both_sides(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        done = submit(monde.a.declaration, monde.a.dgs)
        natures = {ligne.activite.code: ligne.nature for ligne in done.lignes.select_related("activite")}
        assert natures == {"DA-01": "maintien", "DB-01": "entree"}
        assert done.accuse.reference == "AD-2028-001"
        told = set(Courriel.objects.filter(type="declaration_deposee").values_list("destinataire", flat=True))
        assert told == {monde.a.dgs.pk, monde.a.maire.pk, monde.direction.pk}

    def test_an_unchanged_renewal_is_submitted_as_it_is(self, monde: Monde):
        done = submit(monde.a.declaration, monde.a.maire)
        assert done.deposee
        assert not changing(done)

    def test_a_retrait_without_motive_cannot_be_submitted(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"])
        with pytest.raises(Refus, match="Le motif du retrait : Voirie"):
            submit(monde.a.declaration, monde.a.dgs)
        prepare(monde.a.declaration, monde.a.dgs, motifs={monde.domaine.pk: "Retour en régie."})
        assert submit(monde.a.declaration, monde.a.dgs).deposee

    def test_a_collaborateur_prepares_but_does_not_submit(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.collaborateur, plus=["DB-01"])
        with pytest.raises(ActionInterdite, match="Seuls le DGS et le maire déposent"):
            submit(monde.a.declaration, monde.a.collaborateur)

    def test_submitting_twice_gives_one_receipt_and_one_event(self, monde: Monde):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DA-02", "DB-01"])
        first, second = submit(monde.a.declaration, monde.a.dgs), submit(monde.a.declaration, monde.a.maire)
        assert (first.accuse, second.deposee_par) == (second.accuse, monde.a.dgs)
        assert Evenement.objects.get(type="declaration.deposee").libelle.endswith(
            "déposée : 2 changements, accusé AD-2028-001"
        )

    def test_after_closing_nothing_is_submitted_and_the_sentence_says_since_when(
        self, monde: Monde, at_time: AtTime
    ):
        at_time(FERMETURE)
        with pytest.raises(Refus, match="close depuis le vendredi 26 février 2027"):
            submit(monde.a.declaration, monde.a.dgs)
        monde.a.declaration.refresh_from_db()
        assert not monde.a.declaration.deposee

    def test_the_last_day_is_open_until_midnight(self, monde: Monde, at_time: AtTime):
        at_time("2027-02-26 23:59")
        assert submit(monde.a.declaration, monde.a.dgs).deposee

    def test_a_submitted_declaration_is_not_edited_any_more(self, monde: Monde):
        submit(monde.a.declaration, monde.a.dgs)
        with pytest.raises(Refus, match="a été déposée par"):
            prepare(monde.a.declaration, monde.a.collaborateur, plus=["DB-01"])

    def test_what_nobody_read_is_not_submitted(self, monde: Monde, client: Any):
        """The DGS reads again, a collaborateur adds two activities, the DGS presses « Déposer »."""
        draft, shown = monde.a.declaration, read(monde.a.declaration)
        prepare(draft, monde.a.collaborateur, plus=["DB-01", "DB-02"])
        client.force_login(monde.a.dgs)
        text = text_of(press(client, draft, shown))
        assert "Les choix ont changé depuis que vous les lisez (dernier enregistrement : " in text
        assert "Collaborateur" in text
        assert "« Ressources humaines, activité 1 »" in text  # the page is there to be read again
        draft.refresh_from_db()
        assert not draft.deposee

    def test_what_is_shared_may_move_without_anybody_saving(self, monde: Monde):
        shown = read(monde.a.declaration)
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(
            activite=activite(monde.epci, "DC-02"), domaine=domaine(monde.epci, "DC")
        )
        with pytest.raises(Conflit, match="depuis que vous les lisez : relisez-les, puis déposez"):
            submit(monde.a.declaration, monde.a.dgs, empreinte=shown)

    def test_a_save_that_changes_nothing_disturbs_nobody(self, monde: Monde):
        shown = read(monde.a.declaration)
        prepare(monde.a.declaration, monde.a.collaborateur)
        assert submit(monde.a.declaration, monde.a.dgs, empreinte=shown).deposee

    @pytest.mark.parametrize("who", ["lecteur", "collaborateur"])
    def test_who_may_not_submit_is_refused_even_once_it_is_done(self, monde: Monde, client: Any, who: str):
        submit(monde.a.declaration, monde.a.dgs)
        client.force_login(getattr(monde.a, who))
        assert press(client, monde.a.declaration).status_code == 403

    def test_the_receipt_prints(self, monde: Monde):
        prepare(
            monde.a.declaration,
            monde.a.dgs,
            plus=["DB-01"],
            motifs={domaine(monde.epci, "DB").pk: "=1+1 <b>"},
        )
        accuse = submit(monde.a.declaration, monde.a.dgs).accuse
        octets = registres.rendus.get("accuse")(accuse)
        assert check_pdf(octets) == []

    def test_without_change_the_receipt_announces_no_vote(self, monde: Monde):
        steps = submit(monde.a.declaration, monde.a.dgs).accuse.source["suite"]
        assert steps[0].startswith("Rien n'est à instruire ni à voter")
        assert steps[-1] == "Effet sur l'attribution de compensation : aucun."
        assert not any("Délibérations" in step for step in steps)


@pytest.mark.django_db(transaction=True)
class TestDeuxDepots:
    """Two people press « Déposer » in the same second."""

    def _press(self, at_time: AtTime) -> list[Any]:
        at_time("2027-02-10 10:00")
        world = build_world()
        self.declaration = world.a.declaration
        prepare(self.declaration, world.a.dgs, plus=["DB-01", "DB-02"])
        people = (world.a.dgs, world.a.maire)
        return together(
            *(lambda who=who: submit(Declaration.objects.get(pk=self.declaration.pk), who) for who in people)
        )

    def test_there_is_one_receipt(self, at_time: AtTime):
        assert not failures(self._press(at_time))
        assert (
            Document.objects.filter(type="accuse", commune=self.declaration.commune, annee=2028).count() == 1
        )
        assert Evenement.objects.filter(type="declaration.deposee").count() == 1

    def test_without_the_lock_the_race_shows(self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch):
        """The control: the same two presses, where reading does not lock."""
        both = threading.Barrier(2)

        def unlocked(model: Any, pk: int, version: int | None = None, *, select: Any = ()) -> Any:
            row = model.objects.select_related(*select).get(pk=pk)
            if threading.current_thread() is not threading.main_thread():
                both.wait(10)
            return row

        monkeypatch.setattr(workflow, "locked", unlocked)
        failed = failures(self._press(at_time))
        assert failed or Evenement.objects.filter(type="declaration.deposee").count() == 2
        assert all(isinstance(error, IntegrityError) for error in failed)


class TestPage:
    def test_everything_is_folded_and_already_filled(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        response = client.get(page_url(monde.a.declaration))
        assert response.status_code == 200
        assert not any(volet.ouvert for volet in response.context["feuille"].volets)
        text = text_of(response)
        assert "Vos choix au 1<sup>er</sup> janvier 2028" in text
        assert "À déposer au plus tard le vendredi 26 février 2027" in text
        assert "1 activité sur 3" in text
        assert "depuis 2020" in text
        assert "Effet sur l'attribution de compensation : aucun." in text

    def test_a_change_opens_its_domain_and_is_said_in_words(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DA-02", "DB-01", "DB-02", "DB-03"])
        client.force_login(monde.a.dgs)
        response = client.get(page_url(monde.a.declaration))
        opened = [volet.libelle for volet in response.context["feuille"].volets if volet.ouvert]
        text = text_of(response)
        assert opened == ["Voirie", "Ressources humaines"]
        assert "2 activités sur 3, <b>1 de plus en 2028</b>" in text
        assert "votre commune confie aussi « Voirie, activité 2 »" in text
        assert "votre commune confie tout le domaine (3 activités)" in text
        assert "non chiffré ; première estimation avant le point d'arrêt du 9 juillet 2027" in text
        assert "nouveau en 2028" in text

    def test_a_commune_that_shares_nothing_took_nothing_over_whatever_it_ticks(
        self, monde: Monde, client: Any
    ):
        draft = DeclarationFactory(cycle=monde.cycle, commune=monde.c)
        dgs = holder(Role.DGS, monde.epci, commune=monde.c)
        client.force_login(dgs)
        for _ in range(2):
            text = text_of(client.get(page_url(draft)))
            assert "Votre commune ne partage encore rien." in text
            assert "Tout est repris" not in text
            prepare(draft, dgs, plus=["DB-01"])
        client.force_login(monde.a.dgs)
        assert "Tout est repris de cette année." in text_of(client.get(page_url(monde.a.declaration)))

    def test_saving_without_javascript_then_reading_again(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        url = page_url(monde.a.declaration)
        data = form_of(client.get(url))
        data["activites"].append(activite(monde.epci, "DB-01").pk)
        response = client.post(url, {**data, "action": "relire"})
        assert response.url == reverse("mutualisation:declaration_relire", args=[monde.a.declaration.pk])
        text = text_of(client.get(response.url))
        assert "Vous déposez au nom du maire de L'Haÿ-les-Roses" in text
        assert "« Ressources humaines, activité 1 »" in text
        assert "Brouillon enregistré à 10 h" in text_of(client.get(url))

    def test_an_unchanged_renewal_takes_three_presses_from_home(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        home = client.get(reverse("accueil"))
        assert page_url(monde.a.declaration) in home.content.decode()
        sheet = client.get(page_url(monde.a.declaration))  # 1: « Déclarer »
        again = client.post(
            page_url(monde.a.declaration), {**form_of(sheet), "action": "relire"}
        )  # 2: « Relire et déposer »
        page = client.get(again.url)
        assert f'name="empreinte" value="{read(monde.a.declaration)}"' in page.content.decode()
        press(client, monde.a.declaration)  # 3: « Déposer »
        monde.a.declaration.refresh_from_db()
        assert monde.a.declaration.deposee_qualite == QUALITE

    def test_a_conflict_keeps_what_was_typed_and_sending_again_decides(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        url, dom = page_url(monde.a.declaration), monde.domaine.pk
        data = form_of(client.get(url))
        seen = wanted(monde.a.declaration)
        save_draft(
            declaration=monde.a.declaration,
            acteur=monde.a.collaborateur,
            saisie=Saisie(seen, seen, {}, {dom: "Texte du collaborateur"}),
        )
        data["activites"].append(activite(monde.epci, "DC-03").pk)
        response = client.post(url, {**data, f"motif-{dom}": "Texte du DGS"})
        assert response.status_code == 409
        text = text_of(response)
        assert "Texte du collaborateur" in text
        assert "Texte du DGS</textarea>" in text
        assert f'href="#motif-{dom}"' in text
        again = form_of(response)
        assert activite(monde.epci, "DC-03").pk in again["activites"]
        assert client.post(url, again).status_code == 302
        assert monde.a.declaration.motifs.get().texte == "Texte du DGS"
        assert ids(monde.a.declaration, "DC-03") <= wanted(monde.a.declaration)

    def test_html_and_formulas_stay_text(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        url, dom = page_url(monde.a.declaration), monde.domaine.pk
        nasty = "</textarea><script>alert(1)</script> =1+1 L'Haÿ Œuilly"
        client.post(url, {**form_of(client.get(url)), f"motif-{dom}": nasty})
        assert monde.a.declaration.motifs.get().texte == nasty
        assert "<script>alert" not in client.get(url).content.decode()

    def test_too_long_a_motive_comes_back_in_its_field(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        url, dom = page_url(monde.a.declaration), monde.domaine.pk
        response = client.post(url, {**form_of(client.get(url)), f"motif-{dom}": "é" * 10_000})
        assert response.status_code == 422
        assert "é" * 10_000 in response.content.decode()
        assert 'aria-invalid="true"' in response.content.decode()

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"vues": "1;2"},
            {"vues": "", "activites": "x"},
            {"vues": "", "motif-²": "x"},
            {"vues": "9" * 30},
        ],
    )
    def test_a_damaged_form_is_a_sentence(self, monde: Monde, client: Any, data: dict[str, str]):
        client.force_login(monde.a.dgs)
        response = client.post(page_url(monde.a.declaration), data)
        assert response.status_code == 422
        assert "La page envoyée est incomplète" in text_of(response)

    def test_after_closing_what_was_typed_is_still_there(self, monde: Monde, client: Any, at_time: AtTime):
        client.force_login(monde.a.dgs)
        url, dom = page_url(monde.a.declaration), monde.domaine.pk
        data = form_of(client.get(url)) | {f"motif-{dom}": "Écrit trop tard"}
        at_time(FERMETURE)
        response = client.post(url, data)
        assert response.status_code == 422
        assert "close depuis le vendredi 26 février 2027" in text_of(response)
        assert "Écrit trop tard</textarea>" in text_of(response)
        closed = text_of(client.get(url))
        assert "Sans réponse" in closed
        assert "<textarea" not in closed

    def test_pressing_submit_after_closing_says_so(self, monde: Monde, client: Any, at_time: AtTime):
        client.force_login(monde.a.dgs)
        at_time(FERMETURE)
        response = press(client, monde.a.declaration)
        assert "close depuis le vendredi 26 février 2027" in text_of(response)

    def test_what_misses_links_to_its_field_and_hides_the_button(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"])
        client.force_login(monde.a.dgs)
        text = text_of(client.get(reverse("mutualisation:declaration_relire", args=[monde.a.declaration.pk])))
        assert f"#motif-{monde.domaine.pk}" in text
        assert "Le motif du retrait : Voirie." in text
        assert ">Déposer</button>" not in text

    def test_the_back_button_after_submitting_shows_the_submitted_page(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        submit(monde.a.declaration, monde.a.dgs)
        relire = reverse("mutualisation:declaration_relire", args=[monde.a.declaration.pk])
        response = client.get(relire, follow=True)
        assert response.redirect_chain
        text = text_of(response)
        assert "Déposée" in text
        assert "AD-2028-001" in text
        assert "Déclaration déposée." not in text_of(press(client, monde.a.declaration))

    def test_a_collaborateur_sees_who_submits_and_is_refused_if_he_tries(self, monde: Monde, client: Any):
        client.force_login(monde.a.collaborateur)
        pk = monde.a.declaration.pk
        assert "Seuls le DGS et le maire déposent" in text_of(
            client.get(reverse("mutualisation:declaration_relire", args=[pk]))
        )
        response = client.post(reverse("mutualisation:declaration_deposer", args=[pk]))
        assert response.status_code == 403
        assert "Seuls le DGS et le maire déposent" in text_of(response)

    def test_the_mayor_submits_as_mayor(self, monde: Monde, client: Any):
        client.force_login(monde.a.maire)
        pk = monde.a.declaration.pk
        assert "Vous déposez en qualité de maire" in text_of(
            client.get(reverse("mutualisation:declaration_relire", args=[pk]))
        )
        press(client, monde.a.declaration)
        monde.a.declaration.refresh_from_db()
        assert monde.a.declaration.deposee_qualite == "maire"

    def test_the_submitted_page_says_each_decision_and_why(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        submit(monde.a.declaration, monde.a.dgs)
        arbitrate(
            ligne=changing(monde.a.declaration)[0],
            acteur=monde.direction,
            decision="refusee",
            motif="Le service est complet.",
            qualite="Direction des territoires",
        )
        client.force_login(monde.a.dgs)
        text = text_of(client.get(page_url(monde.a.declaration)))
        assert "refusée" in text
        assert "Le service est complet." in text
        assert "Ce qui se passe maintenant" in text

    @pytest.mark.parametrize("who", ["lecteur", "direction", "administrateur", "directeur"])
    def test_others_read_but_do_not_write(self, monde: Monde, client: Any, who: str):
        client.force_login(getattr(monde.a, who, None) or getattr(monde, who))
        response = client.get(page_url(monde.a.declaration))
        assert response.status_code == 200
        assert "<textarea" not in response.content.decode()
        assert client.post(page_url(monde.a.declaration), {"vues": ""}).status_code == 403

    @pytest.mark.parametrize("name", ["declaration", "declaration_relire", "accuse"])
    def test_for_another_commune_it_does_not_exist(self, monde: Monde, client: Any, name: str):
        submit(monde.a.declaration, monde.a.dgs)
        client.force_login(monde.b.dgs)
        assert client.get(reverse(f"mutualisation:{name}", args=[monde.a.declaration.pk])).status_code == 404

    def test_the_receipt_is_served_once_issued(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        url = reverse("mutualisation:accuse", args=[monde.a.declaration.pk])
        assert client.get(url).status_code == 404
        accuse = submit(monde.a.declaration, monde.a.dgs).accuse
        assert client.get(url).status_code == 202
        complete(document=accuse, octets=b"%PDF-1.7 essai")
        response = client.get(url)
        assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")

    def test_the_number_of_queries_does_not_depend_on_the_data(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        counts = []
        for codes in (["DB-01"], ["DA-02", "DA-03", "DB-02", "DB-03", "DC-01", "DC-02"]):
            prepare(monde.a.declaration, monde.a.dgs, plus=codes)
            with CaptureQueriesContext(connection) as queries:
                client.get(page_url(monde.a.declaration))
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestMaDeclaration:
    def test_to_the_one_being_declared(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        assert client.get(reverse("mutualisation:ma_declaration")).url == page_url(monde.a.declaration)

    def test_to_the_latest_when_none_is_being_declared(self, monde: Monde, client: Any, at_time: AtTime):
        at_time("2027-06-01 10:00")
        client.force_login(monde.a.dgs)
        assert client.get(reverse("mutualisation:ma_declaration")).url == page_url(monde.a.declaration)

    def test_a_commune_without_any(self, monde: Monde, client: Any):
        client.force_login(holder(Role.DGS, monde.epci, commune=monde.c, nom="Seule"))
        assert "Aucune campagne" in text_of(client.get(reverse("mutualisation:ma_declaration")))

    @pytest.mark.parametrize(
        ("who", "where"),
        [("direction", "mutualisation:campagne"), ("responsable", "mutualisation:matrice")],
    )
    def test_a_hat_without_commune_goes_where_it_may(self, monde: Monde, client: Any, who: str, where: str):
        client.force_login(getattr(monde, who))
        page = client.get(reverse("mutualisation:ma_declaration"))
        assert "Cette page est celle des communes" in text_of(page)
        assert f'class="btn btn-outline-primary" href="{reverse(where)}"' in page.content.decode()

    def test_a_referent_is_told_whose_page_it_is(self, monde: Monde, client: Any):
        client.force_login(monde.a.referent)
        text = text_of(client.get(reverse("mutualisation:ma_declaration")))
        assert "La déclaration de L'Haÿ-les-Roses est préparée par son DGS, son maire" in text
        assert "Aucune campagne" not in text


def test_line_ends_of_browsers_are_no_change(rf: Any):
    data = rf.post(
        "/", {"vues": "3,1", "activites": ["1"], "motif-4": "a\r\nb\x00 ", "motif_vu-4": "a\nb"}
    ).POST
    assert read_saisie(data) == Saisie(frozenset({1, 3}), frozenset({1}), {4: "a\nb"}, {4: "a\nb"})
