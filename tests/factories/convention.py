"""Opinions and conventions de services communs."""

from factory import LazyAttribute, LazyFunction, SelfAttribute, SubFactory, Trait
from factory.django import DjangoModelFactory

from mutualisation.models import Avis, Convention
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.dates import today
from tests.factories.mutualisation import CycleFactory
from tests.factories.territoire import member_commune


class AvisFactory(DjangoModelFactory):
    """A favourable opinion of the committee of a commune; trait epci_side: of the EPCI's."""

    class Meta:
        model = Avis

    class Params:
        epci_side = Trait(type=Avis.Type.CST_EPCI, commune=None)

    cycle = SubFactory(CycleFactory, deliberation=True)
    epci = SelfAttribute("cycle.epci")
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    type = Avis.Type.CST_COMMUNE
    rendu_on = LazyFunction(today)
    sens_personnel = Avis.Sens.FAVORABLE
    saisi_par = SubFactory(PersonneFactory)
    saisi_at = LazyFunction(horloge.now)


class ConventionFactory(DjangoModelFactory):
    """The convention of a commune, not approved yet."""

    class Meta:
        model = Convention

    cycle = SubFactory(CycleFactory, deliberation=True)
    epci = SelfAttribute("cycle.epci")
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    rang = 0
