"""The board of a campaign: communes × state, for the Direction and the directeurs de pôle."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils.timezone import localtime

from comptes.roles import Role
from journal.models import Courriel
from mutualisation.evaluations import Avancement
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.models.declaration import DeclarationQuerySet
from socle.dates import short_day
from socle.droits import ActionInterdite
from territoire.models import Appartenance, Epci

READERS = (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR, Role.DIRECTEUR_POLE)
QUI_LIT = (
    "La campagne de toutes les communes est suivie par la Direction des territoires et les directeurs de pôle. "
    "Vos propres choix sont dans votre déclaration."
)
SANS_REPONSE, BROUILLON, DEPOSEE, EN_RETARD = "sans_reponse", "brouillon", "deposee", "en_retard"
ETATS = (
    (SANS_REPONSE, "sans réponse"),
    (BROUILLON, "brouillon"),
    (DEPOSEE, "déposée"),
    (EN_RETARD, "en retard"),
)
# The mails that remind a commune: by the Direction, and by rule a week before its last day.
RELANCE, RAPPEL = "declaration_relance", "declaration_rappel"


def require_reader(user: Any, epci: Epci | None) -> None:
    """Refuse, with the sentence saying who can, those who do not follow the campaign of an EPCI."""
    if epci is None or not user.acces.acts_for_epci(epci.pk, *READERS):
        raise ActionInterdite(QUI_LIT)


def current_cycle(epci: Epci) -> Cycle | None:
    """The cycle being declared, else the latest opened one, else the next in preparation."""
    cycles = Cycle.objects.filter(epci=epci).select_related("epci")
    return (
        Cycle.objects.declaring(epci).select_related("epci").order_by("annee").first()
        or cycles.filter(ouvert_at__isnull=False).order_by("-annee").first()
        or cycles.order_by("annee").first()
    )


def board(cycle: Cycle, user: Any) -> DeclarationQuerySet:
    """The declarations of a cycle that a user sees, but for those nobody has to submit any more.

    With `pole_id`, `pole_nom`, `changees` (lines that change something), `relancee_at` and `rappelee_at` (last reminder by the
    Direction, and by rule).
    """
    membership = Appartenance.objects.on(cycle.epci.today).filter(
        commune=OuterRef("commune"), epci=cycle.epci
    )
    rows = of_members(Declaration.objects.visible_to(user).filter(cycle=cycle), cycle)
    annotated = rows.annotate(
        pole_id=Subquery(membership.values("pole")[:1]),
        pole_nom=Subquery(membership.annotate(nom=F("pole__nom")).values("nom")[:1]),
        changees=Count("lignes", filter=~Q(lignes__nature=Ligne.Nature.MAINTIEN)),
        relancee_at=_last_mail(RELANCE),
        rappelee_at=_last_mail(RAPPEL),
    )
    return annotated.select_related("commune", "deposee_par", "enregistree_par").order_by(
        "commune__tri", "commune_id"
    )


def _last_mail(type: str) -> Subquery:
    """When the last mail of a type about a declaration was written."""
    rows = Courriel.objects.filter(type=type, objet_type="mutualisation.declaration", objet_id=OuterRef("pk"))
    return Subquery(rows.order_by("-ecrit_at").values("ecrit_at")[:1])


def of_members(rows: DeclarationQuerySet, cycle: Cycle) -> DeclarationQuerySet:
    """What was submitted, and the drafts of the communes that are still members: nothing is expected of those that left."""
    members = Appartenance.objects.on(cycle.epci.today).filter(epci=cycle.epci)
    drafts = Q(etat=Declaration.Etat.BROUILLON, commune__in=members.values("commune"))
    return rows.filter(Q(etat=Declaration.Etat.DEPOSEE) | drafts)


def in_state(rows: DeclarationQuerySet, etat: str, today: date) -> DeclarationQuerySet:
    """The declarations of a board in one of ETATS, as of a day."""
    if etat == EN_RETARD:
        granted = Q(prolongee_on__gte=today)
        late = rows.filter(etat=Declaration.Etat.BROUILLON, cycle__declaration_fin_on__lt=today)
        return late.exclude(granted)
    if etat == DEPOSEE:
        return rows.filter(etat=Declaration.Etat.DEPOSEE)
    return rows.filter(etat=Declaration.Etat.BROUILLON, enregistree_at__isnull=etat == SANS_REPONSE)


@dataclass(frozen=True)
class Suivi:
    """A commune on the board; `a_venir` while the campaign has not begun."""

    declaration: Declaration
    close: bool
    a_venir: bool
    evaluations: Avancement | None = None

    @property
    def delai_on(self) -> date | None:
        """Until when this commune was granted more days than the others, while it has not submitted."""
        limit = self.declaration.limite_on
        granted = not self.declaration.deposee and limit > self.declaration.cycle.declaration_fin_on
        return limit if granted else None

    @property
    def code(self) -> str:
        if self.declaration.deposee:
            return DEPOSEE
        return BROUILLON if self.declaration.enregistree_at else SANS_REPONSE

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words); once the campaign is closed, what was not submitted is « sans réponse », in red.

        Before it begins, nothing is awaited: the first day is said.
        """
        if self.code == DEPOSEE:
            return "v", "Déposée"
        if self.a_venir:
            return "n", f"Déclare à partir du {short_day(self.declaration.cycle.declaration_debut_on)}"
        if self.close:
            return "r", "Sans réponse" if self.code == SANS_REPONSE else "Sans réponse, brouillon commencé"
        return ("a", "Brouillon") if self.code == BROUILLON else ("n", "Sans réponse")

    @property
    def en_retard(self) -> bool:
        return self.close and not self.declaration.deposee

    @property
    def evaluees(self) -> str:
        """« 2 sur 5 »; empty when nothing was asked."""
        return f"{self.evaluations.faites} sur {self.evaluations.total}" if self.evaluations else ""

    @property
    def relancee_at(self) -> datetime | None:
        row: Any = self.declaration
        return row.relancee_at

    @property
    def rappelee_at(self) -> datetime | None:
        row: Any = self.declaration
        return row.rappelee_at

    @property
    def moved_at(self) -> Any:
        """The last time something was saved or submitted."""
        return self.declaration.deposee_at or self.declaration.enregistree_at


@dataclass(frozen=True)
class Compte:
    """How many communes of a pôle (or of all) stand in each state."""

    nom: str
    pole_id: int | None
    deposees: int
    brouillons: int
    sans_reponse: int

    @property
    def total(self) -> int:
        return self.deposees + self.brouillons + self.sans_reponse


@dataclass(frozen=True)
class Tableau:
    """The board: every commune seen, whatever the filters, and its counts."""

    suivis: list[Suivi]

    @property
    def retards(self) -> int:
        """Communes that have not submitted, past their own last day."""
        return sum(suivi.en_retard for suivi in self.suivis)

    @property
    def ensemble(self) -> Compte:
        return _count("Ensemble", None, self.suivis)

    @property
    def poles(self) -> list[Compte]:
        """Counts by pôle, in French order, communes without pôle last; empty when there is only one."""
        groups: dict[tuple[bool, str, int | None], list[Suivi]] = {}
        for suivi in self.suivis:
            row: Any = suivi.declaration
            groups.setdefault((row.pole_id is None, row.pole_nom or "Sans pôle", row.pole_id), []).append(
                suivi
            )
        counts = [
            _count(nom, pole_id, group) for (_, nom, pole_id), group in sorted(groups.items(), key=_rank)
        ]
        return counts if len(counts) > 1 else []


def _rank(item: tuple[tuple[bool, str, int | None], Any]) -> tuple[bool, str]:
    return item[0][:2]


def _count(nom: str, pole_id: int | None, suivis: Iterable[Suivi]) -> Compte:
    codes = [suivi.code for suivi in suivis]
    return Compte(nom, pole_id, codes.count(DEPOSEE), codes.count(BROUILLON), codes.count(SANS_REPONSE))


def read_board(
    rows: Iterable[Declaration], cycle: Cycle, evaluations: Mapping[int, Avancement]
) -> list[Suivi]:
    """The communes of a board, as read; `evaluations` is how far those of each commune (by id) are."""
    today = cycle.epci.today
    suivis = []
    for row in rows:
        row.cycle = cycle
        progress = evaluations.get(row.commune_id)
        suivis.append(Suivi(row, today > row.limite_on, today < cycle.declaration_debut_on, progress))
    return suivis


class Export:
    """The columns of the exported board, and a row for each commune."""

    ENTETE: ClassVar = (
        "Commune",
        "Code INSEE",
        "Population",
        "Pôle",
        "État",
        "Activités changées",
        "Dernier mouvement",
        "Par",
        "Accusé",
        "Délai accordé jusqu'au",
        "Relancée le",
        "Rappel automatique le",
        "Évaluations transmises",
        "Évaluations demandées",
    )

    @staticmethod
    def row(suivi: Suivi) -> list[str | int | date | None]:
        """Typed values: numbers and dates stay numbers and dates."""
        declaration: Any = suivi.declaration
        who = declaration.deposee_par or declaration.enregistree_par
        return [
            declaration.commune.nom,
            declaration.commune.code_insee,
            declaration.commune.population,
            declaration.pole_nom or "",
            suivi.etat[1],
            declaration.changees,
            localtime(suivi.moved_at).date() if suivi.moved_at else None,
            str(who) if who else "",
            declaration.accuse.mention if declaration.accuse else "",
            declaration.prolongee_on,
            localtime(suivi.relancee_at).date() if suivi.relancee_at else None,
            localtime(suivi.rappelee_at).date() if suivi.rappelee_at else None,
            suivi.evaluations.faites if suivi.evaluations else 0,
            suivi.evaluations.total if suivi.evaluations else 0,
        ]
