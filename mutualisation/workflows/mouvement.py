"""Applying a newer extract: communes that merge, split, arrive, leave or change name, and all that follows them.

Memberships, names, seats and roles are dated, so they are written at once; on the day itself a job hands over the adhesions
and closes what a commune that left still asked for.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from comptes.destinataires import Carnet
from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unite
from mutualisation.models import Ligne, Siege, Titulaire
from mutualisation.mouvements import pending_lines, phrase
from mutualisation.workflows import derivation
from socle import horloge
from socle.dates import day_and_year
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from socle.typographie import plural
from territoire.comparaison import Comparaison, Mouvement, Nature, Releve, compare, plan
from territoire.models import Appartenance, Commune, Epci, Filiation
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
        _follow(epci, move, reached, le)
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


def _told(epci: Epci, moves: list[Mouvement]) -> dict[Personne, list[str]]:
    """What each DGS and maire of the communes that move is told, before roles change."""
    by_commune = Carnet(epci, TOLD).by_commune(epci.today)
    told: dict[Personne, list[str]] = {}
    for move in moves:
        concerned = {one.commune.pk for one in move.anciennes} if move.nature != Nature.POPULATION else set()
        people = {p for commune, found in by_commune.items() if commune.pk in concerned for p in found}
        for personne in sorted(people, key=lambda one: one.pk):
            told.setdefault(personne, []).append(phrase(move, epci))
    return told


def _tell(epci: Epci, told: Mapping[Personne, list[str]], le: date, empreinte: str) -> None:
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="communes_mouvement",
            objet=epci,
            occurrence=f"{le}:{empreinte}",
            sujet=f"Votre commune change à compter du {day_and_year(le)}",
            contexte={"phrases": phrases, "le": le, "epci": epci},
        )
        for personne, phrases in told.items()
    )


def _follow(epci: Epci, move: Mouvement, reached: Mapping[str, Commune], le: date) -> None:
    """Roles and seats follow a merger and end with a departure; nobody's past rights change, hence not before today."""
    since = max(le, epci.today)
    if move.nature == Nature.DEPART:
        commune = move.anciennes[0].commune
        _end_titles(Habilitation.objects.filter(epci=epci, commune=commune), since)
        _end_titles(Titulaire.objects.filter(siege__epci=epci, siege__commune=commune), since)
    if move.nature == Nature.FUSION:
        assert move.apres
        for one in sorted(move.anciennes, key=lambda one: -one.population):
            _carry_titles(epci, one.commune, reached[move.apres.siren], since)
            _carry_seats(epci, one.commune, reached[move.apres.siren], since)


def _end_titles(rows: QuerySet[Any], since: date) -> None:
    rows.filter(Q(fin=None) | Q(fin__gt=since), debut__lt=since).update(fin=since)


def _carry_titles(epci: Epci, ancienne: Commune, nouvelle: Commune, since: date) -> None:
    """Those of the former commune act for the new one too: what was begun under the former name must be finished.

    A maire's mandate ends with his commune, which becomes a commune déléguée (CGCT, L.2113-10).
    """
    held = Habilitation.objects.on(since).filter(epci=epci, commune=ancienne, debut__lt=since)
    for row in held.exclude(role=Role.MAIRE).order_by("pk"):
        Habilitation.objects.get_or_create(
            epci=epci,
            commune=nouvelle,
            personne_id=row.personne_id,
            role=row.role,
            defaults={"debut": since, "fin": row.fin},
        )
    _end_titles(Habilitation.objects.filter(epci=epci, commune=ancienne, role=Role.MAIRE), since)


def _carry_seats(epci: Epci, ancienne: Commune, nouvelle: Commune, since: date) -> None:
    """Holders of the seats of a former commune sit for the new one, in title while nobody does, else as deputies."""
    held = Titulaire.objects.on(since).filter(siege__epci=epci, siege__commune=ancienne, debut__lt=since)
    for row in held.select_related("siege", "personne", "equipe").order_by("-rang", "pk"):
        siege, _ = Siege.objects.get_or_create(
            epci=epci, cote=row.siege.cote, domaine_id=row.siege.domaine_id, commune=nouvelle, pole=None
        )
        _seat(siege, row, since)
    _end_titles(Titulaire.objects.filter(siege__epci=epci, siege__commune=ancienne), since)


def _seat(siege: Siege, row: Titulaire, since: date) -> None:
    sitting = siege.titulaires.filter(Q(fin=None) | Q(fin__gt=since))
    if sitting.filter(personne=row.personne, equipe=row.equipe).exists():
        return
    taken = sitting.filter(rang=Titulaire.Rang.TITULAIRE).exists()
    siege.titulaires.create(
        personne_id=row.personne_id,
        equipe_id=row.equipe_id,
        rang=Titulaire.Rang.SUPPLEANT if taken else row.rang,
        debut=since,
        fin=row.fin,
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
    """Job: on the day, communes take their new names, heirs take over adhesions, what was asked by those gone is closed."""
    epci = Epci.objects.get(pk=tache.parametres["epci"])
    day = date.fromisoformat(tache.parametres["jour"])
    acteur = Personne.objects.get(pk=tache.parametres["acteur"])
    refresh_present(epci=epci)
    derivation.apply_moves(epci=epci, day=day)
    for commune in _gone(epci, day):
        close_lines(epci=epci, commune=commune, day=day, acteur=acteur)


def _gone(epci: Epci, day: date) -> list[Commune]:
    """Communes that left on a day, without successor."""
    left = Appartenance.objects.filter(epci=epci, fin=day)
    replaced = Filiation.objects.filter(effective_on=day).values("ancienne")
    rows = Commune.objects.filter(pk__in=left.values("commune")).exclude(pk__in=replaced)
    return list(rows.order_by("tri", "pk"))


@unite
def close_lines(*, epci: Epci, commune: Commune, day: date, acteur: Personne) -> None:
    """Close what a commune that left on a day still asked for; twice changes nothing. `acteur` recorded the departure."""
    rows = list(
        pending_lines(commune.pk, day).filter(epci=epci).order_by("pk").select_for_update(of=("self",))
    )
    if not rows:
        return
    Ligne.objects.filter(pk__in=[row.pk for row in rows]).update(
        arbitrage=Ligne.Arbitrage.ABANDONNEE,
        arbitree_at=horloge.now(),
        arbitree_par=acteur,
        arbitree_qualite="évolution des communes",
        arbitrage_motif=f"{commune} n'est plus membre de {epci} depuis le {day_and_year(day)}.",
        effet_on=None,
        version=F("version") + 1,
    )
    record(
        type="commune.demandes_closes",
        objet=commune,
        epci=epci,
        commune=commune,
        acteur=None,
        libelle=f"{commune} a quitté {epci} : {plural(len(rows), 'demande close', 'demandes closes')}",
        contenu={"lignes": [row.pk for row in rows]},
    )
