"""Jobs and mails."""

from factory import LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from journal.models import Courriel, Tache
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.territoire import EpciFactory


class TacheFactory(DjangoModelFactory):
    class Meta:
        model = Tache

    epci = SubFactory(EpciFactory)
    type = "essai"
    cle = Sequence(lambda n: f"essai:{n}")
    due_at = LazyFunction(horloge.now)


class CourrielFactory(DjangoModelFactory):
    class Meta:
        model = Courriel

    epci = SubFactory(EpciFactory)
    destinataire = SubFactory(PersonneFactory)
    type = "essai"
    objet_type = "territoire.epci"
    objet_id = SelfAttribute("epci.pk")
    occurrence = Sequence(str)
    adresse = SelfAttribute("destinataire.email")
    sujet = "Essai"
    corps = "Bonjour,\n"
    ecrit_at = LazyFunction(horloge.now)
