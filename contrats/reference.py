"""A fiche d'engagement beside what it may take up: the reference of its domain, of its activities, the évaluation préalable."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contrats.fiche import LIBELLES
from contrats.fusion import INDICATOR_FIELDS, describe, fingerprint, row_fingerprint
from contrats.models import Engagement, Fiche, FicheActivite
from contrats.models.engagement import Textes
from contrats.partages import activites_on
from mutualisation.models import Catalogue, Evaluation
from socle.nombres import grouped
from socle.typographie import enumerate_french, plural, sort_key

RUBRIQUES = tuple(field.name for field in Textes._meta.get_fields())
AS_IT_STANDS, ADAPTED = "la référence, telle quelle", "adaptée"
CHANGED, ADAPTED_CHANGED = "la référence a changé depuis", "adaptée ; la référence a changé depuis"


@dataclass(frozen=True)
class Proposition:
    """A text that a rubric may take up: in its place, or after it (`ajoute`); `deja` when it is there."""

    cle: str
    rubrique: str
    titre: str
    texte: str
    ajoute: bool
    deja: bool

    @property
    def valeur(self) -> str:
        """What its box sends: another text under the same name is another proposition."""
        return f"{self.cle}:{fingerprint(self.texte)}"


@dataclass(frozen=True)
class Mesure:
    """An indicator that the fiche may take up."""

    cle: str
    source: str
    valeurs: Mapping[str, Any]
    deja: bool

    @property
    def valeur(self) -> str:
        return f"{self.cle}:{row_fingerprint(self.valeurs)}"

    @property
    def texte(self) -> str:
        return describe(self.valeurs)


@dataclass(frozen=True)
class Propositions:
    """Everything a fiche may take up."""

    textes: list[Proposition]
    mesures: list[Mesure]

    @property
    def valeurs(self) -> set[str]:
        return {one.valeur for one in self.textes} | {one.valeur for one in self.mesures}


def reference_of(engagement: Engagement) -> Fiche | None:
    """The reference fiche of the domain."""
    return Fiche.objects.filter(domaine=engagement.domaine_id).first()


def state_of_rubric(engagement: Engagement, name: str, fiche: Fiche | None) -> tuple[str, str]:
    """(tone, words): the reference as it stands, adapted, or behind a reference that changed; or of its own."""
    here, there = fingerprint(getattr(engagement, name)), fingerprint(getattr(fiche, name, ""))
    taken = engagement.adoptees.get(name)
    if here == fingerprint(""):
        return "n", "vide"
    if here == there:
        return "v", AS_IT_STANDS
    if taken is None:
        return "n", "écrite pour ce contrat"
    if taken == there:
        return "a", ADAPTED
    return "o", CHANGED if here == taken else ADAPTED_CHANGED


def summary(engagement: Engagement) -> str:
    """« 3 rubriques telles quelles, 1 adaptée, 1 dont la référence a changé depuis »; empty without anything taken up."""
    fiche = reference_of(engagement)
    found = Counter(state_of_rubric(engagement, name, fiche)[1] for name in RUBRIQUES)
    counts = (
        (found[AS_IT_STANDS], "rubrique telle quelle", "rubriques telles quelles"),
        (found[ADAPTED], "adaptée", "adaptées"),
        (found[CHANGED] + found[ADAPTED_CHANGED], "dont la référence a changé", "dont la référence a changé"),
    )
    return enumerate_french([plural(*count) for count in counts if count[0]])


def read_propositions(engagement: Engagement) -> Propositions:
    """What may be taken up now, in the order of the page; what is already there says so."""
    fiche, activites = reference_of(engagement), _of_activites(engagement)
    evaluation = last_evaluation_of(engagement)
    textes = [
        *_of_domaine(engagement, fiche),
        *(one for own in activites for one in _of_activite(engagement, own)),
        *(_of_evaluation(engagement, evaluation) if evaluation else ()),
    ]
    known = {sort_key(one.libelle) for one in engagement.indicateurs.all()}
    sources = [(f"domaine-{fiche.pk}", str(fiche), fiche.indicateurs)] if fiche else []
    sources += [(f"activite-{own.pk}", str(own), own.indicateurs) for own in activites]
    mesures = [
        Mesure(f"{cle}-{rank}", source, row, sort_key(row["libelle"]) in known)
        for cle, source, rows in sources
        for rank, row in enumerate({name: row[name] for name in INDICATOR_FIELDS} for row in rows)
    ]
    return Propositions(textes, mesures)


def _of_domaine(engagement: Engagement, fiche: Fiche | None) -> Iterator[Proposition]:
    for name in RUBRIQUES:
        text = getattr(fiche, name, "").strip()
        if text:
            same = fingerprint(getattr(engagement, name)) == fingerprint(text)
            yield Proposition(f"fiche-{name}", name, LIBELLES[name], text, ajoute=False, deja=same)


def _of_activites(engagement: Engagement) -> list[FicheActivite]:
    """The fiches of the activities of the domain that the contract covers, in the order of the catalogue."""
    day = engagement.version_contrat.effective_on
    catalogue = Catalogue.objects.in_force(engagement.epci, day).read()
    shared = activites_on(engagement.epci, engagement.commune, day)
    own = [one for one in catalogue.domaines if one.id == engagement.domaine_id]
    wanted = [activite.id for one in own for activite in one.activites if activite.id in shared]
    rows = FicheActivite.objects.filter(activite__in=wanted).select_related("activite").order_by("pk")
    return sorted(rows, key=lambda row: wanted.index(row.activite_id))


def _of_activite(engagement: Engagement, own: FicheActivite) -> Iterator[Proposition]:
    for name in ("missions", "niveau_attendu"):
        text = getattr(own, name).strip()
        if text:
            there = text in getattr(engagement, name)
            yield Proposition(f"activite-{own.pk}-{name}", name, str(own), text, ajoute=True, deja=there)


def last_evaluation_of(engagement: Engagement) -> Evaluation | None:
    """The last évaluation préalable handed over for this domain in this commune, of a cycle in effect by the contract's day."""
    rows = Evaluation.objects.filter(
        epci=engagement.epci_id,
        commune=engagement.commune_id,
        domaine=engagement.domaine_id,
        transmise_at__isnull=False,
        declaration__cycle__effective_on__lte=engagement.version_contrat.effective_on,
    )
    return rows.select_related("declaration__cycle").order_by("-declaration__cycle__annee").first()


def _of_evaluation(engagement: Engagement, evaluation: Evaluation) -> Iterator[Proposition]:
    text = told(evaluation)
    same = fingerprint(engagement.evaluation_prealable) == fingerprint(text)
    titre = f"Évaluation préalable du cycle {evaluation.declaration.cycle.annee}"
    yield Proposition("evaluation", "evaluation_prealable", titre, text, ajoute=False, deja=same)


def told(evaluation: Evaluation) -> str:
    """An évaluation in words: the service, then the means, then the equipment."""
    means = [
        _number(evaluation.etp, "{} ETP", "aucun agent"),
        _number(evaluation.fonctionnement, "{} € par an en fonctionnement", "aucun budget de fonctionnement"),
        _number(evaluation.investissement, "{} € par an en investissement", "aucun investissement"),
    ]
    texts = (
        evaluation.service_rendu.strip(),
        f"Moyens : {', '.join(means)}.",
        f"Équipement, locaux et contrats : {evaluation.equipement.strip()}" if evaluation.equipement else "",
    )
    return "\n".join(filter(None, texts))


def _number(value: Decimal | None, words: str, none: str) -> str:
    if not value:
        return none
    return words.format(grouped(value))
