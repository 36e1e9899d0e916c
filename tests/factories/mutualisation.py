"""Catalogue, cycle, declarations, acts, adhesions and seats."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from mutualisation.models import (
    Absence,
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
from mutualisation.models.cycle import DATES, default_dates
from socle import horloge
from territoire.models import Epci
from tests.factories.comptes import PersonneFactory
from tests.factories.dates import SINCE, in_days, today
from tests.factories.documents import DocumentFactory
from tests.factories.territoire import EpciFactory, member_commune


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


class CatalogueFactory(DjangoModelFactory):
    """A frozen edition without domains; `catalogue()` fills one."""

    class Meta:
        model = Catalogue

    epci = SubFactory(EpciFactory)
    effective_on = SINCE
    gele_at = datetime(2019, 12, 1, tzinfo=UTC)


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


# Days from today of each date of a cycle, by phase.
PHASES = {
    "preparation": (20, 40, 60, 70, 80, 90, 120, 150, 180),
    "declaration": (-40, -10, 20, 30, 45, 60, 90, 120, 150),
    "instruction": (-90, -60, -20, -10, 10, 20, 50, 80, 110),
    "deliberation": (-150, -120, -80, -70, -50, -40, -10, 20, 50),
    "en_vigueur": (-250, -220, -180, -170, -150, -130, -90, -60, -30),
}


def dates_of(phase: str) -> dict[str, date]:
    """Dates that put a cycle in a phase today."""
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


class AbsenceFactory(DjangoModelFactory):
    """A person away today for ten days, whom nobody was named to replace."""

    class Meta:
        model = Absence

    epci = SubFactory(EpciFactory)
    personne = SubFactory(PersonneFactory)
    debut = LazyFunction(lambda: in_days(0))
    fin = LazyFunction(lambda: in_days(10))
