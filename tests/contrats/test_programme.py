"""The programme of a year: planned by both sides, done, postponed with its reason, copied, printed, late ones told."""

from datetime import date
from html import unescape
from time import sleep
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.models import Personne
from comptes.roles import Role
from contrats.donnees import contract_data
from contrats.echeances_programme import late_lines
from contrats.etats import PROGRAMME
from contrats.models import LigneProgramme
from contrats.programme import months
from contrats.workflows import programme
from contrats.workflows.programme import (
    change_line,
    copy_year,
    mark_done,
    plan_line,
    postpone,
    remove_line,
    restore,
)
from journal.models import Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import present, settled
from tests.contrats.gestes_fiche import planned
from tests.factories import fresh, holder
from tests.mutualisation.test_etats import walk

Etat = LigneProgramme.Etat
LINE = {"libelle": "Curage des avaloirs", "mois": [3, 4, 5], "precision": "", "quantite": "2 passages"}
MAY = date(2028, 5, 1)


def said(response: Any) -> str:
    text: str = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def url(monde: Any, annee: int | None = None) -> str:
    path = reverse("contrats:programme", args=[monde.a.commune.pk, monde.domaine.pk])
    return f"{path}?annee={annee}" if annee else path


def plan(monde: Any, who: Any = None, annee: int = 2028, **changes: Any) -> LigneProgramme:
    values = LINE | changes
    return plan_line(engagement=monde.a.engagement, annee=annee, acteur=who or monde.a.dgs, valeurs=values)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing there is time for somebody else: without the lock, both would write."""
    save, copied = LigneProgramme.save, programme._copied

    def save_late(row: LigneProgramme, *args: Any, **kwargs: Any) -> None:
        sleep(0.5)
        save(row, *args, **kwargs)

    def copy_late(*args: Any) -> LigneProgramme:
        sleep(0.5)
        return copied(*args)

    monkeypatch.setattr(LigneProgramme, "save", save_late)
    monkeypatch.setattr(programme, "_copied", copy_late)


class TestQuand:
    @pytest.mark.parametrize(
        ("numbers", "words"),
        [
            ([], ""),
            ([3], "mars"),
            ([10, 3], "mars et octobre"),
            ([4, 5, 6], "d'avril à juin"),
            ([2, 3, 4, 5], "de février à mai"),
            ([1, 2, 4], "janvier, février et avril"),
            (range(1, 13), "toute l'année"),
        ],
    )
    def test_months_in_words(self, numbers: Any, words: str) -> None:
        assert months(numbers) == words


class TestPlan:
    def test_by_either_side_on_the_page_of_the_domain(self, monde: Any, client: Any) -> None:
        client.force_login(monde.a.referent)
        data = {"annee": "2028", "version": "1", **LINE}
        for _ in range(2):
            assert client.post(url(monde), data)["Location"] == url(monde, 2028)
        row = LigneProgramme.objects.get()
        assert (row.mois, row.echeance_on, row.etat) == ([3, 4, 5], date(2028, 5, 31), Etat.PREVU)
        assert Evenement.objects.about(row).get().acteur == monde.a.referent
        client.force_login(monde.responsable)
        page = said(client.get(url(monde, 2028)))
        assert "Curage des avaloirs (2 passages)" in page and "de mars à mai" in page
        page = said(client.get(reverse("contrats:engagement", args=[monde.a.engagement.pk])))
        assert "Programme 2028" in page and "Curage des avaloirs" in page and url(monde, 2028) in page

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"libelle": ""}, "Dites ce qui est prévu."),
            ({"mois": []}, "Dites quand"),
            ({"mois": [13]}, "n'est pas un choix"),
            ({"libelle": "x" * 301}, "300"),
        ],
    )
    def test_a_fault_is_said_and_what_was_typed_stays(
        self, monde: Any, client: Any, change: dict[str, Any], words: str
    ) -> None:
        client.force_login(monde.a.dgs)
        data = {"annee": "2028", "version": "1", **LINE, "quantite": "deux fois", **change}
        response = client.post(url(monde), data)
        page = said(response)
        assert response.status_code == 422 and 'value="deux fois"' in page
        assert words in page or "pas disponible" in page or "choix valide" in page
        assert not LigneProgramme.objects.exists()

    def test_words_alone_say_when(self, monde: Any) -> None:
        row = plan(monde, mois=[], precision="à la demande")
        assert row.echeance_on == date(2028, 12, 31)

    def test_a_year_out_of_this_world(self, monde: Any, client: Any) -> None:
        with pytest.raises(Refus, match="année"):
            plan(monde, annee=1999)
        client.force_login(monde.a.dgs)
        assert "Programme 2028" in said(client.get(url(monde) + "?annee=99999999999"))

    @pytest.mark.parametrize("change", [{"mois": [], "precision": ""}, {"mois": [13]}, {"annee": 1999}])
    def test_the_database_refuses_too(self, monde: Any, change: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            planned(monde, **change)

    @pytest.mark.parametrize(
        "facts",
        [
            {"etat": "fait"},
            {"etat": "reporte", "report_on": MAY},
            {"etat": "reporte", "motif": "x"},
            {"motif": "x"},
        ],
    )
    def test_a_state_has_its_facts(self, monde: Any, facts: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError, match="state_facts"), transaction.atomic():
            planned(monde, **facts)

    @pytest.mark.django_db(transaction=True)
    def test_the_same_line_by_two_people_at_once_is_one_line(self, monde: Any, slowly: None) -> None:
        results = together(lambda: plan(monde), lambda: plan(monde, monde.direction))
        assert failures(results) == [] and LigneProgramme.objects.count() == 1


class TestFollow:
    def test_done_twice_is_done_once(self, monde: Any, client: Any) -> None:
        row = planned(monde)
        client.force_login(monde.responsable)
        for _ in range(2):
            answer = client.post(reverse("contrats:programme_suivre", args=[row.pk]), {"acte": "faire"})
            assert answer["Location"] == url(monde, 2028)
        row.refresh_from_db()
        assert (row.etat, row.fait_on, row.version) == (Etat.FAIT, monde.epci.today, 2)
        assert "fait le 10 février" in said(client.get(url(monde, 2028)))

    def test_postponed_with_its_reason_then_read_in_the_year_it_goes_to(
        self, monde: Any, client: Any
    ) -> None:
        row = planned(monde)
        client.force_login(monde.a.dgs)
        data = {"motif": "Engin en panne", "report_on": "2029-02-01"}
        for _ in range(2):
            assert client.post(reverse("contrats:programme_reporter", args=[row.pk]), data).status_code == 302
        row.refresh_from_db()
        assert (row.etat, row.echeance_on, row.version) == (Etat.REPORTE, date(2029, 2, 28), 2)
        page = said(client.get(url(monde, 2029)))
        assert "reporté à février 2029" in page and "Engin en panne" in page and "du programme 2028" in page

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"motif": "", "report_on": "2028-05-01"}, "Dites pourquoi"),
            ({"motif": "Pluie", "report_on": "2028-03-01"}, "choix"),
            ({"motif": "Pluie", "report_on": "demain"}, "choix"),
        ],
    )
    def test_a_wrong_report_is_said(self, monde: Any, client: Any, data: dict[str, str], words: str) -> None:
        row = planned(monde)
        client.force_login(monde.a.dgs)
        response = client.post(reverse("contrats:programme_reporter", args=[row.pk]), data)
        assert response.status_code == 422 and words in said(response)
        row.refresh_from_db()
        assert row.etat == Etat.PREVU

    def test_an_earlier_month_is_refused_by_the_workflow(self, monde: Any) -> None:
        with pytest.raises(Refus, match="après celui"):
            postpone(ligne=planned(monde), acteur=monde.a.dgs, motif="x", report_on=date(2028, 3, 1))

    def test_put_back_it_is_as_planned(self, monde: Any) -> None:
        row = planned(monde)
        postpone(ligne=row, acteur=monde.a.dgs, motif="Pluie", report_on=MAY)
        mark_done(ligne=row, acteur=monde.a.dgs)
        for _ in range(2):
            restore(ligne=row, acteur=monde.a.dgs)
        row.refresh_from_db()
        assert (row.etat, row.motif, row.report_on, row.fait_on) == (Etat.PREVU, "", None, None)
        assert (row.echeance_on, row.version) == (date(2028, 3, 31), 4)

    def test_an_unknown_act_changes_nothing(self, monde: Any, client: Any) -> None:
        row = planned(monde)
        client.force_login(monde.a.dgs)
        client.post(reverse("contrats:programme_suivre", args=[row.pk]), {"acte": "effacer"})
        row.refresh_from_db()
        assert row.version == 1

    def test_only_a_line_as_planned_is_taken_out(self, monde: Any, client: Any) -> None:
        row, other = planned(monde), planned(monde, libelle="Autre")
        mark_done(ligne=other, acteur=monde.a.dgs)
        client.force_login(monde.a.dgs)
        for one in (row, other):
            client.post(reverse("contrats:programme_retirer", args=[one.pk]), {"confirmer": "oui"})
        assert list(LigneProgramme.objects.values_list("libelle", flat=True)) == ["Autre"]
        with pytest.raises(Refus, match="remettez-le au programme"):
            remove_line(ligne=other, acteur=monde.a.dgs)

    def test_every_cell_of_the_table(self, monde: Any) -> None:
        people = {
            Role.DIRECTION_TERRITOIRES: monde.direction,
            Role.DGS: monde.a.dgs,
            Role.REFERENT_COMMUNAL: monde.a.referent,
            Role.RESPONSABLE_SERVICE: monde.responsable,
            Role.MAIRE: monde.a.maire,
            Role.LECTEUR: monde.a.lecteur,
            Role.COLLABORATEUR: monde.a.collaborateur,
            Role.DIRECTEUR_POLE: monde.directeur,
            Role.ADMINISTRATEUR: monde.administrateur,
            Role.AGENT: holder(Role.AGENT, monde.epci),
        }

        def put(state: str) -> LigneProgramme:
            facts: dict[str, Any] = {
                "prevu": {},
                "fait": {"fait_on": monde.epci.today},
                "reporte": {"motif": "Pluie", "report_on": date(2028, 4, 1)},
            }[state]
            return planned(monde, etat=state, **facts)

        def play(act: Any, **more: Any) -> Any:
            def run(row: LigneProgramme, who: Personne) -> str:
                done = act(ligne=row, acteur=who, **more)
                if done.version == row.version:
                    raise Refus("nothing moved")
                return str(done.etat)

            return run

        walk(
            PROGRAMME,
            people,
            put,
            {
                "faire": play(mark_done),
                "reporter": play(postpone, motif="Gel", report_on=date(2028, 6, 1)),
                "remettre au programme": play(restore),
            },
        )


class TestWrite:
    def send(self, client: Any, who: Any, row: LigneProgramme, **changes: Any) -> Any:
        client.force_login(who)
        data = {"libelle": row.libelle, "mois": row.mois, "version": row.version, **changes}
        return client.post(reverse("contrats:programme_ligne", args=[row.pk]), data)

    def test_a_line_is_written_again(self, monde: Any, client: Any) -> None:
        row = planned(monde)
        assert self.send(client, monde.a.dgs, row, mois=[6], quantite="4 km").status_code == 302
        row.refresh_from_db()
        assert (row.mois, row.quantite, row.echeance_on) == ([6], "4 km", date(2028, 6, 30))
        client.get(reverse("contrats:programme_ligne", args=[row.pk]))
        assert self.send(client, monde.a.dgs, row, mois=[6], quantite="4 km").status_code == 302
        row.refresh_from_db()
        assert row.version == 2

    def test_two_people_on_the_same_line(self, monde: Any, client: Any) -> None:
        row = planned(monde)
        self.send(client, monde.a.dgs, row, libelle="Du DGS")
        response = self.send(client, monde.direction, row, libelle="Autrement")
        page = said(response)
        assert response.status_code == 409 and f"{monde.a.dgs}".replace("’", "'") in page
        assert "Du DGS" in page and 'value="Autrement"' in page and 'name="version" value="2"' in page
        row.refresh_from_db()
        assert row.libelle == "Du DGS"

    def test_the_workflow_refuses_an_old_version_and_a_stranger(self, monde: Any) -> None:
        row = planned(monde)
        change_line(ligne=row, acteur=monde.a.dgs, version=1, valeurs=LINE)
        with pytest.raises(Conflit):
            change_line(ligne=row, acteur=monde.a.dgs, version=1, valeurs=LINE | {"libelle": "Autre"})
        with pytest.raises(ActionInterdite):
            change_line(ligne=row, acteur=monde.a.maire, version=2, valeurs=LINE)


class TestCopy:
    def test_what_the_year_before_planned_once(self, monde: Any, client: Any) -> None:
        postpone(ligne=plan(monde), acteur=monde.a.dgs, motif="Pluie", report_on=date(2028, 9, 1))
        plan(monde, libelle="Fauchage", mois=[7])
        client.force_login(monde.responsable)
        path = reverse("contrats:programme_copier", args=[monde.a.commune.pk, monde.domaine.pk])
        for _ in range(2):
            assert client.post(path, {"annee": "2029"})["Location"] == url(monde, 2029)
        rows = LigneProgramme.objects.filter(annee=2029).order_by("ordre")
        told = [(row.libelle, row.etat, row.echeance_on) for row in rows]
        assert told == [
            ("Curage des avaloirs", Etat.PREVU, date(2029, 5, 31)),
            ("Fauchage", Etat.PREVU, date(2029, 7, 31)),
        ]

    def test_nothing_to_copy_is_said(self, monde: Any, client: Any) -> None:
        client.force_login(monde.a.dgs)
        path = reverse("contrats:programme_copier", args=[monde.a.commune.pk, monde.domaine.pk])
        client.post(path, {"annee": "2028"})
        assert "Rien n'était prévu en 2027" in said(client.get(url(monde)))

    @pytest.mark.django_db(transaction=True)
    def test_two_people_copying_at_once(self, monde: Any, slowly: None) -> None:
        plan(monde, annee=2027)

        def copy() -> int:
            return copy_year(engagement=monde.a.engagement, annee=2028, acteur=monde.a.dgs)

        assert sorted(together(copy, copy)) == [0, 1]
        assert LigneProgramme.objects.filter(annee=2028).count() == 1


class TestRead:
    def test_the_contract_prints_the_year_it_takes_effect_in(self, monde: Any) -> None:
        plan(monde)
        plan(monde, annee=2027, libelle="Avant")
        postpone(
            ligne=plan(monde, libelle="Fauchage"),
            acteur=monde.a.dgs,
            motif="Pluie",
            report_on=date(2028, 9, 1),
        )
        fiche = contract_data(present(monde.a.version))["fiches"][0]
        assert fiche["programme"] == [
            {"libelle": "Curage des avaloirs (2 passages)", "quand": "de mars à mai"},
            {"libelle": "Fauchage (2 passages)", "quand": "septembre 2028"},
        ]

    def test_a_settled_contract_keeps_its_own(self, monde: Any) -> None:
        row = plan(monde)
        version = settled(monde)
        mark_done(ligne=row, acteur=monde.a.dgs)
        plan(monde, libelle="Après")
        printed = version.arrete.source["contrat"]["fiches"][0]["programme"]
        assert [line["libelle"] for line in printed] == ["Curage des avaloirs (2 passages)"]

    def test_the_programme_is_followed_once_the_contract_is_settled(self, monde: Any, client: Any) -> None:
        settled(monde)
        client.force_login(monde.a.dgs)
        assert "Ajouter au programme" in said(client.get(url(monde)))

    def test_another_commune_and_another_domain_see_nothing(self, monde: Any, client: Any) -> None:
        row = planned(monde)
        for who in (monde.b.dgs, monde.responsable_autre, monde.direction_voisine):
            assert not LigneProgramme.objects.visible_to(who).exists()
            client.force_login(who)
            assert client.get(url(monde)).status_code == 404
            assert client.get(reverse("contrats:programme_ligne", args=[row.pk])).status_code == 404

    def test_a_domain_without_contract_has_no_page(self, monde: Any, client: Any) -> None:
        client.force_login(monde.direction)
        path = reverse("contrats:programme", args=[monde.c.pk, monde.domaine.pk])
        assert client.get(path).status_code == 404

    def test_the_list_is_filtered_and_exported(self, monde: Any, client: Any, at_time: Any) -> None:
        planned(monde, annee=2026, libelle="En retard", echeance_on=date(2026, 3, 31))
        planned(monde, libelle="À venir")
        client.force_login(monde.direction)
        path = reverse("contrats:programmes")
        page = said(client.get(path + "?etat=retard"))
        assert "En retard" in page and "À venir" not in page
        assert "À venir" in said(client.get(path + "?annee=2028&commune=" + str(monde.a.commune.pk)))
        assert "ne répond à ces filtres" in said(client.get(path + "?annee=99999999"))
        sheet = client.get(path + "?format=csv").content.decode("utf-8-sig").splitlines()
        assert len(sheet) == 3 and "en retard" in sheet[2]

    def test_the_same_questions_however_long(self, monde: Any, client: Any) -> None:
        client.force_login(monde.direction)

        def count(path: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            return len(queries)

        paths = [reverse("contrats:programmes"), url(monde, 2028)]
        planned(monde)
        before = [(count(path), count(path))[1] for path in paths]
        for rank in range(5):
            planned(monde, libelle=f"Ligne {rank}")
        assert [count(path) for path in paths] == before


def deadlines(monde: Any, who: Personne, role: Role) -> list[Any]:
    who = fresh(who)
    hat = next(titre for titre in who.acces.titres if titre.role == role)
    return list(late_lines(who, hat, monde.epci.today))


class TestDeadlines:
    def test_late_lines_are_told_to_who_runs_the_domain(self, monde: Any, client: Any) -> None:
        planned(monde)
        late = planned(monde, annee=2026, echeance_on=date(2026, 3, 31))
        told = deadlines(monde, monde.responsable, Role.RESPONSABLE_SERVICE)
        assert [(one.due_on, one.url) for one in told] == [(late.echeance_on, url(monde, 2026))]
        assert deadlines(monde, monde.responsable_autre, Role.RESPONSABLE_SERVICE) == []
        assert deadlines(monde, monde.direction, Role.DIRECTION_TERRITOIRES) == []
        client.force_login(monde.responsable)
        assert "Programme : Curage des avaloirs" in said(client.get("/"))

    def test_a_done_line_is_never_late(self, monde: Any) -> None:
        mark_done(ligne=planned(monde, annee=2026, echeance_on=date(2026, 3, 31)), acteur=monde.a.dgs)
        assert deadlines(monde, monde.responsable, Role.RESPONSABLE_SERVICE) == []

    def test_the_first_ones_then_how_many_others(self, monde: Any) -> None:
        for rank in range(8):
            planned(monde, annee=2026, echeance_on=date(2026, 3, 31), libelle=f"Ligne {rank}")
        told = deadlines(monde, monde.responsable, Role.RESPONSABLE_SERVICE)
        assert len(told) == 6 and told[-1].titre == "Et 3 autres lignes de programme en retard"
        assert told[-1].nombre == 3 and told[-1].url.endswith("?etat=retard")
