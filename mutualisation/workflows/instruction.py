"""Deciding on the lines of declarations, one by one or many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import shorten

from comptes.destinataires import heads_of
from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unit, unite
from mutualisation.arrets import broken_rules
from mutualisation.etats import ARBITRAGE, DECISIONS, ETAPE
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.workflows.arret import drop_confirmations
from mutualisation.workflows.complement import close_unanswered
from mutualisation.workflows.effet import apply_ready, date_effects
from mutualisation.workflows.evaluation import ask_evaluations_when_late
from mutualisation.workflows.ligne import (
    RELATED,
    locked_line,
    refuse_closed,
    refuse_voted,
    require_on_line,
)
from mutualisation.workflows.verrou import check_version, locked
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.typographie import plural, spaced

MOTIF_MAX = 2000
MOTIF_CITE = 140
RECEVABLE = "recevable"


@dataclass(frozen=True)
class Decision:
    """What is decided, why, and as what."""

    decision: str
    motif: str
    qualite: str


@dataclass(frozen=True)
class Resultat:
    """What became of one line of a large act: done, or refused because of `message`."""

    ligne: int
    fait: bool
    message: str


@dataclass(frozen=True)
class Issue:
    """What an act did to a line: whether it wrote something, what it undid (in words), and whether the commune has to confirm
    again because of it."""

    ligne: Ligne
    faite: bool = False
    tombe: bool = False
    defait: str = ""


@unite
def arbitrate(
    *, ligne: Ligne, acteur: Personne, decision: str, motif: str, qualite: str, version: int | None = None
) -> Ligne:
    """Accept, refuse or postpone a line; refusing or postponing must say why, and the commune is told.

    The same decision twice changes nothing; another one makes fall what either side had confirmed at the point d'arrêt.
    Raises Refus without motive, when the line is final or already voted, ActionInterdite, Conflit when `version` is old.
    """
    said = Decision(decision, motif, qualite)
    _check_motive(said)
    issue = _arbitrate(ligne.pk, acteur, said, version)
    if issue.faite:
        _put_into_effect([issue.ligne])
        _tell(issue, acteur)
    return issue.ligne


def _arbitrate(pk: int, acteur: Personne, said: Decision, version: int | None) -> Issue:
    ligne = locked_line(pk)
    if Decision(ligne.arbitrage, ligne.arbitrage_motif, ligne.arbitree_qualite) == said:
        return Issue(ligne)
    check_version(ligne, version)
    require_on_line(ligne, acteur, "arbitrer")
    defait = _undone(ligne)
    return Issue(ligne, faite=True, tombe=_decide(ligne, acteur, said), defait=defait)


def _undone(ligne: Ligne) -> str:
    """What deciding on a line undoes, to be said after the decision; empty when nobody decided or is awaited."""
    if ligne.etape == Ligne.Etape.A_COMPLETER:
        return ", complément en attente abandonné"
    if ligne.arbitrage == Ligne.Arbitrage.A_INSTRUIRE:
        return ""
    motif = shorten(ligne.arbitrage_motif, MOTIF_CITE, placeholder="…")
    return f" (était {ligne.get_arbitrage_display()}{' : ' if motif else ''}{motif})"


@unite
def accept_all(*, declaration: Declaration, acteur: Personne, qualite: str) -> list[Ligne]:
    """Accept what is still to decide in a submitted declaration; one mail tells the commune, line by line.

    Lines that the commune was asked to complete are left alone. Returns the lines accepted, none when somebody was faster.
    Raises ActionInterdite, Refus once the cycle is closed.
    """
    locked(Cycle, declaration.cycle_id)
    declaration = locked(Declaration, declaration.pk, select=("cycle", "commune", "epci"))
    directs = acteur.acces.acts_for_epci(declaration.epci_id, Role.DIRECTION_TERRITOIRES)
    refuse_closed(declaration.cycle, allowed=directs)
    require(declaration, acteur, "instruire")
    waiting = declaration.lignes.to_decide().order_by("pk")
    lignes = list(waiting.select_for_update(of=("self",), no_key=True).select_related(*RELATED))
    for ligne in lignes:
        _decide(ligne, acteur, Decision(Ligne.Arbitrage.ACCEPTEE, "", qualite))
    _put_into_effect(lignes)
    _tell_many(declaration, [Issue(ligne) for ligne in lignes], acteur)
    return lignes


def decide_many(
    *, lignes: Sequence[tuple[int, int | None]], acteur: Personne, said: Decision
) -> list[Resultat]:
    """Decide on many lines, given with the version read (None: whatever it is): a result for each, in the order of communes.

    One transaction per commune, with its one mail; inside it each line is a unit of its own, so that a line refused (decided
    meanwhile by somebody else, final…) undoes no other. `said.decision` may be « recevable ». Raises Refus, before anything
    is written, for an unknown decision or a motive that is missing.
    """
    if said.decision != RECEVABLE:
        _check_motive(said)
    versions = dict(lignes)
    rows = Ligne.objects.filter(pk__in=versions).order_by(
        "commune__tri", "declaration", "domaine__ordre", "pk"
    )
    found = rows.values_list("declaration", "pk")
    return [
        resultat
        for declaration, group in groupby(found, key=lambda row: row[0])
        for resultat in _decide_commune(declaration, [(pk, versions[pk]) for _, pk in group], acteur, said)
    ]


@unite
def _decide_commune(
    declaration: int, lignes: list[tuple[int, int | None]], acteur: Personne, said: Decision
) -> list[Resultat]:
    acts: dict[str, Callable[..., Issue]] = {RECEVABLE: _mark}
    act = acts.get(said.decision, _arbitrate)
    told: list[Issue] = []
    resultats = []
    for pk, version in lignes:
        try:
            with unit():
                issue = act(pk, acteur, said, version)
        except Refus as refus:
            resultats.append(Resultat(pk, False, refus.message))
        except ActionInterdite as refus:
            resultats.append(Resultat(pk, False, str(refus)))
        else:
            told += [issue] if issue.faite and act is _arbitrate else []
            resultats.append(Resultat(pk, True, _outcome(issue, act is _arbitrate)))
    _put_into_effect([issue.ligne for issue in told])
    if told:
        _tell_many(told[0].ligne.declaration, told, acteur)
    return resultats


def _outcome(issue: Issue, decided: bool) -> str:
    """« acceptée », « acceptée (était refusée : service complet.) », « déjà acceptée » when nothing changed."""
    ligne = issue.ligne
    state = ligne.get_arbitrage_display() if decided else ligne.get_etape_display()
    return f"{'' if issue.faite else 'déjà '}{state}{issue.defait}"


@unite
def mark_receivable(*, ligne: Ligne, acteur: Personne, version: int | None = None) -> Ligne:
    """Say that a line is complete and may be studied; its évaluation préalable is asked if the others already were.

    Twice changes nothing. Raises ActionInterdite, Refus, Conflit when `version` is old.
    """
    return _mark(ligne.pk, acteur, None, version).ligne


def _mark(pk: int, acteur: Personne, said: Decision | None, version: int | None) -> Issue:
    ligne = locked_line(pk)
    if ligne.etape in (Ligne.Etape.RECEVABLE, Ligne.Etape.ETUDIEE):
        return Issue(ligne)
    check_version(ligne, version)
    require_on_line(ligne, acteur, "instruire")
    if ligne.etape == Ligne.Etape.A_COMPLETER:
        raise Refus("Un complément est attendu de la commune : la ligne sera recevable après sa réponse.")
    ligne.etape = ETAPE.move("déclarer recevable", ligne.etape)
    ligne.version += 1
    ligne.save(update_fields=["etape", "version"])
    record(
        type="ligne.recevable",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        libelle=f"{ligne.commune}, {ligne.activite} : {ligne.get_nature_display()} recevable",
        contenu={"activite": ligne.activite.code, "nature": ligne.nature},
    )
    ask_evaluations_when_late(ligne.declaration)
    return Issue(ligne, faite=True)


def _check_motive(said: Decision) -> None:
    if said.decision not in DECISIONS:
        raise Refus("Choisissez : accepter, refuser ou reporter.", field="decision")
    if said.decision != Ligne.Arbitrage.ACCEPTEE and not said.motif.strip():
        raise Refus("Dites pourquoi : le motif est transmis à la commune.", field="motif")
    if len(said.motif) > MOTIF_MAX:
        raise Refus(
            f"Le motif tient en {spaced(MOTIF_MAX)} caractères ; celui-ci en compte {spaced(len(said.motif))}.",
            field="motif",
        )


def _decide(ligne: Ligne, acteur: Personne, said: Decision) -> bool:
    """Write a decision. Returns whether the commune, which had confirmed, has to confirm again."""
    before, decision = Ligne.Arbitrage(ligne.arbitrage), Ligne.Arbitrage(said.decision)
    if decision not in (before, Ligne.Arbitrage.ACCEPTEE):
        refuse_voted(ligne)
    changed = _changes_what_was_confirmed(ligne, said)
    ligne.arbitrage = ARBITRAGE.move(DECISIONS[decision], ligne.arbitrage)
    close_unanswered(ligne, acteur)
    ligne.arbitrage_motif = said.motif
    ligne.arbitree_at = horloge.now()
    ligne.arbitree_par = acteur
    ligne.arbitree_qualite = said.qualite
    if decision != before:  # accepted again, a line keeps the day that its acts or the Direction gave it
        ligne.effet_on = None
    ligne.version += 1
    ligne.save()
    _check_voted(ligne)
    record(
        type="ligne.arbitree",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        qualite=said.qualite,
        libelle=f"{ligne.commune}, {ligne.activite} : {ligne.get_nature_display()} {ligne.get_arbitrage_display()}",
        contenu={"activite": ligne.activite.code, "nature": ligne.nature, "arbitrage": ligne.arbitrage},
        detail={"avant": before.label, "motif": said.motif},
    )
    return changed and drop_confirmations(ligne.declaration, acteur)


def _changes_what_was_confirmed(ligne: Ligne, said: Decision) -> bool:
    """Not when what the commune asks is granted for the first time, nor when only the quality of who decided is corrected."""
    granted = Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE
    same = (ligne.arbitrage, ligne.arbitrage_motif) == (said.decision, said.motif)
    return not same and (ligne.arbitrage, said.decision) != granted


def _check_voted(ligne: Ligne) -> None:
    """What is voted already needs the lines around it: a bloc is whole, a prérequis is there."""
    stopped = ligne.arbitrage != Ligne.Arbitrage.ACCEPTEE
    if stopped and ligne.declaration.lignes.exclude(actes=None).exists():
        broken = broken_rules(ligne.declaration)
        if broken:
            raise Refus(f"{' '.join(broken)} Des demandes de cette commune sont déjà votées.")


def _put_into_effect(lignes: list[Ligne]) -> None:
    """Date and apply what may be; a domain accepted after the others were evaluated is asked for at once."""
    pks = [ligne.pk for ligne in lignes]
    date_effects(pks)
    if lignes:
        apply_ready(lignes[0].epci, pks)
        ask_evaluations_when_late(lignes[0].declaration)


def _tell(issue: Issue, acteur: Personne) -> None:
    ligne = issue.ligne
    write_mails(
        Lettre(
            destinataire=personne,
            epci=ligne.epci,
            type="ligne_arbitree",
            objet=ligne,
            occurrence=str(ligne.version),
            sujet=f"{ligne.activite} : {ligne.get_nature_display()} {ligne.get_arbitrage_display()}",
            contexte={"ligne": ligne, "acteur": acteur, "tombe": issue.tombe},
        )
        for personne in heads_of(ligne.epci, ligne.commune, ligne.epci.today)
    )


def _tell_many(declaration: Declaration, issues: list[Issue], acteur: Personne) -> None:
    lignes = [issue.ligne for issue in issues]
    if not lignes:
        return
    told = sorted(lignes, key=lambda ligne: (ligne.domaine.ordre, ligne.activite.code))
    epci, commune = told[0].epci, told[0].commune
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="lignes_arbitrees",
            objet=declaration,
            # A version of a line is decided once: the first line tells this mail from a later one.
            occurrence=f"{lignes[0].pk}.{lignes[0].version}",
            sujet=f"Vos choix pour {declaration.cycle.annee} : {_count(lignes)}",
            contexte={
                "declaration": declaration,
                "commune": commune,
                "lignes": told,
                "acteur": acteur,
                "tombe": any(issue.tombe for issue in issues),
                "acceptees": [one for one in told if one.arbitrage == Ligne.Arbitrage.ACCEPTEE],
            },
        )
        for personne in heads_of(epci, commune, epci.today)
    )


def _count(lignes: list[Ligne]) -> str:
    """« 2 demandes acceptées »: one large act decides one thing."""
    word = lignes[0].get_arbitrage_display()
    return plural(len(lignes), f"demande {word}", f"demandes {word}s")
