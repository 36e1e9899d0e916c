"""Taking over what exists: what a sheet is told, what is written once, what is undone."""

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from comptes.models import Habilitation, Personne, Role
from documents.models import PieceContenu
from documents.workflows import piece
from journal.models import Evenement, Tache
from journal.workflows.tache import run_due
from mutualisation.models import Adhesion, Reprise, Siege, Titulaire
from mutualisation.workflows import reprise as module
from mutualisation.workflows.reprise import cancel, confirm, deposit
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Appartenance, CommuneVersion
from tests.concurrence import failures, together
from tests.factories import (
    AdhesionFactory,
    HabilitationFactory,
    LigneFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    activite,
    build_world,
    catalogue,
    fresh,
    holder,
    member_commune,
)
from tests.mutualisation.feuilles import (
    AGENTS,
    ALONE,
    HAY,
    OEUILLY,
    ZOE,
    Type,
    book,
    deposited,
    people,
    taken_over,
    told,
    upload,
    warned,
)

pytestmark = pytest.mark.django_db
DA1, DA2 = "DA-01 – Voirie, activité 1", "DA-02"
D2016, D2021 = date(2016, 1, 1), date(2021, 1, 1)


def share(monde: Monde, *rows: Any) -> Reprise:
    return deposited(Type.ADHESIONS, monde.epci, monde.direction, *rows)


def seats(monde: Monde, *rows: Any) -> Reprise:
    return deposited(Type.SIEGES, monde.epci, monde.direction, *rows)


def periods(commune: Any, code: str = "DA-02") -> list[tuple[date, date | None, str]]:
    rows = Adhesion.objects.filter(commune=commune, activite__code=code).order_by("debut")
    return list(rows.values_list("debut", "fin", "nature"))


class TestAdhesions:
    def test_nothing_is_written_before_the_confirmation(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, "1er janvier 2016", "31/12/2020", "prestation"])
        assert (reprise.lignes, reprise.erreurs, reprise.bilan["nouvelles"]) == (1, [], 1)
        assert (reprise.bilan["communes"], reprise.bilan["activites"]) == (1, 1)
        assert periods(monde.a.commune) == []

    def test_the_last_day_is_included_and_the_origin_kept(self, monde: Monde):
        reprise = taken_over(
            Type.ADHESIONS,
            monde.epci,
            monde.direction,
            [HAY, DA2, "1er janvier 2016", "31/12/2020", "prestation"],
        )
        row = monde.a.commune.adhesions.get(activite__code="DA-02")
        assert (row.debut, row.fin, row.nature) == (D2016, D2021, "prestation")
        assert (row.origine, row.reprise, row.epci) == ("reprise", reprise, monde.epci)
        assert reprise.bilan["ecrites"] == 1
        assert reprise.ecrite_at

    def test_names_as_people_write_them(self, monde: Monde):
        CommuneVersion.objects.create(commune=monde.c, debut=D2016, nom="Montferrand", code_insee="33434")
        code = monde.b.commune.code_insee
        reprise = share(
            monde,
            ["l’hay les roses", "da-02", D2016],
            ["OEUILLY", "Voirie, activité 2", D2016],
            [code, "DA-03 – un ancien libellé", D2016],
            ["St Louis de Montferrand", "Da 02", D2016],
            ["montferrand", "DA-03", D2016],
        )
        assert told(reprise) == {}
        communes = [row[1] for row in reprise.plan]
        b, c = monde.b.commune.pk, monde.c.pk
        assert communes == [monde.a.commune.pk, b, b, c, c]

    def test_every_fault_by_row_and_column(self, monde: Monde):
        reprise = share(
            monde,
            ["Œuily", DA2, D2016],
            ["Marseille-en-Beauvaisis", "Voirie, activite 22", D2016],
            [HAY, DA2, "1 234,5"],
            [HAY, "", D2016],
            [HAY, DA2, D2021, "31/12/2020"],
            [HAY, DA2, D2016, "", "location"],
        )
        assert told(reprise) == {
            (
                2,
                "Commune",
            ): "Aucune commune de l'EPCI ne s'appelle « Œuily » : vouliez-vous dire « Œuilly » ?",
            (3, "Commune"): "Aucune commune de l'EPCI ne s'appelle « Marseille-en-Beauvaisis ».",
            (3, "Activité"): "Le catalogue n'a pas d'activité « Voirie, activite 22 » : vouliez-vous dire "
            "« DA-02 – Voirie, activité 2 » ?",
            (
                4,
                "À compter du",
            ): "« 1 234,5 » n'est pas un jour : écrivez 01/01/2016 ou « 1er janvier 2016 ».",
            (5, "Activité"): "Cette cellule est vide : à choisir dans la liste ; le code seul suffit. "
            "Une ligne par activité partagée.",
            (6, "Dernier jour"): "Le dernier jour précède le premier, 1er janvier 2021.",
            (
                7,
                "Nature",
            ): "« location » n'est pas attendu ici. Écrivez « mutualisation », « régularisation », "
            "« prestation ».",
        }
        assert reprise.bilan["fausses"] == 6
        assert reprise.plan == []

    def test_a_row_said_twice_counts_once_and_two_that_overlap_are_refused(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, D2016], [HAY, "DA-02", "01/01/2016"])
        assert warned(reprise) == {(3, "Commune"): "Même ligne que la ligne 2 : elle compte une fois."}
        assert (reprise.bilan["nouvelles"], reprise.bilan["doubles"]) == (1, 1)
        reprise = share(monde, [HAY, DA2, D2016, "31/12/2020"], [HAY, DA2, "31/12/2020"])
        assert told(reprise) == {
            (3, "À compter du"): "Déjà dite partagée du 1er janvier 2016 au 31 décembre 2020, ligne 2."
        }
        assert not share(monde, [HAY, DA2, D2016, "31/12/2020"], [HAY, DA2, D2021]).erreurs

    def test_what_exists_is_left_alone_or_contradicted(self, monde: Monde):
        same = share(monde, [HAY, DA1, "2020-01-01"])
        assert (same.bilan["nouvelles"], same.bilan["deja"], same.erreurs) == (0, 1, [])
        other = share(monde, [HAY, DA1, D2016])
        assert told(other) == {
            (
                2,
                "À compter du",
            ): "Cette activité est déjà enregistrée comme partagée à compter du 1er janvier 2020."
        }
        assert not share(monde, [HAY, DA1, D2016, "31/12/2019"]).erreurs

    def test_the_same_sheet_twice_changes_nothing(self, monde: Monde):
        row = [HAY, DA2, D2016]
        taken_over(Type.ADHESIONS, monde.epci, monde.direction, row)
        again = share(monde, row)
        assert (again.bilan["nouvelles"], again.bilan["deja"]) == (0, 1)
        with pytest.raises(ActionInterdite):
            confirm(reprise=again, acteur=monde.direction)
        assert len(periods(monde.a.commune)) == 1

    def test_an_activity_withdrawn_since_must_end_before(self, monde: Monde, at_time: Any):
        edition = catalogue(monde.epci, effective_on=date(2024, 1, 1), activites=1)
        assert edition.activites.count() == 3
        reprise = share(monde, [HAY, DA2, D2016], [OEUILLY, DA2, D2016, "31/12/2023"])
        assert list(told(reprise)) == [(2, "Activité")]
        assert "a quitté le catalogue le 1er janvier 2024" in told(reprise)[2, "Activité"]

    def test_a_commune_gone_since_must_end_before(self, monde: Monde):
        gone = member_commune(monde.epci, nom="Partie")
        Appartenance.objects.filter(commune=gone).update(fin=date(2024, 1, 1))
        reprise = share(monde, ["Partie", DA2, D2016], ["Partie", "DA-03", D2016, "31/12/2023"])
        assert list(told(reprise)) == [(2, "Commune")]

    def test_a_choice_voted_since_is_not_painted_over(self, monde: Monde):
        line = LigneFactory(
            declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DA-02"), acceptee=True
        )
        type(line).objects.filter(pk=line.pk).update(
            effet_on=date(2027, 1, 1), appliquee_at=monde.cycle.ouvert_at
        )
        reprise = share(monde, [HAY, DA2, D2016], [OEUILLY, DA2, D2016])
        assert list(told(reprise)) == [(2, "À compter du")]
        assert not share(monde, [HAY, DA2, D2016, "31/12/2026"]).erreurs

    def test_one_event_per_commune_and_one_for_the_sheet(self, monde: Monde):
        taken_over(
            Type.ADHESIONS,
            *(monde.epci, monde.direction),
            *([HAY, DA2, D2016], [HAY, "DA-03", D2016], [OEUILLY, DA2, D2016]),
        )
        told = Evenement.objects.filter(type="adhesion.reprise").order_by("numero")
        assert [(e.commune.nom, e.contenu["adhesions"]) for e in told] == [(HAY, 2), (OEUILLY, 1)]
        kinds = Evenement.objects.filter(type__startswith="reprise.").order_by("numero")
        assert [e.type for e in kinds] == ["reprise.deposee", "reprise.confirmee", "reprise.ecrite"]


class TestSeats:
    def test_seats_and_their_holders_over_time(self, monde: Monde):
        first, second = holder(Role.AGENT, monde.epci), holder(Role.AGENT, monde.epci)
        reprise = taken_over(
            Type.SIEGES,
            *(monde.epci, monde.direction),
            ("Espaces verts", "EPCI", "", "", second.email, "", "", "2023-01-01"),
            ("DC", "EPCI", "", "", first.email, "", "titulaire", "2020-01-01", "2022-12-31"),
            ("DC", "commune", ALONE, "", first.email, "", "suppléant", "2020-01-01"),
        )
        seat = Siege.objects.get(epci=monde.epci, domaine__code="DC", cote="epci")
        held = seat.titulaires.order_by("debut").values_list("personne", "debut", "fin")
        assert list(held) == [
            (first.pk, date(2020, 1, 1), date(2023, 1, 1)),
            (second.pk, date(2023, 1, 1), None),
        ]
        assert Titulaire.objects.get(siege__commune=monde.c).rang == "suppleant"
        assert len(reprise.creations["mutualisation.siege"]) == 2

    def test_every_fault_by_row_and_column(self, monde: Monde):
        email = monde.responsable.email
        reprise = seats(
            monde,
            ("Espace vert", "EPCI", "", "", email, "", "", D2021),
            ("DC", "métropole", "", "", email, "", "", D2021),
            ("DC", "commune", "", "", email, "", "", D2021),
            ("DC", "EPCI", HAY, "Pôle Nord", email, "", "", D2021),
            ("DC", "EPCI", "", "", "inconnu@exemple.fr", "", "", D2021),
            ("DC", "EPCI", "", "", email, "Équipe", "", D2021),
            ("DC", "EPCI", "", "", "", "", "", D2021),
        )
        found = told(reprise)
        assert "vouliez-vous dire « DC – Espaces verts »" in found[2, "Domaine"]
        assert found[3, "Côté"] == "« métropole » n'est pas attendu ici. Écrivez « commune », « EPCI »."
        assert "répond pour une commune" in found[4, "Commune"]
        assert "pas sur les deux" in found[5, "Pôle"]
        assert "reprenez d'abord la feuille des personnes" in found[6, "Adresse électronique"]
        assert "Aucune équipe" in found[7, "Équipe"]
        assert "l'une des deux" in found[8, "Adresse électronique"]

    def test_nobody_is_relieved_by_a_sheet(self, monde: Monde):
        other = holder(Role.AGENT, monde.epci)
        found = told(seats(monde, ("DA", "EPCI", "", "", other.email, "", "", D2021)))
        assert "tient déjà ce siège à compter du 1er janvier 2020" in found[2, "À compter du"]
        twice = seats(
            monde,
            ("DC", "EPCI", "", "", other.email, "", "", D2021),
            ("DC", "EPCI", "", "", monde.responsable.email, "", "", "2022-01-01"),
        )
        assert list(told(twice)) == [(3, "À compter du")]
        same = seats(monde, ("DA", "EPCI", "", "", monde.responsable.email, "", "", "2020-01-01"))
        assert (same.bilan["deja"], same.bilan["nouvelles"]) == (1, 0)

    def test_seats_are_the_directions(self, monde: Monde):
        with pytest.raises(ActionInterdite):
            deposited(Type.SIEGES, monde.epci, monde.administrateur, ("DC", "EPCI"))


class TestConfirming:
    def test_once_whatever_the_number_of_clicks(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, D2016])
        first = confirm(reprise=reprise, acteur=monde.direction)
        again = confirm(reprise=reprise, acteur=monde.direction)
        assert again.confirmee_at == first.confirmee_at
        assert Evenement.objects.filter(type="reprise.confirmee").count() == 1
        assert periods(monde.a.commune) == [(D2016, None, "mutualisation")]

    def test_what_changed_since_is_told_and_nothing_is_written(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, D2016], [OEUILLY, DA2, D2016])
        AdhesionFactory(
            epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, "DA-02"), debut=D2021
        )
        done = confirm(reprise=reprise, acteur=monde.direction)
        assert (done.confirmee_at, list(told(done))) == (None, [(2, "À compter du")])
        assert periods(monde.b.commune) == []

    def test_a_sheet_with_faults_cannot_be(self, monde: Monde):
        reprise = share(monde, ["Nulle part", DA2, D2016])
        with pytest.raises(ActionInterdite, match="sans erreur"):
            confirm(reprise=reprise, acteur=monde.direction)

    def test_only_by_who_could_deposit_it(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, D2016])
        for acteur in (monde.a.dgs, monde.directeur, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                confirm(reprise=reprise, acteur=acteur)
        assert confirm(reprise=reprise, acteur=monde.administrateur).ecrite_at

    def test_a_large_sheet_is_a_job_with_its_progress(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "D_UN_COUP", 1)
        reprise = confirm(reprise=share(monde, *ROWS), acteur=monde.direction)
        assert reprise.confirmee_at
        assert (reprise.ecrite_at, Adhesion.objects.filter(reprise=reprise).count()) == (None, 0)
        run_due()
        reprise.refresh_from_db()
        task = Tache.objects.get(type="mutualisation.reprise")
        assert (task.fait, task.total, bool(task.faite_at)) == (3, 3, True)
        assert reprise.bilan["ecrites"] == 3
        assert len(reprise.creations["mutualisation.adhesion"]) == 3

    def test_many_people_are_a_job_too(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "UN_A_UN", 1)
        rows = [*AGENTS, ("Alpha", "", "alpha@exemple.fr", "", "", "lecteur", HAY)]
        reprise = confirm(reprise=people(monde, *rows), acteur=monde.administrateur)
        assert reprise.ecrite_at is None
        run_due()
        reprise.refresh_from_db()
        counts = {label: len(rows) for label, rows in reprise.creations.items()}
        assert counts == {"comptes.personne": 2, "comptes.habilitation": 3}
        assert (reprise.bilan["ecrites"], reprise.avertissements) == (3, [])

    def test_a_job_that_died_half_way_writes_the_rest(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "D_UN_COUP", 1)
        reprise = confirm(reprise=share(monde, *ROWS), acteur=monde.direction)
        with monkeypatch.context() as patch:
            patch.setattr(module, "progress", _die)
            run_due()
        assert Adhesion.objects.filter(reprise=reprise).count() == 1
        module.run_reprise(Tache.objects.get(type="mutualisation.reprise"))
        reprise.refresh_from_db()
        assert (reprise.bilan["ecrites"], reprise.avertissements) == (3, [])
        assert Evenement.objects.filter(type="adhesion.reprise").count() == 3

    def test_a_row_that_a_rule_refuses_meanwhile_leaves_the_others(
        self, monde: Monde, monkeypatch: pytest.MonkeyPatch
    ):
        rows = [(n, "", f"{n}@exemple.fr".lower(), "", "", "agent") for n in ("Alpha", "Beta")]
        reprise = people(monde, *rows)
        write = module.ECRITURES[Type.PERSONNES]

        def late(*args: Any) -> Any:
            PersonneFactory(email="alpha@exemple.fr")
            HabilitationFactory(
                personne=Personne.objects.get(email="alpha@exemple.fr"),
                **{"role": Role.AGENT, "epci": monde.epci, "commune": None, "debut": date(2026, 1, 1)},
            )
            return write(*args)

        monkeypatch.setitem(module.ECRITURES, Type.PERSONNES, late)
        done = confirm(reprise=reprise, acteur=monde.administrateur)
        assert done.bilan["ecrites"] == 1
        assert "n'a pas été écrite" in done.avertissements[0]["message"]


ROWS = ([HAY, DA2, D2016], [OEUILLY, DA2, D2016], [ALONE, DA2, D2016])


def _die(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError


def _read_then_wait(model: Any, pk: int, **kwargs: Any) -> Any:
    found = model.objects.get(pk=pk)
    time.sleep(0.5)
    return found


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_people_confirm_at_once(self, at_time: Any):
        at_time("2027-02-10 10:00")
        monde = build_world()
        reprise = share(monde, [HAY, DA2, D2016])
        acts = [lambda: confirm(reprise=reprise, acteur=fresh(monde.direction))] * 2
        results = together(*acts)
        assert not failures(results)
        assert Evenement.objects.filter(type="reprise.ecrite").count() == 1

    def test_without_the_lock_both_would_write(self, at_time: Any, monkeypatch: pytest.MonkeyPatch):
        """The control: what the test above guards against does happen."""
        at_time("2027-02-10 10:00")
        monde = build_world()
        reprise = share(monde, [HAY, DA2, D2016])
        monkeypatch.setattr(module, "locked", _read_then_wait)
        acts = [lambda: confirm(reprise=reprise, acteur=fresh(monde.direction))] * 2
        together(*acts)
        assert Evenement.objects.filter(type="reprise.confirmee").count() == 2

    def test_two_sheets_with_the_same_row_at_once(self, at_time: Any):
        at_time("2027-02-10 10:00")
        monde = build_world()
        sheets = [share(monde, [HAY, DA2, D2016], [row, DA2, D2016]) for row in (OEUILLY, ALONE)]
        acts = [lambda one=one: confirm(reprise=one, acteur=fresh(monde.direction)) for one in sheets]
        results = together(*acts)
        assert not failures(results)
        assert periods(monde.a.commune) == [(D2016, None, "mutualisation")]
        written = sorted(r.bilan["ecrites"] for r in results)
        assert written == [1, 2]


class TestUndoing:
    def test_exactly_what_was_written(self, monde: Monde):
        before = set(Adhesion.objects.values_list("pk", flat=True))
        reprise = taken_over(Type.ADHESIONS, monde.epci, monde.direction, *ROWS)
        done = cancel(reprise=reprise, acteur=monde.direction)
        assert set(Adhesion.objects.values_list("pk", flat=True)) == before
        assert (done.bilan["retirees"], done.bilan["gardees"]) == (3, 0)
        assert Evenement.objects.filter(type="adhesion.reprise_annulee").count() == 3
        assert cancel(reprise=reprise, acteur=monde.direction).annulee_at == done.annulee_at
        assert not share(monde, *ROWS).erreurs

    def test_not_what_somebody_touched_since(self, monde: Monde):
        reprise = taken_over(Type.ADHESIONS, monde.epci, monde.direction, *ROWS)
        Adhesion.objects.filter(reprise=reprise, commune=monde.a.commune).update(fin=D2021)
        done = cancel(reprise=reprise, acteur=monde.direction)
        assert (done.bilan["retirees"], done.bilan["gardees"]) == (2, 1)
        assert [one["message"] for one in done.avertissements] == [
            f"{HAY} – Voirie, activité 2 : a changé depuis la reprise."
        ]
        assert periods(monde.a.commune) == [(D2016, D2021, "mutualisation")]

    def test_not_what_a_declaration_leans_on(self, monde: Monde):
        reprise = taken_over(Type.ADHESIONS, monde.epci, monde.direction, *ROWS)
        declaration = monde.a.ligne.declaration
        LigneFactory(declaration=declaration, activite=activite(monde.epci, "DA-02"), maintien=True)
        type(declaration).objects.filter(pk=declaration.pk).update(
            deposee_at=reprise.ecrite_at + timedelta(hours=1)
        )
        done = cancel(reprise=reprise, acteur=monde.direction)
        assert (done.bilan["retirees"], done.bilan["gardees"]) == (2, 1)
        assert "une déclaration déposée depuis" in done.avertissements[0]["message"]

    def test_accounts_nobody_used(self, monde: Monde):
        rows = [(n, "", f"{n}@exemple.fr".lower(), "", "", "agent") for n in ("Alpha", "Beta", "Gamma")]
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, *rows)
        signed_in = Personne.objects.get(nom="Beta")
        signed_in.set_password("quatre mots pour entrer")
        signed_in.save()
        SiegeFactory(epci=monde.epci, commune=monde.c, titulaire=Personne.objects.get(nom="Gamma"))
        done = cancel(reprise=reprise, acteur=monde.administrateur)
        assert set(
            Personne.objects.filter(nom__in=["Alpha", "Beta", "Gamma"]).values_list("nom", flat=True)
        ) == {
            "Beta",
            "Gamma",
        }
        assert not Habilitation.objects.filter(personne__nom__in=["Alpha", "Beta", "Gamma"]).exists()
        assert [one["message"] for one in done.avertissements] == [
            "Beta : a changé depuis la reprise.",
            "Gamma : sert déjà dans l'outil, ou a reçu un courriel.",
        ]

    def test_seats_that_others_hold_since_stay(self, monde: Monde):
        agent = holder(Role.AGENT, monde.epci)
        reprise = taken_over(
            Type.SIEGES,
            *(monde.epci, monde.direction),
            ("DC", "EPCI", "", "", agent.email, "", "", D2021),
            ("DC", "commune", ALONE, "", agent.email, "", "", D2021),
        )
        seat = Siege.objects.get(domaine__code="DC", commune=monde.c)
        Titulaire.objects.create(siege=seat, personne=monde.responsable, rang="suppleant", debut=D2021)
        cancel(reprise=reprise, acteur=monde.direction)
        left = Siege.objects.filter(epci=monde.epci, domaine__code="DC")
        assert list(left) == [seat]
        assert [t.personne for t in seat.titulaires.order_by("pk")] == [monde.responsable]

    def test_only_once_written_and_by_who_could_deposit_it(self, monde: Monde):
        reprise = share(monde, [HAY, DA2, D2016])
        with pytest.raises(ActionInterdite):
            cancel(reprise=reprise, acteur=monde.direction)
        confirm(reprise=reprise, acteur=monde.direction)
        with pytest.raises(ActionInterdite):
            cancel(reprise=reprise, acteur=monde.a.dgs)


class TestDepositing:
    def test_the_file_is_kept_as_it_came(self, monde: Monde):
        octets = book(Type.ADHESIONS, [HAY, DA2, D2016])
        reprise = deposit(
            epci=monde.epci,
            type=Type.ADHESIONS,
            acteur=monde.direction,
            fichier=upload(octets, "C:\\Mes adhésions.XLSX"),
        )
        assert bytes(PieceContenu.objects.get(piece=reprise.piece).octets) == octets
        assert reprise.piece.nom == "Mes adhésions.xlsx"

    def test_what_is_no_sheet_leaves_nothing(self, monde: Monde):
        for octets in (
            b"%PDF-1.7",
            b"<html></html>",
            b"\xd0\xcf\x11\xe0etc",
            b"PK\x03\x04rien",
            b"a;b\n1;2\n",
        ):
            with pytest.raises(Refus) as caught, transaction.atomic():
                deposit(epci=monde.epci, type=Type.ADHESIONS, acteur=monde.direction, fichier=upload(octets))
            assert caught.value.field == "fichier"
        assert not Reprise.objects.exists()

    def test_a_small_file_made_to_fill_the_memory(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        octets = book(Type.ADHESIONS, [HAY, DA2, D2016])
        monkeypatch.setattr(piece, "DEPLOYE_MAX", len(octets))
        with pytest.raises(Refus, match="trop lourde une fois dépliée"):
            deposit(epci=monde.epci, type=Type.ADHESIONS, acteur=monde.direction, fichier=upload(octets))

    def test_who_sees_what(self, monde: Monde):
        share(monde, [HAY, DA2, D2016])
        people(monde, ZOE)
        seen = {
            name: {r.type for r in Reprise.objects.visible_to(fresh(who))}
            for name, who in (
                *(("direction", monde.direction), ("admin", monde.administrateur)),
                *(("dgs", monde.a.dgs), ("voisine", monde.direction_voisine)),
            )
        }
        assert seen == {
            "direction": {"adhesions"},
            "admin": {"adhesions", "personnes"},
            "dgs": set(),
            "voisine": set(),
        }
