"""Correcting or cancelling an act recorded by error, while none of its lines has taken effect."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from comptes.roles import Role
from journal.models import Courriel, Evenement
from mutualisation.models import Acte, Adhesion, Ligne
from mutualisation.workflows import acte as module
from mutualisation.workflows.acte import cancel_act, correct_act, record_act
from mutualisation.workflows.effet import apply_after_commit, set_effect_date
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import ActeFactory, Monde, build_world, holder
from tests.mutualisation.dossier import pdf
from tests.mutualisation.gestes import accept, changing, one_ready_line, prepare, submit, vote
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
VOTE = date(2027, 11, 26)
EFFET = date(2028, 1, 1)
TARD = date(2028, 1, 12)


@pytest.fixture
def lignes(monde: Monde, at_time: AtTime) -> list[Ligne]:
    """Two accepted lines of A, in December."""
    prepare(monde.a.declaration, monde.a.dgs, plus=("DB-01", "DB-02"))
    submit(monde.a.declaration, monde.a.dgs)
    found = [accept(ligne, monde.direction) for ligne in changing(monde.a.declaration)]
    at_time("2027-12-01")
    return found


def municipal(monde: Monde, lignes: list[Ligne], executoire_on: date = VOTE) -> Acte:
    return vote(monde.a.declaration, monde.direction, lignes=lignes, epci=False, executoire_on=executoire_on)


def of_epci(monde: Monde, lignes: list[Ligne], executoire_on: date = VOTE) -> Acte:
    return vote(monde.a.declaration, monde.direction, lignes=lignes, epci=True, executoire_on=executoire_on)


def corrected(monde: Monde, acte: Acte, lignes: list[Ligne], **changes: Any) -> Acte:
    values = {
        "acteur": monde.direction,
        "version": acte.version,
        "numero": acte.numero,
        "adopte_on": acte.adopte_on,
        "executoire_on": acte.executoire_on,
        "lignes": [ligne.pk for ligne in lignes],
    }
    return correct_act(acte=acte, **values | changes)


def effects(lignes: list[Ligne]) -> list[date | None]:
    return [Ligne.objects.get(pk=ligne.pk).effet_on for ligne in lignes]


class TestCorriger:
    def test_a_line_taken_out_waits_again_and_one_put_in_is_dated(self, monde: Monde, lignes: list[Ligne]):
        of_epci(monde, lignes)
        acte = municipal(monde, lignes[:1])
        assert effects(lignes) == [EFFET, None]
        corrected(monde, acte, lignes[1:])
        assert effects(lignes) == [None, EFFET]

    def test_a_day_made_late_waits_for_the_direction(self, monde: Monde, lignes: list[Ligne]):
        of_epci(monde, lignes)
        acte = municipal(monde, lignes)
        with horloge.at(datetime.fromisoformat("2028-01-20T09:00:00+00:00")):
            corrected(monde, acte, lignes, executoire_on=TARD)
        assert effects(lignes) == [None, None]

    def test_a_day_set_by_hand_stays_while_it_is_late_enough(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime
    ):
        at_time("2028-01-20")
        of_epci(monde, lignes)
        acte = municipal(monde, lignes, TARD)
        for ligne in lignes:
            set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=date(2028, 3, 1))
        acte = corrected(monde, acte, lignes, executoire_on=date(2028, 1, 14))
        assert effects(lignes) == [date(2028, 3, 1)] * 2
        corrected(monde, acte, lignes, adopte_on=VOTE, executoire_on=VOTE)
        assert Adhesion.objects.filter(ligne__in=lignes, debut=EFFET).count() == 2

    def test_what_it_was_is_kept(self, monde: Monde, lignes: list[Ligne]):
        acte = corrected(monde, municipal(monde, lignes), lignes, numero="2027-113", fichier=pdf())
        assert (acte.numero, acte.version, acte.piece.nom) == ("2027-113", 2, "acte.pdf")
        event = Evenement.objects.get(type="acte.corrige")
        assert event.detail.contenu["avant"]["numero"] == "C-1"
        assert len(event.detail.contenu["apres"]["lignes"]) == 2

    def test_a_file_left_out_stays(self, monde: Monde, lignes: list[Ligne]):
        acte = corrected(monde, municipal(monde, lignes), lignes, fichier=pdf())
        assert corrected(monde, acte, lignes).piece == acte.piece

    def test_an_act_in_effect_is_history(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        at_time("2028-01-05")
        of_epci(monde, lignes[:1])
        acte = municipal(monde, lignes)
        for act in (lambda: corrected(monde, acte, lignes), lambda: cancelled(monde, acte)):
            with pytest.raises(ActionInterdite, match="tant qu'aucune de ses lignes n'a pris effet"):
                act()
        assert Acte.objects.get(pk=acte.pk).lignes.count() == 2

    def test_somebody_faster_is_said(self, monde: Monde, lignes: list[Ligne]):
        acte = municipal(monde, lignes)
        corrected(monde, acte, lignes, numero="autre")
        with pytest.raises(Conflit, match="a modifié cette page"):
            corrected(monde, acte, lignes, version=1)

    def test_into_another_act_already_there(self, monde: Monde, lignes: list[Ligne]):
        municipal(monde, lignes[:1])
        second = vote(
            monde.a.declaration,
            monde.direction,
            lignes=lignes[1:],
            epci=False,
            executoire_on=VOTE,
            numero="C-2",
        )
        with pytest.raises(Refus, match="L'acte n° C-1 du 26/11/2027 est déjà enregistré"):
            corrected(monde, second, lignes[1:], numero="C-1")

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"executoire_on": date(2027, 11, 25)}, "avant d'être adopté"),
            ({"executoire_on": date(2027, 12, 24)}, "à venir"),
            ({"adopte_on": date(2026, 11, 26)}, "s'est ouvert le 1er décembre 2026"),
            ({"lignes": []}, "au moins une ligne"),
        ],
    )
    def test_the_same_rules_as_when_recorded(
        self, monde: Monde, lignes: list[Ligne], changes: dict[str, Any], sentence: str
    ):
        acte = municipal(monde, lignes)
        monde.cycle.ouverture_on = date(2026, 12, 1)
        monde.cycle.save()
        with pytest.raises(Refus, match=sentence):
            corrected(monde, acte, **{"lignes": lignes} | changes)
        assert Acte.objects.get(pk=acte.pk).version == 1


def cancelled(monde: Monde, acte: Acte, **changes: Any) -> Acte:
    values = {"acteur": monde.direction, "version": acte.version, "motif": "Saisi sur la mauvaise commune."}
    return cancel_act(acte=acte, **values | changes)


class TestAnnuler:
    def test_its_lines_wait_again_and_it_may_be_recorded_again(self, monde: Monde, lignes: list[Ligne]):
        of_epci(monde, lignes)
        acte = cancelled(monde, municipal(monde, lignes))
        assert effects(lignes) == [None, None]
        assert (acte.annule_par, acte.lignes.count()) == (monde.direction, 0)
        assert municipal(monde, lignes).pk != acte.pk
        assert effects(lignes) == [EFFET, EFFET]

    def test_without_a_motive(self, monde: Monde, lignes: list[Ligne]):
        acte = municipal(monde, lignes)
        with pytest.raises(Refus, match="Dites pourquoi") as caught:
            cancelled(monde, acte, motif="  ")
        assert caught.value.field == "motif"

    def test_twice_is_once_and_somebody_else_is_told(self, monde: Monde, lignes: list[Ligne]):
        acte = municipal(monde, lignes)
        for _ in range(2):
            cancelled(monde, acte)
        assert Evenement.objects.filter(type="acte.annule").count() == 1
        other = holder(Role.DIRECTION_TERRITOIRES, monde.epci)
        with pytest.raises(Conflit, match="a modifié cette page"):
            cancelled(monde, acte, acteur=other)
        with pytest.raises(ActionInterdite):
            cancelled(monde, acte, acteur=other, version=2)

    def test_only_the_direction(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            cancelled(monde, municipal(monde, lignes), acteur=monde.a.dgs)

    def test_a_cancelled_row_says_why(self, monde: Monde):
        acte = ActeFactory()
        with pytest.raises(IntegrityError, match="acte_cancelled_facts"), transaction.atomic():
            Acte.objects.filter(pk=acte.pk).update(annule_at=horloge.now())


class TestTeletransmission:
    SIREN = "213300635"

    def record(self, monde: Monde, lignes: list[Ligne], identifiant: str, **changes: Any) -> Acte:
        monde.a.commune.siren = self.SIREN
        monde.a.commune.save()
        values = {
            "cycle": monde.cycle,
            "acteur": monde.direction,
            "type": Acte.Type.CONSEIL_MUNICIPAL,
            "commune": monde.a.commune,
            "numero": "112",
            "adopte_on": VOTE,
            "executoire_on": VOTE,
            "lignes": [ligne.pk for ligne in lignes],
            "teletransmission": identifiant,
        }
        return record_act(**values | changes)

    def test_the_act_of_another_commune(self, monde: Monde, lignes: list[Ligne]):
        monde.b.commune.siren = "213303183"
        monde.b.commune.save()
        with pytest.raises(
            Refus, match="celui de Œuilly : celui de L'Haÿ-les-Roses est le 213300635"
        ) as caught:
            self.record(monde, lignes, "033-213303183-20271126-112-DE")
        assert caught.value.field == "teletransmission"

    def test_the_act_of_the_epci_given_for_a_commune(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match=f"celui de {monde.epci.nom}"):
            self.record(monde, lignes, f"033-{monde.epci.siren}-20271126-754-DE")

    def test_nobody_s(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match="que nous ne connaissons pas"):
            self.record(monde, lignes, "033-999999999-20271126-112-DE")

    @pytest.mark.parametrize("identifiant", ["", "reçu n° 12", "033-213300635-20271126-112-DE-1-1"])
    def test_its_own_or_one_of_another_shape(self, monde: Monde, lignes: list[Ligne], identifiant: str):
        assert self.record(monde, lignes, identifiant).teletransmission == identifiant

    def test_the_same_for_two_acts(self, monde: Monde, lignes: list[Ligne]):
        identifiant = f"033-{self.SIREN}-20271126-112-DE"
        self.record(monde, lignes[:1], identifiant)
        with pytest.raises(Refus, match="déjà celui de l'acte n° 112 du 26/11/2027") as caught:
            self.record(monde, lignes[1:], identifiant, numero="113")
        assert caught.value.field == "teletransmission"


class TestCourriels:
    def test_the_dgs_is_told_of_each(self, monde: Monde, lignes: list[Ligne]):
        acte = corrected(monde, municipal(monde, lignes), lignes, numero="C-9")
        cancelled(monde, acte)
        mails = Courriel.objects.filter(objet_type="mutualisation.acte").order_by("pk")
        assert [mail.type for mail in mails] == ["acte_enregistre", "acte_corrige", "acte_annule"]
        assert {mail.destinataire for mail in mails} == {monde.a.dgs}
        assert "Ressources humaines, activité 1" in mails[0].corps
        assert "Saisi sur la mauvaise commune." in mails[2].corps

    def test_a_commune_without_dgs_is_told_by_its_maire(self, monde: Monde, lignes: list[Ligne]):
        monde.a.dgs.habilitations.update(fin=VOTE)
        municipal(monde, lignes)
        assert Courriel.objects.get(type="acte_enregistre").destinataire == monde.a.maire

    def test_an_act_completed_is_told_again(self, monde: Monde, lignes: list[Ligne]):
        municipal(monde, lignes[:1])
        municipal(monde, lignes[1:])
        assert Courriel.objects.filter(type="acte_enregistre").count() == 2

    def test_an_act_of_the_epci_writes_to_nobody(self, monde: Monde, lignes: list[Ligne]):
        of_epci(monde, lignes)
        assert not Courriel.objects.filter(type="acte_enregistre").exists()


class TestPages:
    def url(self, name: str, acte: Acte) -> str:
        return reverse(f"mutualisation:{name}", args=[acte.pk])

    def form(self, acte: Acte, lignes: list[Ligne]) -> dict[str, Any]:
        return {
            "version": acte.version,
            "numero": acte.numero,
            "adopte_on": "2027-11-26",
            "executoire_on": "2027-11-26",
            "lignes": [ligne.pk for ligne in lignes],
        }

    def test_the_page_corrects(self, monde: Monde, lignes: list[Ligne], client: Any):
        acte = municipal(monde, lignes)
        client.force_login(monde.direction)
        page = client.get(self.url("acte", acte))
        (groupe,) = page.context["groupes"]
        assert [case["cochee"] for case in groupe["cases"]] == [True, True]
        response = client.post(
            self.url("acte", acte), self.form(acte, lignes[:1]) | {"fichier": pdf()}, follow=True
        )
        assert "Acte n° C-1 corrigé." in text_of(response)
        assert list(acte.lignes.all()) == lignes[:1]
        served = client.get(self.url("acte_fichier", acte))
        assert served.content.startswith(b"%PDF-")

    def test_a_file_that_is_no_pdf(self, monde: Monde, lignes: list[Ligne], client: Any):
        acte = municipal(monde, lignes)
        client.force_login(monde.direction)
        fake = pdf()
        fake.file.seek(0)
        fake.file.write(b"PK\x03\x04")
        fake.file.seek(0)
        response = client.post(
            self.url("acte", acte), self.form(acte, lignes) | {"fichier": fake, "numero": "gardé"}
        )
        assert response.status_code == 422
        assert "n'est pas un PDF" in text_of(response) and 'value="gardé"' in text_of(response)
        assert Acte.objects.get(pk=acte.pk).numero == "C-1"

    def test_two_people_on_one_act(self, monde: Monde, lignes: list[Ligne], client: Any):
        acte = municipal(monde, lignes)
        data = self.form(acte, lignes) | {"teletransmission": "le mien"}
        corrected(monde, acte, lignes, numero="C-8")
        client.force_login(monde.direction)
        response = client.post(self.url("acte", acte), data)
        assert response.status_code == 409
        assert 'value="le mien"' in text_of(response) and "a modifié cette page" in text_of(response)
        assert client.post(self.url("acte", acte), data | {"version": 2}).status_code == 302

    def test_the_page_cancels_with_a_motive(self, monde: Monde, lignes: list[Ligne], client: Any):
        acte = municipal(monde, lignes)
        client.force_login(monde.direction)
        assert "2 lignes attendront" in text_of(client.get(self.url("acte_annuler", acte)))
        refused = client.post(self.url("acte_annuler", acte), {"version": 1, "motif": ""})
        assert refused.status_code == 422
        for _ in range(2):
            sent = client.post(self.url("acte_annuler", acte), {"version": 1, "motif": "Doublon."})
            assert sent.status_code == 302
        listed = client.get(reverse("mutualisation:actes_enregistres", args=[monde.cycle.pk]))
        assert "annulé" in text_of(listed) and "Doublon." in text_of(listed)
        assert client.get(self.url("acte_annuler", acte)).status_code == 403

    def test_an_act_in_effect_says_it_is_not_corrected_any_more(
        self, monde: Monde, lignes: list[Ligne], client: Any, at_time: AtTime
    ):
        at_time("2028-01-05")
        of_epci(monde, lignes)
        acte = municipal(monde, lignes)
        client.force_login(monde.direction)
        page = text_of(client.get(self.url("acte", acte)))
        assert "il ne se corrige plus" in page and "Corriger l'acte" not in page

    def test_the_list_is_filtered_and_exported(self, monde: Monde, lignes: list[Ligne], client: Any):
        municipal(monde, lignes)
        of_epci(monde, lignes)
        client.force_login(monde.direction)
        url = reverse("mutualisation:actes_enregistres", args=[monde.cycle.pk])
        page = client.get(url, {"type": "conseil_epci"}).context["page"]
        assert [acte.numero for acte in page] == ["M-1"]
        sheet = client.get(url, {"numero": "c-", "format": "csv"}).content.decode("utf-8-sig").splitlines()
        assert sheet[1].startswith("délibération du conseil municipal;C-1;L'Haÿ-les-Roses;2027-11-26")
        assert len(sheet) == 2
        assert client.get(url, {"format": "xlsx"}).content.startswith(b"PK")

    def test_a_commune_sees_its_own_and_those_of_the_epci(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        municipal(monde, lignes)
        of_epci(monde, lignes)
        seen = []
        for personne in (monde.a.dgs, monde.b.dgs):
            client.force_login(personne)
            url = reverse("mutualisation:actes_enregistres", args=[monde.cycle.pk])
            seen.append([acte.numero for acte in client.get(url).context["page"]])
        assert [sorted(numbers) for numbers in seen] == [["C-1", "M-1"], ["M-1"]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locks", [True, False])
def test_cancelling_while_midnight_strikes(locks: bool, at_time: AtTime, monkeypatch: pytest.MonkeyPatch):
    """A line is never in effect without its act; the control, without the lock, shows that it could."""
    at_time("2027-02-10 10:00")
    monde = build_world()
    ligne = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
    at_time("2027-12-01")
    acte = municipal(monde, [ligne])
    of_epci(monde, [ligne])
    at_time("2028-01-01 00:00")
    seen, applied = threading.Event(), threading.Event()

    def check_then_wait(*args: Any) -> None:
        require(*args)
        seen.set()
        applied.wait(2)

    def midnight() -> None:
        seen.wait(5)
        apply_after_commit(lignes=[ligne.pk])
        applied.set()

    monkeypatch.setattr(module, "require", check_then_wait)
    if not locks:
        monkeypatch.setattr(module, "_lock_lines", lambda acte, lignes: [ligne.pk])
    assert failures(together(lambda: cancelled(monde, acte), midnight)) == []
    ligne.refresh_from_db()
    assert Acte.objects.get(pk=acte.pk).annule_at
    assert (ligne.appliquee_at is None) == locks
