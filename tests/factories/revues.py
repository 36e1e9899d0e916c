"""Reviews and their minutes."""

from datetime import timedelta

from factory import LazyAttribute, LazyFunction, SelfAttribute, SubFactory, Trait
from factory.django import DjangoModelFactory

from revues.models import CompteRendu, Revue
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.dates import in_days, today
from tests.factories.mutualisation import domaine, edition_of
from tests.factories.territoire import EpciFactory, member_commune


class CompteRenduFactory(DjangoModelFactory):
    """A draft of minutes."""

    class Meta:
        model = CompteRendu

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    tenue_on = LazyFunction(today)
    lieu = "Mairie"
    redige_par = SubFactory(PersonneFactory)


class RevueFactory(DjangoModelFactory):
    """A review of the domain DA, planned in ten days; tenue=True: held, with minutes; contrat=True: of the contract."""

    class Meta:
        model = Revue

    class Params:
        tenue = Trait(
            etat=Revue.Etat.TENUE,
            tenue_on=LazyFunction(today),
            compte_rendu=SubFactory(
                CompteRenduFactory, epci=SelfAttribute("..epci"), commune=SelfAttribute("..commune")
            ),
        )
        contrat = Trait(type=Revue.Type.CONTRAT, domaine=None)

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    type = Revue.Type.DOMAINE
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))
    periode_on = LazyFunction(lambda: in_days(10).replace(day=1))
    prevue_at = LazyFunction(lambda: horloge.now() + timedelta(days=10))
    lieu = "Mairie"
