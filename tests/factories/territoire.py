"""EPCI, pôles and communes."""

from typing import Any

import factory
from factory import Sequence, SubFactory
from factory.django import DjangoModelFactory

from territoire.models import Appartenance, Commune, Epci, Pole
from tests.factories.dates import SINCE


class EpciFactory(DjangoModelFactory):
    class Meta:
        model = Epci
        skip_postgeneration_save = True

    siren = Sequence(lambda n: f"{200000000 + n}")
    nom = Sequence(lambda n: f"Communauté d'agglomération {n}")
    type = Epci.Type.COMMUNAUTE_AGGLOMERATION

    @factory.post_generation
    def peuple(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Three communes, two pôles; the third commune stands in none."""
        if not extracted:
            return
        poles = [PoleFactory(epci=self, nom=nom) for nom in ("Pôle Nord", "Pôle Sud")]
        for pole in (*poles, None):
            AppartenanceFactory(epci=self, pole=pole)


class PoleFactory(DjangoModelFactory):
    class Meta:
        model = Pole

    epci = SubFactory(EpciFactory)
    nom = Sequence(lambda n: f"Pôle {n}")


class CommuneFactory(DjangoModelFactory):
    """A commune, member of nothing."""

    class Meta:
        model = Commune

    nom = Sequence(lambda n: f"Villeneuve-{n}")
    code_insee = Sequence(lambda n: f"{33000 + n}")
    siren = Sequence(lambda n: f"{213300000 + n}")
    population = 5000


class AppartenanceFactory(DjangoModelFactory):
    class Meta:
        model = Appartenance

    epci = SubFactory(EpciFactory)
    commune = SubFactory(CommuneFactory)
    debut = SINCE


def member_commune(epci: Epci, **kwargs: Any) -> Commune:
    """A commune that is a member of `epci`; `pole=` and the fields of Commune."""
    pole = kwargs.pop("pole", None)
    commune: Commune = AppartenanceFactory(epci=epci, pole=pole, commune=CommuneFactory(**kwargs)).commune
    return commune
