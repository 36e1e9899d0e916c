"""The calendar of the cycles: which year comes next, which dates are proposed, what moving them changes and for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from comptes.models import Personne
from mutualisation.models import Cycle, Declaration, Ligne, Reglage
from mutualisation.models.cycle import DATES, default_dates, label_of
from socle.dates import long_day
from socle.typographie import enumerate_french, plural
from territoire.models import Epci
from territoire.models.epci import WorkingDays

WEEK = timedelta(weeks=1)
# Councils are renewed whole every six years, in March (Code électoral, L.227).
ELECTIONS, MANDATE = 2026, 6
# Councils sit and the EPCI's is installed by the end of April (CGCT, L.5211-8): the campaign waits for them.
AFTER_ELECTIONS = {
    "ouverture_on": (5, 11),
    "declaration_debut_on": (5, 18),
    "declaration_fin_on": (6, 30),
    "evaluation_debut_on": (7, 1),
    "evaluation_fin_on": (9, 11),
    "point_arret_on": (9, 25),
    "votes_debut_on": (10, 10),
    "votes_fin_on": (12, 10),
}


def is_election_year(year: int) -> bool:
    """Whether municipal councils are renewed in a year."""
    return (year - ELECTIONS) % MANDATE == 0


def proposed_dates(epci: Epci, annee: int) -> dict[str, date]:
    """The dates proposed for the cycle taking effect in `annee`: the usual ones, later if declared in an election year."""
    usual = default_dates(epci, annee)
    if not is_election_year(annee - 1):
        return usual
    days = WorkingDays(epci)
    later = {name: days.before(date(annee - 1, *day)) for name, day in AFTER_ELECTIONS.items()}
    return usual | later


def election_warning(annee: int) -> str:
    """The sentence about a cycle declared in an election year; empty for the others."""
    if not is_election_year(annee - 1):
        return ""
    return (
        f"Les élections municipales ont lieu en mars {annee - 1} : les dates proposées attendent que les nouveaux conseils "
        "soient installés. Vous pouvez aussi ne pas tenir de cycle cette année-là."
    )


def next_year(epci: Epci) -> int:
    """The first year of effect, from next year on, that the rhythm of the EPCI expects and that has no cycle yet."""
    taken = set(Cycle.objects.filter(epci=epci).values_list("annee", flat=True))
    year, rythme = epci.today.year + 1, Reglage.objects.of(epci).rythme
    while year in taken or (taken and (year - max(taken)) % rythme):
        year += 1
    return year


def year_without_cycle(epci: Epci, annee: int) -> str:
    """The sentence about a year that the rhythm of the EPCI leaves without cycle; empty for the others."""
    rythme = Reglage.objects.of(epci).rythme
    last = Cycle.objects.filter(epci=epci).exclude(annee=annee).order_by("-annee").first()
    if last is None or not (annee - last.annee) % rythme:
        return ""
    return f"{annee} est une année sans cycle : ils se suivent {_every(rythme)}, le dernier prend effet en {last.annee}."


def following(cycle: Cycle) -> str:
    """The sentence saying which years after a cycle have none; empty under the yearly rhythm."""
    rythme = Reglage.objects.of(cycle.epci).rythme
    if rythme == 1:
        return ""
    years = [str(cycle.annee + rank) for rank in range(1, rythme)]
    without = f"Aucun cycle ne prend effet en {enumerate_french(years)}"
    return f"Les cycles se suivent {_every(rythme)}. {without} ; le suivant prendra effet en {cycle.annee + rythme}."


def _every(rythme: int) -> str:
    return "tous les ans" if rythme == 1 else f"tous les {rythme} ans"


def worked_dates(epci: Epci, dates: Mapping[str, date], kept: Mapping[str, date]) -> dict[str, date]:
    """The same dates, each moved to the working day before; those of `kept` do not move, nor the day of effect."""
    days = WorkingDays(epci)
    return {
        name: day if day == kept.get(name) or name == "effective_on" else days.before(day)
        for name, day in dates.items()
    }


def not_worked(day: date) -> str:
    """What is said of a day typed that gave way to the working day before it."""
    return f"Le {long_day(day)} n'est pas travaillé : le jour travaillé précédent est retenu."


def shifted(cycle: Cycle, weeks: int) -> dict[str, date]:
    """The dates of a cycle, those to come moved together by a number of weeks; the day of effect does not move."""
    today = cycle.epci.today
    present = dates_of(cycle)
    return {
        name: day + weeks * WEEK if day > today and name != "effective_on" else day
        for name, day in present.items()
    }


def dates_of(cycle: Cycle) -> dict[str, date]:
    """The dates of a cycle by name, in order."""
    return {name: getattr(cycle, name) for name in DATES}


@dataclass(frozen=True)
class Jour:
    """A date of a cycle before and after a change; `saisi` is the day typed, when it is not worked."""

    nom: str
    avant: date
    apres: date
    saisi: date | None = None

    @property
    def libelle(self) -> str:
        label = label_of(self.nom)
        return label[:1].upper() + label[1:]

    @property
    def change(self) -> bool:
        return self.avant != self.apres

    @property
    def ecart(self) -> str:
        """« 14 jours plus tard », « 1 jour plus tôt »; empty when it does not move."""
        days = (self.apres - self.avant).days
        return f"{plural(abs(days), 'jour')} plus {'tard' if days > 0 else 'tôt'}" if days else ""

    @property
    def note(self) -> str:
        return not_worked(self.saisi) if self.saisi else ""


@dataclass(frozen=True)
class Apercu:
    """What a change of dates does: day by day, in sentences, and who is told."""

    jours: list[Jour]
    consequences: list[str]
    prevenus: list[Personne]

    @property
    def change(self) -> bool:
        return any(jour.change for jour in self.jours)


def preview_dates(before: Cycle, after: Cycle, typed: Mapping[str, date], prevenus: list[Personne]) -> Apercu:
    """What passing from the dates of `before` to those of `after` does; `typed` are the days as they were asked."""
    jours = [
        Jour(name, day, getattr(after, name), typed[name] if typed[name] != getattr(after, name) else None)
        for name, day in dates_of(before).items()
    ]
    moved = frozenset(jour.nom for jour in jours if jour.change)
    return Apercu(jours, list(_consequences(after, moved)), prevenus)


def _consequences(after: Cycle, moved: frozenset[str]) -> Iterator[str]:
    if not after.ouvert_at:
        yield "Le cycle n'est pas encore ouvert : personne n'a été prévenu des dates, personne ne l'est du changement."
        return
    yield from _about_drafts(after)
    if "declaration_fin_on" in moved:
        yield f"Les communes peuvent déposer jusqu'au {long_day(after.declaration_fin_on)} inclus."
    if "evaluation_debut_on" in moved:
        yield f"Les évaluations préalables sont demandées le {long_day(after.evaluation_debut_on)}."
    if "effective_on" in moved:
        yield _about_effect(after)


def _about_drafts(after: Cycle) -> Iterator[str]:
    rows = after.declarations.values_list("etat", "enregistree_at")
    submitted = sum(etat == Declaration.Etat.DEPOSEE for etat, _ in rows)
    begun = sum(etat == Declaration.Etat.BROUILLON and bool(at) for etat, at in rows)
    counts = (
        (begun, plural(begun, "brouillon commencé", "brouillons commencés")),
        (submitted, plural(submitted, "déclaration déposée", "déclarations déposées")),
    )
    said = [words for count, words in counts if count]
    if said:
        yield f"{enumerate_french(said)} : rien n'en est perdu."


def _about_effect(after: Cycle) -> str:
    lines = Ligne.objects.filter(
        declaration__cycle=after, arbitrage=Ligne.Arbitrage.ACCEPTEE, appliquee_at=None
    )
    count = plural(lines.count(), "choix accepté suit", "choix acceptés suivent")
    return f"{count} la nouvelle date d'effet, le {long_day(after.effective_on)}."
