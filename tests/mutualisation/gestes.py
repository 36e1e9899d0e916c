"""What people do through the year, in one line each, for the tests of the yearly cycle."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from comptes.models import Personne
from mutualisation.changements import read_choices
from mutualisation.models import Acte, Declaration, Ligne
from mutualisation.workflows.acte import record_act
from mutualisation.workflows.declaration import Saisie, save_draft, submit_declaration
from mutualisation.workflows.instruction import arbitrate
from tests.factories import activite

QUALITE = "directeur général des services, au nom du maire"


def ids(declaration: Declaration, *codes: str) -> frozenset[int]:
    """Ids of activities by their codes."""
    return frozenset(activite(declaration.epci, code).pk for code in codes)


def wanted(declaration: Declaration) -> frozenset[int]:
    """What the draft (or the submitted declaration) wants."""
    return frozenset().union(*(etat.voulues for etat in read_choices(declaration).domaines))


def prepare(
    declaration: Declaration,
    acteur: Personne,
    *,
    plus: Iterable[str] = (),
    moins: Iterable[str] = (),
    motifs: dict[int, str] | None = None,
) -> Declaration:
    """Tick and untick some activities on a page that was just loaded."""
    seen = wanted(declaration)
    ticked = (seen | ids(declaration, *plus)) - ids(declaration, *moins)
    return save_draft(declaration=declaration, acteur=acteur, saisie=Saisie(seen, ticked, {}, motifs or {}))


def submit(declaration: Declaration, acteur: Personne) -> Declaration:
    return submit_declaration(declaration=declaration, acteur=acteur, qualite=QUALITE)


def accept(ligne: Ligne, direction: Personne) -> Ligne:
    return arbitrate(
        ligne=ligne,
        acteur=direction,
        decision=Ligne.Arbitrage.ACCEPTEE,
        motif="",
        qualite="Direction des territoires",
    )


def vote(
    declaration: Declaration,
    direction: Personne,
    *,
    lignes: Iterable[Ligne],
    epci: bool,
    executoire_on: date,
    numero: str = "",
) -> Acte:
    """Record the act of one assembly."""
    kwargs: dict[str, Any] = {} if epci else {"commune": declaration.commune}
    return record_act(
        cycle=declaration.cycle,
        acteur=direction,
        type=Acte.Type.CONSEIL_EPCI if epci else Acte.Type.CONSEIL_MUNICIPAL,
        numero=numero or ("M-1" if epci else "C-1"),
        adopte_on=executoire_on,
        executoire_on=executoire_on,
        lignes=[ligne.pk for ligne in lignes],
        **kwargs,
    )


def changing(declaration: Declaration) -> list[Ligne]:
    """The lines of a declaration that change something."""
    return list(declaration.lignes.changing().order_by("activite__code"))


def one_ready_line(declaration: Declaration, dgs: Personne, code: str = "DB-01") -> Ligne:
    """A submitted declaration that asks for one more activity; its line."""
    prepare(declaration, dgs, plus=[code])
    submit(declaration, dgs)
    return changing(declaration)[0]
