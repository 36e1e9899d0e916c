"""What people do through the year, in one line each, for the tests of the yearly cycle."""

from collections.abc import Iterable
from datetime import date
from html import unescape
from typing import Any

from comptes.models import Personne
from mutualisation.brouillon import Saisie
from mutualisation.changements import read_choices
from mutualisation.models import Acte, Declaration, Ligne
from mutualisation.workflows.acte import record_act
from mutualisation.workflows.declaration import save_draft, submit_declaration
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


def choose(
    declaration: Declaration,
    acteur: Personne,
    facons: dict[str, str],
    *,
    plus: Iterable[str] = (),
    precisions: dict[str, str] | None = None,
) -> Declaration:
    """Choose ways of sharing, by codes, on a page that was just loaded."""
    shown = read_choices(declaration).domaines
    seen = wanted(declaration)
    by_code = {code: activite(declaration.epci, code).pk for code in {*facons, *(precisions or {})}}
    saisie = Saisie(
        seen,
        seen | ids(declaration, *plus),
        {},
        {},
        facons_vues={pk: facon for etat in shown for pk, facon in etat.facons.items()},
        facons={by_code[code]: facon for code, facon in facons.items()},
        precisions_vues={pk: text for etat in shown for pk, text in etat.precisions.items()},
        precisions={by_code[code]: text for code, text in (precisions or {}).items()},
    )
    return save_draft(declaration=declaration, acteur=acteur, saisie=saisie)


def form_of(response: Any) -> dict[str, Any]:
    """The fields a browser would send back, from the context of the page."""
    feuille = response.context["feuille"]
    data: dict[str, Any] = {"vues": ",".join(map(str, feuille.vues))}
    cases = [case for volet in feuille.volets for case in volet.cases if not case.fermee]
    data["activites"] = [case.id for case in cases if case.cochee]
    for volet in feuille.volets:
        data[f"motif-{volet.id}"] = volet.etat.motif
        data[f"motif_vu-{volet.id}"] = volet.motif_vu
    for case in cases:
        data[f"facon-{case.id}"] = next(option.valeur for option in case.options if option.choisie)
        data[f"precision-{case.id}"] = case.precision
        data |= {f"facon_vue-{case.id}": case.facon_vue} if case.facon_vue else {}
        data |= {f"precision_vue-{case.id}": case.precision_vue} if case.precision_vue else {}
    return data


def text_of(response: Any) -> str:
    """What a page says, with plain spaces and apostrophes."""
    return unescape(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def read(declaration: Declaration) -> str:
    """The digest of the choices as they stand."""
    return read_choices(Declaration.objects.get(pk=declaration.pk)).empreinte


def submit(declaration: Declaration, acteur: Personne, *, empreinte: str | None = None) -> Declaration:
    """Submit what was read, by default the choices as they stand."""
    return submit_declaration(
        declaration=declaration,
        acteur=acteur,
        qualite=QUALITE,
        empreinte=read(declaration) if empreinte is None else empreinte,
    )


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
