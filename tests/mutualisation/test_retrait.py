"""A deposit taken back, and days granted to one commune."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from documents.models import Document
from documents.workflows.document import complete
from journal.models import Courriel, Evenement
from mutualisation.models import Declaration, DemandeComplement, Ligne
from mutualisation.workflows.declaration import withdraw_declaration
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.factories import Monde
from tests.mutualisation.gestes import accept, changing, ids, prepare, submit, text_of, wanted

AtTime = Callable[[Any], datetime]


def deposit(monde: Monde) -> Declaration:
    prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
    return submit(monde.a.declaration, monde.a.dgs)


def withdraw(declaration: Declaration, acteur: Any) -> Declaration:
    return withdraw_declaration(declaration=declaration, acteur=acteur, version=declaration.version)


def url(name: str, declaration: Declaration, *args: int) -> str:
    return reverse(f"mutualisation:{name}", args=[declaration.pk, *args])


class TestRetirer:
    def test_it_is_a_draft_again_with_the_same_choices(self, monde: Monde):
        done = withdraw(deposit(monde), monde.a.dgs)
        assert (done.etat, done.accuse, done.deposee_at) == ("brouillon", None, None)
        assert wanted(done) == ids(done, "DA-01", "DB-01")
        assert [ligne.nature for ligne in done.lignes.all()] == ["entree"]

    def test_the_receipt_is_kept_and_the_next_one_has_another_number(self, monde: Monde):
        withdraw(deposit(monde), monde.a.maire)
        again = submit(monde.a.declaration, monde.a.dgs)
        assert again.accuse.reference == "AD-2028-002"
        kept = Document.objects.filter(type="accuse", commune=monde.a.commune, annee=2028)
        assert sorted(kept.values_list("reference", flat=True)) == ["AD-2028-001", "AD-2028-002"]

    def test_it_is_traced_and_the_direction_is_told_each_time(self, monde: Monde):
        withdraw(deposit(monde), monde.a.dgs)
        withdraw(submit(monde.a.declaration, monde.a.dgs), monde.a.dgs)
        assert Evenement.objects.filter(type="declaration.retiree").count() == 2
        told = Courriel.objects.filter(type="declaration_retiree", destinataire=monde.direction)
        assert ["AD-2028-001" in mail.corps for mail in told.order_by("pk")] == [True, False]
        assert Courriel.objects.filter(type="declaration_deposee", destinataire=monde.direction).count() == 2

    def test_twice_changes_nothing(self, monde: Monde):
        done = deposit(monde)
        withdraw(done, monde.a.dgs)
        withdraw(done, monde.a.dgs)
        assert Evenement.objects.filter(type="declaration.retiree").count() == 1

    def test_a_page_that_showed_another_deposit_is_told(self, monde: Monde):
        done = deposit(monde)
        withdraw(done, monde.a.dgs)
        submit(monde.a.declaration, monde.a.dgs)
        with pytest.raises(Conflit, match="a changé depuis"):
            withdraw(done, monde.a.dgs)

    def test_after_closing_it_stays(self, monde: Monde, at_time: AtTime):
        done = deposit(monde)
        at_time("2027-02-27 09:00")
        with pytest.raises(Refus, match="close depuis le vendredi 26 février 2027"):
            withdraw(done, monde.a.dgs)

    @pytest.mark.parametrize("begun", ["decided", "commented", "answered"])
    def test_once_the_instruction_has_begun_it_stays(self, monde: Monde, begun: str):
        done = deposit(monde)
        (ligne,) = changing(done)
        if begun == "decided":
            accept(ligne, monde.direction)
        elif begun == "commented":
            Ligne.objects.filter(pk=ligne.pk).update(etape=Ligne.Etape.A_COMPLETER)
        else:
            asked = {"demandee_at": horloge.now(), "demandee_par": monde.direction}
            DemandeComplement.objects.create(ligne=ligne, texte="Quand ?", **asked)
        with pytest.raises(Refus, match="a commencé l'instruction"):
            withdraw(done, monde.a.dgs)

    @pytest.mark.parametrize("who", ["collaborateur", "lecteur"])
    def test_who_may_not(self, monde: Monde, who: str):
        done = deposit(monde)
        with pytest.raises(ActionInterdite, match="Seuls le DGS et le maire retirent"):
            withdraw(done, getattr(monde.a, who))

    @pytest.mark.parametrize(("who", "status"), [("lecteur", 403), ("collaborateur", 403), ("dgs", 302)])
    def test_a_draft_says_nothing_was_withdrawn(self, monde: Monde, client: Any, who: str, status: int):
        client.force_login(getattr(monde.a, who))
        address = url("declaration_retirer", monde.a.declaration)
        assert client.post(address, {"version": 1}).status_code == status
        assert "Dépôt retiré" not in text_of(client.get(url("declaration", monde.a.declaration)))

    def test_the_page_asks_first_then_does_it(self, monde: Monde, client: Any):
        done = deposit(monde)
        client.force_login(monde.a.dgs)
        assert "Retirer ce dépôt" in text_of(client.get(url("declaration", done)))
        page = client.get(url("declaration_retirer", done))
        assert "L'accusé AD-2028-001 est conservé" in text_of(page)
        after = client.post(
            url("declaration_retirer", done), {"version": page.context["version"]}, follow=True
        )
        text = text_of(after)
        assert "Dépôt retiré" in text
        assert "<textarea" in text
        assert "AD-2028-001 (dépôt retiré, PDF)" in text

    def test_the_kept_receipt_is_served_to_the_commune_alone(self, monde: Monde, client: Any):
        done = deposit(monde)
        accuse = done.accuse
        complete(document=accuse, octets=b"%PDF-1.7 essai")
        client.force_login(monde.a.dgs)
        address = url("ancien_accuse", done, accuse.numero)
        assert client.get(address).status_code == 404  # it is the present one
        withdraw(done, monde.a.dgs)
        assert client.get(address)["Content-Type"] == "application/pdf"
        assert client.get(url("ancien_accuse", done, 99)).status_code == 404
        client.force_login(monde.b.dgs)
        assert client.get(address).status_code == 404

    def test_a_refusal_is_said_on_the_page(self, monde: Monde, client: Any, at_time: AtTime):
        done = deposit(monde)
        client.force_login(monde.a.dgs)
        at_time("2027-02-27 09:00")
        after = client.post(url("declaration_retirer", done), {"version": done.version}, follow=True)
        assert "un dépôt ne se retire plus" in text_of(after)


class TestProlongation:
    @pytest.fixture
    def granted(self, monde: Monde, at_time: AtTime) -> Declaration:
        Declaration.objects.filter(pk=monde.a.declaration.pk).update(prolongee_on=date(2027, 3, 12))
        at_time("2027-03-05 10:00")
        return Declaration.objects.get(pk=monde.a.declaration.pk)

    def test_the_days_granted_count_for_everything(self, monde: Monde, granted: Declaration):
        prepare(granted, monde.a.dgs, plus=["DB-01"])
        done = withdraw(submit(granted, monde.a.dgs), monde.a.dgs)
        assert submit(done, monde.a.dgs).deposee

    def test_the_pages_say_the_day(self, monde: Monde, client: Any, granted: Declaration):
        client.force_login(monde.a.dgs)
        said = "vendredi 12 mars 2027 (délai accordé à votre commune)"
        assert said in text_of(client.get(url("declaration", granted)))
        assert reverse("mutualisation:declaration", args=[granted.pk]) in text_of(
            client.get(reverse("accueil"))
        )
        assert client.get(reverse("mutualisation:ma_declaration")).url == url("declaration", granted)

    def test_another_commune_is_closed(self, monde: Monde, granted: Declaration):
        with pytest.raises(Refus, match="close depuis le vendredi 26 février 2027"):
            submit(monde.b.declaration, monde.b.dgs)

    def test_the_day_after_it_is_closed_and_says_since_when(
        self, monde: Monde, granted: Declaration, at_time: AtTime
    ):
        at_time("2027-03-13 09:00")
        with pytest.raises(Refus, match="close depuis le vendredi 12 mars 2027"):
            submit(granted, monde.a.dgs)
