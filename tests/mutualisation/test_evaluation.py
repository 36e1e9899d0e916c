"""Évaluations préalables: asked once, filled by the commune or an agent, compared, confirmed by the EPCI."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement
from journal.workflows.compte import reopen_account
from journal.workflows.personne import Identite
from journal.workflows.tache import run_due
from mutualisation.evaluations import compare, evaluation_progress, last_evaluation
from mutualisation.models import Declaration, Evaluation, EvaluationDelegation, Ligne
from mutualisation.workflows.arret import confirm_for_commune, reopen
from mutualisation.workflows.campagne import grant_extension
from mutualisation.workflows.cycle import change_dates, open_cycle
from mutualisation.workflows.evaluation import (
    delegate_evaluation,
    end_delegation,
    observe_evaluation,
    validate_evaluation,
)
from mutualisation.workflows.instruction import Decision, accept_all, decide_many, mark_receivable
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import (
    DeclarationFactory,
    EvaluationFactory,
    HabilitationFactory,
    LigneFactory,
    Monde,
    PersonneFactory,
    activite,
    fresh,
)
from tests.mutualisation.gestes import prepare, submit
from tests.mutualisation.gestes_instruction import AFTER, LATER, ask, confirm, decide, evaluations, fill
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
AGENT = Identite(email="agent@commune.exemple.fr", nom="Ferrer", prenom="Ana")


@pytest.fixture
def evaluation(monde: Monde) -> Evaluation:
    """A extends DA and enters DB: the évaluation of DA."""
    ask(monde)
    return evaluations(monde.a.declaration)[0]


def asked(declaration: Declaration) -> list[str]:
    """The domains already asked for."""
    rows = declaration.evaluations.order_by("domaine__code")
    return list(rows.values_list("domaine__code", flat=True))


def validate(evaluation: Evaluation, who: Personne, observations: str = "") -> Evaluation:
    return validate_evaluation(
        evaluation=evaluation, acteur=who, version=evaluation.version, observations=observations
    )


class TestDemander:
    def test_each_domain_entered_or_extended_never_the_rest(self, monde: Monde):
        prepare(
            monde.a.declaration,
            monde.a.dgs,
            plus=["DB-01", "DB-02"],
            moins=["DA-01"],
            motifs={monde.domaine.pk: "Reprise en régie."},
        )
        submit(monde.a.declaration, monde.a.dgs)
        assert [one.domaine.code for one in evaluations(monde.a.declaration)] == ["DB"]

    @pytest.mark.parametrize(
        ("nature", "asked"),
        [
            ("entree", 1),
            ("extension", 1),
            ("regularisation", 1),
            ("prestation", 0),
            ("retrait", 0),
            ("revision", 0),
        ],
    )
    def test_by_nature(self, monde: Monde, nature: str, asked: int):
        ligne = LigneFactory(
            declaration=DeclarationFactory(cycle=monde.cycle, commune=monde.c, deposee=True),
            activite=activite(monde.epci, "DB-01"),
            nature=nature,
        )
        assert len(evaluations(ligne.declaration)) == asked

    def test_never_for_a_maintien_nor_for_what_was_refused(self, monde: Monde):
        lignes = ask(monde, "DB-01")
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        assert monde.a.declaration.lignes.filter(nature="maintien").exists()
        assert evaluations(monde.a.declaration) == []

    def test_once_with_one_mail_that_names_them(self, monde: Monde):
        ask(monde)
        assert len(evaluations(monde.a.declaration)) == 2
        assert evaluations(monde.a.declaration) == []
        courriel = Courriel.objects.get(type="evaluations_demandees")
        assert courriel.destinataire == monde.a.dgs
        assert "Voirie" in courriel.corps and "Ressources humaines" in courriel.corps
        assert "31\u00a0mai 2027" in courriel.corps

    def test_by_the_job_of_the_cycle(self, monde: Monde, at_time: AtTime):
        at_time("2027-12-01")
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        at_time("2028-02-01")
        declaration = cycle.declarations.get(commune=monde.a.commune)
        prepare(declaration, monde.a.dgs, plus=["DB-01"])
        submit(declaration, monde.a.dgs)
        at_time(cycle.evaluation_debut_on)
        run_due()
        run_due()
        assert [one.domaine.code for one in Evaluation.objects.filter(declaration=declaration)] == ["DB"]

    def test_a_day_left_then_taken_again_asks(self, monde: Monde, at_time: AtTime):
        at_time("2027-12-01")
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        at_time("2028-02-01")
        declaration = cycle.declarations.get(commune=monde.a.commune)
        prepare(declaration, monde.a.dgs, plus=["DB-01"])
        submit(declaration, monde.a.dgs)
        cycle.refresh_from_db()
        day = cycle.evaluation_debut_on
        at_time(f"{day} 07:30")
        for moved in (datetime(2028, 4, 20).date(), day):
            cycle = change_dates(
                cycle=cycle,
                acteur=monde.direction,
                version=cycle.version,
                dates={"evaluation_debut_on": moved},
            )
            at_time(f"{day} 08:00" if moved != day else f"{day} 09:00")
            run_due()
        assert Evaluation.objects.exists()

    def test_who_was_granted_days_is_asked_when_it_deposits(self, monde: Monde, at_time: AtTime):
        declaration = monde.a.declaration
        grant_extension(
            declaration=declaration,
            acteur=monde.direction,
            until=datetime(2027, 4, 16).date(),
            motif="Congés.",
        )
        at_time(LATER)
        declaration.refresh_from_db()
        ask(monde, "DB-01")
        assert asked(declaration) == ["DB"]
        accept_all(declaration=declaration, acteur=monde.direction, qualite="Direction")
        assert Courriel.objects.filter(type="evaluations_demandees").count() == 1

    @pytest.mark.parametrize("by", ["one", "all", "many"])
    def test_a_postponed_line_accepted_later_is_asked(self, monde: Monde, at_time: AtTime, by: str):
        ligne = ask(monde, "DB-01")[0]
        decide(ligne, monde.direction, "reportee", "L'an prochain.")
        at_time(LATER)
        evaluations(monde.a.declaration)
        assert asked(monde.a.declaration) == []
        if by == "one":
            decide(ligne, monde.direction, "acceptee")
        elif by == "all":
            Ligne.objects.filter(pk=ligne.pk).update(
                arbitrage="a_instruire", arbitrage_motif="", arbitree_at=None, arbitree_par=None
            )
            accept_all(declaration=monde.a.declaration, acteur=monde.direction, qualite="Direction")
        else:
            said = Decision("acceptee", "", "Direction")
            decide_many(lignes=[(ligne.pk, None)], acteur=monde.direction, said=said)
        assert asked(monde.a.declaration) == ["DB"]

    def test_a_line_taken_back_at_the_point_d_arret_is_asked(self, monde: Monde, at_time: AtTime):
        lignes = ask(monde, "DB-01", "DC-01")
        at_time(AFTER)
        decide(lignes[1], monde.direction, "acceptee")
        confirm(monde.a.declaration, monde.a.dgs, retirees=(lignes[0],))
        reopen(declaration=monde.a.declaration, acteur=monde.direction, motif="À la demande du maire.")
        at_time(LATER)
        evaluations(monde.a.declaration)
        assert asked(monde.a.declaration) == ["DC"]
        rows = dict(monde.a.declaration.lignes.changing().order_by("pk").values_list("pk", "version"))
        confirm_for_commune(
            declaration=monde.a.declaration, acteur=monde.a.dgs, qualite="", vues=rows, gardees=list(rows)
        )
        assert asked(monde.a.declaration) == ["DB", "DC"]

    def test_not_before_their_day_nor_once_in_effect(self, monde: Monde, at_time: AtTime):
        ligne = ask(monde, "DB-01")[0]
        decide(ligne, monde.direction, "reportee", "Un doute.")
        for instant in (AFTER, "2028-01-05"):
            at_time(instant)
            decide(ligne, monde.direction, "acceptee")
            decide(ligne, monde.direction, "reportee", "Un doute.")
        assert asked(monde.a.declaration) == []

    def test_a_commune_without_dgs_is_told_by_its_maire(self, monde: Monde):
        monde.a.dgs.habilitations.update(fin=datetime(2027, 2, 10).date())
        prepare(monde.a.declaration, monde.a.maire, plus=["DB-01"])
        submit(monde.a.declaration, monde.a.maire)
        evaluations(monde.a.declaration)
        assert Courriel.objects.get(type="evaluations_demandees").destinataire == monde.a.maire

    def test_a_job_whose_day_moved_asks_nothing(self, monde: Monde, at_time: AtTime):
        at_time("2027-12-01")
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        at_time("2028-02-01")
        declaration = cycle.declarations.get(commune=monde.a.commune)
        prepare(declaration, monde.a.dgs, plus=["DB-01"])
        submit(declaration, monde.a.dgs)
        before, moved = cycle.evaluation_debut_on, datetime(2028, 4, 20).date()
        cycle.refresh_from_db()
        change_dates(
            cycle=cycle, acteur=monde.direction, version=cycle.version, dates={"evaluation_debut_on": moved}
        )
        at_time(before)
        run_due()
        assert not Evaluation.objects.exists()
        at_time(moved)
        run_due()
        assert Evaluation.objects.count() == 1

    def test_a_line_recevable_later_is_asked_at_once(self, monde: Monde, at_time: AtTime):
        lignes = ask(monde, "DB-01")
        mark_receivable(ligne=lignes[0], acteur=monde.direction)
        assert not Evaluation.objects.exists()
        at_time(LATER)
        Ligne.objects.filter(pk=lignes[0].pk).update(etape="recue")
        mark_receivable(ligne=lignes[0], acteur=monde.direction)
        assert Evaluation.objects.count() == 1

    def test_what_was_refused_since_is_not_awaited_any_more(self, monde: Monde, client: Any):
        lignes = ask(monde, "DB-01")
        evaluations(monde.a.declaration)
        assert evaluation_progress(monde.cycle).a_renseigner == 1
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        assert evaluation_progress(monde.cycle).total == 0
        client.force_login(monde.a.dgs)
        assert "Évaluation préalable" not in text_of(client.get(reverse("accueil")))


class TestRenseigner:
    def test_a_draft_may_be_incomplete_a_transmission_may_not(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs, transmettre=False, etp=None)
        with pytest.raises(Refus, match="ETP") as caught:
            fill(evaluation, monde.a.dgs, etp=None)
        assert caught.value.field == "etp"
        assert fill(evaluation, monde.a.dgs).code == "transmise"

    def test_what_was_handed_over_stays_complete(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs)
        with pytest.raises(Refus, match="Décrivez"):
            fill(evaluation, monde.a.dgs, transmettre=False, service_rendu="")

    def test_two_people_the_second_is_told_who(self, monde: Monde, evaluation: Evaluation):
        version = evaluation.version
        fill(evaluation, monde.a.dgs, transmettre=False, version=version)
        with pytest.raises(Conflit, match="DGS L'Haÿ-les-Roses a modifié"):
            fill(evaluation, monde.a.collaborateur, version=version)

    @pytest.mark.parametrize("who", ["lecteur", "referent"])
    def test_others_of_the_commune_read_only(self, monde: Monde, evaluation: Evaluation, who: str):
        with pytest.raises(ActionInterdite, match="l'agent à qui il la délègue"):
            fill(evaluation, getattr(monde.a, who))

    def test_not_once_validated(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs)
        evaluation.refresh_from_db()
        validate(evaluation, monde.direction)
        with pytest.raises(ActionInterdite):
            fill(evaluation, monde.a.dgs)


class TestValider:
    def test_only_what_was_handed_over(self, monde: Monde, evaluation: Evaluation):
        with pytest.raises(ActionInterdite, match="une évaluation transmise"):
            validate(evaluation, monde.direction)

    def test_twice_is_once(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs)
        evaluation.refresh_from_db()
        for _ in range(2):
            validate(evaluation, monde.direction)
        assert Evenement.objects.filter(type="evaluation.validee").count() == 1

    def test_handing_back_says_why_and_tells_who_fills(self, monde: Monde, evaluation: Evaluation):
        delegation = delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT)
        fill(evaluation, monde.a.dgs)
        evaluation.refresh_from_db()
        with pytest.raises(Refus, match="Dites ce qui est à revoir"):
            observe_evaluation(
                evaluation=evaluation,
                acteur=monde.direction,
                version=evaluation.version,
                observations="",
                renvoyer=True,
            )
        observe_evaluation(
            evaluation=evaluation,
            acteur=monde.direction,
            version=evaluation.version,
            observations="Et les apprentis ?",
            renvoyer=True,
        )
        evaluation.refresh_from_db()
        assert evaluation.code == "a_renseigner"
        told = Courriel.objects.filter(type="evaluation_renvoyee")
        assert {one.destinataire for one in told} == {monde.a.dgs, delegation.personne}
        assert "Et les apprentis" in told[0].corps

    def test_the_responsable_observes_but_does_not_hand_back(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs)
        evaluation.refresh_from_db()
        kwargs = {"evaluation": evaluation, "acteur": monde.responsable, "observations": "Vu."}
        observe_evaluation(version=evaluation.version, **kwargs)
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            observe_evaluation(version=evaluation.version + 1, renvoyer=True, **kwargs)


class TestDeleguer:
    def test_a_new_agent_gets_an_account_and_sees_that_only(self, monde: Monde, evaluation: Evaluation):
        other = Evaluation.objects.exclude(pk=evaluation.pk).get()
        agent = delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT).personne
        mandat = Habilitation.objects.get(personne=agent)
        assert (mandat.role, mandat.fin) == (Role.AGENT, monde.cycle.effective_on)
        assert set(agent.courriels.values_list("type", flat=True)) == {"evaluation_deleguee", "invitation"}
        seen = Evaluation.objects.visible_to(fresh(agent))
        assert list(seen) == [evaluation] and other not in seen
        assert not Ligne.objects.visible_to(fresh(agent)).exists()
        fill(evaluation, fresh(agent))
        with pytest.raises(ActionInterdite):
            fill(other, fresh(agent))

    def test_somebody_who_has_a_title_gets_no_other(self, monde: Monde, evaluation: Evaluation):
        referent = monde.a.referent
        delegate_evaluation(
            evaluation=evaluation,
            acteur=monde.a.dgs,
            identite=Identite(email=referent.email.upper(), nom="x"),
        )
        assert not referent.habilitations.exists()
        (mail,) = referent.courriels.filter(type="evaluation_deleguee")
        assert f"préalable du domaine «\u00a0{evaluation.domaine}\u00a0» pour" in mail.corps

    def test_the_same_agent_again_changes_nothing(self, monde: Monde, evaluation: Evaluation):
        for _ in range(2):
            delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT)
        assert EvaluationDelegation.objects.count() == 1
        assert Courriel.objects.filter(type="evaluation_deleguee").count() == 1

    def test_taken_back_it_is_no_longer_seen(self, monde: Monde, evaluation: Evaluation):
        delegation = delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT)
        for _ in range(2):
            end_delegation(delegation=delegation, acteur=monde.a.dgs)
        assert not Evaluation.objects.visible_to(fresh(delegation.personne)).exists()
        assert Evenement.objects.filter(type="evaluation.delegation_retiree").count() == 1

    def test_a_closed_account_is_a_sentence_that_says_who_reopens_it(
        self, monde: Monde, evaluation: Evaluation
    ):
        agent = PersonneFactory(email=AGENT.email, is_active=False)
        delegate = partial(delegate_evaluation, evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT)
        with pytest.raises(Refus, match="seul l'administrateur de l'EPCI où"):
            delegate()
        HabilitationFactory(personne=agent, role=Role.AGENT, epci=monde.epci, commune=None)
        with pytest.raises(Refus, match="l'administrateur de votre EPCI peut le rouvrir"):
            delegate()
        reopen_account(personne=agent, epci=monde.epci, acteur=monde.administrateur)
        assert delegate().personne == agent

    @pytest.mark.parametrize("who", ["maire", "collaborateur", "lecteur"])
    def test_only_the_dgs_delegates(self, monde: Monde, evaluation: Evaluation, who: str):
        with pytest.raises(ActionInterdite, match="Seul le DGS"):
            delegate_evaluation(evaluation=evaluation, acteur=getattr(monde.a, who), identite=AGENT)
        assert not Personne.objects.filter(email=AGENT.email).exists()

    def test_the_history_does_not_name_the_agent(self, monde: Monde, evaluation: Evaluation):
        delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT)
        assert not Evenement.objects.filter(libelle__contains="Ferrer").exists()


class TestComparer:
    def test_with_the_last_one_of_the_same_commune_and_domain(self, monde: Monde, evaluation: Evaluation):
        EvaluationFactory(ligne=monde.a.ligne, transmise=True, etp=Decimal(3))
        EvaluationFactory(ligne=monde.b.ligne, transmise=True)
        fill(evaluation, monde.a.dgs, etp=Decimal("2.5"), fonctionnement=Decimal(81500))
        evaluation.refresh_from_db()
        before = last_evaluation(evaluation)
        assert before and before.commune == monde.a.commune
        gaps = {one.libelle: one.ecart for one in compare(evaluation, before)}
        assert gaps == {"ETP": "– 0,5", "Fonctionnement": "+ 1 500", "Investissement": "inchangé"}

    def test_a_draft_is_no_reference(self, monde: Monde, evaluation: Evaluation):
        EvaluationFactory(ligne=monde.a.ligne)
        assert last_evaluation(evaluation) is None


class TestAvancement:
    def test_counts_of_the_cycle_and_of_each_commune(self, monde: Monde, evaluation: Evaluation):
        fill(evaluation, monde.a.dgs)
        ask(monde, "DC-01", cote=monde.b)
        evaluations(monde.b.declaration)
        with CaptureQueriesContext(connection) as queries:
            progress = evaluation_progress(monde.cycle)
        assert len(queries) == 1
        assert (progress.total, progress.a_renseigner, progress.transmises, progress.validees) == (3, 2, 1, 0)
        assert progress.communes[monde.a.commune.pk].faites == 1
        assert progress.communes[monde.b.commune.pk].total == 1

    def test_nothing_asked(self, monde: Monde):
        assert evaluation_progress(monde.cycle).total == 0


class TestPage:
    def _url(self, evaluation: Evaluation, name: str = "evaluation") -> str:
        return reverse(f"mutualisation:{name}", args=[evaluation.pk])

    def _data(self, evaluation: Evaluation, **changes: Any) -> dict[str, Any]:
        evaluation.refresh_from_db()
        data = {
            "service_rendu": "Deux agents.",
            "etp": "2,5",
            "fonctionnement": "1 234,5",
            "investissement": "0",
            "equipement": "Un fourgon.",
            "version": evaluation.version,
            "action": "transmettre",
        }
        return data | changes

    @pytest.mark.parametrize("typed", ["1 234,5", "1 234.5", "1\u202f234,50", "1\u00a0234,5 €", "1234.5"])
    def test_amounts_as_people_type_them(self, monde: Monde, evaluation: Evaluation, client: Any, typed: str):
        client.force_login(monde.a.dgs)
        response = client.post(
            self._url(evaluation), self._data(evaluation, fonctionnement=typed), follow=True
        )
        assert "Évaluation transmise." in text_of(response)
        evaluation.refresh_from_db()
        assert evaluation.fonctionnement == Decimal("1234.50")
        assert 'value="1\u202f234,5"' in client.get(self._url(evaluation)).content.decode()

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("beaucoup", "Écrivez un nombre, par exemple 1 234,5."),
            ("12 34", "Écrivez un nombre, par exemple 1 234,5."),
            ("-3", "Un nombre négatif n'a pas de sens ici."),
            ("9" * 20, "Ce nombre est trop grand."),
            ("0,234", "Deux chiffres au plus après la virgule."),
            ("12.000", "Ce nombre se lit de deux façons. Écrivez 12 000 ou 12,00."),
            ("NaN", "Écrivez un nombre, par exemple 1 234,5."),
        ],
    )
    def test_bad_amounts_are_sentences_and_the_rest_stays(
        self, monde: Monde, evaluation: Evaluation, client: Any, typed: str, sentence: str
    ):
        client.force_login(monde.a.dgs)
        response = client.post(self._url(evaluation), self._data(evaluation, etp=typed))
        assert response.status_code == 422
        text = text_of(response)
        assert sentence in text.replace("\u202f", " ")
        assert f'value="{typed}"' in text and "Un fourgon." in text

    def test_a_conflict_shows_both_texts(self, monde: Monde, evaluation: Evaluation, client: Any):
        old = evaluation.version
        fill(evaluation, monde.a.dgs, transmettre=False, service_rendu="Texte du DGS")
        client.force_login(monde.a.collaborateur)
        data = self._data(
            evaluation, version=old, service_rendu="Texte du collaborateur", action="enregistrer"
        )
        response = client.post(self._url(evaluation), data)
        assert response.status_code == 409
        text = text_of(response)
        assert "Texte du DGS" in text and "Texte du collaborateur" in text and "DGS L'Haÿ-les-Roses" in text
        again = client.post(
            self._url(evaluation), data | {"version": response.context["form"]["version"].value()}
        )
        assert again.status_code == 302

    def test_the_epci_observes_hands_back_and_confirms(
        self, monde: Monde, evaluation: Evaluation, client: Any
    ):
        fill(evaluation, monde.a.dgs)
        client.force_login(monde.direction)

        def send(name: str, **data: Any) -> Any:
            evaluation.refresh_from_db()
            return client.post(
                self._url(evaluation, name), {"version": evaluation.version, **data}, follow=True
            )

        assert "Observations enregistrées" in text_of(send("evaluation_observer", observations="Bien."))
        empty = send("evaluation_observer", observations="", action="renvoyer")
        assert empty.status_code == 422 and "Dites ce qui est à revoir" in text_of(empty)
        assert "renvoyée à la commune" in text_of(
            send("evaluation_observer", observations="À revoir.", action="renvoyer")
        )
        fill(evaluation, monde.a.dgs)
        assert "Évaluation validée." in text_of(
            send("evaluation_valider", observations="Deux agents suffisent.")
        )
        text = text_of(client.get(self._url(evaluation)))
        assert "Deux agents suffisent." in text and "À revoir." not in text

    def test_a_double_click_validates_once(self, monde: Monde, evaluation: Evaluation, client: Any):
        fill(evaluation, monde.a.dgs)
        evaluation.refresh_from_db()
        client.force_login(monde.direction)
        sent = {"version": evaluation.version, "observations": "Vu."}
        url = self._url(evaluation, "evaluation_valider")
        assert [client.post(url, sent).status_code for _ in range(2)] == [302, 302]
        assert Evenement.objects.filter(type="evaluation.validee").count() == 1

    def test_who_may_not_validate_is_told_even_with_a_broken_form(
        self, monde: Monde, evaluation: Evaluation, client: Any
    ):
        fill(evaluation, monde.a.dgs)
        client.force_login(monde.a.dgs)
        for sent in ({}, {"version": 2, "observations": "Vu."}):
            refused = client.post(self._url(evaluation, "evaluation_valider"), sent)
            assert refused.status_code == 403 and "Seule la Direction" in text_of(refused)

    def test_delegate_and_take_back_by_the_page(self, monde: Monde, evaluation: Evaluation, client: Any):
        client.force_login(monde.a.dgs)
        url = self._url(evaluation, "evaluation_deleguer")
        bad = client.post(url, {"email": "pas une adresse", "nom": "Ferrer"})
        assert bad.status_code == 422 and "Écrivez une adresse électronique" in text_of(bad)
        assert 'value="Ferrer"' in text_of(bad)
        done = client.post(url, {"email": AGENT.email, "nom": "Ferrer", "prenom": "Ana"}, follow=True)
        assert "Ana Ferrer, depuis le 10 février 2027" in text_of(done)
        fin = reverse("mutualisation:delegation_fin", args=[EvaluationDelegation.objects.get().pk])
        assert "Délégation retirée." in text_of(client.post(fin, follow=True))

    def test_the_agent_finds_it_at_home(self, monde: Monde, evaluation: Evaluation, client: Any):
        agent = delegate_evaluation(evaluation=evaluation, acteur=monde.a.dgs, identite=AGENT).personne
        client.force_login(fresh(agent))
        assert self._url(evaluation) in client.get(reverse("accueil")).content.decode()
        assert client.get(self._url(evaluation)).status_code == 200
        assert (
            client.get(reverse("mutualisation:declaration", args=[monde.a.declaration.pk])).status_code == 404
        )

    def test_an_agent_of_another_commune_finds_it_too(self, monde: Monde, client: Any):
        """A's évaluation delegated to B's collaborateur: under his hat of B, it stands beside those of B."""
        ask(monde)
        ask(monde, "DC-01", cote=monde.b)
        of_a, of_b = evaluations(monde.a.declaration)[0], evaluations(monde.b.declaration)[0]
        agent = monde.b.collaborateur
        for found, dgs in ((of_a, monde.a.dgs), (of_b, monde.b.dgs)):
            identite = Identite(email=agent.email, nom="x")
            delegate_evaluation(evaluation=found, acteur=dgs, identite=identite)
        client.force_login(fresh(agent))
        home = client.get(reverse("accueil")).content.decode()
        assert [home.count(self._url(one)) for one in (of_a, of_b)] == [1, 1]

    def test_deadlines_of_both_sides(self, monde: Monde, evaluation: Evaluation, client: Any):
        client.force_login(monde.a.dgs)
        assert "Évaluation préalable : Voirie" in text_of(client.get(reverse("accueil")))
        fill(evaluation, monde.a.dgs)
        assert "Évaluation préalable : Voirie" not in text_of(client.get(reverse("accueil")))
        client.force_login(monde.direction)
        assert "1 évaluation transmise attend votre accord" in text_of(client.get(reverse("accueil")))


@pytest.mark.django_db(transaction=True)
class TestEnsemble:
    def test_two_jobs_at_once_ask_once(self, monde: Monde):
        ask(monde)
        results = together(*[lambda: evaluations(monde.a.declaration)] * 2)
        assert failures(results) == []
        assert Evaluation.objects.count() == 2

    def test_two_people_save_at_once_one_is_told(self, monde: Monde):
        ask(monde)
        evaluation = evaluations(monde.a.declaration)[0]
        version = evaluation.version
        ones = (monde.a.dgs, monde.a.collaborateur)
        results = together(
            *[
                lambda who=who: fill(
                    Evaluation.objects.get(pk=evaluation.pk), who, version=version, transmettre=False
                )
                for who in ones
            ]
        )
        assert [type(one) for one in failures(results)] == [Conflit]
