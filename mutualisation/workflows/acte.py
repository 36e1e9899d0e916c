"""Recording the acts of the assemblies, and correcting those recorded by error."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import QuerySet

from comptes.destinataires import heads_of
from comptes.models import Personne
from comptes.roles import Role
from documents.workflows.piece import keep_piece
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unit, unite
from mutualisation.arrets import blocs_voted_in_part, broken_rules
from mutualisation.models import Acte, Cycle, Declaration, Ligne
from mutualisation.teletransmission import check_transmission
from mutualisation.workflows.effet import apply_ready, date_effects, executoire_dates, set_effect_date
from mutualisation.workflows.verrou import check_version, locked
from socle import horloge
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.typographie import plural
from territoire.models import Commune

WHO = "Seule la Direction des territoires enregistre les actes des assemblées."
RELATED = ("epci", "cycle__epci", "commune")
COMPARED = ("numero", "adopte_on", "executoire_on", "teletransmission")


@unite
def record_act(
    *,
    cycle: Cycle,
    acteur: Personne,
    type: str,
    numero: str,
    adopte_on: date,
    executoire_on: date,
    lignes: Sequence[int],
    commune: Commune | None = None,
    teletransmission: str = "",
    fichier: UploadedFile | None = None,
) -> Acte:
    """Record an act that covers some accepted lines; those that then have both acts get their day of effect.

    The same act again, with the same dates, covers lines accepted since. The DGS of the commune whose council voted is told.
    Raises Refus for dates to come or out of order, an act or a télétransmission already recorded or of another commune, no
    line, a line of another commune, a bloc in part or decisions that break a rule of the catalogue; ActionInterdite.
    """
    if not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    if (type == Acte.Type.CONSEIL_MUNICIPAL) != bool(commune):
        raise Refus(
            "Un acte du conseil municipal nomme sa commune ; un acte de l'EPCI n'en nomme pas.",
            field="commune",
        )
    cycle = locked(Cycle, cycle.pk, select=("epci",))  # its date of effect stays until the lines are dated
    acte = Acte(
        epci=cycle.epci,
        cycle=cycle,
        commune=commune,
        type=type,
        numero=numero,
        adopte_on=adopte_on,
        executoire_on=executoire_on,
        teletransmission=teletransmission,
        saisi_par=acteur,
        saisi_at=horloge.now(),
    )
    covered = _covered(acte, lignes)
    _check(acte)
    acte = _insert(acte, covered)
    _keep(acte, acteur, fichier)
    acte.lignes.add(*covered)
    _record(acte, acteur, "enregistre", covered)
    _tell(acte, acteur, "acte_enregistre", "enregistrée")
    date_effects(covered)
    apply_ready(cycle.epci, covered)
    return acte


@unite
def correct_act(
    *,
    acte: Acte,
    acteur: Personne,
    version: int,
    numero: str,
    adopte_on: date,
    executoire_on: date,
    lignes: Sequence[int],
    teletransmission: str = "",
    fichier: UploadedFile | None = None,
) -> Acte:
    """Correct an act none of whose lines has taken effect; lines it covered or now covers are dated again.

    A file left out stays as it was. Raises ActionInterdite, Conflit, Refus as record_act.
    """
    locked(Cycle, acte.cycle_id)
    before = _lock_lines(acte, lignes)
    acte = locked(Acte, acte.pk, version, select=RELATED)
    require(acte, acteur, "corriger")
    covered = _covered(acte, lignes)
    told = _facts(acte, before)
    acte.numero, acte.adopte_on, acte.executoire_on = numero, adopte_on, executoire_on
    acte.teletransmission = teletransmission
    _check(acte)
    _save(acte)
    _keep(acte, acteur, fichier)
    acte.lignes.set(covered)
    _record(acte, acteur, "corrige", covered, {"avant": told, "apres": _facts(acte, covered)})
    _tell(acte, acteur, "acte_corrige", "corrigée")
    _date_again(acte, {*before, *covered})
    return acte


@unite
def cancel_act(*, acte: Acte, acteur: Personne, version: int, motif: str) -> Acte:
    """Cancel an act recorded by error; its lines wait for an act again, and it stays in the list, said cancelled.

    The same person again changes nothing. Raises ActionInterdite once a line has taken effect, Conflit, Refus without a motive.
    """
    locked(Cycle, acte.cycle_id)
    before = _lock_lines(acte, ())
    acte = locked(Acte, acte.pk, select=RELATED)
    if acte.annule_at and acte.annule_par == acteur:
        return acte
    check_version(acte, version)
    require(acte, acteur, "corriger")
    if not motif.strip():
        raise Refus("Dites pourquoi cet acte est annulé : le motif est gardé.", field="motif")
    acte.annule_at, acte.annule_par, acte.annule_motif = horloge.now(), acteur, motif
    acte.version += 1
    acte.save()
    acte.lignes.clear()
    _record(acte, acteur, "annule", before, {"avant": _facts(acte, before), "motif": motif})
    _tell(acte, acteur, "acte_annule", "annulée")
    _date_again(acte, before)
    return acte


@unite
def date_late_lines(*, declaration: Declaration, acteur: Personne, effet_on: date) -> list[Ligne]:
    """Set one day of effect for the lines of a commune whose acts are both there but late, and that have none yet.

    Raises ActionInterdite, Refus for a day earlier than an act, or when no line waits for a day.
    """
    rows = declaration.lignes.filter(arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on=None, appliquee_at=None)
    waiting = list(rows.with_acts().exclude(acte_commune_on=None).exclude(acte_epci_on=None).order_by("pk"))
    if not waiting:
        raise Refus("Aucune ligne n'attend de date d'effet.", field="effet_on")
    return [set_effect_date(ligne=ligne, acteur=acteur, effet_on=effet_on) for ligne in waiting]


def _lock_lines(acte: Acte, lignes: Iterable[int]) -> list[int]:
    """The lines an act covers, locked with those it will: always the cycle first, then lines, then the act."""
    covered = list(acte.lignes.order_by("pk").values_list("pk", flat=True))
    rows = Ligne.objects.filter(pk__in={*covered, *lignes}).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    return covered


def _covered(acte: Acte, lignes: Sequence[int]) -> list[int]:
    """The lines, locked: two acts recorded in the same second must each see the other."""
    possible = Ligne.objects.filter(
        pk__in=lignes, declaration__cycle=acte.cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE
    )
    if acte.commune:
        possible = possible.filter(commune=acte.commune)
    rows = list(possible.order_by("pk").select_for_update(of=("self",), no_key=True))
    covered = [ligne.pk for ligne in rows]
    if not covered:
        raise Refus("Choisissez au moins une ligne acceptée que cet acte approuve.", field="lignes")
    if len(covered) != len(set(lignes)):
        raise Refus(
            "Une ligne choisie n'est pas acceptée, ou n'est pas de cette commune et de ce cycle.",
            field="lignes",
        )
    _check_decisions({ligne.declaration_id for ligne in rows}, covered)
    return covered


def _check_decisions(declarations: Collection[int], covered: Collection[int]) -> None:
    """What goes to the vote breaks no rule of the catalogue, and a bloc is voted whole."""
    rows = Declaration.objects.filter(pk__in=declarations).select_related("cycle__catalogue", "commune")
    for declaration in rows.order_by("commune__tri", "pk"):
        broken = broken_rules(declaration) or blocs_voted_in_part(declaration, covered)
        if broken:
            raise Refus(f"{declaration.commune} : {' '.join(broken)}", field="lignes")


def _check(acte: Acte) -> None:
    """Refuse dates that cannot be, and an identifier that says another body."""
    cycle = acte.cycle
    if max(acte.adopte_on, acte.executoire_on) > cycle.epci.today:
        raise Refus(
            "Cette date est à venir : un acte s'enregistre une fois adopté et exécutoire.",
            field="executoire_on",
        )
    if acte.executoire_on < acte.adopte_on:
        raise Refus("Un acte ne peut pas être exécutoire avant d'être adopté.", field="executoire_on")
    if acte.adopte_on < cycle.ouverture_on:
        raise Refus(
            f"Le cycle {cycle.annee} s'est ouvert le {day_and_year(cycle.ouverture_on)} : un acte plus ancien ne peut pas "
            "approuver ses lignes. Vérifiez l'année.",
            field="adopte_on",
        )
    check_transmission(acte.teletransmission, acte.epci, acte.commune)


def _insert(acte: Acte, covered: list[int]) -> Acte:
    """Insert the act; one already recorded is taken again when it covers lines accepted since."""
    try:
        with unit():
            acte.save()
    except IntegrityError as error:
        same = Acte.objects.standing().filter(
            epci=acte.epci, commune=acte.commune, numero=acte.numero, adopte_on=acte.adopte_on
        )
        known = same.select_for_update(of=("self",), no_key=True).first()
        if known is None or not _completes(known, acte, covered):
            raise _already(acte, known) from error
        known.version += 1
        known.save(update_fields=["version"])
        return known
    return acte


def _save(acte: Acte) -> None:
    acte.version += 1
    try:
        with unit():
            acte.save()
    except IntegrityError as error:
        same = Acte.objects.standing().exclude(pk=acte.pk).filter(epci=acte.epci, commune=acte.commune)
        known = same.filter(numero=acte.numero, adopte_on=acte.adopte_on).first()
        raise _already(acte, known) from error


def _completes(known: Acte, acte: Acte, covered: list[int]) -> bool:
    same = (known.cycle_id, known.type, known.executoire_on) == (acte.cycle_id, acte.type, acte.executoire_on)
    return same and not known.lignes.filter(pk__in=covered).exists()


def _already(acte: Acte, known: Acte | None) -> Refus:
    """The sentence about an act that has the same number and day, else the same identifier of télétransmission."""
    if known:
        said = f"L'acte n° {acte.numero} du {acte.adopte_on:%d/%m/%Y} est déjà enregistré."
        return Refus(said, field="numero")
    twin = Acte.objects.standing().filter(epci=acte.epci, teletransmission=acte.teletransmission).first()
    whose = f"l'acte n° {twin.numero} du {twin.adopte_on:%d/%m/%Y}" if twin else "un autre acte"
    return Refus(f"Cet identifiant de télétransmission est déjà celui de {whose}.", field="teletransmission")


def _keep(acte: Acte, acteur: Personne, fichier: UploadedFile | None) -> None:
    if fichier:
        acte.piece = keep_piece(epci=acte.epci, acteur=acteur, fichier=fichier)
        acte.save(update_fields=["piece"])


def _date_again(acte: Acte, lignes: Collection[int]) -> None:
    """The acts of these lines changed: a day set by hand stays when it is still late enough, the others are found again."""
    dated = Ligne.objects.filter(pk__in=lignes, appliquee_at=None, effet_on__isnull=False)
    for_good = _late_enough(dated, acte.cycle.effective_on)
    dated.exclude(pk__in=for_good).update(effet_on=None)
    pks = sorted(lignes)
    date_effects(pks)
    apply_ready(acte.epci, pks)


def _late_enough(dated: QuerySet[Ligne], effective_on: date) -> list[int]:
    """The lines whose acts are late, and whose day, set by the Direction, is not earlier than they."""
    days = executoire_dates(dated.values_list("pk", flat=True))
    last = {
        pk: max(commune_on, epci_on) for pk, (commune_on, epci_on) in days.items() if commune_on and epci_on
    }
    rows = [ligne for ligne in dated if ligne.pk in last and last[ligne.pk] > effective_on]
    return [ligne.pk for ligne in rows if ligne.effet_on and ligne.effet_on >= last[ligne.pk]]


def _facts(acte: Acte, covered: Iterable[int]) -> dict[str, object]:
    rows = Ligne.objects.filter(pk__in=covered).order_by("commune__tri", "activite__code")
    lignes = [f"{ligne.commune}, {ligne.activite}" for ligne in rows.select_related("commune", "activite")]
    return {name: str(getattr(acte, name)) for name in COMPARED} | {"lignes": lignes}


WORDS = {"enregistre": "", "corrige": " corrigé", "annule": " annulé"}


def _record(
    acte: Acte,
    acteur: Personne,
    what: str,
    covered: list[int],
    detail: dict[str, object] | None = None,
) -> None:
    record(
        type=f"acte.{what}",
        objet=acte,
        epci=acte.epci,
        commune=acte.commune,
        acteur=acteur,
        libelle=f"{acte} du {acte.adopte_on:%d/%m/%Y}, exécutoire le {acte.executoire_on:%d/%m/%Y}"
        f"{WORDS[what]} : {plural(len(covered), 'ligne')}",
        contenu={
            "numero": acte.numero,
            "type": acte.type,
            "executoire_on": acte.executoire_on.isoformat(),
            "lignes": len(covered),
        },
        detail=detail,
    )


def _tell(acte: Acte, acteur: Personne, type: str, word: str) -> None:
    """Tell the commune whose council voted; an act of the EPCI is everybody's, and said on the pages."""
    if acte.commune is None:
        return
    lignes = acte.lignes.select_related("domaine", "activite").order_by("domaine__ordre", "activite__code")
    contexte = {"acte": acte, "acteur": acteur, "lignes": list(lignes)}
    write_mails(
        Lettre(
            destinataire=personne,
            epci=acte.epci,
            type=type,
            objet=acte,
            occurrence=str(acte.version),
            sujet=f"Délibération n° {acte.numero} {acte.commune.de} {word}",
            contexte=contexte,
        )
        for personne in heads_of(acte.epci, acte.commune, acte.epci.today)
        if personne != acteur
    )
