"""Who still misses what, from the opinions to the attribution de compensation: communes × steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from mutualisation.actes import accepted_lines, by_commune
from mutualisation.compensation import paid_otherwise
from mutualisation.lignes import LigneLue, read_lines
from mutualisation.models import Avis, Convention, Cycle, EffetAC
from socle.typographie import plural
from territoire.models import Appartenance, Commune, Epci

CST_COMMUNE = (Avis.Type.CST_COMMUNE, Avis.Type.CST_CENTRE_GESTION, Avis.Type.CST_COMMUN)
CST_EPCI = (Avis.Type.CST_EPCI, Avis.Type.CST_COMMUN)
ORDRE_AC = list(EffetAC.Etat)


@dataclass(frozen=True)
class Jalon:
    """A step: what it is called, how one says it is awaited, from when it is, and the last day it is in time."""

    code: str
    libelle: str
    attendu: str
    debut_on: date
    due_on: date

    def missing(self, today: date) -> tuple[str, str]:
        """(tone, words) of what is not there: to come, awaited, missing."""
        if today < self.debut_on:
            return "n", "À venir"
        return ("o", self.attendu) if today <= self.due_on else ("r", "Manque")


def milestones(cycle: Cycle) -> tuple[Jalon, ...]:
    """The steps of a cycle. None of them but the two assemblies conditions the effect of a line.

    Opinions come between the point d'arrêt and the votes; AC deliberations until 31 March of the year of effect
    (domaine.md, calendar of the cycle).
    """
    arret, votes, fin, veille = (
        cycle.point_arret_on,
        cycle.votes_debut_on,
        cycle.votes_fin_on,
        cycle.veille_on,
    )
    mars = date(cycle.effective_on.year, 3, 31)
    return (
        Jalon("cst_commune", "CST de la commune", "Attendu", arret, votes),
        Jalon("cst_epci", "CST de l'EPCI", "Attendu", arret, votes),
        Jalon("clect", "Rapport de la CLECT", "Attendu", arret, votes),
        Jalon("municipal", "Conseil municipal", "Attendu", votes, fin),
        Jalon("epci", "Assemblée de l'EPCI", "Attendu", votes, fin),
        Jalon("approuvee", "Convention approuvée", "Attendue", votes, fin),
        Jalon("signee", "Convention signée", "Attendue", fin, veille),
        Jalon("transmise", "Convention transmise", "Attendue", fin, veille),
        Jalon("ac", "Attribution de compensation", "Attendue", fin, mars),
    )


@dataclass(frozen=True)
class Passage:
    """Where a commune stands at a step: done or not, in a tone and words."""

    jalon: Jalon
    fait: bool
    ton: str
    mot: str

    @property
    def tard(self) -> bool:
        return not self.fait and self.ton == "r"


@dataclass(frozen=True)
class Faits:
    """What is recorded for a commune in a cycle; `refactures` says how the domains that the AC does not pay are paid."""

    avis: tuple[Avis, ...] = ()
    convention: Convention | None = None
    effets: tuple[EffetAC, ...] = ()
    refactures: Mapping[int, str] = field(default_factory=dict)

    def opinion(self, types: Iterable[str]) -> Avis | None:
        """The opinion of one of these bodies: the commune's own before everybody's, one given before « sans objet »."""
        found = [avis for avis in self.avis if avis.type in set(types)]
        return min(found, key=lambda avis: (avis.commune_id is None, avis.rendu_on is None), default=None)

    def etat_ac(self, domaines: set[int]) -> EffetAC.Etat:
        """How far the least advanced of these domains is; one nobody costed is « non chiffré »."""
        known = {effet.domaine_id: EffetAC.Etat(effet.etat) for effet in self.effets}
        found = [known.get(domaine, EffetAC.Etat.NON_CHIFFRE) for domaine in domaines]
        return min(found, key=ORDRE_AC.index, default=EffetAC.Etat.NON_CHIFFRE)


@dataclass(frozen=True)
class Avancement:
    """A commune that has accepted lines, and where it stands at each step."""

    commune: Commune
    lues: list[LigneLue]
    passages: tuple[Passage, ...]
    faits: Faits
    pole_id: int | None = None
    pole_nom: str = ""

    @property
    def declaration_id(self) -> int:
        return self.lues[0].ligne.declaration_id

    def passage(self, code: str) -> Passage:
        return next(passage for passage in self.passages if passage.jalon.code == code)

    @property
    def complet(self) -> bool:
        """Both assemblies have voted every line: nothing more is needed for its effect."""
        return self.passage("municipal").fait and self.passage("epci").fait

    @property
    def tardives(self) -> list[LigneLue]:
        """Lines whose acts are late and whose day of effect is still to be set."""
        return [lue for lue in self.lues if lue.tardive and not lue.ligne.effet_on]

    @property
    def attentes(self) -> list[LigneLue]:
        """Lines that should have taken effect, were it not for an act."""
        return [lue for lue in self.lues if lue.manquants and lue.effet[0] == "r"]

    @property
    def manques(self) -> list[Passage]:
        return [passage for passage in self.passages if not passage.fait]

    @property
    def retard(self) -> tuple[int, int, str, int]:
        """The latest first: steps past their day, then steps missing, then French order."""
        late = sum(passage.tard for passage in self.passages)
        return -late, -len(self.manques), self.commune.tri, self.commune.pk


def read_progress(cycle: Cycle, user: Any) -> list[Avancement]:
    """One row per commune that has accepted lines and that the user sees, the latest first; six queries."""
    lues = read_lines(accepted_lines(cycle, user), cycle.epci.today)
    known = _read_facts(cycle, user)
    poles = _poles(cycle.epci)
    rows = [_advance(cycle, group, known, poles) for group in by_commune(lues)]
    return sorted(rows, key=lambda row: row.retard)


def read_one(cycle: Cycle, user: Any, commune: Commune) -> Avancement | None:
    """The row of one commune; None while none of its lines is accepted."""
    lues = read_lines(accepted_lines(cycle, user).filter(commune=commune), cycle.epci.today)
    known = _read_facts(cycle, user)
    return _advance(cycle, lues, known, {}) if lues else None


def _advance(
    cycle: Cycle, lues: list[LigneLue], known: "_Connus", poles: dict[int, tuple[int, str]]
) -> Avancement:
    commune = lues[0].ligne.commune
    faits = known.of(commune)
    passages = tuple(_pass(jalon, lues, faits, cycle.epci.today) for jalon in milestones(cycle))
    pole_id, pole_nom = poles.get(commune.pk, (None, ""))
    return Avancement(commune, lues, passages, faits, pole_id, pole_nom)


def _pass(jalon: Jalon, lues: list[LigneLue], faits: Faits, today: date) -> Passage:
    if jalon.code in ("municipal", "epci"):
        return _voted(jalon, lues, today)
    if jalon.code == "ac":
        return _compensated(jalon, {lue.ligne.domaine_id for lue in lues}, faits, today)
    if jalon.code in CONVENTION:
        return _dated(jalon, faits.convention, today)
    return _opined(jalon, faits.opinion(OPINIONS[jalon.code]), today)


OPINIONS = {"cst_commune": CST_COMMUNE, "cst_epci": CST_EPCI, "clect": (Avis.Type.CLECT,)}
CONVENTION = {"approuvee": "Approuvée", "signee": "Signée", "transmise": "Transmise"}


def _opined(jalon: Jalon, avis: Avis | None, today: date) -> Passage:
    if avis is None:
        return Passage(jalon, False, *jalon.missing(today))
    if avis.sans_objet:
        return Passage(jalon, True, "n", "Sans objet")
    against = avis.sens_personnel == Avis.Sens.DEFAVORABLE
    return Passage(jalon, True, "o" if against else "v", "Rendu, défavorable" if against else "Rendu")


def _voted(jalon: Jalon, lues: list[LigneLue], today: date) -> Passage:
    side = "acte_commune_on" if jalon.code == "municipal" else "acte_epci_on"
    left = sum(1 for lue in lues if not getattr(lue, side))
    if not left:
        return Passage(jalon, True, "v", "Enregistré")
    ton, mot = jalon.missing(today)
    return Passage(
        jalon, False, ton, f"{mot} pour {plural(left, 'ligne')}" if left < len(lues) and ton != "n" else mot
    )


def _dated(jalon: Jalon, convention: Convention | None, today: date) -> Passage:
    if convention and getattr(convention, f"{jalon.code}_on"):
        return Passage(jalon, True, "v", CONVENTION[jalon.code])
    return Passage(jalon, False, *jalon.missing(today))


def _compensated(jalon: Jalon, domaines: set[int], faits: Faits, today: date) -> Passage:
    imputed = domaines.difference(faits.refactures)
    if not imputed:
        return Passage(jalon, True, "n", "Sans objet")
    etat = faits.etat_ac(imputed)
    done = etat in (EffetAC.Etat.VOTE, EffetAC.Etat.NOTIFIE)
    ton = "v" if done else jalon.missing(today)[0]
    return Passage(jalon, done, ton, str(etat.label).capitalize())


class _Connus:
    """Opinions, conventions and effects of a cycle, by commune; an opinion without commune is everybody's."""

    def __init__(
        self,
        avis: list[Avis],
        conventions: list[Convention],
        effets: list[EffetAC],
        refactures: Mapping[int, str],
    ) -> None:
        self.avis, self.effets, self.refactures = avis, effets, refactures
        self.conventions = {convention.commune_id: convention for convention in conventions}

    def of(self, commune: Commune) -> Faits:
        return Faits(
            tuple(avis for avis in self.avis if avis.commune_id in (None, commune.pk)),
            self.conventions.get(commune.pk),
            tuple(effet for effet in self.effets if effet.commune_id == commune.pk),
            self.refactures,
        )


def _read_facts(cycle: Cycle, user: Any) -> _Connus:
    avis = Avis.objects.visible_to(user).standing().filter(cycle=cycle)
    effets = EffetAC.objects.visible_to(user).filter(declaration__cycle=cycle)
    conventions = Convention.objects.visible_to(user).filter(cycle=cycle)
    return _Connus(
        list(avis.select_related("commune", "piece").order_by("-rendu_on", "-pk")),
        list(conventions.select_related("commune").order_by("pk")),
        list(effets.select_related("domaine").order_by("domaine__ordre", "pk")),
        paid_otherwise(cycle),
    )


def _poles(epci: Epci) -> dict[int, tuple[int, str]]:
    rows = Appartenance.objects.on(epci.today).filter(epci=epci, pole__isnull=False)
    return {
        commune: (pole, nom)
        for commune, pole, nom in rows.order_by("pk").values_list("commune_id", "pole_id", "pole__nom")
    }


@dataclass(frozen=True)
class Barre:
    """How many communes have passed a step, and the bar that shows it, a hundred wide."""

    jalon: Jalon
    faits: int
    attendus: int
    manquants: int

    @property
    def total(self) -> int:
        return self.faits + self.attendus + self.manquants

    @property
    def morceaux(self) -> list[dict[str, Any]]:
        """(tone, place, width) of each part of the bar."""
        parts, start = [], 0.0
        for ton, count in (("v", self.faits), ("o", self.attendus), ("r", self.manquants)):
            width = round(100 * count / self.total, 2)
            parts += [{"ton": ton, "x": start, "largeur": width}] if count else []
            start += width
        return parts


def bars(rows: list[Avancement]) -> list[Barre]:
    """The totals of each step, over some communes."""
    if not rows:
        return []
    return [_bar([row.passages[index] for row in rows]) for index in range(len(rows[0].passages))]


def _bar(passages: list[Passage]) -> Barre:
    done, late = sum(one.fait for one in passages), sum(one.tard for one in passages)
    return Barre(passages[0].jalon, done, len(passages) - done - late, late)


class Export:
    """The columns of the exported board, and a row for each commune."""

    FIXES: ClassVar = ("Commune", "Code INSEE", "Pôle", "Lignes acceptées")
    SUITE: ClassVar = ("Lignes en attente d'acte", "Lignes à dater", "Convention")

    @classmethod
    def header(cls, cycle: Cycle) -> list[str]:
        return [*cls.FIXES, *(jalon.libelle for jalon in milestones(cycle)), *cls.SUITE]

    @staticmethod
    def row(avancement: Avancement) -> list[str | int | date | None]:
        """Typed values: numbers stay numbers."""
        convention = avancement.faits.convention
        return [
            avancement.commune.nom,
            avancement.commune.code_insee,
            avancement.pole_nom,
            len(avancement.lues),
            *(passage.mot for passage in avancement.passages),
            sum(bool(lue.manquants) for lue in avancement.lues),
            len(avancement.tardives),
            convention.titre if convention else "",
        ]


def warnings(convention: Convention, avancement: Avancement | None) -> list[str]:
    """What a convention still misses, in sentences; it never blocks (L.5211-4-2: opinions, fiche d'impact, agreements)."""
    natures = {piece.nature for piece in convention.pieces.all()}
    said = [f"{words} n'est pas au dossier." for nature, words in ANNEXES.items() if nature not in natures]
    if avancement is None:
        return said
    for code, words in COMITES.items():
        if not avancement.passage(code).fait:
            said.append(f"L'avis {words} n'est pas enregistré : il est rendu avant les délibérations.")
    if convention.approuvee_on and not avancement.complet:
        said.append("Les délibérations des deux assemblées ne sont pas toutes enregistrées.")
    return said


ANNEXES = {
    "texte": "Le texte signé",
    "fiche_impact": "La fiche d'impact",
    "accord": "L'accord avec le personnel",
}
COMITES = {
    "cst_commune": "du comité social territorial de la commune",
    "cst_epci": "du comité social territorial de l'EPCI",
}
