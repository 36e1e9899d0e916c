"""Many contracts at once: foreseen, launched once, each in its own unit, whatever dies; cancelled, taken up again."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from contrats.etats import LOT
from contrats.lots import foresee
from contrats.models import LigneLot, LotContrats, VersionContrat
from contrats.workflows import circuit
from contrats.workflows import lot as module
from contrats.workflows.avenant import abandon
from contrats.workflows.contrat import prepare_contract
from contrats.workflows.lot import cancel, launch, resume, run_lot, treat
from documents.models import Document
from documents.workflows.document import annul, replace_annulled
from journal.models import Courriel, Evenement, Tache
from journal.workflows.tache import run_due
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import amended, move, present, signed
from tests.contrats.lots import (
    DAY,
    Acte,
    again,
    done,
    job,
    launched,
    lot_pk,
    results,
    states,
    three,
    to_vote,
    versions,
    voted_all,
)
from tests.factories import (
    AdhesionFactory,
    LigneLotFactory,
    LotContratsFactory,
    Monde,
    activite,
    build_world,
    fresh,
)

pytestmark = pytest.mark.django_db
ISSUING = ("contrat_arrete", "contrat")


def numbers(type: str) -> list[int]:
    return list(Document.objects.filter(type=type).order_by("numero").values_list("numero", flat=True))


class TestEachContract:
    def test_from_the_drafts_to_the_copies_to_sign(self, monde: Monde):
        AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci))
        lot = done(monde, Acte.PREPARER)
        assert [one.commune for one in versions(monde)] == [monde.a.commune, monde.b.commune, monde.c]
        assert lot.lignes.get().version_contrat == versions(monde)[2]
        three(monde)
        assert results(done(monde, Acte.RELECTURE)) == ["fait"] * 3
        assert results(done(monde, Acte.ARRETER)) == ["fait"] * 3
        voted_all(monde)
        lot = done(monde, Acte.A_SIGNER)
        assert states(monde) == ["a_signer"] * 3
        assert [one.document for one in lot.lignes.order_by("commune__tri")] == [
            one.a_signer for one in versions(monde)
        ]
        assert (numbers("contrat_arrete"), numbers("contrat")) == ([1, 2, 3], [1, 2, 3])

    def test_one_refused_leaves_the_others(self, monde: Monde):
        three(monde)
        done(monde, Acte.RELECTURE)
        lot = launched(monde, Acte.ARRETER)
        monde.b.version.engagements.update(niveau_attendu="")
        run_lot(job(lot))
        assert results(lot) == ["fait", "refuse", "fait"]
        assert "Le niveau de service attendu" in lot.lignes.get(etat="refuse").motif
        assert numbers("contrat_arrete") == [1, 2]

    def test_each_is_done_as_who_launched_it(self, monde: Monde):
        three(monde)
        done(monde, Acte.RELECTURE)
        told = Evenement.objects.filter(type="contrat.relecture")
        assert {one.acteur for one in told} == {monde.direction}
        assert Courriel.objects.filter(type="contrat_relecture", destinataire=monde.a.dgs).count() == 1

    def test_a_right_lost_meanwhile_is_said(self, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        monde.direction.habilitations.update(fin=date(2027, 1, 1))
        run_lot(job(lot))
        assert results(lot) == ["refuse"] * 3
        assert "Seule la Direction" in lot.lignes.first().motif

    def test_what_somebody_did_meanwhile_is_said(self, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        move(monde, circuit.send_for_review)
        run_lot(job(lot))
        assert results(lot) == ["refuse", "fait", "fait"]
        motif = lot.lignes.get(etat="refuse").motif
        assert "a changé depuis qu'il a été coché (" in motif and "envoyé en relecture" in motif

    def test_a_signed_contract_gets_its_avenant_when_what_is_shared_changes(self, monde: Monde):
        first = signed(monde)
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DB-01"))
        [seen] = [one for one in foresee(monde.epci, Acte.PREPARER, DAY) if one.commune == monde.a.commune]
        assert seen.possible and seen.phrases == ("Avenant à ouvrir : 1 activité entre.",)
        lot = launched(monde, Acte.PREPARER)
        run_lot(job(lot))
        assert lot.lignes.get(commune=monde.a.commune).etat == "fait"
        assert VersionContrat.objects.filter(contrat=first.contrat, numero=1).exists()
        [seen] = [one for one in foresee(monde.epci, Acte.PREPARER, DAY) if one.commune == monde.a.commune]
        assert seen.phrases == ("Le projet est à jour : rien à faire.",)

    def test_a_signed_contract_is_left_alone_when_nothing_changes(self, monde: Monde):
        signed(monde)
        [seen] = [one for one in foresee(monde.epci, Acte.PREPARER, DAY) if one.commune == monde.a.commune]
        assert not seen.possible and "dit déjà ce que la commune partage" in seen.phrases[0]

    def test_the_document_that_stands_in_for_an_annulled_one(self, monde: Monde):
        to_vote(monde)
        line = LigneLot.objects.exclude(document=None).order_by("pk")[0]
        Tache.objects.filter(cle=line.document.cle_rendu).update(essais=5, erreur="x")
        annul(document=line.document, acteur=monde.direction, motif="Illisible.")
        new = replace_annulled(document=line.document, acteur=monde.direction)
        line.refresh_from_db()
        assert line.document == new


class TestLaunch:
    def test_twice_the_same_page_is_one_lot(self, monde: Monde):
        three(monde)
        cle = uuid4()
        first = launched(monde, Acte.RELECTURE, cle=cle)
        assert launched(monde, Acte.RELECTURE, cle=cle) == first
        run_lot(job(first))
        assert launched(monde, Acte.RELECTURE, monde.a.commune, cle=cle) == first
        assert Evenement.objects.filter(type="lot_contrats.lance").count() == 1
        assert Tache.objects.filter(type="contrats.lot").count() == 1

    def test_one_at_a_time(self, monde: Monde):
        three(monde)
        launched(monde, Acte.RELECTURE)
        with pytest.raises(Refus, match="Un lot lancé par Claude Direction est en cours"):
            launched(monde, Acte.PREPARER, monde.a.commune)

    def test_at_least_one(self, monde: Monde):
        with pytest.raises(Refus, match="Cochez au moins un contrat"):
            launch(
                epci=monde.epci,
                acteur=monde.direction,
                acte=Acte.ARRETER,
                effective_on=DAY,
                cle=uuid4(),
                choix=[],
            )

    @pytest.mark.parametrize("qui", ["administrateur", "directeur", "responsable", "direction_voisine"])
    def test_only_by_the_direction(self, monde: Monde, qui: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            launched(monde, Acte.RELECTURE, monde.a.commune, qui=getattr(monde, qui))

    def test_the_journal_and_a_mail_tell_it(self, monde: Monde):
        three(monde)
        monde.b.version.engagements.update(niveau_attendu="")
        done(monde, Acte.RELECTURE)
        lot = launched(monde, Acte.ARRETER, monde.a.commune, monde.b.commune)
        run_due()
        told = Evenement.objects.about(lot).order_by("numero")
        assert [one.libelle for one in told] == [
            "Lot « arrêter pour le vote, 1er janvier 2028 » lancé sur 2 contrats",
            "Lot « arrêter pour le vote, 1er janvier 2028 » terminé : 1 contrat fait, 1 refusé",
        ]
        mail = Courriel.objects.get(type="lot_termine", objet_id=lot.pk)
        assert mail.destinataire == monde.direction
        assert "- Œuilly : Il manque encore" in mail.corps.replace("\xa0", " ")


class TestCancelAndResume:
    def test_what_is_done_stays_done(self, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        treat(ligne=lot.lignes.order_by("commune__tri").first().pk)
        assert cancel(lot=lot, acteur=monde.direction).etat == LotContrats.Etat.ANNULE
        run_lot(job(lot))
        assert (states(monde), results(lot)) == (
            ["en_relecture", "projet", "projet"],
            ["fait", "laisse", "laisse"],
        )
        assert not Courriel.objects.filter(type="lot_termine").exists()
        last = Evenement.objects.about(lot).first()
        assert last and last.libelle.endswith("annulé : 1 contrat fait, 2 laissés")

    def test_cancelled_between_two_contracts(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)

        def then_cancel(**kwargs: Any) -> None:
            treat(**kwargs)
            cancel(lot=lot, acteur=monde.direction)

        monkeypatch.setattr(module, "treat", then_cancel)
        run_lot(job(lot))
        assert results(lot) == ["fait", "laisse", "laisse"]
        assert again(lot).etat == LotContrats.Etat.ANNULE

    def test_taken_up_again_as_they_stand_now(self, monde: Monde):
        three(monde)
        monde.b.version.engagements.update(niveau_attendu="")
        done(monde, Acte.RELECTURE)
        lot = done(monde, Acte.ARRETER, *(one.commune for one in versions(monde)))
        assert results(lot) == ["fait", "refuse", "fait"]
        monde.b.version.engagements.update(niveau_attendu="Deux jours.")
        VersionContrat.objects.filter(pk=monde.b.version.pk).update(version=41)
        resume(lot=lot, acteur=monde.direction)
        run_due()
        assert (results(lot), numbers("contrat_arrete")) == (["fait"] * 3, [1, 2, 3])
        assert Courriel.objects.filter(type="lot_termine", objet_id=lot.pk).count() == 2
        with pytest.raises(Refus, match="rien à reprendre"):
            resume(lot=lot, acteur=monde.direction)

    def test_the_draft_opened_meanwhile_is_the_one_brought_up_to_date(self, monde: Monde):
        AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci))
        lot = launched(monde, Acte.PREPARER, monde.c)
        made = prepare_contract(epci=monde.epci, commune=monde.c, effective_on=DAY, acteur=monde.direction)
        run_lot(job(lot))
        assert results(lot) == ["refuse"]
        resume(lot=again(lot), acteur=monde.direction)
        run_due()
        line = lot.lignes.get()
        assert (line.etat, line.version_contrat) == ("fait", made)

    def test_an_avenant_given_up_is_not_taken_for_the_contract(self, monde: Monde):
        avenant = present(amended(monde))
        abandon(version=avenant, acteur=monde.direction, lue=avenant.version, motif="Plus besoin.")
        AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DB-01"))
        lot = launched(monde, Acte.PREPARER, monde.a.commune)
        cancel(lot=lot, acteur=monde.direction)
        resume(lot=lot, acteur=monde.direction)
        run_due()
        assert results(lot) == ["fait"]

    def test_not_while_another_runs(self, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE, monde.a.commune)
        cancel(lot=lot, acteur=monde.direction)
        launched(monde, Acte.RELECTURE, monde.b.commune)
        with pytest.raises(Refus, match="est en cours"):
            resume(lot=lot, acteur=monde.direction)

    def test_it_then_acts_as_who_took_it_up(self, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        cancel(lot=lot, acteur=monde.direction)
        other = fresh(monde.administrateur)
        with pytest.raises(ActionInterdite):
            resume(lot=lot, acteur=other)
        assert again(lot).acteur == monde.direction


STATES: dict[str, Callable[[LotContrats], Any]] = {
    "en_cours": lambda lot: None,
    "termine": lambda lot: _ended(lot),
    "annule": lambda lot: cancel(lot=lot, acteur=lot.lance_par),
}


def _ended(lot: LotContrats) -> None:
    lot.lignes.update(etat="refuse", motif="x", traite_at=lot.lance_at)
    module.finish(lot=lot)


@pytest.mark.parametrize("acte", ["terminer", "annuler", "reprendre"])
@pytest.mark.parametrize("source", STATES)
def test_every_act_in_every_state(monde: Monde, source: str, acte: str):
    """An act moves the lot where the table says so, and changes nothing elsewhere."""
    lot = LotContrats.objects.get(**lot_pk(monde))
    STATES[source](lot)
    acts: dict[str, Callable[[], Any]] = {
        "terminer": lambda: _ended(again(lot)),
        "annuler": lambda: cancel(lot=again(lot), acteur=monde.direction),
        "reprendre": lambda: resume(lot=again(lot), acteur=monde.direction),
    }
    before = Evenement.objects.about(lot).count()
    acts[acte]()
    if LOT.allows(acte, source):
        assert again(lot).etat == LOT.move(acte, source)
        return
    assert (again(lot).etat, Evenement.objects.about(lot).count()) == (source, before)


class TestConstraints:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({"termine_at": None}, "lotcontrats_one_running"),
            ({"annule_par": None}, "lotcontrats_facts"),
            ({"passage": 2}, "lotcontrats_passage"),
        ],
    )
    def test_of_a_lot(self, monde: Monde, values: dict[str, Any], name: str):
        first = LotContratsFactory(epci=monde.epci)
        ended = {"termine_at": first.lance_at}
        if name == "lotcontrats_facts":
            ended = {"annule_at": first.lance_at}
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            LotContratsFactory(epci=monde.epci, **(ended | values))

    def test_a_key_is_used_once(self, monde: Monde):
        first = LotContratsFactory(epci=monde.epci)
        with pytest.raises(IntegrityError, match="lotcontrats_once"), transaction.atomic():
            LotContratsFactory(epci=monde.epci, cle=first.cle, termine_at=first.lance_at)

    @pytest.mark.parametrize("values", [{"etat": "refuse"}, {"etat": "fait"}, {"motif": "x"}])
    def test_a_line_has_the_facts_of_its_state(self, monde: Monde, values: dict[str, str]):
        with pytest.raises(IntegrityError, match="lignelot_facts"), transaction.atomic():
            LigneLotFactory(lot__epci=monde.epci, **values)

    def test_a_commune_stands_once_in_a_lot(self, monde: Monde):
        line = LigneLotFactory(lot__epci=monde.epci)
        with pytest.raises(IntegrityError, match="lignelot_once"), transaction.atomic():
            LigneLotFactory(lot=line.lot, version_contrat=line.version_contrat)


@pytest.mark.django_db(transaction=True)
class TestBadLuck:
    @pytest.mark.parametrize("acte", [Acte.ARRETER, Acte.A_SIGNER])
    @pytest.mark.parametrize("after", [0, 1, 2, 3])
    def test_a_worker_killed_between_any_two_contracts(
        self, at_time: Any, monkeypatch: pytest.MonkeyPatch, acte: Acte, after: int
    ):
        """SystemExit, as a signal raises it: nothing of the job runs after it. No number is missing, none is given twice."""
        at_time("2027-02-10 10:00")
        monde = _ready(acte)
        lot = launched(monde, acte)
        with monkeypatch.context() as crash:
            _dies_after(crash, after)
            with pytest.raises(SystemExit):
                run_lot(job(lot))
        assert results(lot).count("fait") == after
        run_lot(job(lot))
        assert results(lot) == ["fait"] * 3
        assert numbers(ISSUING[acte == Acte.A_SIGNER]) == [1, 2, 3]
        assert Evenement.objects.filter(type="lot_contrats.termine", objet_id=lot.pk).count() == 1

    @pytest.mark.parametrize("rank", [0, 1, 2])
    def test_a_worker_killed_in_the_middle_of_a_contract(
        self, at_time: Any, monkeypatch: pytest.MonkeyPatch, rank: int
    ):
        """After the number is taken, before the unit ends: the number goes back with the rest."""
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER)
        calls: list[Any] = []

        def dies(version: Any, *args: Any, **kwargs: Any) -> None:
            calls.append(version)
            if len(calls) == rank + 1:
                raise SystemExit("killed")
            save(version, *args, **kwargs)

        save = circuit.save_version
        with monkeypatch.context() as crash:
            crash.setattr(circuit, "save_version", dies)
            with pytest.raises(SystemExit):
                run_lot(job(lot))
        assert len(numbers("contrat_arrete")) == rank
        run_lot(job(lot))
        assert numbers("contrat_arrete") == [1, 2, 3]

    def test_what_breaks_for_one_is_tried_again(self, at_time: Any, monkeypatch: pytest.MonkeyPatch):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER)

        def breaks(version: VersionContrat) -> list[str]:
            if version.commune == monde.b.commune:
                raise ZeroDivisionError
            return []

        with monkeypatch.context() as broken:
            broken.setattr(circuit, "missing_to_settle", breaks)
            run_due()
        assert (results(lot), again(lot).en_cours) == (["fait", "a_faire", "fait"], True)
        assert "Échec pour Œuilly" in job(lot).constat
        run_lot(job(lot))
        assert (results(lot), again(lot).en_cours) == (["fait"] * 3, False)
        assert numbers("contrat_arrete") == [1, 2, 3]

    def test_two_workers_on_the_same_lot(self, at_time: Any):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER)
        assert not failures(together(*[lambda: run_lot(job(lot))] * 2))
        assert (results(lot), numbers("contrat_arrete")) == (["fait"] * 3, [1, 2, 3])
        assert (
            Evenement.objects.filter(type="lot_contrats.termine").count() == 2
        )  # this one, and the review before it

    def test_control_without_the_lock_a_contract_done_is_said_refused(
        self, at_time: Any, monkeypatch: pytest.MonkeyPatch
    ):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER, monde.a.commune)
        both = threading.Barrier(2)

        def read_together(pk: int) -> LigneLot:
            related = ("lot__epci", "lot__lance_par", "lot__repris_par", "commune", "version_contrat")
            row = LigneLot.objects.select_related(*related).get(pk=pk)
            both.wait(10)
            return row

        monkeypatch.setattr(module, "_claimed", read_together)
        together(*[lambda: treat(ligne=lot.lignes.get().pk)] * 2)
        assert results(lot) == ["refuse"]
        assert present(monde.a.version).etat == "arrete_pour_vote"

    def test_two_people_launch_in_the_same_second(self, at_time: Any):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        told = failures(together(*[lambda: launched(monde, Acte.ARRETER)] * 2))
        assert [type(one) for one in told] == [Refus]
        assert "est en cours" in str(told[0])
        run_due()
        assert numbers("contrat_arrete") == [1, 2, 3]

    def test_control_without_the_lock_the_second_gets_no_sentence(
        self, at_time: Any, monkeypatch: pytest.MonkeyPatch
    ):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        both = threading.Barrier(2)
        refuse = module._refuse_another

        def look_together(epci: Any) -> None:
            refuse(epci)
            both.wait(10)

        monkeypatch.setattr(module, "_one_at_a_time", lambda epci: None)
        monkeypatch.setattr(module, "_refuse_another", look_together)
        told = failures(together(*[lambda: launched(monde, Acte.ARRETER)] * 2))
        assert [type(one) for one in told] == [IntegrityError]

    def test_one_by_hand_and_one_by_the_lot_at_the_same_instant(self, at_time: Any):
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER)
        read = present(monde.a.version)
        acts = (
            lambda: run_lot(job(lot)),
            lambda: circuit.settle(version=read, acteur=fresh(monde.direction), lue=read.version),
        )
        assert len(failures(together(*acts))) <= 1
        assert numbers("contrat_arrete") == [1, 2, 3]
        assert states(monde) == ["arrete_pour_vote"] * 3

    def test_cancelled_while_a_contract_is_being_done(self, at_time: Any, monkeypatch: pytest.MonkeyPatch):
        """Who cancels waits for that contract, which is then counted as done."""
        at_time("2027-02-10 10:00")
        monde = _ready(Acte.ARRETER)
        lot = launched(monde, Acte.ARRETER)
        inside = threading.Event()
        save = circuit.save_version

        def slow(*args: Any, **kwargs: Any) -> None:
            inside.set()
            save(*args, **kwargs)

        def leave() -> LotContrats:
            inside.wait(10)
            return cancel(lot=lot, acteur=fresh(monde.direction))

        monkeypatch.setattr(circuit, "save_version", slow)
        assert not failures(together(lambda: run_lot(job(lot)), leave))
        done_now = results(lot).count("fait")
        assert done_now >= 1 and "a_faire" not in results(lot)
        assert numbers("contrat_arrete") == list(range(1, done_now + 1))


def _ready(acte: Acte) -> Monde:
    """The world, its three contracts ready for an act that issues."""
    monde = build_world()
    three(monde)
    done(monde, Acte.RELECTURE)
    if acte == Acte.A_SIGNER:
        done(monde, Acte.ARRETER)
        voted_all(monde)
    return monde


def _dies_after(crash: pytest.MonkeyPatch, count: int) -> None:
    """The worker dies once `count` contracts are done: between two of them, or before the lot is ended."""
    calls: list[Any] = []

    def dies(**kwargs: Any) -> None:
        if len(calls) == count:
            raise SystemExit("killed")
        calls.append(kwargs)
        treat(**kwargs)

    def never(**kwargs: Any) -> None:
        raise SystemExit("killed")

    crash.setattr(module, "treat", dies)
    crash.setattr(module, "finish", never)
