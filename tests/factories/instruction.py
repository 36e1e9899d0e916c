"""What the instruction of a line gathers: completions, studies, effects, évaluations."""

from decimal import Decimal

from factory import LazyFunction, SelfAttribute, SubFactory, Trait
from factory.django import DjangoModelFactory

from mutualisation.models import DemandeComplement, EffetAC, Etude, Evaluation
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.mutualisation import LigneFactory


class DemandeComplementFactory(DjangoModelFactory):
    """An open request about a line."""

    class Meta:
        model = DemandeComplement

    ligne = SubFactory(LigneFactory, etape="a_completer")
    texte = "Précisez le nombre d'agents."
    demandee_at = LazyFunction(horloge.now)
    demandee_par = SubFactory(PersonneFactory)


class _OfDomain(DjangoModelFactory):
    """A row of a declaration and of the domain of one of its lines."""

    class Meta:
        abstract = True

    class Params:
        ligne = SubFactory(LigneFactory)

    declaration = SelfAttribute("ligne.declaration")
    epci = SelfAttribute("declaration.epci")
    commune = SelfAttribute("declaration.commune")
    domaine = SelfAttribute("ligne.domaine")


class EtudeFactory(_OfDomain):
    class Meta:
        model = Etude


class EffetACFactory(_OfDomain):
    """Not costed; chiffre=True: estimated."""

    class Meta:
        model = EffetAC

    class Params:
        chiffre = Trait(etat="estime", fonctionnement=Decimal(1000), investissement=Decimal(0))


class EvaluationFactory(_OfDomain):
    """To fill; traits transmise, validee."""

    class Meta:
        model = Evaluation

    class Params:
        transmise = Trait(
            service_rendu="Deux agents entretiennent la voirie.",
            etp=Decimal("2.5"),
            fonctionnement=Decimal(80000),
            investissement=Decimal(0),
            transmise_at=LazyFunction(horloge.now),
            transmise_par=SubFactory(PersonneFactory),
        )
        validee = Trait(
            transmise=True, validee_at=LazyFunction(horloge.now), validee_par=SubFactory(PersonneFactory)
        )
