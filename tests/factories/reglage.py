"""How an EPCI runs its cycles."""

from factory import SubFactory
from factory.django import DjangoModelFactory

from mutualisation.models import Reglage
from tests.factories.territoire import EpciFactory


class ReglageFactory(DjangoModelFactory):
    """The settings of an EPCI, with their starting values."""

    class Meta:
        model = Reglage

    epci = SubFactory(EpciFactory)
