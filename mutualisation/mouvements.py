"""Moves of communes as people read them: what happens, and what it changes to shares, declarations, seats and accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from comptes.models import Habilitation
from mutualisation.models import Adhesion, Declaration, Ligne, Titulaire
from socle import registres
from socle.dates import day_and_year
from socle.typographie import enumerate_french, of, plural, spaced, to
from territoire.comparaison import Comparaison, Mouvement, Nature
from territoire.models import Epci

TONES = {
    Nature.FUSION: "a",
    Nature.SCISSION: "a",
    Nature.DEPART: "r",
    Nature.ARRIVEE: "v",
    Nature.NOM: "o",
    Nature.POPULATION: "n",
}
SUITES = {
    Nature.FUSION: "Ce jour-là, ce qui est partagé et les référents passent {a_apres} ; les rôles y valent aussi, sauf le "
    "mandat de maire des anciennes communes, qui finit. Une déclaration déposée suit son cours sous l'ancien nom ; un "
    "brouillon ne peut plus être déposé : c'est {a_apres} de déclarer, si la campagne est encore ouverte. Les revues à venir "
    "des anciennes communes sont annulées : {apres} a les siennes. L'historique garde les anciens noms.",
    Nature.SCISSION: "{apres} partage d'office les mêmes activités que {anciennes}. Pour {anciennes}, rien ne change : ses "
    "partages, ses déclarations, ses rôles et ses référents restent les siens.",
    Nature.DEPART: "Ce jour-là finissent ses partages, les rôles et les sièges de référent tenus pour elle ; ses demandes en "
    "cours sont closes, son brouillon de déclaration ne peut plus être déposé et ses revues à venir sont annulées. La "
    "Direction des territoires garde la lecture de tout ce qui précède.",
    Nature.ARRIVEE: "Elle ne partage encore rien. Si la campagne est ouverte ce jour-là, elle reçoit sa déclaration.",
    Nature.NOM: "Rien d'autre ne change : partages, déclarations, rôles et référents restent les mêmes. L'historique garde "
    "l'ancien nom et les anciens codes.",
}
WORDS = {"nom": "nom", "code_insee": "code INSEE", "siren": "SIREN", "population": "population"}


def phrase(move: Mouvement, epci: Epci) -> str:
    """« Ambès et Bassens deviennent Presqu'île », « Ambès quitte la Métropole »."""
    names = enumerate_french([one.nom for one in move.anciennes])
    if move.apres is None:
        return f"{names} quitte {epci.nom_commun}"
    if move.nature == Nature.ARRIVEE:
        return f"{move.apres.nom} rejoint {epci.nom_commun}"
    if move.nature == Nature.SCISSION:
        return f"{move.apres.nom} se détache {of(names)}"
    if move.nature == Nature.FUSION:
        return f"{names} {'devient' if len(move.anciennes) == 1 else 'deviennent'} {move.apres.nom}"
    return f"{names} : {', '.join(_facts(move))}"


def _facts(move: Mouvement) -> Iterator[str]:
    """« population 3 410, au lieu de 3 313 »."""
    assert move.apres
    before = move.anciennes[0]
    for name, word in WORDS.items():
        old, new = getattr(before, name), getattr(move.apres, name)
        if old != new:
            figures = (spaced(new), spaced(old)) if name == "population" else (new, old or "inconnu")
            yield f"{word} {figures[0]}, au lieu {of(figures[1])}"


def aftermath(move: Mouvement) -> str:
    """What follows a move, for the DGS and the maires of the communes it touches."""
    names = {
        "apres": move.apres.nom if move.apres else "",
        "a_apres": to(move.apres.nom) if move.apres else "",
        "anciennes": enumerate_french([one.nom for one in move.anciennes]),
    }
    return SUITES[move.nature].format(**names)


@dataclass(frozen=True)
class Portee:
    """A move and what it changes, in sentences."""

    mouvement: Mouvement
    phrase: str
    consequences: list[str]

    @property
    def pilule(self) -> tuple[str, str]:
        return TONES[self.mouvement.nature], self.mouvement.nature.value


def read_reach(epci: Epci, moves: list[Mouvement], day: date) -> list[Portee]:
    """What moves change, populations left out."""
    return [
        Portee(move, phrase(move, epci), list(CONSEQUENCES[move.nature](epci, move, day)))
        for move in moves
        if move.nature != Nature.POPULATION
    ]


def _of_merger(epci: Epci, move: Mouvement, day: date) -> Iterator[str]:
    assert move.apres
    name = move.apres.nom
    count = _shared(epci, move, day).values("activite").distinct().count()
    if count:
        yield (
            f"{plural(count, 'activité partagée passe', 'activités partagées passent')} à {name}, qui partage ce que l'une "
            "au moins des anciennes communes partageait (CGCT, L.2113-5)."
        )
    yield from _running(
        move,
        f"une déclaration déposée suit son cours sous l'ancien nom et ses choix votés vaudront pour {name} ; un brouillon ne "
        f"pourra plus être déposé, c'est {to(name)} de déclarer si la campagne est encore ouverte",
    )
    held = _seats(epci, move, day).count()
    if held:
        yield (
            f"{plural(held, 'référent ou responsable la suit', 'référents ou responsables les suivent')} ; s'ils sont plusieurs "
            "pour un domaine, celui de la commune la plus peuplée est titulaire, les autres suppléants."
        )
    people = _titles(epci, move, day).exclude(role="maire").values("personne").distinct().count()
    if people:
        yield (
            f"{plural(people, 'personne garde son rôle et le reçoit', 'personnes gardent leur rôle et le reçoivent')} aussi "
            f"pour {name}. Le mandat de maire des anciennes communes finit ; donnez le rôle au nouveau maire."
        )


def _of_split(epci: Epci, move: Mouvement, day: date) -> Iterator[str]:
    assert move.apres
    count = _shared(epci, move, day).count()
    if count:
        yield f"{move.apres.nom} partage d'office les mêmes activités que {move.anciennes[0].nom} ({count})."
    yield from _running(
        move,
        f"la déclaration suit son cours ; les choix votés vaudront aussi pour {move.apres.nom}, qui déclarera au cycle suivant",
    )
    yield f"Personne n'a encore de rôle pour {move.apres.nom} : ouvrez les comptes et nommez les référents."


def _of_departure(epci: Epci, move: Mouvement, day: date) -> Iterator[str]:
    one = move.anciennes[0]
    shared = _shared(epci, move, day)
    count = shared.count()
    if count:
        yield f"{plural(count, 'partage finit', 'partages finissent')} le {day_and_year(day)}."
    pending = pending_lines(one.commune.pk, day).count()
    if pending:
        yield f"{plural(pending, 'demande en cours est close', 'demandes en cours sont closes')} ce jour-là, avec ce motif."
    drafts = Declaration.objects.filter(
        commune=one.commune, etat=Declaration.Etat.BROUILLON, cycle__clos_at=None
    )
    if drafts.exists():
        yield "Son brouillon de déclaration reste lisible de la Direction ; il ne pourra plus être déposé ce jour-là."
    held, people = _seats(epci, move, day).count(), _titles(epci, move, day).count()
    if held or people:
        counts = ((people, "rôle", "rôles"), (held, "siège de référent", "sièges de référent"))
        ended = enumerate_french([plural(*count) for count in counts if count[0]])
        yield f"Ce jour-là finit ce qui est tenu sur cette commune : {ended}."
    domaines = frozenset(shared.values_list("activite__versions__domaine", flat=True)) - {None}
    for orphan in registres.consequences.gather(one.commune, domaines, day):
        yield f"{orphan.texte[:1].upper()}{orphan.texte[1:]}."


def _of_arrival(epci: Epci, move: Mouvement, day: date) -> Iterator[str]:
    yield "Elle ne partage encore rien. Si la campagne est ouverte ce jour-là, elle reçoit sa déclaration."
    yield "Ouvrez les comptes de ses agents et choisissez son pôle."


def _of_name(epci: Epci, move: Mouvement, day: date) -> Iterator[str]:
    yield f"Avant le {day_and_year(day)}, l'historique garde l'ancien nom et les anciens codes."


CONSEQUENCES = {
    Nature.FUSION: _of_merger,
    Nature.SCISSION: _of_split,
    Nature.DEPART: _of_departure,
    Nature.ARRIVEE: _of_arrival,
    Nature.NOM: _of_name,
}


def _shared(epci: Epci, move: Mouvement, day: date) -> QuerySet[Adhesion]:
    eve = date.fromordinal(day.toordinal() - 1)
    return Adhesion.objects.on(eve).filter(epci=epci, commune__in=_ids(move))


def _running(move: Mouvement, then: str) -> Iterator[str]:
    """The cycles being declared or instructed that these communes are in."""
    rows = Declaration.objects.filter(
        commune__in=_ids(move), cycle__ouvert_at__isnull=False, cycle__clos_at=None
    )
    annees = sorted(set(rows.values_list("cycle__annee", flat=True)))
    for annee in annees:
        yield f"Cycle {annee} : {then}."


def pending_lines(commune: int, day: date) -> QuerySet[Ligne]:
    """Lines submitted by a commune (its id) that would still take effect from a day on."""
    waiting = (Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE)
    rows = Ligne.objects.changing().filter(commune=commune, arbitrage__in=waiting, appliquee_at=None)
    return rows.filter(declaration__etat=Declaration.Etat.DEPOSEE).exclude(effet_on__lt=day)


def _seats(epci: Epci, move: Mouvement, day: date) -> QuerySet[Titulaire]:
    return Titulaire.objects.on(day).filter(siege__epci=epci, siege__commune__in=_ids(move))


def _titles(epci: Epci, move: Mouvement, day: date) -> QuerySet[Habilitation]:
    return Habilitation.objects.on(day).filter(epci=epci, commune__in=_ids(move))


def _ids(move: Mouvement) -> list[int]:
    return [one.commune.pk for one in move.anciennes]


def populations(comparaison: Comparaison) -> int:
    """How many communes have a new population."""
    return sum("population" in suite.changes for suite in comparaison.suites)
