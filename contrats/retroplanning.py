"""What has to be done by when so that a council votes a contract in time, counted back from its sitting."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from socle.dates import ONE_DAY, long_day
from territoire.models.epci import WorkingDays

WEEK = timedelta(weeks=1)
# Communes of 3,500 inhabitants and more (CGCT, L.2121-12): five clear days and a note; three in the others (L.2121-11).
SEUIL, GRANDE, PETITE = 3500, 5, 3


@dataclass(frozen=True)
class Regle:
    """How long before the sitting its members are called, in clear days, by which article; whether a note goes with it."""

    jours: int
    article: str
    note: bool


def rule_of(population: int) -> Regle:
    """The rule of a council; a population that nobody knows takes the longer delay."""
    if 0 < population < SEUIL:
        return Regle(PETITE, "CGCT, article L. 2121-11", note=False)
    return Regle(GRANDE, "CGCT, article L. 2121-12", note=True)


@dataclass(frozen=True)
class Etape:
    """One day of the plan; `fondement` is the rule it comes from, `fixe` says that nobody here may choose it."""

    jour: date
    quoi: str
    fondement: str
    fixe: bool = False


@dataclass(frozen=True)
class Echeancier:
    """What the plan is counted from: the day of today, the sittings known, the day of effect, the end of the votes."""

    today: date
    seances: tuple[date, ...]
    effective_on: date
    votes_fin_on: date | None = None

    @property
    def veille(self) -> date:
        return self.effective_on - ONE_DAY


@dataclass(frozen=True)
class Retroplanning:
    """The sitting chosen (`saisie`: somebody entered it) or proposed, the steps in order, and what is to be watched."""

    seance_on: date
    saisie: bool
    etapes: tuple[Etape, ...]
    alertes: tuple[str, ...]


def convocation_on(sitting: date, regle: Regle, days: WorkingDays) -> date:
    """The last working day to call a council: neither that day nor the day of the sitting counts (clear days)."""
    return days.before(sitting - (regle.jours + 1) * ONE_DAY)


def plan(dates: Echeancier, regle: Regle, days: WorkingDays) -> Retroplanning:
    """The plan of the first sitting that can still be called in time, else of the first one known, else of the latest day."""
    coming = sorted(day for day in dates.seances if day >= dates.today)
    timely = [day for day in coming if convocation_on(day, regle, days) >= dates.today]
    chosen = next(iter([*timely, *coming]), None)
    sitting = chosen or latest_sitting(dates, regle, days)
    steps = sorted(_steps(sitting, dates, regle, days), key=lambda etape: etape.jour)
    warnings = _warnings(sitting, chosen is not None, dates, regle, days)
    return Retroplanning(sitting, chosen is not None, tuple(steps), tuple(warnings))


def latest_sitting(dates: Echeancier, regle: Regle, days: WorkingDays) -> date:
    """The last working day that leaves time to transmit before the effect, and is no later than the end of the votes.

    Once that day can no longer be called in time, the first day that can.
    """
    last = days.before(days.before(dates.veille) - ONE_DAY)
    if dates.votes_fin_on:
        last = min(last, days.before(dates.votes_fin_on))
    if convocation_on(last, regle, days) >= dates.today:
        return last
    return days.after(days.after(dates.today) + (regle.jours + 1) * ONE_DAY)


def _steps(sitting: date, dates: Echeancier, regle: Regle, days: WorkingDays) -> Iterator[Etape]:
    called = convocation_on(sitting, regle, days)
    with_note = " et note explicative de synthèse" if regle.note else ""
    # At once when that week is already begun, but never after the call itself.
    ready = max(days.before(called - WEEK), min(days.after(dates.today), called))
    yield Etape(ready, "Texte arrêté, projet de délibération et annexes prêts", "proposé, une semaine avant")
    clear = f"{regle.article} : {regle.jours} jours francs avant la séance"
    yield Etape(called, f"Convocation{with_note} envoyée aux conseillers, au plus tard", clear)
    yield Etape(sitting, "Séance du conseil municipal", "jour de la séance", fixe=True)
    yield from _after(sitting, dates, days)
    if dates.votes_fin_on:
        yield Etape(dates.votes_fin_on, "Fin des délibérations du cycle", "calendrier du cycle", fixe=True)
    yield Etape(dates.effective_on, "Effet du contrat", "date d'effet du contrat", fixe=True)


def _after(sitting: date, dates: Echeancier, days: WorkingDays) -> Iterator[Etape]:
    """The deliberation is exécutoire once published and transmitted (CGCT, L.2131-1), to be before the day of effect."""
    last = days.before(dates.veille)
    week = max(days.before(sitting + WEEK), days.after(sitting + ONE_DAY))
    sent = min(week, last) if last > sitting else week
    said = "Délibération transmise au préfet et publiée ; liste des délibérations affichée"
    yield Etape(sent, said, "CGCT, articles L. 2131-1 et L. 2121-25 : la liste, sous une semaine")
    if last > sitting:
        yield Etape(
            last,
            "Dernier jour pour que la délibération soit exécutoire avant l'effet",
            "CGCT, article L. 2131-1",
        )


def _warnings(
    sitting: date, known: bool, dates: Echeancier, regle: Regle, days: WorkingDays
) -> Iterable[str]:
    said = long_day(sitting)
    if not known:
        yield (
            "Aucune séance à venir n'est saisie : ce rétroplanning part du dernier jour possible, le "
            f"{said}. Saisissez les séances du conseil, puis téléchargez à nouveau ce dossier."
        )
    called = convocation_on(sitting, regle, days)
    if called < dates.today:
        yield (
            f"Pour la séance du {said}, la convocation devait partir au plus tard le {long_day(called)}. Le maire peut abréger "
            f"ce délai en cas d'urgence, sans descendre sous un jour franc ({regle.article}) ; sinon, retenez une autre séance."
        )
    if dates.votes_fin_on and sitting > dates.votes_fin_on:
        yield f"La séance du {said} vient après la fin des délibérations du cycle : prévenez la Direction des territoires."
    if sitting >= dates.veille:
        yield (
            f"La séance du {said} ne permet pas une délibération exécutoire avant l'effet, le {long_day(dates.effective_on)}."
        )
