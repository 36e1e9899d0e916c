"""Sittings of the councils."""

from factory import LazyAttribute, LazyFunction, SubFactory
from factory.django import DjangoModelFactory

from mutualisation.models import Seance
from tests.factories.dates import in_days
from tests.factories.territoire import EpciFactory, member_commune


class SeanceFactory(DjangoModelFactory):
    """A sitting of a conseil municipal, in a month."""

    class Meta:
        model = Seance

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    jour = LazyFunction(lambda: in_days(30))
