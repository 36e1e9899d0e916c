"""Contracts, their versions and what they promise."""

from datetime import date

from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from contrats.models import Contrat, Engagement, Remarque, Signataire, VersionContrat
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.dates import SINCE
from tests.factories.mutualisation import domaine, edition_of
from tests.factories.territoire import EpciFactory, member_commune


class ContratFactory(DjangoModelFactory):
    class Meta:
        model = Contrat

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))


class VersionContratFactory(DjangoModelFactory):
    """The draft of the initial text of a contract."""

    class Meta:
        model = VersionContrat

    contrat = SubFactory(ContratFactory)
    epci = SelfAttribute("contrat.epci")
    commune = SelfAttribute("contrat.commune")
    # Far from the ranks that workflows give to the contracts of an EPCI.
    reference = Sequence(lambda n: f"C-2028-{9000 + n}")
    effective_on = date(2028, 1, 1)


class EngagementFactory(DjangoModelFactory):
    class Meta:
        model = Engagement

    version_contrat = SubFactory(VersionContratFactory)
    contrat = SelfAttribute("version_contrat.contrat")
    epci = SelfAttribute("version_contrat.epci")
    commune = SelfAttribute("version_contrat.commune")
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))


class RemarqueFactory(DjangoModelFactory):
    """A remark of the commune on article 4, under review."""

    class Meta:
        model = Remarque

    version_contrat = SubFactory(VersionContratFactory, etat=VersionContrat.Etat.EN_RELECTURE)
    article = 4
    cote = "commune"
    texte = "Précisez les délais."
    auteur = SubFactory(PersonneFactory)
    faite_at = LazyFunction(horloge.now)


class SignataireFactory(DjangoModelFactory):
    """The president of an EPCI."""

    class Meta:
        model = Signataire

    epci = SubFactory(EpciFactory)
    personne = SubFactory(PersonneFactory)
    qualite = "présidente"
    debut = SINCE
