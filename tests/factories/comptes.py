"""People, what they hold, teams and tokens."""

from datetime import timedelta
from typing import Any

import factory
from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from comptes.models import Equipe, Habilitation, Jeton, Personne, Role
from comptes.models.jeton import digest
from socle import horloge
from territoire.models import Commune, Epci, Pole
from tests.factories.dates import SINCE
from tests.factories.territoire import EpciFactory, PoleFactory, member_commune

PASSWORD = "quatre mots pour entrer"


class PersonneFactory(DjangoModelFactory):
    class Meta:
        model = Personne
        skip_postgeneration_save = True

    prenom = "Claude"
    nom = Sequence(lambda n: f"Martin{n}")
    email = Sequence(lambda n: f"personne{n}@exemple.fr")
    fonction = "agent"
    password = factory.django.Password(PASSWORD)


class HabilitationFactory(DjangoModelFactory):
    """A role since 2020. Traits: dgs, maire, lecteur, collaborateur, direction, administrateur, service, directeur_pole."""

    class Meta:
        model = Habilitation

    class Params:
        dgs = Trait(role=Role.DGS)
        maire = Trait(role=Role.MAIRE)
        lecteur = Trait(role=Role.LECTEUR)
        collaborateur = Trait(role=Role.COLLABORATEUR)
        direction = Trait(role=Role.DIRECTION_TERRITOIRES, commune=None)
        administrateur = Trait(role=Role.ADMINISTRATEUR, commune=None)
        service = Trait(role=Role.SERVICE, commune=None)
        directeur_pole = Trait(
            role=Role.DIRECTEUR_POLE, commune=None, pole=SubFactory(PoleFactory, epci=SelfAttribute("..epci"))
        )

    personne = SubFactory(PersonneFactory)
    role = Role.DGS
    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    debut = SINCE


def holder(
    role: Role, epci: Epci, *, commune: Commune | None = None, pole: Pole | None = None, **person: Any
) -> Personne:
    """A new person who holds `role`, freshly loaded so that nothing of her access is cached."""
    personne = PersonneFactory(**person)
    HabilitationFactory(personne=personne, role=role, epci=epci, commune=commune, pole=pole)
    return Personne.objects.get(pk=personne.pk)


class EquipeFactory(DjangoModelFactory):
    class Meta:
        model = Equipe
        skip_postgeneration_save = True

    epci = SubFactory(EpciFactory)
    nom = Sequence(lambda n: f"Équipe {n}")

    @factory.post_generation
    def membres(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.membres.add(*(extracted or ()))


class JetonFactory(DjangoModelFactory):
    """A token valid for a year."""

    class Meta:
        model = Jeton
        skip_postgeneration_save = True

    class Params:
        clair = LazyFunction(Jeton.new_secret)

    personne = SubFactory(PersonneFactory)
    nom = "Intranet"
    empreinte = LazyAttribute(lambda o: digest(o.clair))
    expire_at = LazyFunction(lambda: horloge.real_now() + timedelta(days=365))

    @classmethod
    def with_secret(cls, **kwargs: Any) -> tuple[Jeton, str]:
        """A token and its secret: `Authorization: Bearer <secret>`."""
        secret = Jeton.new_secret()
        return cls(clair=secret, **kwargs), secret


def fresh(personne: Personne) -> Personne:
    """The person loaded again: what she may reach is computed once per instance."""
    return Personne.objects.get(pk=personne.pk)
