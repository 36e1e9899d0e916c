"""The avenant to a signed contract, under review on the day of the demonstration."""

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from functools import partial

from contrats.models import Contrat, Engagement, VersionContrat
from contrats.partages import domaines_on
from contrats.workflows.avenant import open_amendment
from contrats.workflows.circuit import send_for_review
from contrats.workflows.contrat import save_engagement
from contrats.workflows.remarque import answer, remark
from demo.chargement.annee import fill
from demo.chargement.campagne import Step
from demo.chargement.gens import Gens
from socle import horloge
from socle.dates import day_and_year
from territoire.models.epci import WorkingDays

NOON = time(12)
LEVEL = "Chaque demande écrite reçoit une réponse datée sous deux jours ouvrés."
URGENT_HOURS = 2  # to decide, where the reference says four
ASKED = "Ces deux heures valent-elles aussi la nuit et le week-end ?"
ANSWERED = "Oui pour ce qui est couvert par l'astreinte ; la fiche le précisera."


def steps(gens: Gens, contrat: Contrat, day: date) -> Iterator[Step]:
    """What both sides do, in the days before `day`, of the avenant for the next 1 January; each at its instant, in order."""
    worked = WorkingDays(gens.epci)
    for before, act in ACTS:
        noon = horloge.at_hour(worked.before(day - timedelta(days=before)), NOON, gens.epci.fuseau)
        yield noon, partial(act, gens, contrat, date(day.year + 1, 1, 1))


def _open(gens: Gens, contrat: Contrat, effective_on: date) -> None:
    """Begun from the signed text; a commune that shares nothing any more by then has none."""
    if domaines_on(contrat.epci, contrat.commune, effective_on):
        objet = f"Choix de la commune au {day_and_year(effective_on)} et urgences décidées plus vite"
        open_amendment(contrat=contrat, acteur=gens.direction, effective_on=effective_on, objet=objet)


def _write(gens: Gens, contrat: Contrat, _effective_on: date) -> None:
    """The commune asks for a level in the first fiche carried over, the Direction offers a delay in the last."""
    for version in _opened(contrat):
        signed = version.contrat.versions.get(numero=0).engagements.values("domaine")
        fill(version.engagements.exclude(domaine__in=signed))
        carried = version.engagements.filter(domaine__in=signed).order_by("domaine__ordre")
        for one in carried[:1]:
            _ask_level(gens, one)
        for one in carried.reverse()[:1]:
            _offer_delay(gens, one)


def _ask_level(gens: Gens, fiche: Engagement) -> None:
    level = {"niveau_attendu": f"{fiche.niveau_attendu}\n{LEVEL}"}
    save_engagement(engagement=fiche, acteur=gens.dgs[fiche.commune_id], version=fiche.version, valeurs=level)


def _offer_delay(gens: Gens, fiche: Engagement) -> None:
    delay = {"urgence_decision_heures": URGENT_HOURS}
    save_engagement(engagement=fiche, acteur=gens.direction, version=fiche.version, valeurs=delay)


def _review(gens: Gens, contrat: Contrat, _effective_on: date) -> None:
    for version in _opened(contrat):
        send_for_review(version=version, acteur=gens.direction, lue=version.version)


def _remark(gens: Gens, contrat: Contrat, _effective_on: date) -> None:
    """The DGS asks about the delay and is answered; nobody has closed the remark yet."""
    for version in _opened(contrat):
        for fiche in version.engagements.filter(urgence_decision_heures=URGENT_HOURS):
            dgs = gens.dgs[version.commune_id]
            asked = remark(version=version, acteur=dgs, texte=ASKED, article=0, engagement=fiche)
            answer(remarque=asked, acteur=gens.direction, lue=asked.version, reponse=ANSWERED)


def _opened(contrat: Contrat) -> list[VersionContrat]:
    """The avenant, or nothing when none was opened."""
    return list(contrat.versions.exclude(etat__in=VersionContrat.CLOSES))


ACTS: tuple[tuple[int, Callable[[Gens, Contrat, date], None]], ...] = (
    (9, _open),
    (8, _write),
    (6, _review),
    (3, _remark),
)
