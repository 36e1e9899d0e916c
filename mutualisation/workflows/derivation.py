"""What gives way to what, put into effect: the heirs of activities and of communes take over their adhesions."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import TypeAlias

from journal.models import Tache
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unite
from mutualisation.derivations import (
    Cle,
    Derivation,
    ancestors,
    closure,
    read_derivations,
    targets_of,
)
from mutualisation.models import Activite, Adhesion, Catalogue, Domaine, Ligne
from mutualisation.workflows.periodes import Periodes
from socle import horloge
from socle.dates import day_and_year
from socle.typographie import plural
from territoire.models import Commune, Epci

TACHE_EDITION = "mutualisation.edition"
DAY = timedelta(days=1)
CHOSEN_IN = ("declaration__cycle__catalogue__effective_on", "declaration__cycle__ouverture_on")


Rang: TypeAlias = tuple[date, int, int]


class Decisions:
    """When each (commune, activity) pair was decided about: by lines in effect, and by derivations.

    A line counts for the pairs it is about on its day. Of two decisions of the same day, that of the later cycle wins,
    whichever was recorded first.
    """

    def __init__(self, cles: Collection[Cle], derivations: list[Derivation]) -> None:
        self.derivations = derivations
        self._decided: dict[Cle, list[Rang]] = {}
        known = ancestors(cles, derivations)
        rows = Ligne.objects.filter(
            appliquee_at__isnull=False,
            commune__in={commune for commune, _ in known},
            activite__in={activite for _, activite in known},
        ).exclude(nature=Ligne.Nature.REVISION)
        # Values, not objects: ten years of lines are read for each commune.
        for commune, activite, catalogue_on, ouverture_on, *rang in rows.order_by("pk").values_list(
            "commune_id", "activite_id", *CHOSEN_IN, "effet_on", "declaration__cycle__annee", "pk"
        ):
            bounds = {"catalogue_on": catalogue_on, "ouverture_on": ouverture_on, "day": rang[0]}
            for cle in targets_of((commune, activite), derivations, **bounds):
                self._decided.setdefault(cle, []).append(tuple(rang))

    def note(self, cles: Iterable[Cle], ligne: Ligne) -> None:
        """A line is in effect on these pairs."""
        for cle in cles:
            self._decided.setdefault(cle, []).append(_rank(ligne))

    def until(self, cle: Cle, ligne: Ligne, periodes: Periodes) -> date | None:
        """The day another decision takes over from a line about a pair; None while there is none."""
        return self._next(cle, _rank(ligne), periodes)

    def after(self, cle: Cle, day: date, periodes: Periodes) -> date | None:
        """The day from which something else than a derivation of `day` says whether a pair is shared."""
        return self._next(cle, (day, 0, 0), periodes)

    def _next(self, cle: Cle, rank: Rang, periodes: Periodes) -> date | None:
        days = [decided[0] for decided in self._decided.get(cle, ()) if decided > rank]
        days += [d.day for d in self.derivations if d.day > rank[0] and d.heirs(cle) is not None]
        given = periodes.next_given(cle, rank[0])
        return min(days + ([given] if given else []), default=None)


def _rank(ligne: Ligne) -> Rang:
    assert ligne.effet_on  # only dated lines are put into effect
    return ligne.effet_on, ligne.declaration.cycle.annee, ligne.pk


def targets(ligne: Ligne, derivations: Iterable[Derivation]) -> tuple[Cle, ...]:
    """The pairs a dated line is about on its day."""
    cycle = ligne.declaration.cycle
    assert ligne.effet_on
    return targets_of(
        (ligne.commune_id, ligne.activite_id),
        derivations,
        catalogue_on=cycle.catalogue.effective_on,
        ouverture_on=cycle.ouverture_on,
        day=ligne.effet_on,
    )


def paint(ligne: Ligne, cles: Iterable[Cle], decisions: Decisions, periodes: Periodes) -> bool:
    """Write a line on its pairs until the next decision about each, then on what took over from them.

    False when all was so already.
    """
    assert ligne.effet_on
    touched = False
    for cle in cles:
        fin = decisions.until(cle, ligne, periodes)
        if ligne.nature == Ligne.Nature.RETRAIT:
            touched |= periodes.end(cle, ligne.effet_on, fin, ligne=ligne.pk)
        else:
            nature = Ligne.PARTAGE[Ligne.Nature(ligne.nature)]
            origine = Adhesion.Origine.CYCLE
            touched |= periodes.share(
                cle, ligne.effet_on, fin, nature=nature, origine=origine, ligne=ligne.pk
            )
    derive(set(cles), ligne.effet_on, decisions, periodes)
    return touched


def derive(cles: set[Cle], after: date, decisions: Decisions, periodes: Periodes) -> None:
    """Hand over, at each derivation after a day, the pairs it concerns to their heirs."""
    reached = set(cles)
    for derivation in decisions.derivations:
        if derivation.day > after:
            reached |= hand_over(reached, derivation, decisions, periodes)


def hand_over(
    cles: Collection[Cle], derivation: Derivation, decisions: Decisions, periodes: Periodes
) -> set[Cle]:
    """End the pairs that give way and share their heirs as they were on the eve; returns the heirs."""
    concerned = [cle for cle in cles if derivation.heirs(cle) is not None]
    heirs = {heir for cle in concerned for heir in derivation.heirs(cle) or ()}
    for heir in sorted(heirs):
        _inherit(heir, derivation, decisions, periodes)
    for cle in concerned:
        if cle in (derivation.heirs(cle) or ()):
            continue
        # A commune may come back later: what was decided since stays.
        periodes.end(cle, derivation.day, decisions.after(cle, derivation.day, periodes))
    return heirs


def _inherit(heir: Cle, derivation: Derivation, decisions: Decisions, periodes: Periodes) -> None:
    eve = derivation.day - DAY
    held = next(
        (row for source in derivation.sources(heir) if (row := periodes.shared_on(source, eve))), None
    )
    fin = decisions.after(heir, derivation.day, periodes)
    if held is None:
        periodes.end(heir, derivation.day, fin)
    else:
        origine = derivation.origine(heir)
        periodes.share(heir, derivation.day, fin, nature=held.nature, origine=origine)


def schedule_edition(edition: Catalogue) -> None:
    """Schedule the effect of a frozen edition at midnight of the EPCI on its first day."""
    schedule(
        epci=edition.epci,
        type=TACHE_EDITION,
        cle=f"{TACHE_EDITION}:{edition.pk}:{edition.effective_on}",
        due_at=horloge.midnight(edition.effective_on, edition.epci.fuseau),
        parametres={"epci": edition.epci_id},
    )


def run_edition(tache: Tache) -> None:
    """Job: put into effect the editions whose day has come."""
    apply_editions(Epci.objects.get(pk=tache.parametres["epci"]))


def apply_editions(epci: Epci) -> None:
    """Put into effect the frozen editions whose day has come, in order, one transaction per commune; twice changes nothing."""
    due = Catalogue.objects.filter(
        epci=epci, gele_at__isnull=False, appliquee_at=None, effective_on__lte=epci.today
    )
    for edition in due.order_by("effective_on").select_related("epci"):
        _apply_day(epci, edition.effective_on)
        _mark_applied(edition=edition)


def _apply_day(epci: Epci, day: date) -> None:
    for derivation in read_derivations(epci, day):
        if derivation.day == day:
            for commune in _concerned(epci, derivation):
                _hand_over_commune(epci=epci, commune=commune, derivation=derivation)


def _concerned(epci: Epci, derivation: Derivation) -> list[Commune]:
    """Communes that share, on the eve or later, something that gives way."""
    rows = Adhesion.objects.filter(epci=epci).exclude(fin__lt=derivation.day)
    rows = rows.filter(activite__in=derivation.activites) | rows.filter(commune__in=derivation.communes)
    return list(Commune.objects.filter(pk__in=rows.values("commune")).order_by("tri", "pk"))


@unite
def _hand_over_commune(*, epci: Epci, commune: Commune, derivation: Derivation) -> None:
    Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    derivations = read_derivations(epci, epci.today)
    held = Adhesion.objects.filter(epci=epci, commune=commune).exclude(fin__lt=derivation.day)
    cles = {(commune.pk, pk) for pk in held.values_list("activite_id", flat=True)}
    concerned = {cle for cle in cles if derivation.heirs(cle) is not None}
    following = _following(commune, derivation, derivations)
    reach = closure(concerned.union(*following.values()), [d for d in derivations if d.day >= derivation.day])
    decisions, periodes = Decisions(reach, derivations), Periodes(epci, reach)
    moved = [cle for cle in concerned if periodes.shared_on(cle, derivation.day - DAY)]
    reached = concerned | hand_over(concerned, derivation, decisions, periodes)
    derive(reached, derivation.day, decisions, periodes)
    for ligne, followed in following.items():
        paint(ligne, followed, decisions, periodes)
    if periodes.save():
        _record_handed_over(epci, commune, derivation, len(moved))


def _following(
    commune: Commune, derivation: Derivation, derivations: list[Derivation]
) -> dict[Ligne, tuple[Cle, ...]]:
    """A move recorded late: the lines in effect since, that a former commune had chosen, with the pairs they now lead to."""
    rows = Ligne.objects.filter(
        commune=commune, appliquee_at__isnull=False, effet_on__gte=derivation.day
    ).exclude(nature=Ligne.Nature.REVISION)
    if commune.pk not in derivation.communes:
        rows = rows.none()
    ordered = rows.order_by("effet_on", "declaration__cycle__annee", "pk")
    return {row: targets(row, derivations) for row in ordered.select_related("declaration__cycle__catalogue")}


def _record_handed_over(epci: Epci, commune: Commune, derivation: Derivation, moved: int) -> None:
    record(
        type="adhesion.transmise",
        objet=commune,
        epci=epci,
        commune=commune,
        acteur=None,
        libelle=f"{commune} : {plural(moved, 'adhésion transmise', 'adhésions transmises')} "
        f"le {day_and_year(derivation.day)}",
        contenu={"le": derivation.day.isoformat()},
    )


@unite
def _mark_applied(*, edition: Catalogue) -> None:
    if Catalogue.objects.filter(pk=edition.pk, appliquee_at=None).update(appliquee_at=horloge.now()):
        _refresh_labels(edition)
        record(
            type="catalogue.applique",
            objet=edition,
            epci=edition.epci,
            acteur=None,
            libelle=f"{edition} en vigueur le {day_and_year(edition.effective_on)}",
        )


def _refresh_labels(edition: Catalogue) -> None:
    """The identities take the labels and the order of the edition now in force."""
    domaines, activites = [], []
    for version in edition.domaines.select_related("domaine").order_by("pk"):
        domaine = version.domaine
        domaine.libelle, domaine.libelle_court, domaine.ordre = (
            version.libelle,
            version.libelle_court,
            version.ordre,
        )
        domaines.append(domaine)
    for offered in edition.activites.select_related("activite").order_by("pk"):
        offered.activite.libelle = offered.libelle
        activites.append(offered.activite)
    Domaine.objects.bulk_update(domaines, ["libelle", "libelle_court", "ordre"])
    Activite.objects.bulk_update(activites, ["libelle"], batch_size=500)


def apply_moves(*, epci: Epci, day: date) -> None:
    """Hand over the adhesions of the communes that merge, split or leave on a day already come; twice changes nothing.

    Recorded late, the move also takes along what the catalogue and the lines have changed since.
    """
    _apply_day(epci, day)
