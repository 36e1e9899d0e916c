"""Rows for the tests, valid by default, everything else by traits; and a whole small world (`Monde`).

EpciFactory()                        an EPCI alone; EpciFactory(peuple=True): 3 communes, 2 pôles
AppartenanceFactory(epci=e)          a commune, member of e (`.commune`); or member_commune(e)
holder(Role.DGS, epci, commune=c)    someone who holds a role (habilitation since 2020)
PersonneFactory(password="…")        an account that can sign in
SiegeFactory(referent=True, …)       a seat of a commune; responsable=True: of the EPCI; titulaire=personne
catalogue(epci)                      a frozen edition, 3 domains (DA, DB, DC) of 3 activities (DA-01…)
CycleFactory(epci=e)                 an open campaign today; traits preparation, instruction, deliberation,
                                     en_vigueur, clos; calendrier=True: the usual dates of `annee`
DeclarationFactory(cycle=…, commune=…), deposee=True
LigneFactory(declaration=…, activite=…), acceptee=True, refusee=True
AdhesionFactory(commune=…, activite=…)
VersionContratFactory, EngagementFactory, RevueFactory, CompteRenduFactory, DocumentFactory(emis=True)
JetonFactory.with_secret(personne=…) (token, bearer secret)
TacheFactory, CourrielFactory
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from comptes.models import Equipe, Habilitation, Jeton, Personne, Role
from comptes.models.jeton import digest
from contrats.models import Contrat, Engagement, VersionContrat
from documents.models import Document, DocumentContenu
from journal.models import Courriel, Tache
from mutualisation.models import (
    Acte,
    Activite,
    ActiviteVersion,
    Adhesion,
    Catalogue,
    Cycle,
    Declaration,
    Domaine,
    DomaineVersion,
    Ligne,
    Siege,
    Titulaire,
)
from mutualisation.models.cycle import default_dates
from revues.models import CompteRendu, Revue
from socle import horloge
from territoire.models import Appartenance, Commune, Epci, Pole

SINCE = date(2020, 1, 1)
PASSWORD = "quatre mots pour entrer"


def today() -> date:
    return horloge.today("Europe/Paris")


def in_days(count: int) -> date:
    return today() + timedelta(days=count)


class PersonneFactory(DjangoModelFactory):
    class Meta:
        model = Personne
        skip_postgeneration_save = True

    prenom = "Claude"
    nom = Sequence(lambda n: f"Martin{n}")
    email = Sequence(lambda n: f"personne{n}@exemple.fr")
    fonction = "agent"
    password = factory.django.Password(PASSWORD)


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


# Catalogue


class DomaineFactory(DjangoModelFactory):
    class Meta:
        model = Domaine

    epci = SubFactory(EpciFactory)
    code = Sequence(lambda n: f"D{n}")
    libelle = Sequence(lambda n: f"Domaine {n}")
    libelle_court = LazyAttribute(lambda o: o.libelle[:30])
    ordre = Sequence(lambda n: n % 30000)


class ActiviteFactory(DjangoModelFactory):
    """An activity in no edition; `catalogue()` makes whole editions."""

    class Meta:
        model = Activite

    epci = SubFactory(EpciFactory)
    code = Sequence(lambda n: f"X-{n}")
    libelle = Sequence(lambda n: f"Activité {n}")


DOMAINES = {"DA": "Voirie", "DB": "Ressources humaines", "DC": "Espaces verts"}


def catalogue(epci: Epci, *, effective_on: date = SINCE, activites: int = 3) -> Catalogue:
    """A frozen edition: domains DA « Voirie », DB « Ressources humaines », DC « Espaces verts », of 3 activities each."""
    edition = Catalogue.objects.create(
        epci=epci, effective_on=effective_on, gele_at=datetime(2019, 12, 1, tzinfo=UTC)
    )
    for ordre, (code, libelle) in enumerate(DOMAINES.items(), start=1):
        labels = {"libelle": libelle, "libelle_court": libelle[:12], "ordre": ordre}
        domaine, _ = Domaine.objects.get_or_create(epci=epci, code=code, defaults=labels)
        DomaineVersion.objects.create(
            catalogue=edition,
            domaine=domaine,
            famille="support" if code == "DB" else "operationnelle",
            rattachement="central" if code == "DB" else "pole",
            service_commun=f"Service commun {libelle}",
            **labels,
        )
        for rank in range(1, activites + 1):
            _add_activite(edition, domaine, rank)
    return edition


def _add_activite(edition: Catalogue, domaine: Domaine, rank: int) -> None:
    libelle = f"{domaine.libelle}, activité {rank}"
    activite, _ = Activite.objects.get_or_create(
        epci=edition.epci, code=f"{domaine.code}-{rank:02d}", defaults={"libelle": libelle}
    )
    ActiviteVersion.objects.create(
        catalogue=edition, activite=activite, domaine=domaine, libelle=libelle, ordre=rank
    )


def edition_of(epci: Epci) -> Catalogue:
    """The edition already there, or a new one."""
    return Catalogue.objects.filter(epci=epci).order_by("effective_on").first() or catalogue(epci)


def domaine(epci: Epci, code: str = "DA") -> Domaine:
    return Domaine.objects.get(epci=epci, code=code)


def activite(epci: Epci, code: str = "DA-01") -> Activite:
    return Activite.objects.get(epci=epci, code=code)


# Cycle and declarations

# Days from today of each date of a cycle, by phase.
PHASES = {
    "preparation": (20, 40, 60, 90, 120, 150, 180),
    "declaration": (-40, -10, 20, 60, 90, 120, 150),
    "instruction": (-90, -60, -20, 20, 50, 80, 110),
    "deliberation": (-150, -120, -80, -40, -10, 20, 50),
    "en_vigueur": (-250, -220, -180, -130, -90, -60, -30),
}


def dates_of(phase: str) -> dict[str, date]:
    """Dates that put a cycle in a phase today."""
    from mutualisation.models.cycle import DATES

    return {name: in_days(count) for name, count in zip(DATES, PHASES[phase], strict=True)}


class CycleFactory(DjangoModelFactory):
    """An open campaign today. Traits: preparation, instruction, deliberation, en_vigueur, clos, calendrier."""

    class Meta:
        model = Cycle

    class Params:
        phase = "declaration"
        calendrier = False
        preparation = Trait(phase="preparation", ouvert_at=None)
        instruction = Trait(phase="instruction")
        deliberation = Trait(phase="deliberation")
        en_vigueur = Trait(phase="en_vigueur")
        clos = Trait(phase="en_vigueur", clos_at=LazyFunction(horloge.now))

    epci = SubFactory(EpciFactory)
    annee = LazyAttribute(
        lambda o: today().year + 1 if o.calendrier else dates_of(o.phase)["effective_on"].year
    )
    catalogue = LazyAttribute(lambda o: edition_of(o.epci))
    ouvert_at = LazyFunction(lambda: horloge.now() - timedelta(days=40))

    @factory.lazy_attribute
    def _dates(self) -> dict[str, date]:
        return default_dates(self.epci, self.annee) if self.calendrier else dates_of(self.phase)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Cycle:
        dates = kwargs.pop("_dates")
        return super()._create(model_class, *args, **{**dates, **kwargs})


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


class DeclarationFactory(DjangoModelFactory):
    """The draft of a member commune; deposee=True: submitted, with its receipt."""

    class Meta:
        model = Declaration

    class Params:
        deposee = Trait(
            etat=Declaration.Etat.DEPOSEE,
            deposee_at=LazyFunction(horloge.now),
            deposee_par=SubFactory(PersonneFactory),
            deposee_qualite="DGS",
            accuse=SubFactory(
                DocumentFactory, emis=True, epci=SelfAttribute("..epci"), commune=SelfAttribute("..commune")
            ),
        )

    cycle = SubFactory(CycleFactory)
    epci = SelfAttribute("cycle.epci")
    commune = LazyAttribute(lambda o: member_commune(o.epci))


class LigneFactory(DjangoModelFactory):
    """An entry to instruct in a submitted declaration; traits acceptee, refusee, reportee, maintien."""

    class Meta:
        model = Ligne

    class Params:
        decision = Trait(arbitree_at=LazyFunction(horloge.now), arbitree_par=SubFactory(PersonneFactory))
        acceptee = Trait(decision=True, arbitrage=Ligne.Arbitrage.ACCEPTEE)
        refusee = Trait(decision=True, arbitrage=Ligne.Arbitrage.REFUSEE, arbitrage_motif="Service complet.")
        reportee = Trait(
            decision=True, arbitrage=Ligne.Arbitrage.REPORTEE, arbitrage_motif="Recrutement en cours."
        )
        maintien = Trait(nature=Ligne.Nature.MAINTIEN, arbitrage=Ligne.Arbitrage.SANS_OBJET)

    declaration = SubFactory(DeclarationFactory, deposee=True)
    epci = SelfAttribute("declaration.epci")
    commune = SelfAttribute("declaration.commune")
    activite = LazyAttribute(lambda o: activite(o.epci))
    domaine = LazyAttribute(lambda o: o.activite.versions.order_by("pk")[0].domaine)
    nature = Ligne.Nature.ENTREE
    arbitrage = Ligne.Arbitrage.A_INSTRUIRE


class ActeFactory(DjangoModelFactory):
    """An act of the commune's council; epci_side=True: of the EPCI's. `lignes=[…]` are covered."""

    class Meta:
        model = Acte
        skip_postgeneration_save = True

    class Params:
        epci_side = Trait(type=Acte.Type.CONSEIL_EPCI, commune=None)

    cycle = SubFactory(CycleFactory, deliberation=True)
    epci = SelfAttribute("cycle.epci")
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    type = Acte.Type.CONSEIL_MUNICIPAL
    numero = Sequence(lambda n: f"2027-{n}")
    adopte_on = LazyFunction(today)
    executoire_on = SelfAttribute("adopte_on")
    saisi_par = SubFactory(PersonneFactory)
    saisi_at = LazyFunction(horloge.now)

    @factory.post_generation
    def lignes(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.lignes.add(*(extracted or ()))


class AdhesionFactory(DjangoModelFactory):
    """A commune shares DA-01 since 2020."""

    class Meta:
        model = Adhesion

    epci = SubFactory(EpciFactory)
    commune = LazyAttribute(lambda o: member_commune(o.epci))
    activite = LazyAttribute(lambda o: edition_of(o.epci) and activite(o.epci))
    debut = SINCE


class SiegeFactory(DjangoModelFactory):
    """A seat of a commune (referent, the default) or of the EPCI (responsable=True); `titulaire=` sits there since 2020."""

    class Meta:
        model = Siege
        skip_postgeneration_save = True

    class Params:
        referent = Trait(cote=Siege.Cote.COMMUNE)
        responsable = Trait(cote=Siege.Cote.EPCI, commune=None)

    epci = SubFactory(EpciFactory)
    cote = Siege.Cote.COMMUNE
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))
    commune = LazyAttribute(lambda o: member_commune(o.epci))

    @factory.post_generation
    def titulaire(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if extracted:
            TitulaireFactory(siege=self, personne=extracted)


class TitulaireFactory(DjangoModelFactory):
    class Meta:
        model = Titulaire

    siege = SubFactory(SiegeFactory)
    personne = SubFactory(PersonneFactory)
    debut = SINCE


# Contracts and reviews


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
    reference = Sequence(lambda n: f"C-2028-{n:03d}")
    effective_on = date(2028, 1, 1)


class EngagementFactory(DjangoModelFactory):
    class Meta:
        model = Engagement

    version_contrat = SubFactory(VersionContratFactory)
    contrat = SelfAttribute("version_contrat.contrat")
    epci = SelfAttribute("version_contrat.epci")
    commune = SelfAttribute("version_contrat.commune")
    domaine = LazyAttribute(lambda o: edition_of(o.epci) and domaine(o.epci))


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


# Journal


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


# The world


@dataclass(frozen=True)
class Cote:
    """What stands in one commune of the world."""

    commune: Commune
    dgs: Personne
    maire: Personne
    collaborateur: Personne
    lecteur: Personne
    referent: Personne
    declaration: Declaration
    ligne: Ligne
    version: VersionContrat
    engagement: Engagement
    revue: Revue
    revue_tenue: Revue
    acte: Acte


@dataclass(frozen=True)
class Monde:
    """Two EPCI on 10 February 2027, in the campaign of the cycle 2028.

    EPCI 1 (`epci`): pôles Nord and Sud; communes A (`a`, « L'Haÿ-les-Roses », Nord) and B (`b`, « Œuilly », Sud), each with a
    DGS, a maire, a collaborateur, a lecteur and a référent of the domain DA; a third commune C (`c`) with nobody and no line.
    A and B share DA-01; each has a draft declaration in `cycle`, a submitted line in the closed-campaign cycle `cycle_passe`
    (2027, in force), a draft contract with a fiche DA, a planned review and a held one with issued minutes, an act.
    `responsable` holds the EPCI's seat of DA, `responsable_autre` that of DB; `directeur` directs pôle Nord (so A, not B);
    `direction`, `administrateur`; `service` is the account of the intranet, `secret` its bearer token.
    EPCI 2 (`epci_voisin`): one commune (`commune_voisine`), its own catalogue, its Direction (`direction_voisine`).
    """

    epci: Epci
    cycle: Cycle
    cycle_passe: Cycle
    cycle_futur: Cycle
    a: Cote
    b: Cote
    c: Commune
    domaine: Domaine
    siege: Siege
    responsable: Personne
    responsable_autre: Personne
    directeur: Personne
    direction: Personne
    administrateur: Personne
    service: Personne
    secret: str
    epci_voisin: Epci
    commune_voisine: Commune
    direction_voisine: Personne


def build_world() -> Monde:
    """Build the world; the clock must stand on 10 February 2027."""
    epci = EpciFactory(nom="Métropole d'Essai", type=Epci.Type.METROPOLE)
    nord, sud = PoleFactory(epci=epci, nom="Pôle Nord"), PoleFactory(epci=epci, nom="Pôle Sud")
    communes = [
        member_commune(epci, nom="L'Haÿ-les-Roses", pole=nord),
        member_commune(epci, nom="Œuilly", pole=sud),
    ]
    alone = member_commune(epci, nom="Saint-Louis-de-Montferrand", pole=sud)
    catalogue(epci)
    opened = datetime(2026, 12, 1, 8, tzinfo=UTC)
    cycle = CycleFactory(epci=epci, calendrier=True, annee=2028, ouvert_at=opened)
    past = CycleFactory(epci=epci, calendrier=True, annee=2027, ouvert_at=opened - timedelta(days=365))
    future = CycleFactory(epci=epci, calendrier=True, annee=2029, ouvert_at=None)
    direction = holder(Role.DIRECTION_TERRITOIRES, epci, nom="Direction")
    chief, other_chief = PersonneFactory(nom="Responsable"), PersonneFactory(nom="Responsable-Autre")
    seat = SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, "DA"), titulaire=chief)
    SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, "DB"), titulaire=other_chief)
    service = holder(Role.SERVICE, epci, nom="Intranet")
    _, secret = JetonFactory.with_secret(personne=service)
    neighbour = EpciFactory(nom="Communauté voisine")
    catalogue(neighbour)
    sides = [_build_side(commune, cycle, past, direction) for commune in communes]
    return Monde(
        epci=epci,
        cycle=cycle,
        cycle_passe=past,
        cycle_futur=future,
        a=sides[0],
        b=sides[1],
        c=alone,
        domaine=domaine(epci, "DA"),
        siege=seat,
        responsable=fresh(chief),
        responsable_autre=fresh(other_chief),
        directeur=holder(Role.DIRECTEUR_POLE, epci, pole=nord, nom="Directeur"),
        direction=direction,
        administrateur=holder(Role.ADMINISTRATEUR, epci, nom="Administrateur"),
        service=service,
        secret=secret,
        epci_voisin=neighbour,
        commune_voisine=member_commune(neighbour, nom="Voisine"),
        direction_voisine=holder(Role.DIRECTION_TERRITOIRES, neighbour, nom="Direction-Voisine"),
    )


def fresh(personne: Personne) -> Personne:
    """The person loaded again: what she may reach is computed once per instance."""
    return Personne.objects.get(pk=personne.pk)


def _build_side(commune: Commune, cycle: Cycle, past: Cycle, direction: Personne) -> Cote:
    epci, name = cycle.epci, commune.nom
    referent = PersonneFactory(nom=f"Référent {name}")
    SiegeFactory(epci=epci, referent=True, commune=commune, domaine=domaine(epci, "DA"), titulaire=referent)
    ligne = LigneFactory(
        declaration=DeclarationFactory(cycle=past, commune=commune, deposee=True),
        activite=activite(epci),
        acceptee=True,
    )
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    version = VersionContratFactory(contrat=ContratFactory(epci=epci, commune=commune), cycle=cycle)
    minutes = CompteRenduFactory(
        epci=epci,
        commune=commune,
        redige_par=direction,
        etat=CompteRendu.Etat.EMIS,
        emis_at=horloge.now(),
        observation_until_on=in_days(8),
        document=DocumentFactory(epci=epci, commune=commune, type="compte_rendu", emis=True),
    )
    return Cote(
        commune=commune,
        dgs=holder(Role.DGS, epci, commune=commune, nom=f"DGS {name}"),
        maire=holder(Role.MAIRE, epci, commune=commune, nom=f"Maire {name}"),
        collaborateur=holder(Role.COLLABORATEUR, epci, commune=commune, nom=f"Collaborateur {name}"),
        lecteur=holder(Role.LECTEUR, epci, commune=commune, nom=f"Élu {name}"),
        referent=fresh(referent),
        declaration=DeclarationFactory(cycle=cycle, commune=commune),
        ligne=ligne,
        version=version,
        engagement=EngagementFactory(version_contrat=version, domaine=domaine(epci, "DA")),
        revue=RevueFactory(epci=epci, commune=commune, domaine=domaine(epci, "DA")),
        revue_tenue=RevueFactory(
            epci=epci,
            commune=commune,
            domaine=domaine(epci, "DA"),
            periode_on=date(2027, 1, 1),
            prevue_at=datetime(2027, 1, 20, 9, tzinfo=UTC),
            tenue=True,
            compte_rendu=minutes,
        ),
        acte=ActeFactory(
            cycle=past, commune=commune, lignes=[ligne], saisi_par=direction, adopte_on=date(2026, 10, 15)
        ),
    )
