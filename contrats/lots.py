"""Acting on many contracts at once: which ones, and what would become of each; nothing is written here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contrats.etats import CIRCUIT
from contrats.manques import Phrases, missing_to_settle_each, missing_to_sign_each
from contrats.models import Engagement, LotContrats, VersionContrat
from contrats.partages import domaines_by_commune
from contrats.revisions import outdated
from mutualisation.models import Domaine
from socle.dates import day_and_year
from socle.typographie import plural
from territoire.models import Commune, Epci

Acte = LotContrats.Acte
Etat = VersionContrat.Etat
RELATED = ("epci", "commune", "contrat")


@dataclass(frozen=True)
class Prevu:
    """A contract, or the commune that has none yet: whether the act can be done on it, then what it does or why not."""

    commune: Commune
    version: VersionContrat | None
    possible: bool
    phrases: tuple[str, ...]

    @property
    def lue(self) -> int | None:
        """The version of the row as it is read here."""
        return self.version.version if self.version else None

    @property
    def envoi(self) -> str:
        """What its box sends: the commune, and the version read."""
        return f"{self.commune.pk}:{self.lue or 0}"


@dataclass(frozen=True)
class Circuit:
    """An act of the circuit done in bulk: its name in the table of states, what it does, what prevents it."""

    acte: str
    effet: str
    manques: Callable[[Sequence[VersionContrat]], Phrases]


def _nothing_missing(versions: Sequence[VersionContrat]) -> Phrases:
    return {one.pk: [] for one in versions}


CIRCUITS = {
    Acte.RELECTURE: Circuit(
        "envoyer en relecture", "Part en relecture ; la commune est prévenue.", _nothing_missing
    ),
    Acte.ARRETER: Circuit(
        "arrêter pour le vote", "Texte arrêté, document « CA » émis.", missing_to_settle_each
    ),
    Acte.A_SIGNER: Circuit(
        "émettre l'exemplaire à signer", "Exemplaire à signer émis, numéroté « CE ».", missing_to_sign_each
    ),
}


def foresee(epci: Epci, acte: str, effective_on: date) -> list[Prevu]:
    """What an act would do to each contract taking effect on a day, by commune in French order; queries do not grow.

    To prepare, the communes are the members that share something that day, or have a contract open for it.
    """
    if acte == Acte.PREPARER:
        return _foresee_drafts(epci, effective_on)
    circuit = CIRCUITS[Acte(acte)]
    rows = VersionContrat.objects.filter(epci=epci, effective_on=effective_on).select_related(*RELATED)
    kept = rows.exclude(etat=Etat.ABANDONNE).order_by("commune__tri", "commune_id", "contrat", "numero")
    latest = {one.commune_id: one for one in kept}
    ready = [one for one in latest.values() if CIRCUIT.allows(circuit.acte, one.etat)]
    missing = circuit.manques(ready) if ready else {}
    return [_moved(one, circuit, missing.get(one.pk)) for one in latest.values()]


def _moved(version: VersionContrat, circuit: Circuit, missing: list[str] | None) -> Prevu:
    if missing is None:
        return Prevu(version.commune, version, False, (f"Le contrat est « {version.get_etat_display()} ».",))
    phrases = ("Il manque encore :", *missing) if missing else (circuit.effet,)
    return Prevu(version.commune, version, not missing, phrases)


def _foresee_drafts(epci: Epci, effective_on: date) -> list[Prevu]:
    communes = list(Commune.objects.members_of(epci, effective_on))
    shared = domaines_by_commune(epci, [one.pk for one in communes], effective_on)
    rows = VersionContrat.objects.filter(epci=epci, commune__in=communes).select_related(*RELATED)
    bound = rows.exclude(contrat__fin_on__lte=effective_on).exclude(etat=Etat.ABANDONNE)
    kept = bound.order_by("contrat", "numero").select_related("a_signer")
    latest = {one.commune_id: one for one in kept}
    fiches = _fiches(latest.values())
    signed = [one for one in latest.values() if one.etat == Etat.SIGNE]
    changes = outdated(epci, signed, effective_on)
    found = []
    for commune in communes:
        version = latest.get(commune.pk)
        if shared[commune.pk] and version and version.etat == Etat.SIGNE:
            found.append(_amended(version, changes[version.pk]))
        elif shared[commune.pk]:
            mine = fiches.get(version.pk, {}) if version else {}
            found.append(_drafted(commune, version, effective_on, shared[commune.pk], mine))
    return found


def _amended(version: VersionContrat, changes: list[str]) -> Prevu:
    if not changes:
        words = "Le texte signé dit déjà ce que la commune partage : rien à faire."
        return Prevu(version.commune, version, False, (words,))
    return Prevu(version.commune, version, True, (f"Avenant à ouvrir : {', '.join(changes)}.",))


def _fiches(versions: Any) -> dict[int, dict[int, bool]]:
    """By version, the domains that have a fiche, and whether nobody has written in it."""
    rows = Engagement.objects.filter(version_contrat__in=[one.pk for one in versions]).order_by("pk")
    found: dict[int, dict[int, bool]] = {}
    for version, domaine, number in rows.values_list("version_contrat_id", "domaine_id", "version"):
        found.setdefault(version, {})[domaine] = number == 1
    return found


def _drafted(
    commune: Commune,
    version: VersionContrat | None,
    effective_on: date,
    shared: list[Domaine],
    fiches: dict[int, bool],
) -> Prevu:
    if version is None:
        count = plural(len(shared), "domaine partagé", "domaines partagés")
        return Prevu(commune, None, True, (f"Projet à ouvrir : {count}.",))
    if why := why_not_prepared(version, effective_on):
        return Prevu(commune, version, False, (why,))
    changes = _changes(version, effective_on, {one.pk for one in shared}, fiches)
    if not changes:
        return Prevu(commune, version, False, ("Le projet est à jour : rien à faire.",))
    return Prevu(commune, version, True, (f"Projet à mettre à jour : {', '.join(changes)}.",))


def why_not_prepared(version: VersionContrat, effective_on: date) -> str:
    """Why many drafts prepared at once leave this contract alone; empty when they do not.

    A lot moves no draft back to an earlier day, and opens the avenant of a signed contract.
    """
    if version.etat != Etat.SIGNE and not version.en_preparation:
        return f"Le contrat est « {version.get_etat_display()} » : il ne se prépare plus."
    if version.effective_on > effective_on:
        return f"Le contrat est déjà préparé pour le {day_and_year(version.effective_on)}."
    return ""


def _changes(
    version: VersionContrat, effective_on: date, shared: set[int], fiches: dict[int, bool]
) -> list[str]:
    """What preparing a draft again changes in it, as workflows.contrat does."""
    entering = len(shared - fiches.keys())
    leaving = sum(untouched for domaine, untouched in fiches.items() if domaine not in shared)
    said = []
    if version.effective_on != effective_on:
        said.append(f"il passe au {day_and_year(effective_on)}")
    if entering:
        said.append(plural(entering, "fiche à ajouter", "fiches à ajouter"))
    if leaving:
        said.append(plural(leaving, "fiche jamais écrite à retirer", "fiches jamais écrites à retirer"))
    return said


def days_of(epci: Epci) -> list[date]:
    """The days of effect that may be chosen: those of the contracts not signed, this 1 January and the next."""
    year = epci.today.year
    opened = VersionContrat.objects.filter(epci=epci).exclude(etat__in=VersionContrat.CLOSES).order_by()
    found = set(opened.values_list("effective_on", flat=True).distinct())
    return sorted(found | {date(year, 1, 1), date(year + 1, 1, 1)})
