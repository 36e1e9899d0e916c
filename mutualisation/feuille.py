"""The page of a declaration, as read: domains with their boxes, what changes, what is still missing."""

from dataclasses import dataclass, field
from itertools import groupby

from django.utils.html import format_html
from django.utils.safestring import SafeString

from mutualisation.changements import Choix, EtatDomaine, ac_sentence, consequences_of, read_choices
from mutualisation.lignes import LigneLue, read_lines
from mutualisation.models import Adhesion, Declaration
from mutualisation.models.declaration import missing_motive
from mutualisation.workflows.declaration import Saisie
from socle.erreurs import Conflit, Refus
from socle.registres import Consequence
from socle.typographie import enumerate_french, plural

GROUP_FROM = 2  # unshared domains are folded together from two on


@dataclass(frozen=True)
class Case:
    """An activity of the page: ticked or not, and since or from when."""

    id: int
    libelle: str
    cochee: bool
    marque: tuple[str, str] | None


@dataclass(frozen=True)
class Bloc:
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
    def gardees(self) -> list[Case]:
        """Activities shared today and still wanted."""
        return [case for case in self.cases if case.cochee and case.id in self.etat.base]

    @property
    def a_lire(self) -> list[Case]:
        """What a reader is shown beside the decided lines."""
        return self.gardees if self.lignes else self.cases

    @property
    def ouvert(self) -> bool:
        """A domain with a change, a motive or an error opens by itself."""
        return bool(self.etat.changements or self.faute or self.etat.motif)

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
    blocs: list[Bloc]
    vues: frozenset[int]
    consequences: list[Consequence]
    manque: list[tuple[str, int]]

    @property
    def principaux(self) -> list[Bloc]:
        """Domains shown one by one, in the order of the catalogue."""
        folded = {bloc.id for bloc in self.autres}
        return [bloc for bloc in self.blocs if bloc.id not in folded]

    @property
    def autres(self) -> list[Bloc]:
        """Unshared domains folded together, when something else is there to show."""
        plain = [bloc for bloc in self.blocs if bloc.ordinaire]
        return plain if GROUP_FROM <= len(plain) < len(self.blocs) else []

    @property
    def partages(self) -> list[Bloc]:
        return [bloc for bloc in self.blocs if bloc.etat.base or bloc.etat.voulues]

    @property
    def maintenus(self) -> list[Bloc]:
        """Domains of which something is kept."""
        return [bloc for bloc in self.blocs if bloc.etat.base & bloc.etat.voulues]

    @property
    def retire(self) -> bool:
        return any(etat.base - etat.voulues for etat in self.choix.domaines)

    @property
    def compensation(self) -> str:
        """The effect on the attribution de compensation, or when it will be known."""
        if not self.choix.changements:
            return "Effet sur l'attribution de compensation : aucun."
        return ac_sentence(self.declaration.cycle)


def read_sheet(
    declaration: Declaration, *, saisie: Saisie | None = None, refus: Refus | None = None
) -> Feuille:
    """The page of a declaration; with `saisie`, as it was typed and refused, so that nothing typed is lost."""
    stored = read_choices(declaration)
    choix = _typed(stored, saisie) if saisie else stored
    return Feuille(
        declaration=declaration,
        choix=choix,
        blocs=_blocs(declaration, choix, _seen_motives(stored, saisie, refus), refus),
        vues=saisie.vues if saisie else frozenset().union(*(etat.voulues for etat in choix.domaines)),
        consequences=consequences_of(choix, declaration.commune, declaration.cycle.effective_on),
        manque=[] if declaration.deposee else _missing(declaration),
    )


def _typed(stored: Choix, saisie: Saisie) -> Choix:
    """What the page wanted, over the present base."""
    return Choix(
        [
            EtatDomaine(
                etat.domaine,
                etat.base,
                saisie.cochees & etat.domaine.activite_ids,
                saisie.motifs.get(etat.domaine.id, etat.motif),
            )
            for etat in stored.domaines
        ]
    )


def _seen_motives(stored: Choix, saisie: Saisie | None, refus: Refus | None) -> dict[int, str]:
    """The motives the page was shown; once a conflict told the other's text, that text has been seen."""
    current = {etat.domaine.id: etat.motif for etat in stored.domaines}
    if saisie is None:
        return current
    told = {pk for pk in current if isinstance(refus, Conflit) and refus.field == f"motif-{pk}"}
    return {pk: texte if pk in told else saisie.motifs_vus.get(pk, "") for pk, texte in current.items()}


def _blocs(declaration: Declaration, choix: Choix, seen: dict[int, str], refus: Refus | None) -> list[Bloc]:
    since = _since(declaration)
    decided = _decisions(declaration) if declaration.deposee else {}
    annee = declaration.cycle.annee
    return [
        Bloc(
            etat=etat,
            annee=annee,
            cases=_cases(etat, since, annee),
            motif_vu=seen[etat.domaine.id],
            faute=refus.message if refus and refus.field == f"motif-{etat.domaine.id}" else "",
            lignes=decided.get(etat.domaine.id, []),
        )
        for etat in choix.domaines
    ]


def _cases(etat: EtatDomaine, since: dict[int, int], annee: int) -> list[Case]:
    return [
        Case(
            a.id,
            a.libelle,
            a.id in etat.voulues,
            _mark(a.id in etat.base, a.id in etat.voulues, since.get(a.id), annee),
        )
        for a in etat.domaine.activites
    ]


def _mark(shared: bool, wanted: bool, since: int | None, annee: int) -> tuple[str, str] | None:
    if shared and wanted:
        return ("v", f"depuis {since}") if since else ("a", "déjà décidé")
    if wanted:
        return "a", f"nouveau en {annee}"
    return ("r", f"repris en {annee}") if shared else None


def _since(declaration: Declaration) -> dict[int, int]:
    """The year since when each activity has been shared without a break, as of the eve of effect."""
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


def _missing(declaration: Declaration) -> list[tuple[str, int]]:
    """(sentence, domain id) of what is still missing."""
    return [(missing_motive(domaine), domaine.pk) for domaine in declaration.missing_motives()]
