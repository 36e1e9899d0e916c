"""Applying a newer extract: communes that merge, split, arrive, leave or change name, and all that follows them.

Memberships and names are dated, so they are written at once; on the day itself a job hands over roles, seats and adhesions,
and closes what a commune that left still asked for.
"""

from collections.abc import Mapping
from datetime import date

from django.db.models import F

from comptes.destinataires import Carnet
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unite
from mutualisation.derivations import Membres
from mutualisation.models import Cycle, Ligne
from mutualisation.mouvements import aftermath, pending_lines, phrase
from mutualisation.workflows import derivation
from mutualisation.workflows.cycle import complete_drafts
from mutualisation.workflows.titre import hand_over_titles
from socle import horloge, registres
from socle.dates import day_and_year
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from socle.typographie import plural
from territoire.comparaison import Comparaison, Mouvement, Nature, Releve, compare, plan
from territoire.models import Commune, Epci, Filiation
from territoire.workflows.mouvement import apply_moves, refresh_present

TACHE_MOUVEMENTS = "mutualisation.mouvements"
WHO_MOVES = "Seuls l'administrateur et la Direction des territoires enregistrent l'évolution des communes."
MOVERS = (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR)
TOLD = (Role.DGS, Role.MAIRE)
KINDS = {
    Nature.FUSION: "commune.fusion",
    Nature.SCISSION: "commune.scission",
    Nature.DEPART: "commune.depart",
    Nature.ARRIVEE: "commune.arrivee",
    Nature.NOM: "commune.nom",
}


@unite
def apply_release(
    *,
    epci: Epci,
    acteur: Personne,
    releve: Releve,
    le: date,
    empreinte: str,
    devenirs: Mapping[int, str],
    origines: Mapping[str, int | None],
) -> list[Mouvement]:
    """Apply what an extract says of an EPCI from a day on, with the choices of a person (see territoire.comparaison.plan).

    `empreinte` is that of the comparison she read. Raises ActionInterdite, Conflit when the communes changed since,
    Refus when nothing changes, a choice is missing or the day does not fit what is already written.
    """
    if not acteur.acces.acts_for_epci(epci.pk, *MOVERS):
        raise ActionInterdite(WHO_MOVES)
    epci = Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    comparaison = compare(epci, releve, le)
    if comparaison.empreinte != empreinte:
        raise Conflit("Les communes ont changé depuis cette page : relisez la comparaison.")
    if comparaison.vide:
        raise Refus("Ce fichier dit la même chose que l'application : il n'y a rien à enregistrer.")
    _check_choices(comparaison, devenirs, origines)
    moves = plan(comparaison, devenirs, origines)
    told = _told(epci, moves)
    reached = apply_moves(epci=epci, moves=moves, day=le)
    for move in moves:
        _record(epci, move, reached, le, acteur)
    _record_populations(epci, moves, releve, le, acteur)
    _tell(epci, told, le, empreinte)
    refresh_present(epci=epci)
    _schedule(epci, le, empreinte, acteur)
    return moves


def _check_choices(
    comparaison: Comparaison, devenirs: Mapping[int, str], origines: Mapping[str, int | None]
) -> None:
    heirs = {one.siren for one in comparaison.apres} | {""}
    known = {one.commune.pk for one in comparaison.avant} | {None}
    complete = {one.avant.commune.pk for one in comparaison.disparues} == devenirs.keys() and {
        one.apres.siren for one in comparaison.apparues
    } == origines.keys()
    if not (complete and heirs >= set(devenirs.values()) and known >= set(origines.values())):
        raise Refus("Dites ce que devient chaque commune qui disparaît et d'où vient chaque nouvelle.")


def _told(epci: Epci, moves: list[Mouvement]) -> dict[Personne, list[tuple[str, str]]]:
    """What each DGS and maire is told of the communes that move, and of the one, already there, that they join.

    Each move is what happens, then what follows.
    """
    by_commune = Carnet(epci, TOLD).by_commune(epci.today)
    told: dict[Personne, list[tuple[str, str]]] = {}
    for move in moves:
        people = {p for commune, found in by_commune.items() if _concerns(move, commune) for p in found}
        for personne in sorted(people, key=lambda one: one.pk):
            told.setdefault(personne, []).append((phrase(move, epci), aftermath(move)))
    return told


def _concerns(move: Mouvement, commune: Commune) -> bool:
    if move.nature == Nature.POPULATION:
        return False
    reached = move.apres is not None and move.apres.siren == commune.siren
    return reached or commune in [one.commune for one in move.anciennes]


def _tell(epci: Epci, told: Mapping[Personne, list[tuple[str, str]]], le: date, empreinte: str) -> None:
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="communes_mouvement",
            objet=epci,
            occurrence=f"{le}:{empreinte}",
            sujet=f"Votre commune change à compter du {day_and_year(le)}",
            contexte={"mouvements": mouvements, "le": le, "epci": epci},
        )
        for personne, mouvements in told.items()
    )


def _record(epci: Epci, move: Mouvement, reached: Mapping[str, Commune], le: date, acteur: Personne) -> None:
    """One line about each commune that moves."""
    if move.nature not in KINDS:
        return
    communes = [one.commune for one in move.anciennes]
    if move.apres and reached[move.apres.siren] not in communes:
        communes.append(reached[move.apres.siren])
    for commune in communes:
        record(
            type=KINDS[move.nature],
            objet=commune,
            epci=epci,
            commune=commune,
            acteur=acteur,
            libelle=f"{phrase(move, epci)}, à compter du {day_and_year(le)}",
            contenu={"le": le.isoformat(), "siren": move.apres.siren if move.apres else ""},
        )


def _record_populations(
    epci: Epci, moves: list[Mouvement], releve: Releve, le: date, acteur: Personne
) -> None:
    count = sum(move.nature == Nature.POPULATION for move in moves)
    if count:
        record(
            type="epci.populations",
            objet=epci,
            epci=epci,
            acteur=acteur,
            libelle=f"Population de {plural(count, 'commune')} mise à jour à compter du {day_and_year(le)} "
            f"(données de référence {releve.version})",
        )


def _schedule(epci: Epci, le: date, empreinte: str, acteur: Personne) -> None:
    schedule(
        epci=epci,
        type=TACHE_MOUVEMENTS,
        cle=f"{TACHE_MOUVEMENTS}:{epci.pk}:{le}:{empreinte}",
        due_at=horloge.midnight(le, epci.fuseau),
        parametres={"epci": epci.pk, "jour": le.isoformat(), "acteur": acteur.pk},
    )


def run_moves(tache: Tache) -> None:
    """Job: on the day, communes take their new names, roles, seats and adhesions follow, what those gone asked is closed."""
    epci = Epci.objects.get(pk=tache.parametres["epci"])
    day = date.fromisoformat(tache.parametres["jour"])
    acteur = Personne.objects.get(pk=tache.parametres["acteur"])
    refresh_present(epci=epci)
    hand_over_titles(epci=epci, day=day)
    derivation.apply_moves(epci=epci, day=day)
    for cycle in Cycle.objects.filter(epci=epci, ouvert_at__isnull=False, clos_at=None).order_by("annee"):
        complete_drafts(cycle=cycle)
    for commune in _gone(epci, day):
        close_lines(epci=epci, commune=commune, day=day, acteur=acteur)
    for follow in registres.mouvements:
        follow(epci, day)


def _gone(epci: Epci, day: date) -> list[Commune]:
    """Communes that left on a day, without successor."""
    left = [commune for commune, fin in Membres(epci).departures() if fin == day]
    replaced = Filiation.objects.filter(effective_on=day).values("ancienne")
    rows = Commune.objects.filter(pk__in=left).exclude(pk__in=replaced)
    return list(rows.order_by("tri", "pk"))


@unite
def close_lines(*, epci: Epci, commune: Commune, day: date, acteur: Personne) -> None:
    """Close what a commune that left on a day still asked for; twice changes nothing. `acteur` recorded the departure."""
    rows = list(
        pending_lines(commune.pk, day)
        .filter(epci=epci)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    if not rows:
        return
    Ligne.objects.filter(pk__in=[row.pk for row in rows]).update(
        arbitrage=Ligne.Arbitrage.ABANDONNEE,
        arbitree_at=horloge.now(),
        arbitree_par=acteur,
        arbitree_qualite="évolution des communes",
        arbitrage_motif=f"{commune} n'est plus membre de {epci.nom_commun} depuis le {day_and_year(day)}.",
        effet_on=None,
        version=F("version") + 1,
    )
    record(
        type="commune.demandes_closes",
        objet=commune,
        epci=epci,
        commune=commune,
        acteur=None,
        libelle=f"{commune} a quitté {epci.nom_commun} : {plural(len(rows), 'demande close', 'demandes closes')}",
        contenu={"lignes": [row.pk for row in rows]},
    )
