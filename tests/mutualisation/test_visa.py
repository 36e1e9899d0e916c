"""The mayor's agreement: by a link, by a letter he signed, or none; a change after it cancels it and says so."""

from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from comptes.models import Habilitation
from documents.models import Piece
from journal.models import Courriel, Evenement
from mutualisation.changements import read_choices
from mutualisation.models import Declaration, Ligne, Reglage
from mutualisation.visa import visa_asked_at
from mutualisation.workflows.campagne import grant_extension
from mutualisation.workflows.declaration import withdraw_declaration
from mutualisation.workflows.visa import attach_letter, give_visa, request_visa
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.documents.fichiers import pdf_bytes
from tests.factories import Monde, activite, domaine
from tests.mutualisation.gestes import form_of, prepare, read, submit, text_of


def url(name: str, declaration: Declaration) -> str:
    return reverse(f"mutualisation:{name}", args=[declaration.pk])


def letter(octets: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("Lettre du maire.pdf", pdf_bytes() if octets is None else octets)


def current(declaration: Declaration) -> Declaration:
    return Declaration.objects.select_related("cycle__epci", "commune", "epci").get(pk=declaration.pk)


def events(kind: str) -> int:
    return Evenement.objects.filter(type=f"declaration.{kind}").count()


@pytest.fixture
def lien(monde: Monde) -> Declaration:
    Reglage.objects.create(epci=monde.epci, visa=Reglage.Visa.LIEN)
    return monde.a.declaration


@pytest.fixture
def lettre(monde: Monde) -> Declaration:
    Reglage.objects.create(epci=monde.epci, visa=Reglage.Visa.LETTRE)
    return monde.a.declaration


def approve(monde: Monde, declaration: Declaration) -> Declaration:
    return give_visa(declaration=declaration, acteur=monde.a.maire, empreinte=read(declaration))


def asked_at(declaration: Declaration) -> datetime | None:
    found = current(declaration)
    return visa_asked_at(found, read_choices(found))


def share_more(monde: Monde) -> None:
    """What A shares moves by itself: the cycle before decides one more line."""
    Ligne.objects.filter(pk=monde.a.ligne.pk).update(
        activite=activite(monde.epci, "DC-02"), domaine=domaine(monde.epci, "DC")
    )


class TestLien:
    def test_the_dgs_cannot_submit_without_it_and_can_with_it(self, monde: Monde, lien: Declaration):
        with pytest.raises(Refus, match="Le visa du maire"):
            submit(lien, monde.a.dgs)
        approve(monde, lien)
        done = submit(lien, monde.a.dgs)
        assert done.deposee
        assert done.accuse.source["visa"].startswith(
            "Visée par Claude Maire L'Haÿ-les-Roses, le 10 février 2027 à"
        )

    def test_the_mayor_who_submits_himself_needs_nobody(self, monde: Monde, lien: Declaration):
        assert submit(lien, monde.a.maire).deposee

    def test_asking_writes_to_the_mayor_once_for_the_same_choices(self, monde: Monde, lien: Declaration):
        for _ in range(2):
            request_visa(declaration=lien, acteur=monde.a.collaborateur)
        mail = Courriel.objects.get(type="declaration_visa")
        assert mail.destinataire == monde.a.maire
        assert f"/declarations/{lien.pk}/visa/" in mail.corps
        assert "de la commune de L’Haÿ-les-Roses pour 2028" in mail.corps
        assert events("visa_demande") == 1
        prepare(lien, monde.a.dgs, plus=["DB-01"])
        assert asked_at(lien) is None
        request_visa(declaration=lien, acteur=monde.a.dgs)
        assert Courriel.objects.filter(type="declaration_visa").count() == 2

    def test_not_while_something_is_missing(self, monde: Monde, lien: Declaration):
        prepare(lien, monde.a.dgs, moins=["DA-01"])
        with pytest.raises(Refus, match="Le motif du retrait"):
            request_visa(declaration=lien, acteur=monde.a.dgs)
        with pytest.raises(Refus, match="Le motif du retrait"):
            approve(monde, lien)

    def test_a_commune_without_the_account_of_a_mayor(self, monde: Monde, lien: Declaration):
        Habilitation.objects.filter(personne=monde.a.maire).delete()
        with pytest.raises(Refus, match="Aucun compte de maire"):
            request_visa(declaration=lien, acteur=monde.a.dgs)

    @pytest.mark.parametrize("who", ["dgs", "collaborateur", "lecteur"])
    def test_only_the_mayor_gives_it(self, monde: Monde, lien: Declaration, who: str):
        with pytest.raises(ActionInterdite, match="Seul le maire vise"):
            give_visa(declaration=lien, acteur=getattr(monde.a, who), empreinte=read(lien))

    def test_giving_it_tells_the_dgs_and_twice_changes_nothing(self, monde: Monde, lien: Declaration):
        approve(monde, lien)
        approve(monde, lien)
        assert events("visee") == 1
        assert Courriel.objects.get(type="declaration_visee").destinataire == monde.a.dgs

    def test_choices_changed_while_he_reads_are_a_conflict(self, monde: Monde, lien: Declaration):
        shown = read(lien)
        prepare(lien, monde.a.collaborateur, plus=["DB-01"])
        with pytest.raises(Conflit, match=r"ont changé depuis que vous les lisez .*Collaborateur"):
            give_visa(declaration=lien, acteur=monde.a.maire, empreinte=shown)
        assert current(lien).visee_at is None

    def test_a_change_cancels_it_and_an_autosave_without_change_does_not(
        self, monde: Monde, lien: Declaration
    ):
        approve(monde, lien)
        prepare(lien, monde.a.dgs)
        assert current(lien).visee_at
        prepare(lien, monde.a.dgs, plus=["DB-01"])
        assert (current(lien).visee_at, events("visa_annule")) == (None, 1)

    def test_a_motive_changed_cancels_it_too(self, monde: Monde, lien: Declaration):
        approve(monde, lien)
        prepare(lien, monde.a.dgs, motifs={monde.domaine.pk: "Autrement dit."})
        assert current(lien).visee_at is None

    def test_a_save_that_changes_nothing_leaves_the_request_and_the_page_good(
        self, monde: Monde, client: Any, lien: Declaration
    ):
        request_visa(declaration=lien, acteur=monde.a.dgs)
        client.force_login(monde.a.maire)
        shown = client.get(url("visa", lien)).context["feuille"].choix.empreinte
        prepare(lien, monde.a.dgs)
        assert asked_at(lien)
        assert "Lire et viser" in text_of(client.get(reverse("accueil")))
        request_visa(declaration=lien, acteur=monde.a.dgs)
        assert Courriel.objects.filter(type="declaration_visa").count() == 1
        client.post(url("visa", lien), {"empreinte": shown})
        assert current(lien).visee_at

    def test_more_days_leave_the_request_good(self, monde: Monde, lien: Declaration):
        request_visa(declaration=lien, acteur=monde.a.dgs)
        grant_extension(declaration=lien, acteur=monde.direction, until=date(2027, 3, 20), motif="x")
        assert asked_at(lien)

    def test_after_a_visa_that_fell_the_same_choices_are_sent_again(self, monde: Monde, lien: Declaration):
        request_visa(declaration=lien, acteur=monde.a.dgs)
        approve(monde, lien)
        prepare(lien, monde.a.dgs, plus=["DB-01"])
        prepare(lien, monde.a.dgs, moins=["DB-01"])
        assert asked_at(lien) is None
        request_visa(declaration=lien, acteur=monde.a.dgs)
        assert Courriel.objects.filter(type="declaration_visa").count() == 2

    def test_it_does_not_stand_for_what_the_commune_shares_since(
        self, monde: Monde, client: Any, lien: Declaration
    ):
        approve(monde, lien)
        share_more(monde)
        with pytest.raises(Refus, match=r"Le visa du maire.*a changé depuis"):
            submit(lien, monde.a.dgs)
        client.force_login(monde.a.dgs)
        assert "Demander le visa du maire" in text_of(client.get(url("declaration_relire", lien)))
        approve(monde, lien)
        assert submit(lien, monde.a.dgs).deposee

    def test_the_mayor_who_submits_something_else_is_not_said_to_have_approved_it(
        self, monde: Monde, lien: Declaration
    ):
        approve(monde, lien)
        share_more(monde)
        assert submit(lien, monde.a.maire).accuse.source["visa"] == ""
        assert current(lien).visee_at is None

    def test_it_outlives_a_deposit_withdrawn(self, monde: Monde, lien: Declaration):
        approve(monde, lien)
        done = submit(lien, monde.a.dgs)
        withdraw_declaration(declaration=done, acteur=monde.a.dgs, version=done.version)
        assert submit(lien, monde.a.dgs).accuse.reference == "AD-2028-002"


class TestLettre:
    def test_a_signed_letter_opens_the_deposit_and_is_cited(self, monde: Monde, lettre: Declaration):
        with pytest.raises(Refus, match="La lettre signée du maire"):
            submit(lettre, monde.a.dgs)
        attach_letter(declaration=lettre, acteur=monde.a.collaborateur, fichier=letter())
        done = submit(lettre, monde.a.dgs)
        assert Piece.objects.get().sha256 in done.accuse.source["visa"]

    def test_a_change_cancels_it(self, monde: Monde, lettre: Declaration):
        attach_letter(declaration=lettre, acteur=monde.a.dgs, fichier=letter())
        prepare(lettre, monde.a.dgs, plus=["DB-01"])
        assert current(lettre).lettre is None
        assert Piece.objects.count() == 1

    def test_it_does_not_stand_for_what_the_commune_shares_since(
        self, monde: Monde, client: Any, lettre: Declaration
    ):
        attach_letter(declaration=lettre, acteur=monde.a.dgs, fichier=letter())
        share_more(monde)
        with pytest.raises(Refus, match=r"La lettre signée du maire\. .*a changé depuis"):
            submit(lettre, monde.a.dgs)
        client.force_login(monde.a.dgs)
        assert "À remplacer" in text_of(client.get(url("declaration_relire", lettre)))

    def test_what_is_not_a_pdf_comes_back_in_its_field(self, monde: Monde, client: Any, lettre: Declaration):
        client.force_login(monde.a.dgs)
        response = client.post(url("lettre", lettre), {"lettre": letter(b"<html>")})
        assert response.status_code == 422
        assert "n'est pas un PDF" in text_of(response)

    def test_joining_then_reading_it_again(self, monde: Monde, client: Any, lettre: Declaration):
        client.force_login(monde.a.dgs)
        assert client.get(url("lettre", lettre)).status_code == 404
        client.post(url("lettre", lettre), {"lettre": letter()})
        assert "Lettre du maire.pdf" in text_of(client.get(url("declaration_relire", lettre)))
        assert client.get(url("lettre", lettre)).content.startswith(b"%PDF-")
        client.force_login(monde.b.dgs)
        assert client.get(url("lettre", lettre)).status_code == 404


class TestSansVisa:
    def test_a_link_nobody_asked_for_is_refused(self, monde: Monde):
        with pytest.raises(Refus, match="n'est pas demandé"):
            request_visa(declaration=monde.a.declaration, acteur=monde.a.dgs)

    def test_a_letter_nobody_asked_for_is_refused(self, monde: Monde):
        with pytest.raises(Refus, match="n'est pas demandée") as caught:
            attach_letter(declaration=monde.a.declaration, acteur=monde.a.dgs, fichier=letter())
        assert caught.value.field == "lettre"
        assert not Piece.objects.exists()


class TestPages:
    def test_nothing_happens_on_reading_and_the_button_approves(
        self, monde: Monde, client: Any, lien: Declaration
    ):
        prepare(lien, monde.a.dgs, plus=["DB-01"])
        client.force_login(monde.a.maire)
        page = client.get(url("visa", lien))
        assert "« Ressources humaines, activité 1 »" in text_of(page)
        assert current(lien).visee_at is None
        assert f'value="{read(lien)}"' in page.content.decode()
        done = client.post(url("visa", lien), {"empreinte": read(lien)}, follow=True)
        assert "Visée" in text_of(done)
        assert current(lien).visee_par == monde.a.maire

    def test_others_read_who_may(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.dgs)
        text = text_of(client.get(url("visa", lien)))
        assert "Seul le maire vise" in text
        assert "J'approuve" not in text

    def test_asking_from_the_page_then_seeing_when(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.dgs)
        assert ">Déposer</button>" not in text_of(client.get(url("declaration_relire", lien)))
        text = text_of(client.post(url("visa_demander", lien), follow=True))
        assert "Le maire a reçu le lien" in text
        assert "Demandé" in text
        client.force_login(monde.a.maire)
        assert "Lire et viser" in text_of(client.get(reverse("accueil")))

    def test_the_page_says_once_that_it_is_asked(self, monde: Monde, client: Any, lien: Declaration):
        request_visa(declaration=lien, acteur=monde.a.dgs)
        client.force_login(monde.a.dgs)
        text = text_of(client.get(url("declaration_relire", lien)))
        assert "Le visa du maire, déjà demandé." in text and "Vous pourrez déposer ensuite." in text
        assert "demandez-le-lui" not in text

    def test_who_never_submits_is_told_who_will(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.collaborateur)
        page = client.get(url("declaration_relire", lien))
        assert "Le DGS ou le maire pourra déposer ensuite." in text_of(page)
        asked = text_of(client.post(url("visa_demander", lien), follow=True))
        assert asked.count("Le directeur général des services sera prévenu") == 2
        assert "Vous serez prévenu" not in asked and "Vous pourrez déposer" not in asked

    def test_home_says_where_it_stands(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.dgs)
        assert "visa" not in text_of(client.get(reverse("accueil"))).lower()
        request_visa(declaration=lien, acteur=monde.a.dgs)
        assert "Visa demandé au maire le 10 février : il est attendu." in text_of(
            client.get(reverse("accueil"))
        )
        approve(monde, lien)
        assert "Le maire a visé ces choix : il reste à les déposer." in text_of(
            client.get(reverse("accueil"))
        )

    def test_a_visa_that_falls_says_so(self, monde: Monde, client: Any, lien: Declaration):
        approve(monde, lien)
        client.force_login(monde.a.dgs)
        data = form_of(client.get(url("declaration", lien)))
        data["activites"] = []
        response = client.post(url("declaration", lien), {**data, "action": "brouillon"})
        assert "Le visa du maire est annulé" in text_of(response)

    def test_stale_page_of_the_mayor(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.maire)
        assert "relisez-les, puis visez" in text_of(
            client.post(url("visa", lien), {"empreinte": "0"}, follow=True)
        )

    def test_the_mayor_is_not_asked_to_wait_for_himself(self, monde: Monde, client: Any, lien: Declaration):
        client.force_login(monde.a.maire)
        text = text_of(client.get(url("declaration_relire", lien)))
        assert ">Déposer</button>" in text
        assert "Demander le visa" not in text
