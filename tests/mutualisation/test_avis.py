"""Opinions of the committees and the report of the CLECT: told, corrected, never a condition of effect."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from comptes.roles import Role
from journal.models import Evenement
from mutualisation.models import Avis, Ligne
from mutualisation.workflows.avis import SaisieAvis, cancel_avis, correct_avis, record_avis
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.factories import AvisFactory, Monde, holder
from tests.mutualisation.dossier import pdf
from tests.mutualisation.gestes import accept, one_ready_line, vote
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
RENDU = date(2027, 10, 4)


@pytest.fixture(autouse=True)
def october(monde: Monde, at_time: AtTime) -> None:
    at_time("2027-10-12")


def saisie(monde: Monde, **changes: Any) -> SaisieAvis:
    values: dict[str, Any] = {
        "type": Avis.Type.CST_COMMUNE,
        "commune": monde.a.commune,
        "rendu_on": RENDU,
        "sens_personnel": Avis.Sens.FAVORABLE,
    }
    return SaisieAvis(**values | changes)


def record(monde: Monde, acteur: Any = None, **changes: Any) -> Avis:
    return record_avis(cycle=monde.cycle, acteur=acteur or monde.direction, saisie=saisie(monde, **changes))


class TestEnregistrer:
    def test_both_colleges_and_the_file(self, monde: Monde):
        avis = record(monde, sens_employeur=Avis.Sens.PARTAGE, fichier=pdf("avis.pdf"))
        assert avis.sens == [("personnel", "favorable"), ("employeur", "partagé")]
        assert avis.piece.nom == "avis.pdf"
        event = Evenement.objects.get(type="avis.enregistre")
        assert (
            event.libelle
            == "Comité social territorial de la commune, rendu le 4 octobre 2027 : avis enregistré"
        )

    @pytest.mark.parametrize(
        ("changes", "sentence", "field"),
        [
            ({"commune": None}, "Choisissez la commune", "commune"),
            ({"type": Avis.Type.CST_CENTRE_GESTION, "commune": None}, "Choisissez la commune", "commune"),
            ({"type": Avis.Type.CST_EPCI}, "vaut pour toutes les communes", "commune"),
            ({"rendu_on": None}, "ou dites qu'il est sans objet", "rendu_on"),
            ({"rendu_on": date(2027, 10, 13)}, "à venir", "rendu_on"),
            ({"rendu_on": date(2020, 10, 4)}, "Vérifiez l'année", "rendu_on"),
            ({"sans_objet": True}, "n'a pas de date", "rendu_on"),
            ({"sans_objet": True, "rendu_on": None}, "n'a pas de sens", "sens_personnel"),
            ({"sens_personnel": ""}, "collège du personnel", "sens_personnel"),
            ({"type": Avis.Type.CLECT}, "n'a pas de collèges", "sens_personnel"),
        ],
    )
    def test_refused_in_words(self, monde: Monde, changes: dict[str, Any], sentence: str, field: str):
        with pytest.raises(Refus, match=sentence) as caught:
            record(monde, **changes)
        assert caught.value.field == field
        assert not Avis.objects.filter(cycle=monde.cycle).exists()

    def test_the_report_of_the_clect_may_be_without_object(self, monde: Monde):
        avis = record(
            monde, type=Avis.Type.CLECT, commune=None, rendu_on=None, sens_personnel="", sans_objet=True
        )
        assert (avis.rendu_on, avis.sans_objet) == (None, True)

    def test_twice(self, monde: Monde):
        record(monde)
        with pytest.raises(Refus, match="déjà enregistré"):
            record(monde)
        assert Evenement.objects.filter(type="avis.enregistre").count() == 1

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "responsable", "direction_voisine"])
    def test_only_the_direction(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            record(monde, acteur=getattr(monde, who))

    def test_no_opinion_gives_effect_nor_holds_it(self, monde: Monde, at_time: AtTime):
        at_time("2027-02-12")
        ligne = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
        at_time("2027-12-01")
        record(monde, sens_personnel=Avis.Sens.DEFAVORABLE)
        assert Ligne.objects.get(pk=ligne.pk).effet_on is None
        for epci in (True, False):
            vote(
                monde.a.declaration,
                monde.direction,
                lignes=[ligne],
                epci=epci,
                executoire_on=date(2027, 11, 26),
            )
        assert Ligne.objects.get(pk=ligne.pk).effet_on == date(2028, 1, 1)


class TestCorriger:
    def correct(self, monde: Monde, avis: Avis, version: int | None = None, **changes: Any) -> Avis:
        said = saisie(monde, **changes)
        return correct_avis(avis=avis, acteur=monde.direction, version=version or avis.version, saisie=said)

    def test_what_it_was_is_kept(self, monde: Monde):
        avis = self.correct(monde, record(monde, fichier=pdf()), sens_personnel=Avis.Sens.DEFAVORABLE)
        assert (avis.sens_personnel, avis.piece.nom) == ("defavorable", "acte.pdf")
        detail = Evenement.objects.get(type="avis.corrige").detail.contenu
        assert (detail["avant"]["sens_personnel"], detail["apres"]["sens_personnel"]) == (
            "favorable",
            "defavorable",
        )

    def test_somebody_faster_is_said(self, monde: Monde):
        avis = record(monde)
        self.correct(monde, avis, observations="Vu.")
        with pytest.raises(Conflit, match="a modifié cette page"):
            self.correct(monde, avis, version=1)

    def test_cancelled_with_a_motive_it_may_be_recorded_again(self, monde: Monde):
        avis = record(monde)
        with pytest.raises(Refus, match="Dites pourquoi"):
            cancel_avis(avis=avis, acteur=monde.direction, version=1, motif="")
        for _ in range(2):
            cancel_avis(avis=avis, acteur=monde.direction, version=1, motif="Autre commune.")
        assert Evenement.objects.filter(type="avis.annule").count() == 1
        assert record(monde).pk != avis.pk
        other = holder(Role.DIRECTION_TERRITOIRES, monde.epci)
        with pytest.raises(ActionInterdite):
            cancel_avis(avis=avis, acteur=other, version=2, motif="Encore.")

    def test_a_cancelled_row_says_why(self, monde: Monde):
        avis = AvisFactory()
        with pytest.raises(IntegrityError, match="avis_cancelled_facts"), transaction.atomic():
            Avis.objects.filter(pk=avis.pk).update(annule_at=horloge.now())


class TestPages:
    def form(self, monde: Monde, **changes: Any) -> dict[str, Any]:
        values = {
            "type": "cst_commune",
            "commune": monde.a.commune.pk,
            "rendu_on": "2027-10-04",
            "sens_personnel": "favorable",
        }
        return values | changes

    def test_recorded_listed_and_exported(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:avis_nouveau", args=[monde.cycle.pk])
        response = client.post(url, self.form(monde, fichier=pdf(), observations="=1+1"), follow=True)
        assert "rendu le 4 octobre 2027" in text_of(response)
        listed = reverse("mutualisation:avis_enregistres", args=[monde.cycle.pk])
        rows = client.get(listed, {"type": "cst_commune", "format": "csv"}).content.decode("utf-8-sig")
        assert rows.splitlines()[1].startswith(
            "comité social territorial de la commune;L'Haÿ-les-Roses;2027-10-04;;favorable;;'=1+1"
        )
        assert client.get(listed, {"type": "clect"}).context["page"].paginator.count == 0
        avis = Avis.objects.get(cycle=monde.cycle)
        assert client.get(reverse("mutualisation:avis_fichier", args=[avis.pk])).content.startswith(b"%PDF-")

    def test_the_address_fills_the_form(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:avis_nouveau", args=[monde.cycle.pk])
        page = client.get(url, {"type": "cst_centre_gestion", "commune": monde.a.commune.pk})
        assert f'<option value="{monde.a.commune.pk}" selected>' in page.content.decode()

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"commune": ""}, "Choisissez la commune"),
            ({"commune": "999999"}, "choix valide"),
            ({"rendu_on": "hier"}, "date valide"),
            ({"type": "autre"}, "Choisissez une valeur"),
            ({"observations": "é" * 4001}, "au plus 4000 caractères"),
        ],
    )
    def test_faults_are_said_and_the_rest_is_kept(
        self, monde: Monde, client: Any, changes: dict[str, Any], sentence: str
    ):
        client.force_login(monde.direction)
        url = reverse("mutualisation:avis_nouveau", args=[monde.cycle.pk])
        data = {"observations": "gardé"} | changes
        response = client.post(url, self.form(monde, **data))
        assert response.status_code == 422
        assert response.context["form"].errors
        assert data["observations"] in text_of(response)

    def test_corrected_and_cancelled_on_its_page(self, monde: Monde, client: Any):
        avis = record(monde)
        client.force_login(monde.direction)
        url = reverse("mutualisation:avis", args=[avis.pk])
        data = self.form(monde, sens_personnel="partage")
        client.post(url, data | {"version": 1})
        response = client.post(url, data | {"version": 1, "observations": "le mien"})
        assert response.status_code == 409 and "le mien" in text_of(response)
        assert Avis.objects.get(pk=avis.pk).sens_personnel == "partage"
        cancel = reverse("mutualisation:avis_annuler", args=[avis.pk])
        assert client.post(cancel, {"version": 1, "motif": "Trop vite."}).status_code == 409
        assert client.post(cancel, {"version": 2, "motif": "Trop vite."}).status_code == 302
        assert "Trop vite." in text_of(client.get(url))

    def test_a_commune_reads_its_own_and_cannot_correct(self, monde: Monde, client: Any):
        avis = record(monde)
        client.force_login(monde.a.dgs)
        page = client.get(reverse("mutualisation:avis", args=[avis.pk]))
        assert "favorable" in text_of(page) and "<textarea" not in page.content.decode()
