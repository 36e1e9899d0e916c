"""One act on many contracts: launched once, done contract by contract in one unit each, cancelled, taken up again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from comptes.models import Personne
from contrats.etats import LOT
from contrats.lots import why_not_prepared
from contrats.models import LigneLot, LotContrats, VersionContrat
from contrats.workflows.circuit import RELATED, issue_to_sign, send_for_review, settle
from contrats.workflows.contrat import prepare_contract
from documents.models import Document
from journal.models import Evenement, Tache
from journal.workflows.courriel import write_mail
from journal.workflows.tache import run_each, schedule
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Conflit, Refus
from socle.typographie import plural
from territoire.models import Commune, Epci

TACHE_LOT = "contrats.lot"
Acte, Etat = LotContrats.Acte, LigneLot.Etat
CANCELLED = "Ce qui restait du lot a été annulé."


@dataclass(frozen=True)
class Choix:
    """A contract ticked, as it was read: `lue` is the version of the row, None when there was no contract."""

    commune: Commune
    version: VersionContrat | None
    lue: int | None


@unite
def launch(
    *, epci: Epci, acteur: Personne, acte: str, effective_on: date, cle: UUID, choix: Sequence[Choix]
) -> LotContrats:
    """Keep which contracts were chosen and let a job act on them; the same `cle` again gives the same lot.

    Raises ActionInterdite, Refus when nothing was chosen or another lot of the EPCI is running.
    """
    lot = LotContrats(epci=epci, acte=Acte(acte), effective_on=effective_on, cle=cle, lance_par=acteur)
    require(lot, acteur, "lancer")
    _one_at_a_time(epci)
    before = LotContrats.objects.filter(epci=epci, cle=cle).first()
    if before:
        return before
    if not choix:
        raise Refus("Cochez au moins un contrat.")
    _refuse_another(epci)
    lot.lance_at = horloge.now()
    lot.save()
    LigneLot.objects.bulk_create(
        LigneLot(lot=lot, commune=one.commune, version_contrat=one.version, lue=one.lue) for one in choix
    )
    _begin(lot, "lance", acteur, "lancé")
    return lot


def _one_at_a_time(epci: Epci) -> None:
    """Lots of an EPCI are launched one after the other: the second person is told of the first."""
    Epci.objects.select_for_update(of=("self",), no_key=True).get(pk=epci.pk)


def _refuse_another(epci: Epci) -> None:
    running = (
        LotContrats.objects.running().filter(epci=epci).select_related("lance_par", "repris_par").first()
    )
    if running:
        raise Refus(
            f"Un lot lancé par {running.acteur} est en cours ({running}). Attendez qu'il se termine, ou annulez-en le reste."
        )


def _begin(lot: LotContrats, what: str, acteur: Personne, word: str) -> None:
    """Tell the launch and schedule the job of this passage."""
    count = lot.lignes.filter(etat=Etat.A_FAIRE).count()
    _record(lot, what, acteur, f"{word} sur {plural(count, 'contrat')}")
    schedule(
        epci=lot.epci,
        type=TACHE_LOT,
        cle=job_of(lot),
        due_at=horloge.now(),
        parametres={"lot": lot.pk},
    )


def job_of(lot: LotContrats) -> str:
    """The key of the job of the present passage."""
    return f"{TACHE_LOT}:{lot.pk}:{lot.passage}"


def run_lot(tache: Tache) -> None:
    """Job: act on each contract that remains, then end the lot; resumed after a crash, it does the rest only.

    A contract that a rule refuses is told so on its line. One that fails otherwise stays to be done, and the job is tried again.
    """
    lot = LotContrats.objects.get(pk=tache.parametres["lot"])
    if not lot.en_cours:
        return
    lignes = lot.lignes.select_related("commune").order_by("commune__tri", "pk")
    run_each(tache, [(one.commune.nom, partial(treat, ligne=one.pk)) for one in lignes])
    finish(lot=lot)


@unite
def treat(*, ligne: int) -> None:
    """Act on the contract of a line, as who asked it, and keep what became of it; done, refused or left, it is left alone."""
    row = _claimed(ligne)
    if row.etat != Etat.A_FAIRE:
        return
    try:
        row.version_contrat, row.document = ACTES[Acte(row.lot.acte)](row)
    except (Refus, ActionInterdite) as refus:
        row.etat, row.motif = Etat.REFUSE, _why(row, refus)
    else:
        row.etat = Etat.FAIT
    row.traite_at = horloge.now()
    row.save(update_fields=["version_contrat", "document", "etat", "motif", "traite_at"])


def _why(row: LigneLot, refus: Refus | ActionInterdite) -> str:
    """The reason kept on the line; a contract that changed since it was ticked says what happened to it."""
    if not isinstance(refus, Conflit):
        return str(refus)
    last = Evenement.objects.about(row.version_contrat).first() if row.version_contrat else None
    said = f" ({last.libelle})" if last else ""
    return f"Le contrat a changé depuis qu'il a été coché{said}. Reprenez-le si l'acte est toujours à faire."


def _claimed(pk: int) -> LigneLot:
    """The line, locked: two workers on the same lot, or who cancels it, take their turn."""
    related = ("lot__epci", "lot__lance_par", "lot__repris_par", "commune", "version_contrat")
    rows = LigneLot.objects.select_for_update(of=("self",), no_key=True).select_related(*related)
    return rows.get(pk=pk)


Fait = tuple[VersionContrat, Document | None]


def _prepare(row: LigneLot) -> Fait:
    """Open a draft, bring the one that is open up to date, or open the avenant of a signed contract."""
    _one_at_a_time(row.lot.epci)  # as prepare_contract does, before any contract is locked
    mine = VersionContrat.objects.filter(epci=row.lot.epci, commune=row.commune)
    rows = mine.exclude(contrat__fin_on__lte=row.lot.effective_on)
    latest = rows.exclude(etat=VersionContrat.Etat.ABANDONNE).order_by("-contrat", "-numero").first()
    if latest:
        version = locked(VersionContrat, latest.pk, row.lue or 0, select=RELATED)
        if why := why_not_prepared(version, row.lot.effective_on):
            raise Refus(why)
    made = prepare_contract(
        epci=row.lot.epci, commune=row.commune, effective_on=row.lot.effective_on, acteur=row.lot.acteur
    )
    return made, None


def _move(act: Callable[..., VersionContrat], document: str, row: LigneLot) -> Fait:
    """Play an act of the circuit on the version that was read."""
    assert row.version_contrat  # acts of the circuit are chosen on contracts that exist
    version = act(version=row.version_contrat, acteur=row.lot.acteur, lue=row.lue)
    return version, getattr(version, document) if document else None


ACTES: dict[LotContrats.Acte, Callable[[LigneLot], Fait]] = {
    Acte.PREPARER: _prepare,
    Acte.RELECTURE: partial(_move, send_for_review, ""),
    Acte.ARRETER: partial(_move, settle, "arrete"),
    Acte.A_SIGNER: partial(_move, issue_to_sign, "a_signer"),
}


@unite
def finish(*, lot: LotContrats) -> None:
    """End a lot of which nothing remains, and write to who asked it; ended or cancelled meanwhile, nothing is done."""
    row = _relocked(lot)
    counts = row.lignes.all().counts()
    if not LOT.allows("terminer", row.etat) or counts[Etat.A_FAIRE]:
        return
    row.termine_at = horloge.now()
    row.save(update_fields=["termine_at"])
    said = f"terminé : {plural(counts[Etat.FAIT], 'contrat fait', 'contrats faits')}, {plural(counts[Etat.REFUSE], 'refusé')}"
    _record(row, "termine", None, said)
    write_mail(
        destinataire=row.acteur,
        epci=row.epci,
        type="lot_termine",
        objet=row,
        occurrence=str(row.passage),
        sujet=f"Contrats, {row.get_acte_display()} : {said}",
        contexte={
            "lot": row,
            "faits": counts[Etat.FAIT],
            "refuses": row.lignes.filter(etat=Etat.REFUSE)
            .select_related("commune")
            .order_by("commune__tri", "pk"),
        },
    )


def _relocked(lot: LotContrats) -> LotContrats:
    rows = LotContrats.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("epci", "lance_par", "repris_par", "annule_par").get(pk=lot.pk)


@unite
def cancel(*, lot: LotContrats, acteur: Personne) -> LotContrats:
    """Leave what remains of a running lot; what is done stays done. No longer running, nothing changes.

    Raises ActionInterdite.
    """
    row = _relocked(lot)
    require(row, acteur, "lancer")
    if not LOT.allows("annuler", row.etat):
        return row
    now = horloge.now()
    # A contract being treated now is waited for, and counted as done.
    left = row.lignes.filter(etat=Etat.A_FAIRE).update(etat=Etat.LAISSE, motif=CANCELLED, traite_at=now)
    row.annule_par, row.annule_at = acteur, now
    row.save(update_fields=["annule_par", "annule_at"])
    done = row.lignes.filter(etat=Etat.FAIT).count()
    _record(
        row,
        "annule",
        acteur,
        f"annulé : {plural(done, 'contrat fait', 'contrats faits')}, {plural(left, 'laissé')}",
    )
    return row


@unite
def resume(*, lot: LotContrats, acteur: Personne) -> LotContrats:
    """Take up again, in the name of who asks now, what was refused or left. Already running, nothing changes.

    The contracts are taken as they stand now. Raises ActionInterdite, Refus when nothing remains or another lot is running.
    """
    _one_at_a_time(lot.epci)
    row = _relocked(lot)
    require(row, acteur, "lancer")
    if not LOT.allows("reprendre", row.etat):
        return row
    _refuse_another(row.epci)
    if not _reopen_lines(row):
        raise Refus("Tous les contrats de ce lot sont faits : il n'y a rien à reprendre.")
    row.termine_at, row.annule_at, row.annule_par = None, None, None
    row.passage, row.repris_par, row.repris_at = row.passage + 1, acteur, horloge.now()
    row.save()
    _begin(row, "repris", acteur, "repris")
    return row


def _reopen_lines(lot: LotContrats) -> int:
    rows = VersionContrat.objects.filter(epci=lot.epci, commune=OuterRef("commune"))
    latest = rows.exclude(etat=VersionContrat.Etat.ABANDONNE).order_by("-contrat", "-numero")
    now: Any = {"etat": Etat.A_FAIRE, "motif": "", "traite_at": None}
    if lot.acte == Acte.PREPARER:
        now["version_contrat"] = Subquery(latest.values("pk")[:1])
        now["lue"] = Subquery(latest.values("version")[:1])
    else:
        same = VersionContrat.objects.filter(pk=OuterRef("version_contrat"))
        now["lue"] = Subquery(same.values("version")[:1])
    return lot.lignes.filter(etat__in=LigneLot.RESTE).update(**now)


def _record(lot: LotContrats, what: str, acteur: Personne | None, text: str) -> None:
    record(
        type=f"lot_contrats.{what}",
        objet=lot,
        epci=lot.epci,
        acteur=acteur,
        libelle=f"Lot « {lot} » {text}",
        contenu={"acte": lot.acte, "effective_on": lot.effective_on.isoformat(), "passage": lot.passage},
    )
