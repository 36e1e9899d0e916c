"""Contracts, their versions and what they promise."""

from datetime import date
from uuid import uuid4

from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from contrats.models import (
    Clause,
    Contrat,
    Engagement,
    ExemplaireSigne,
    Fiche,
    FicheActivite,
    JeuClauses,
    LigneLot,
    LigneProgramme,
    LotContrats,
    ReglageContrat,
    Remarque,
    Signataire,
    VersionContrat,
)
from socle import horloge
from tests.factories.comptes import PersonneFactory
from tests.factories.dates import SINCE
from tests.factories.documents import DocumentFactory
from tests.factories.mutualisation import activite, domaine, edition_of
from tests.factories.reprise import FeuillePieceFactory
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


class FicheFactory(DjangoModelFactory):
    """The reference fiche of the domain DA."""

    class Meta:
        model = Fiche

    epci = SubFactory(EpciFactory)
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))
    missions = "Entretenir les chaussées et les trottoirs."
    niveau_attendu = "Un nid-de-poule est rebouché en cinq jours."


class FicheActiviteFactory(DjangoModelFactory):
    """What the activity DA-01 adds."""

    class Meta:
        model = FicheActivite

    epci = SubFactory(EpciFactory)
    activite = LazyAttribute(lambda o: edition_of(o.epci) and activite(o.epci))
    missions = "Reboucher les nids-de-poule."


class LigneProgrammeFactory(DjangoModelFactory):
    """Something planned in March 2028 for the domain DA."""

    class Meta:
        model = LigneProgramme

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))
    annee = 2028
    libelle = "Curage des avaloirs"
    mois = LazyFunction(lambda: [3])
    echeance_on = date(2028, 3, 31)


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


class ExemplaireSigneFactory(DjangoModelFactory):
    """A copy of a contract to sign, deposited, to confirm."""

    class Meta:
        model = ExemplaireSigne

    version_contrat = SubFactory(VersionContratFactory)
    document = SubFactory(DocumentFactory, epci=SelfAttribute("..version_contrat.epci"), emis=True)
    piece = SubFactory(FeuillePieceFactory, epci=SelfAttribute("..version_contrat.epci"), nom="signe.pdf")
    nature = ExemplaireSigne.Nature.COPIE


class ReglageContratFactory(DjangoModelFactory):
    class Meta:
        model = ReglageContrat

    epci = SubFactory(EpciFactory)


class JeuClausesFactory(DjangoModelFactory):
    """A published set, without any clause."""

    class Meta:
        model = JeuClauses

    epci = SubFactory(EpciFactory)
    numero = 1
    etat = JeuClauses.Etat.PUBLIE
    publie_at = LazyFunction(horloge.now)


class ClauseFactory(DjangoModelFactory):
    class Meta:
        model = Clause

    jeu = SubFactory(JeuClausesFactory)
    article = 1
    titre = "Objet"
    texte = "Le présent contrat lie {le groupement} et la commune {de Nom de la commune}."


class LotContratsFactory(DjangoModelFactory):
    """A lot that sends the drafts of 1 January 2028 under review, running."""

    class Meta:
        model = LotContrats

    epci = SubFactory(EpciFactory)
    acte = LotContrats.Acte.RELECTURE
    effective_on = date(2028, 1, 1)
    cle = LazyFunction(uuid4)
    lance_par = SubFactory(PersonneFactory)
    lance_at = LazyFunction(horloge.now)


class LigneLotFactory(DjangoModelFactory):
    """A draft of a lot, to be done."""

    class Meta:
        model = LigneLot

    lot = SubFactory(LotContratsFactory)
    version_contrat = SubFactory(VersionContratFactory, contrat__epci=SelfAttribute("...lot.epci"))
    commune = SelfAttribute("version_contrat.commune")
    lue = SelfAttribute("version_contrat.version")
