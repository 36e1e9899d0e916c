"""The point d'arrêt: the commune and the EPCI both confirm what goes to the vote."""

from collections.abc import Iterable, Mapping

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Evenement
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.arrets import broken_rules, not_before
from mutualisation.etats import ARBITRAGE, ARRET
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows.complement import close_unanswered
from mutualisation.workflows.evaluation import ask_evaluations_when_late
from mutualisation.workflows.ligne import refuse_closed, refuse_voted
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.typographie import enumerate_french, plural

RELATED = ("cycle__epci", "cycle__catalogue", "commune", "epci")
LIGNE = ("activite", "domaine", "commune", "epci")
MOTIF_MAX = 2000


@unite
def confirm_for_commune(
    *,
    declaration: Declaration,
    acteur: Personne,
    qualite: str,
    vues: Mapping[int, int],
    gardees: Iterable[int],
) -> Declaration:
    """Confirm the choices of a commune: lines out of `gardees` are withdrawn, those withdrawn before and in it come back.

    `vues` gives the version of each line the page showed. A second press changes nothing. Raises ActionInterdite, Refus
    (campaign still open, cycle closed, nothing to confirm, a rule of the catalogue broken, a line already voted), Conflit when
    a line changed since it was read.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    if declaration.arret_commune_at and declaration.arret_commune_par == acteur:
        return declaration
    refuse_closed(declaration.cycle, allowed=declaration.signed_by(acteur))
    _refuse_early(declaration, allowed=declaration.signed_by(acteur))
    require(declaration, acteur, "confirmer")
    _refuse_empty(declaration)
    lignes = _changing(declaration)
    _check_seen(lignes, vues)
    kept = set(gardees)
    withdrawn = [one for one in lignes if one.pk not in kept and _alive(one)]
    back = [one for one in lignes if one.pk in kept and one.arbitrage == Ligne.Arbitrage.ABANDONNEE]
    confirm = "confirmer en redemandant une ligne" if back else "confirmer pour la commune"
    reached = ARRET.move(confirm, declaration.arret)
    _check_rules(declaration, withdrawn, back, final=reached == Declaration.Arret.ARRETE)
    for ligne in withdrawn:
        _withdraw(ligne, acteur, qualite)
    for ligne in back:
        _take_back(ligne, acteur, qualite)
    if back:  # they are to decide on: what the EPCI had confirmed is not whole any more
        declaration.arret_epci_at = declaration.arret_epci_par = None
    declaration.arret_commune_at, declaration.arret_commune_par = horloge.now(), acteur
    _save(declaration, acteur, qualite, "commune", _told(declaration, withdrawn))
    _tell(declaration, acteur, withdrawn)
    if back:
        ask_evaluations_when_late(declaration)
    return declaration


@unite
def confirm_for_epci(*, declaration: Declaration, acteur: Personne, qualite: str) -> Declaration:
    """Confirm for the EPCI, once every line has its decision; a second press changes nothing.

    Raises ActionInterdite, Refus while something is to decide, decisions break a bloc or a prérequis, the campaign is open or
    there is nothing to confirm.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    if declaration.arret_epci_at and declaration.arret_epci_par == acteur:
        return declaration
    refuse_closed(declaration.cycle, allowed=_directs(declaration, acteur))
    _refuse_early(declaration, allowed=_directs(declaration, acteur))
    require(declaration, acteur, "arreter")
    ARRET.move("confirmer pour l'EPCI", declaration.arret)
    _refuse_empty(declaration)
    waiting = [one for one in _changing(declaration) if one.arbitrage == Ligne.Arbitrage.A_INSTRUIRE]
    if waiting:
        attend = plural(len(waiting), "demande attend", "demandes attendent")
        raise Refus(f"{declaration.commune} : {attend} encore une décision.")
    broken = broken_rules(declaration)
    if broken:
        raise Refus(f"{declaration.commune} : {' '.join(broken)} Revoyez d'abord vos décisions.")
    declaration.arret_epci_at, declaration.arret_epci_par = horloge.now(), acteur
    _save(declaration, acteur, qualite, "epci", f"Point d'arrêt confirmé par {declaration.epci.nom_commun}")
    _tell(declaration, acteur, [])
    return declaration


@unite
def reopen(*, declaration: Declaration, acteur: Personne, motif: str) -> Declaration:
    """Undo both confirmations, with a motive that the commune reads; both sides then confirm again. Twice changes nothing.

    Raises ActionInterdite, Refus without a motive or once the cycle is closed.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    if _just_reopened(declaration, acteur):
        return declaration
    refuse_closed(declaration.cycle, allowed=_directs(declaration, acteur))
    require(declaration, acteur, "rouvrir")
    ARRET.move("rouvrir", declaration.arret)
    if not motif.strip():
        raise Refus("Dites pourquoi vous rouvrez : le motif est transmis à la commune.", field="motif")
    before = str(declaration.arret.label)
    _clear(declaration)
    detail = {"avant": before, "motif": motif}
    _save(declaration, acteur, "", "rouvert", f"Point d'arrêt rouvert, {declaration.commune}", detail)
    _write(
        declaration,
        acteur,
        "arret_rouvert",
        f"Vos choix {declaration.cycle.annee} sont rouverts",
        {"motif": motif},
    )
    return declaration


def _just_reopened(declaration: Declaration, acteur: Personne) -> bool:
    """Whether the last thing done is that this person reopened it: a second press finds it so."""
    if declaration.arret != Declaration.Arret.A_CONFIRMER:
        return False
    last = Evenement.objects.about(declaration).first()
    return bool(last and (last.type, last.acteur_id) == ("arret.rouvert", acteur.pk))


def drop_confirmations(declaration: Declaration, acteur: Personne) -> bool:
    """A decision changed, in the unit and the locks of the caller: what either side had confirmed is to confirm again.

    Returns whether the commune had confirmed: it is then told with the decision.
    """
    if declaration.arret == Declaration.Arret.A_CONFIRMER:
        return False
    ARRET.move("changer une décision", declaration.arret)
    before, confirmed = str(declaration.arret.label), bool(declaration.arret_commune_at)
    _clear(declaration)
    said = f"Point d'arrêt à confirmer de nouveau, {declaration.commune} : une décision a changé"
    _save(declaration, acteur, "", "tombe", said, {"avant": before})
    return confirmed


def _clear(declaration: Declaration) -> None:
    declaration.arret_commune_at = declaration.arret_commune_par = None
    declaration.arret_epci_at = declaration.arret_epci_par = None


def _directs(declaration: Declaration, acteur: Personne) -> bool:
    return acteur.acces.acts_for_epci(declaration.epci_id, Role.DIRECTION_TERRITOIRES)


def _refuse_early(declaration: Declaration, *, allowed: bool) -> None:
    """Tell who would otherwise be allowed that the commune may still declare."""
    if allowed and declaration.ouverte:
        raise Refus(not_before(declaration.limite_on))


def _refuse_empty(declaration: Declaration) -> None:
    if not declaration.lignes.changing().exists():
        raise Refus("Rien ne change pour cette commune : il n'y a rien à confirmer.")


def _changing(declaration: Declaration) -> list[Ligne]:
    rows = declaration.lignes.changing().order_by("pk")
    lignes = list(rows.select_for_update(of=("self",), no_key=True).select_related(*LIGNE))
    for ligne in lignes:
        ligne.declaration = declaration
    return lignes


def _alive(ligne: Ligne) -> bool:
    return ARBITRAGE.allows("retirer", ligne.arbitrage) and not ligne.appliquee_at


def _check_seen(lignes: list[Ligne], vues: Mapping[int, int]) -> None:
    changed = [ligne for ligne in lignes if vues.get(ligne.pk) != ligne.version]
    if changed:
        names = enumerate_french([f"« {ligne.activite} »" for ligne in changed])
        raise Conflit(f"La Direction des territoires vient de changer {names} : relisez, puis confirmez.")


def _check_rules(declaration: Declaration, withdrawn: list[Ligne], back: list[Ligne], *, final: bool) -> None:
    """What the commune gives up or takes back breaks no rule; what a decision broke is not hers to mend, but nothing is final."""
    before = broken_rules(declaration)
    retirees, reprises = [one.pk for one in withdrawn], [one.pk for one in back]
    after = broken_rules(declaration, retirees=retirees, reprises=reprises)
    broken = [sentence for sentence in after if sentence not in before]
    if broken:
        raise Refus(" ".join(broken), field="gardees")
    if after and final:
        raise Refus(f"{' '.join(after)} La Direction des territoires doit d'abord revoir ses décisions.")


def _withdraw(ligne: Ligne, acteur: Personne, qualite: str) -> None:
    refuse_voted(ligne)
    ligne.arbitrage = ARBITRAGE.move("retirer", ligne.arbitrage)
    close_unanswered(ligne, acteur)
    ligne.arbitrage_motif = ""
    ligne.arbitree_at, ligne.arbitree_par, ligne.arbitree_qualite = horloge.now(), acteur, qualite
    ligne.effet_on = None
    _save_line(ligne, acteur, qualite, "retiree", "retirée par la commune")


def _take_back(ligne: Ligne, acteur: Personne, qualite: str) -> None:
    ligne.arbitrage = ARBITRAGE.move("reprendre", ligne.arbitrage)
    ligne.arbitree_at = ligne.arbitree_par = None
    ligne.arbitree_qualite = ""
    _save_line(ligne, acteur, qualite, "reprise", "demandée de nouveau")


def _save_line(ligne: Ligne, acteur: Personne, qualite: str, what: str, words: str) -> None:
    ligne.version += 1
    ligne.save()
    record(
        type=f"ligne.{what}",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        qualite=qualite,
        libelle=f"{ligne.commune}, {ligne.activite} : {ligne.get_nature_display()} {words}",
        contenu={"activite": ligne.activite.code, "nature": ligne.nature, "arbitrage": ligne.arbitrage},
    )


def _told(declaration: Declaration, withdrawn: list[Ligne]) -> str:
    said = f"Point d'arrêt confirmé par la commune {declaration.commune.de}"
    return f"{said}, {plural(len(withdrawn), 'demande retirée', 'demandes retirées')}" if withdrawn else said


def _save(
    declaration: Declaration,
    acteur: Personne,
    qualite: str,
    what: str,
    libelle: str,
    detail: dict[str, str] | None = None,
) -> None:
    declaration.version += 1
    declaration.save()
    record(
        type=f"arret.{what}",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        qualite=qualite,
        libelle=libelle,
        contenu={"annee": declaration.cycle.annee, "arret": declaration.arret},
        detail=detail,
    )


def _tell(declaration: Declaration, acteur: Personne, withdrawn: list[Ligne]) -> None:
    subject = f"Point d'arrêt {declaration.cycle.annee}, {declaration.commune} : {declaration.arret.label}"
    _write(declaration, acteur, "arret_confirme", subject, {"retirees": withdrawn})


def _write(
    declaration: Declaration, acteur: Personne, type: str, sujet: str, contexte: dict[str, object]
) -> None:
    """To both sides, but for who acts."""
    epci = declaration.epci
    roles = (Role.DGS, Role.MAIRE, Role.DIRECTION_TERRITOIRES)
    told = recipients(epci, *roles, on=epci.today, commune=declaration.commune)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type=type,
            objet=declaration,
            occurrence=str(declaration.version),
            sujet=sujet,
            contexte={"declaration": declaration, "acteur": acteur, **contexte},
        )
        for personne in told
        if personne != acteur
    )
