"""The page of a declaration, as read: domains with their boxes, what changes, what is still missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.utils.html import format_html
from django.utils.safestring import SafeString

from documents.models import Document
from mutualisation.brouillon import FACONS, Saisie, followed_blocs
from mutualisation.changements import REVISION, Choix, EtatDomaine, Nature, consequences_of, read_choices
from mutualisation.compensation import ac_sentences
from mutualisation.lignes import LigneLue, read_lines
from mutualisation.manques import Manque, missing_to_submit
from mutualisation.models import Adhesion, Declaration
from mutualisation.models.catalogue import ActiviteLue
from mutualisation.regles import BlocChoisi, Regles, read_rules
from mutualisation.retraits import RetraitLu, read_retraits
from mutualisation.veille import Report
from socle.erreurs import Conflit, Refus
from socle.registres import Consequence
from socle.typographie import enumerate_french, plural

GROUP_FROM = 2  # unshared domains are folded together from two on
VISA_TOMBE = (
    "Le visa du maire est annulé : les choix ont changé depuis. Il faudra le redemander avant de déposer."
)
DEMANDES = {
    Nature.ENTREE: "entrée demandée",
    Nature.EXTENSION: "extension demandée",
    Nature.REGULARISATION: "régularisation demandée",
    Nature.PRESTATION: "prestation demandée",
    Nature.RETRAIT: "retrait demandé",
    Nature.REVISION: "révision demandée",
}


@dataclass(frozen=True)
class Option:
    """A way an activity may be wanted."""

    valeur: str
    libelle: str
    choisie: bool


@dataclass(frozen=True)
class Case:
    """An activity of the page: ticked or not, since or from when, in which way, and what the rules say of it."""

    activite: ActiviteLue
    etat: EtatDomaine
    marque: tuple[str, str] | None
    bloc: BlocChoisi | None
    exclue: str
    report: str
    fautes: Mapping[str, str]
    facon_vue: str
    precision_vue: str

    @property
    def id(self) -> int:
        return self.activite.id

    @property
    def libelle(self) -> str:
        return self.activite.libelle

    @property
    def cochee(self) -> bool:
        return self.id in self.etat.voulues

    @property
    def fermee(self) -> bool:
        """Whether the box is out of reach: excluded, and not shared today."""
        return bool(self.exclue) and self.id not in self.etat.base and not self.cochee

    @property
    def options(self) -> list[Option]:
        """The ways offered, the usual one first; a level of service is revised only where there is one."""
        usual, chosen = self.etat.usuelle(self.id), self.etat.facon(self.id)
        offered = [usual, *(facon for facon in FACONS if facon not in (usual, REVISION))]
        if self.id in self.etat.base:
            offered.append(REVISION)
        return [Option(facon, FACONS[facon], facon == chosen) for facon in offered]

    @property
    def precision(self) -> str:
        return self.etat.precisions.get(self.id, "")

    @property
    def particuliere(self) -> bool:
        """Whether something else than a tick is said of the activity."""
        return bool(self.precision or self.fautes) or (
            self.cochee and self.etat.facon(self.id) != self.etat.usuelle(self.id)
        )

    @property
    def decrite_par(self) -> str:
        """Ids of what is said beside the box."""
        said = (
            ("bloc", self.bloc),
            ("exclue", self.exclue),
            ("report", self.report),
            ("faute", self.case_faute),
        )
        return " ".join(f"{name}-{self.id}" for name, present in said if present)

    @property
    def facon_faute(self) -> str:
        return self.fautes.get(f"facon-{self.id}", "")

    @property
    def precision_faute(self) -> str:
        return self.fautes.get(f"precision-{self.id}", "")

    @property
    def case_faute(self) -> str:
        return self.fautes.get(f"activite-{self.id}", "")


@dataclass(frozen=True)
class Volet:
    """A domain of the page."""

    etat: EtatDomaine
    annee: int
    cases: list[Case]
    motif_vu: str
    faute: str = ""
    lignes: list[LigneLue] = field(default_factory=list)

    @property
    def id(self) -> int:
        return self.etat.domaine.id

    @property
    def libelle(self) -> str:
        return self.etat.domaine.libelle

    @property
    def blocs(self) -> list[BlocChoisi]:
        """The blocs of the domain, each once."""
        return list({case.bloc.ids: case.bloc for case in self.cases if case.bloc}.values())

    @property
    def precise(self) -> bool:
        """Whether an activity of the domain is asked for in a particular way."""
        return any(case.particuliere for case in self.cases)

    @property
    def gardees(self) -> list[Case]:
        """Activities shared today and still wanted."""
        return [case for case in self.cases if case.cochee and case.id in self.etat.base]

    @property
    def a_lire(self) -> list[Case]:
        """What a reader is shown beside the decided lines."""
        if not self.lignes:
            return self.cases
        return [case for case in self.cases if self.etat.nature(case.id) == Nature.MAINTIEN]

    @property
    def ouvert(self) -> bool:
        """A domain with a change, a motive or an error opens by itself."""
        return bool(self.etat.changements or self.faute or self.etat.motif or self.precise)

    @property
    def ordinaire(self) -> bool:
        """Neither shared nor touched: grouped with its likes at the end of the page."""
        return not (self.etat.base or self.etat.voulues or self.ouvert)

    @property
    def precision(self) -> SafeString:
        """« 6 activités sur 9, **2 de plus en 2028** »."""
        total, wanted = len(self.etat.domaine.activites), len(self.etat.voulues)
        count = plural(wanted, "activité") if wanted else "Aucune activité"
        moves = [
            f"{number} {word} en {self.annee}"
            for number, word in (
                (len(self.etat.voulues - self.etat.base), "de plus"),
                (len(self.etat.base - self.etat.voulues), "de moins"),
            )
            if number
        ]
        said = format_html(", <b>{}</b>", enumerate_french(moves)) if moves else ""
        return format_html("{} sur {}{}", count, total, said)


@dataclass(frozen=True)
class Feuille:
    """The whole page."""

    declaration: Declaration
    choix: Choix
    volets: list[Volet]
    vues: frozenset[int]
    consequences: list[Consequence]
    manque: list[Manque]
    compensation: list[str]
    retraits: list[RetraitLu]
    remarques: list[str]
    sans_suite: list[EtatDomaine] = field(default_factory=list)

    @property
    def principaux(self) -> list[Volet]:
        """Domains shown one by one, in the order of the catalogue."""
        folded = {volet.id for volet in self.autres}
        return [volet for volet in self.volets if volet.id not in folded]

    @property
    def autres(self) -> list[Volet]:
        """Unshared domains folded together, when something else is there to show."""
        plain = [volet for volet in self.volets if volet.ordinaire]
        return plain if GROUP_FROM <= len(plain) < len(self.volets) else []

    @property
    def partages(self) -> list[Volet]:
        """Domains of which something is in force, whatever is ticked."""
        return [volet for volet in self.volets if volet.etat.base]

    @property
    def maintenus(self) -> list[Volet]:
        """Domains of which something is kept."""
        return [volet for volet in self.volets if volet.etat.base & volet.etat.voulues]

    @property
    def reports(self) -> list[Case]:
        """Activities that the cycle before postponed."""
        return [case for volet in self.volets for case in volet.cases if case.report]

    @property
    def en_etat(self) -> bool:
        """Whether the draft can be submitted as it is: nothing changes and nothing is missing."""
        return not (self.choix.changements or self.manque)


def read_sheet(
    declaration: Declaration, *, saisie: Saisie | None = None, refus: Refus | None = None
) -> Feuille:
    """The page of a declaration; with `saisie` and `refus`, as it was typed and refused, so that nothing typed is lost.

    A draft that will not be submitted any more changes nothing: the page shows what is kept, and apart what it asked.
    """
    stored = read_choices(declaration)
    choix = _typed(stored, saisie) if saisie else _kept(stored) if declaration.sans_suite else stored
    regles = Regles() if declaration.deposee else read_rules(declaration, stored)
    return Feuille(
        declaration=declaration,
        choix=choix,
        volets=_Lecture(declaration, stored, regles, saisie, refus).volets(choix),
        vues=saisie.vues if saisie else frozenset().union(*(etat.voulues for etat in choix.domaines)),
        consequences=consequences_of(choix, declaration.commune, declaration.cycle.effective_on),
        manque=[] if declaration.deposee else missing_to_submit(choix, regles),
        compensation=ac_sentences(declaration, choix),
        retraits=read_retraits(declaration, choix),
        remarques=[],
        sans_suite=_asked_in_vain(declaration, stored),
    )


def read_saved_sheet(declaration: Declaration, saisie: Saisie, *, visa_tombe: bool) -> Feuille:
    """The page of a draft just saved, with what the rules added to what was ticked, and the visa this cancelled."""
    feuille = read_sheet(declaration)
    followed = followed_blocs(read_rules(declaration, feuille.choix), saisie, feuille.choix)
    return replace(feuille, remarques=[*followed, *([VISA_TOMBE] if visa_tombe else [])])


def earlier_receipts(declaration: Declaration) -> list[Document]:
    """The receipts of deposits withdrawn since, the last one first; their titles tell nothing else."""
    rows = Document.objects.filter(
        epci=declaration.epci_id, commune=declaration.commune_id, type="accuse", annee=declaration.cycle.annee
    )
    return list(rows.exclude(pk=declaration.accuse_id or 0).order_by("-numero"))


def _kept(stored: Choix) -> Choix:
    """What stays when nothing is submitted."""
    nothing: dict[int, str] = {}
    return replace(
        stored,
        domaines=[
            replace(etat, voulues=etat.base, motif="", facons=nothing, precisions=nothing)
            for etat in stored.domaines
        ],
    )


def _asked_in_vain(declaration: Declaration, stored: Choix) -> list[EtatDomaine]:
    """Domains where a draft that somebody saved, and nobody will submit any more, changed something or said why."""
    if not (declaration.sans_suite and declaration.enregistree_at):
        return []
    return [etat for etat in stored.domaines if etat.changements or etat.motif]


def _typed(stored: Choix, saisie: Saisie) -> Choix:
    """What the page wanted, over the present base."""
    return replace(stored, domaines=[_typed_domaine(etat, saisie) for etat in stored.domaines])


def _typed_domaine(etat: EtatDomaine, saisie: Saisie) -> EtatDomaine:
    ids = etat.domaine.activite_ids
    return replace(
        etat,
        voulues=saisie.cochees & ids,
        motif=saisie.motifs.get(etat.domaine.id, etat.motif),
        facons={
            **etat.facons,
            **{pk: facon for pk, facon in saisie.facons.items() if pk in ids and facon in FACONS},
        },
        precisions={**etat.precisions, **{pk: text for pk, text in saisie.precisions.items() if pk in ids}},
    )


@dataclass(frozen=True)
class _Lecture:
    """What is needed to read the domains of a page, gathered once."""

    declaration: Declaration
    stored: Choix
    regles: Regles
    saisie: Saisie | None
    refus: Refus | None

    def volets(self, choix: Choix) -> list[Volet]:
        since = _since(self.declaration, self.stored)
        decided = _decisions(self.declaration) if self.declaration.deposee else {}
        return [
            Volet(
                etat=etat,
                annee=self.declaration.cycle.annee,
                cases=[self._case(etat, before, a, since.get(a.id)) for a in etat.domaine.activites],
                motif_vu=self._motif_vu(before),
                faute=self._faute(f"motif-{etat.domaine.id}"),
                lignes=decided.get(etat.domaine.id, []),
            )
            for etat, before in zip(choix.domaines, self.stored.domaines, strict=True)
        ]

    def _case(self, etat: EtatDomaine, before: EtatDomaine, activite: ActiviteLue, since: int | None) -> Case:
        pk = activite.id
        return Case(
            activite=activite,
            etat=etat,
            marque=mark_of(etat, pk, since, self.declaration.cycle.annee),
            bloc=self.regles.bloc_of(pk),
            exclue=self.regles.exclues.get(pk, ""),
            report=_postponed(self.stored.veille.reports.get(pk)),
            fautes={
                name: said
                for kind in ("activite", "facon", "precision")
                if (said := self._faute(name := f"{kind}-{pk}"))
            },
            facon_vue=self._facon_vue(before, pk),
            precision_vue=self._precision_vue(before, pk),
        )

    def _faute(self, field: str) -> str:
        return self.refus.message if self.refus and self.refus.field == field else ""

    def _told(self, field: str) -> bool:
        """Whether the page shows what is stored: it was just read, or a conflict has just told the other's value."""
        return self.saisie is None or (isinstance(self.refus, Conflit) and self.refus.field == field)

    def _motif_vu(self, before: EtatDomaine) -> str:
        pk = before.domaine.id
        if self.saisie is None or self._told(f"motif-{pk}"):
            return before.motif
        return self.saisie.motifs_vus.get(pk, "")

    def _facon_vue(self, before: EtatDomaine, pk: int) -> str:
        """Empty for the usual way."""
        if self.saisie is None or self._told(f"facon-{pk}"):
            facon = before.facon(pk) if pk in before.voulues else before.usuelle(pk)
            return "" if facon == before.usuelle(pk) else facon
        return self.saisie.facons_vues.get(pk, "")

    def _precision_vue(self, before: EtatDomaine, pk: int) -> str:
        if self.saisie is None or self._told(f"precision-{pk}"):
            return before.precisions.get(pk, "")
        return self.saisie.precisions_vues.get(pk, "")


def _postponed(report: Report | None) -> str:
    """« extension demandée, reportée en 2027 : Recrutement en cours. »."""
    return f"{DEMANDES[Nature(report.nature)]}, reportée en {report.annee} : {report.motif}" if report else ""


def mark_of(etat: EtatDomaine, activite: int, since: int | None, annee: int) -> tuple[str, str] | None:
    """(tone, words) of what becomes of an activity; None when it is neither shared nor wanted."""
    nature, way = etat.nature(activite), FACONS[etat.facon(activite)]
    if nature is None:
        return None
    if nature == Nature.RETRAIT:
        return "r", f"repris en {annee}"
    if nature == Nature.REVISION:
        return "o", f"niveau à revoir en {annee}"
    if nature == Nature.MAINTIEN:
        tone, said = ("v", f"depuis {since}") if since else ("a", "déjà décidé")
        return tone, said if way == "mutualisation" else f"{said}, {way}"
    if activite in etat.base:
        return "a", f"{way} en {annee}"
    return "a", f"nouveau en {annee}" + ("" if way == "mutualisation" else f", {way}")


def _since(declaration: Declaration, choix: Choix) -> dict[int, int]:
    """The year since when each activity has been shared without a break, as of the eve of effect."""
    if not declaration.deposee:
        today = declaration.epci.today
        return {pk: p.depuis.year for pk, p in choix.veille.base.items() if p.depuis <= today}
    running = Adhesion.objects.on(declaration.cycle.veille_on).filter(
        commune=declaration.commune, epci=declaration.epci
    )
    return {
        activite: debut.year
        for activite, debut in running.values_list("activite_id", "debut").order_by("activite_id")
    }


def _decisions(declaration: Declaration) -> dict[int, list[LigneLue]]:
    """The changing lines of a submitted declaration, by domain."""
    lignes = declaration.lignes.changing().order_by("domaine__ordre", "domaine_id", "activite__code")
    lues = read_lines(lignes, declaration.epci.today)
    return {pk: list(group) for pk, group in groupby(lues, key=lambda lue: lue.ligne.domaine_id)}
