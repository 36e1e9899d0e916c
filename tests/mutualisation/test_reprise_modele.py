"""The sheets to fill in, and import(export(x)) = x."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from comptes.models import Personne, Role
from mutualisation.models import Adhesion, Titulaire
from mutualisation.reprise.colonnes import COLONNES, EXEMPLE
from mutualisation.reprise.existant import rows_of
from mutualisation.reprise.modele import build_book, choices_of, headings
from mutualisation.reprise.verification import Verification, verify
from socle import horloge
from socle.erreurs import Refus
from socle.tableur import csv_response
from territoire.models import Epci, Filiation
from tests.factories import (
    AdhesionFactory,
    EquipeFactory,
    HabilitationFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    activite,
    domaine,
    member_commune,
)
from tests.mutualisation.feuilles import Type

pytestmark = pytest.mark.django_db
FIRST = date(2000, 1, 1)
EVERY_TYPE = pytest.mark.parametrize("type", list(Type))


def sheets(octets: bytes) -> dict[str, Any]:
    return {sheet.title: sheet for sheet in load_workbook(io.BytesIO(octets)).worksheets}


class TestModel:
    @EVERY_TYPE
    def test_headings_stay_in_sight_above_an_example_that_is_not_read(self, monde: Monde, type: str):
        octets = build_book(monde.epci, type)
        sheet = sheets(octets)["À remplir"]
        assert [cell.value for cell in sheet[1]] == headings(type)
        assert sheet.freeze_panes == "B2"
        assert str(sheet["A2"].value).startswith(EXEMPLE)
        with pytest.raises(Refus, match="aucune ligne"):
            verify(monde.epci, type, octets)

    @EVERY_TYPE
    def test_the_lists_are_those_of_the_epci(self, monde: Monde, type: str):
        octets = build_book(monde.epci, type)
        lists = sheets(octets)["Listes"]
        offered = {column[0].value: [c.value for c in column[1:] if c.value] for column in lists.columns}
        assert offered == choices_of(monde.epci)
        assert offered["Communes"] == ["L'Haÿ-les-Roses", "Œuilly", "Saint-Louis-de-Montferrand"]
        assert "DA-01 – Voirie, activité 1" in offered["Activités"]
        rules = sheets(octets)["À remplir"].data_validations.dataValidation
        wanted = {c.liste for c in COLONNES[type] if offered.get(c.liste)}
        assert len(rules) == len(wanted)

    @EVERY_TYPE
    def test_the_notice_explains_each_column(self, monde: Monde, type: str):
        notice = sheets(build_book(monde.epci, type))["Lisez-moi"]
        first = [row[0].value for row in notice.iter_rows()]
        assert [c.nom for c in COLONNES[type]] == first[first.index("Colonne") + 1 :]

    @EVERY_TYPE
    def test_the_example_would_be_right_without_its_mark(self, monde: Monde, type: str):
        """Who follows the example is not led astray, but for the person it invents."""
        sheet = sheets(build_book(monde.epci, type))["À remplir"]
        sheet["A2"] = str(sheet["A2"].value).removeprefix(f"{EXEMPLE} ")
        content = io.BytesIO()
        sheet.parent.save(content)
        PersonneFactory(email="alix.martin@exemple.fr", nom="Martin", prenom="Alix")
        HabilitationFactory(
            personne=Personne.objects.get(nom="Martin"), epci=monde.epci, role=Role.AGENT, commune=None
        )
        found = verify(monde.epci, type, content.getvalue()).recueil.erreurs
        assert {one["colonne"] for one in found} <= {"À compter du"}, found


def exported(epci: Epci, type: str, form: str) -> bytes:
    rows = rows_of(epci, type)
    if form == "csv":
        return bytes(csv_response("x.csv", headings(type), rows).content)
    return build_book(epci, type, rows)


def read_back(epci: Epci, type: str, form: str) -> Verification:
    return verify(epci, type, exported(epci, type, form))


FORMS = pytest.mark.parametrize("form", ["xlsx", "csv"])
TRAPS = ["=1+1", "+33 5", "-", "@x", "'=x", "''", "D'Hayë", "a;b", 'a"b', "EXEMPLE", "1er", "007"]


class TestRoundTrip:
    @FORMS
    @EVERY_TYPE
    def test_what_exists_read_back_changes_nothing(self, monde: Monde, type: str, form: str):
        found = read_back(monde.epci, type, form)
        assert found.recueil.erreurs == []
        assert (found.bilan["lues"], found.bilan["nouvelles"]) == (found.bilan["deja"], 0)
        assert found.bilan["lues"] == len(rows_of(monde.epci, type)) > 0

    @FORMS
    def test_names_that_a_spreadsheet_would_run(self, monde: Monde, form: str):
        for rank, text in enumerate(TRAPS):
            PersonneFactory(nom=text, prenom=text, fonction=text, email=f"{rank}@exemple.fr")
            who = Personne.objects.get(email=f"{rank}@exemple.fr")
            HabilitationFactory(personne=who, epci=monde.epci, role=Role.AGENT, commune=None)
        found = read_back(monde.epci, Type.PERSONNES, form)
        assert found.recueil.erreurs == []
        read = {row.email: (row.nom, row.prenom, row.fonction) for row in found.rows}
        assert all(read[f"{rank}@exemple.fr"] == (text,) * 3 for rank, text in enumerate(TRAPS))

    @FORMS
    def test_a_closed_account_a_dissolved_team_and_a_team(self, monde: Monde, form: str):
        gone = PersonneFactory(is_active=False)
        former = EquipeFactory(epci=monde.epci, nom="Astreinte", dissoute_at=horloge.now())
        seat = SiegeFactory(epci=monde.epci, responsable=True, domaine=domaine(monde.epci, "DC"))
        TitulaireFactory(siege=seat, personne=gone, fin=date(2022, 1, 1))
        for team, debut, fin in (
            (former, date(2022, 1, 1), date(2023, 1, 1)),
            (EquipeFactory(epci=monde.epci), date(2023, 1, 1), None),
        ):
            TitulaireFactory(siege=seat, personne=None, equipe=team, debut=debut, fin=fin)
        found = read_back(monde.epci, Type.SIEGES, form)
        assert (found.recueil.erreurs, found.bilan["nouvelles"]) == ([], 0)

    @FORMS
    def test_a_commune_nouvelle_under_the_name_and_code_of_one_of_its_parts(self, monde: Monde, form: str):
        old = member_commune(monde.epci, nom="Val-Neuf")
        new = member_commune(monde.epci, nom="Val-Neuf", code_insee=old.code_insee)
        turn = date(2024, 1, 1)
        old.appartenances.update(fin=turn)
        new.appartenances.update(debut=turn)
        Filiation.objects.create(ancienne=old, nouvelle=new, effective_on=turn)
        for commune, debut, fin in ((old, date(2021, 1, 1), turn), (new, turn, None)):
            AdhesionFactory(
                epci=monde.epci, commune=commune, activite=activite(monde.epci), debut=debut, fin=fin
            )
        found = read_back(monde.epci, Type.ADHESIONS, form)
        assert (found.recueil.erreurs, found.bilan["nouvelles"]) == ([], 0)

    @FORMS
    def test_a_commune_that_another_was_detached_from_stays_under_its_name(self, monde: Monde, form: str):
        turn = date(2024, 1, 1)
        detached = member_commune(monde.epci, nom="La Haie")
        detached.appartenances.update(debut=turn)
        Filiation.objects.create(ancienne=monde.a.commune, nouvelle=detached, effective_on=turn)
        AdhesionFactory(epci=monde.epci, commune=detached, activite=activite(monde.epci), debut=turn)
        octets, told = exported(monde.epci, Type.ADHESIONS, form), facts(monde.epci)
        Adhesion.objects.filter(epci=monde.epci).delete()
        found = verify(monde.epci, Type.ADHESIONS, octets)
        assert (found.recueil.erreurs, found.bilan["nouvelles"]) == ([], len(told))

    def test_seats_come_domain_by_domain_then_communes_in_french_order(self, monde: Monde):
        """Œuilly was given its référent first."""
        Titulaire.objects.filter(personne=monde.b.referent).update(debut=date(2019, 1, 1))
        rows = [row for row in rows_of(monde.epci, Type.SIEGES) if row[2]]
        assert [row[2] for row in rows] == ["L'Haÿ-les-Roses", "Œuilly"]

    def test_the_columns_of_the_export_are_those_of_the_model(self, monde: Monde):
        text = exported(monde.epci, Type.ADHESIONS, "csv").decode("utf-8-sig")
        assert next(csv.reader(io.StringIO(text), delimiter=";")) == headings(Type.ADHESIONS)


# Lengths in days of periods that follow each other, with or without a gap between them; the last may have no end.
PERIODS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=1, max_size=4)
PAIRS = st.tuples(st.integers(0, 2), st.integers(0, 8))
NATURES = st.sampled_from(list(Adhesion.Nature.values))
HISTORIES = st.dictionaries(
    PAIRS, st.tuples(PERIODS, st.booleans(), st.lists(NATURES, min_size=4, max_size=4)), max_size=8
)


def facts(epci: Epci) -> set[tuple[Any, ...]]:
    rows = Adhesion.objects.filter(epci=epci)
    return set(rows.values_list("commune_id", "activite_id", "debut", "fin", "nature"))


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=HISTORIES)
@example(histories={(0, 0): ([(0, 1), (0, 1)], True, ["mutualisation"] * 4)})
def test_any_history_of_adhesions_survives_its_export(monde: Monde, form: str, histories: Any):
    epci = monde.epci
    communes = [monde.a.commune, monde.b.commune, monde.c]
    activites = list(epci.activites.order_by("code"))
    Adhesion.objects.filter(epci=epci).delete()
    for (commune, rank), (periods, open_ended, natures) in histories.items():
        day = FIRST
        for index, ((gap, length), nature) in enumerate(zip(periods, natures, strict=False)):
            debut = day + timedelta(days=gap)
            day = debut + timedelta(days=length)
            fin = None if open_ended and index == len(periods) - 1 else day
            Adhesion.objects.create(
                epci=epci, commune=communes[commune], activite=activites[rank],
                debut=debut, fin=fin, nature=nature,
            )  # fmt: skip
    before = facts(epci)
    if not before:
        return
    octets = exported(epci, Type.ADHESIONS, form)
    Adhesion.objects.filter(epci=epci).delete()
    found = verify(epci, Type.ADHESIONS, octets)
    assert found.recueil.erreurs == []
    assert {row[1:] for row in found.nouvelles} == before
