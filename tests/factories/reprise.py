"""Deposited sheets."""

import hashlib

from factory import LazyFunction, SelfAttribute, SubFactory
from factory.django import DjangoModelFactory

from documents.models import Piece
from mutualisation.models import Reprise
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.territoire import EpciFactory


class FeuillePieceFactory(DjangoModelFactory):
    """A kept sheet, without its bytes."""

    class Meta:
        model = Piece

    epci = SubFactory(EpciFactory)
    nom = "feuille.xlsx"
    type_mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    taille = 10
    sha256 = hashlib.sha256(b"feuille").hexdigest()
    deposee_at = LazyFunction(horloge.now)
    deposee_par = SubFactory(PersonneFactory)


class RepriseFactory(DjangoModelFactory):
    """A sheet of adhesions with one row to write."""

    class Meta:
        model = Reprise

    epci = SubFactory(EpciFactory)
    type = Reprise.Type.ADHESIONS
    deposee_par = SubFactory(PersonneFactory)
    deposee_at = LazyFunction(horloge.now)
    piece = SubFactory(
        FeuillePieceFactory, epci=SelfAttribute("..epci"), deposee_par=SelfAttribute("..deposee_par")
    )
    lignes = 1
    bilan = LazyFunction(
        lambda: (
            {"lues": 1, "nouvelles": 1, "deja": 0, "doubles": 0}
            | {"erreurs": 0, "fausses": 0, "avertissements": 0}
        )
    )
