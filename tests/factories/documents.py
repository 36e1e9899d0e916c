"""Documents, reserved or issued."""

import hashlib
from typing import Any

import factory
from factory import LazyAttribute, LazyFunction, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from documents.models import Document, DocumentContenu
from socle import horloge
from tests.factories.territoire import EpciFactory


class DocumentFactory(DjangoModelFactory):
    """A reserved document; emis=True: issued, with bytes."""

    class Meta:
        model = Document
        skip_postgeneration_save = True

    epci = SubFactory(EpciFactory)
    commune = None
    type = "accuse"
    annee = 2027
    numero = Sequence(lambda n: n + 1)
    reference = LazyAttribute(lambda o: f"AD-{o.annee}-{o.numero:03d}")
    titre = "Accusé de dépôt"
    source = LazyFunction(dict)
    reserve_at = LazyFunction(horloge.now)

    class Params:
        octets = b"%PDF-1.7 essai"
        emis = Trait(
            etat=Document.Etat.EMIS,
            emis_at=LazyFunction(horloge.now),
            sha256=LazyAttribute(lambda o: hashlib.sha256(o.octets).hexdigest()),
            taille=LazyAttribute(lambda o: len(o.octets)),
        )

    @factory.post_generation
    def contenu(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if self.etat == Document.Etat.EMIS:
            DocumentContenu.objects.create(document=self, octets=extracted or b"%PDF-1.7 essai")
