"""The story of a cell: one domain in one commune, seen from a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from journal.models import Evenement
from mutualisation.derivations import Cle
from mutualisation.matrice import Case, edition_on, horizon, read_cells, read_periods
from mutualisation.models import Adhesion, Declaration, Domaine, Ligne
from mutualisation.models.catalogue import ActiviteLue, CatalogueLu, DomaineLu
from mutualisation.partages import Partages, Periode
from mutualisation.referents import Referents, SiegeLu
from socle import registres
from socle.registres import Lien
from territoire.models import Commune, Epci

EVENTS_SHOWN = 30


@dataclass(frozen=True)
class Suivi:
    """An activity of the domain: its period on the day, or to come (ends excluded), and those over."""

    libelle: str
    periode: Periode | None
    passees: tuple[Periode, ...]
    on: date
    # Whether its period ends because others take over.
    cedee: bool = False

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words) of the state pill."""
        if self.periode is None:
            return "n", "Non partagée"
        if self.periode.debut > self.on:
            return "a", "Arrive"
        fin = self.periode.fin
        if not fin or fin > horizon(self.on) or self.cedee:
            return "v", "Partagée"
        return "r", "Part"

    @property
    def facon(self) -> str:
        """« en prestation », « en régularisation »; nothing for a mutualisation."""
        nature = self.periode.nature if self.periode else ""
        return (
            {
                Adhesion.Nature.PRESTATION: "en prestation",
                Adhesion.Nature.REGULARISATION: "en régularisation",
            }.get(Adhesion.Nature(nature), "")
            if nature
            else ""
        )


@dataclass(frozen=True)
class Histoire:
    """What the page of a cell tells."""

    epci: Epci
    commune: Commune
    nom: str
    domaine: DomaineLu
    on: date
    case: Case
    suivis: tuple[Suivi, ...]
    referent: SiegeLu | None
    responsable: SiegeLu | None
    lignes: list[Ligne]
    liens: list[Lien]
    evenements: list[Evenement]


def read_story(epci: Epci, user: Any, commune: Commune, domaine: Domaine, on: date) -> Histoire | None:
    """The story of a domain in a commune; None when the edition of that day does not offer the domain."""
    edition = edition_on(epci, on)
    lu = next((d for d in edition.read().domaines if d.id == domaine.pk), None) if edition else None
    if lu is None:
        return None
    lignes = _lines(user, commune, lu, epci)
    seats = Referents(epci, on, domaine=domaine)
    cells = read_cells(epci, user, on, CatalogueLu((lu,)), communes=[commune.pk])
    return Histoire(
        epci=epci,
        commune=commune,
        nom=commune.name_on(on),
        domaine=lu,
        on=on,
        case=cells.get((commune.pk, lu.id)) or Case(len(lu.activites)),
        suivis=_follow(epci, user, commune, lu, on),
        referent=seats.commune_side(commune.pk, domaine.pk),
        responsable=seats.epci_side(commune.pk, domaine.pk),
        lignes=lignes,
        liens=registres.liens.gather(user, commune, domaine, on),
        evenements=_events(user, lignes),
    )


def _follow(epci: Epci, user: Any, commune: Commune, domaine: DomaineLu, on: date) -> tuple[Suivi, ...]:
    shares, _ = read_periods(epci, user, on, communes=[commune.pk])
    over: dict[int, list[Periode]] = {}
    past = Adhesion.objects.filter(epci=epci, commune=commune, activite__in=domaine.activite_ids, fin__lte=on)
    for activite, debut, fin, nature in past.order_by("debut").values_list(
        "activite_id", "debut", "fin", "nature"
    ):
        over.setdefault(activite, []).append(Periode(debut, fin, nature))
    return tuple(
        _suivi(a, (commune.pk, a.id), shares, tuple(over.get(a.id, [])), on) for a in domaine.activites
    )


def _suivi(activite: ActiviteLue, cle: Cle, shares: Partages, over: tuple[Periode, ...], on: date) -> Suivi:
    periode = next(iter(shares.periodes.get(cle, ())), None)
    cedee = bool(periode and periode.fin and shares.gives_way(cle, periode.fin))
    return Suivi(activite.libelle, periode, over, on, cedee)


def _lines(user: Any, commune: Commune, domaine: DomaineLu, epci: Epci) -> list[Ligne]:
    """What was asked of the domain, for who may see it, the latest cycle first."""
    rows: QuerySet[Ligne] = Ligne.objects.changing().visible_to(user)
    rows = rows.filter(epci=epci, commune=commune, activite__in=domaine.activite_ids)
    deposited = rows.filter(declaration__etat=Declaration.Etat.DEPOSEE).select_related(
        "declaration__cycle", "activite"
    )
    return list(deposited.order_by("-declaration__cycle__annee", "activite__code", "pk"))


def _events(user: Any, lignes: list[Ligne]) -> list[Evenement]:
    about = Evenement.objects.visible_to(user).filter(
        objet_type=Ligne._meta.label_lower, objet_id__in=[ligne.pk for ligne in lignes]
    )
    return list(about.select_related("acteur").order_by("-numero")[:EVENTS_SHOWN])
