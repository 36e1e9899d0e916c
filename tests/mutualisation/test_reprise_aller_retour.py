"""import(export(x)) = x for people and seats, whatever their names: written, taken away, taken over again."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from comptes.models import Habilitation, Personne, Role
from mutualisation.models import Titulaire
from mutualisation.workflows.reprise import confirm, deposit
from socle.typographie import sort_key
from tests.factories import (
    EquipeFactory,
    HabilitationFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    domaine,
)
from tests.mutualisation.feuilles import Type, upload
from tests.mutualisation.test_reprise_modele import exported

pytestmark = pytest.mark.django_db
# What a spreadsheet, a CSV or a reader of names may spoil.
SIGNS = "aÉœçÿ'’\"-,;:=+@.0017/|\\€&<ñŁ 日"
DAY = date(2021, 1, 1)
FORMS = st.sampled_from(["xlsx", "csv"])


def tidy(text: str) -> str:
    """As people type a name: no space at the ends nor two in a row."""
    return " ".join(text.split())


names = st.text(SIGNS, min_size=1, max_size=12).map(tidy).filter(bool)
days = st.tuples(st.integers(0, 900), st.none() | st.integers(1, 900))
PEOPLE = st.lists(
    st.tuples(names, names, names, st.sampled_from(["", "0556000000", "+33556000000"]), days),
    min_size=1,
    max_size=5,
    unique_by=lambda one: sort_key(f"{one[0]} {one[1]}"),
)
few = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])


def period(starts: tuple[int, int | None]) -> dict[str, date | None]:
    """A first day and the day after the last, from a number of days and a length."""
    debut = DAY + timedelta(days=starts[0])
    return {"debut": debut, "fin": starts[1] and debut + timedelta(days=starts[1])}


def roles(monde: Monde) -> set[tuple[Any, ...]]:
    rows = Habilitation.objects.filter(epci=monde.epci, personne__email__endswith="@essai.fr")
    told = ("email", "nom", "prenom", "fonction", "telephone")
    return set(rows.values_list(*(f"personne__{name}" for name in told), "role", "commune", "debut", "fin"))


@few
@given(people=PEOPLE, form=FORMS)
@example(people=[("=1+1", "'007", 'a;b,"c"', "", (0, None))], form="csv")
def test_people(monde: Monde, people: list[Any], form: str):
    with transaction.atomic():
        for rank, (nom, prenom, fonction, telephone, starts) in enumerate(people):
            who = PersonneFactory(
                nom=nom, prenom=prenom, fonction=fonction, telephone=telephone, email=f"p{rank}@essai.fr"
            )
            HabilitationFactory(
                personne=who,
                epci=monde.epci,
                role=Role.COLLABORATEUR,
                commune=monde.a.commune,
                **period(starts),
            )
        before, octets = roles(monde), exported(monde.epci, Type.PERSONNES, form)
        Habilitation.objects.filter(personne__email__endswith="@essai.fr").delete()
        Personne.objects.filter(email__endswith="@essai.fr").delete()
        _take_over(monde, Type.PERSONNES, octets, form, monde.administrateur)
        assert roles(monde) == before
        transaction.set_rollback(True)


def seats(monde: Monde) -> set[tuple[Any, ...]]:
    rows = Titulaire.objects.filter(siege__epci=monde.epci)
    where = (f"siege__{name}" for name in ("cote", "domaine__code", "commune"))
    return set(rows.values_list(*where, "personne__email", "equipe__nom", "rang", "debut", "fin"))


@few
@given(teams=st.lists(names, min_size=1, max_size=4, unique_by=sort_key), starts=days, form=FORMS)
@example(teams=["=Astreinte; l'été", "007", "'a, b"], starts=(0, None), form="csv")
def test_seats(monde: Monde, teams: list[str], starts: tuple[int, int | None], form: str):
    """Teams of odd names follow each other on one seat; a person sits beside, as a deputy."""
    assume(all(sort_key(nom).strip() for nom in teams))
    with transaction.atomic():
        seat = SiegeFactory(epci=monde.epci, responsable=True, domaine=domaine(monde.epci, "DC"))
        for rank, nom in enumerate(teams):
            debut = DAY + timedelta(days=1000 * rank)
            team = EquipeFactory(epci=monde.epci, nom=nom)
            TitulaireFactory(
                siege=seat, personne=None, equipe=team, debut=debut, fin=debut + timedelta(days=1000)
            )
        TitulaireFactory(
            siege=seat, personne=monde.responsable, rang=Titulaire.Rang.SUPPLEANT, **period(starts)
        )
        before, octets = seats(monde), exported(monde.epci, Type.SIEGES, form)
        Titulaire.objects.filter(siege=seat).delete()
        _take_over(monde, Type.SIEGES, octets, form, monde.direction)
        assert seats(monde) == before
        transaction.set_rollback(True)


def _take_over(monde: Monde, type: str, octets: bytes, form: str, who: Personne) -> None:
    fichier = upload(octets, f"feuille.{form}")
    reprise = deposit(epci=monde.epci, type=type, acteur=who, fichier=fichier)
    assert reprise.erreurs == []
    confirm(reprise=reprise, acteur=who)
