"""During a campaign: more days for one commune, reminders to those that have not submitted."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from comptes.destinataires import Carnet
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.campagne import RELANCE
from mutualisation.models import Cycle, Declaration
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year, long_day
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Commune, Epci

WHO_EXTENDS = "Seule la Direction des territoires accorde un délai à une commune."
WHO_REMINDS = "Seule la Direction des territoires relance les communes."
PREPARE = (Role.DGS, Role.MAIRE, Role.COLLABORATEUR)


def require_direction(acteur: Personne, epci: int, sentence: str) -> None:
    """Refuse, with the sentence saying who can, anyone but the Direction of an EPCI (its id)."""
    if not acteur.acces.acts_for_epci(epci, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(sentence)


@unite
def grant_extension(*, declaration: Declaration, acteur: Personne, until: date, motif: str) -> Declaration:
    """Let one commune declare until a day included, traced and told to those who prepare; the same day again changes nothing.

    Raises ActionInterdite, Refus for a day that is past, not after the end of the campaign or past the point d'arrêt,
    and for a declaration already submitted or a campaign not begun.
    """
    require_direction(acteur, declaration.epci_id, WHO_EXTENDS)
    declaration = locked(Declaration, declaration.pk, select=("cycle__epci", "commune", "epci"))
    check_extension(declaration)
    _check_day(declaration.cycle, until)
    if declaration.prolongee_on == until:
        return declaration
    declaration.prolongee_on = until
    declaration.version += 1
    declaration.save(update_fields=["prolongee_on", "version"])
    record(
        type="declaration.prolongee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"{declaration} : délai accordé jusqu'au {day_and_year(until)}",
        contenu={"until": until.isoformat()},
        detail={"motif": motif},
    )
    _tell_extension(declaration, motif)
    return declaration


def check_extension(declaration: Declaration) -> None:
    """Raises Refus when more days would serve nothing."""
    cycle = declaration.cycle
    if declaration.deposee:
        raise Refus("Cette déclaration est déposée : elle n'a pas besoin de délai.")
    if cycle.clos_at or cycle.epci.today >= cycle.point_arret_on:
        raise Refus(
            f"Le point d'arrêt du {long_day(cycle.point_arret_on)} est passé : il est trop tard pour un délai."
        )
    if not cycle.ouvert_at or cycle.epci.today < cycle.declaration_debut_on:
        raise Refus(
            f"La campagne ouvre le {long_day(cycle.declaration_debut_on)} : accordez un délai ensuite."
        )


def _check_day(cycle: Cycle, until: date) -> None:
    if until < cycle.epci.today:
        raise Refus("Ce jour est passé.", field="until")
    if until <= cycle.declaration_fin_on:
        end = long_day(cycle.declaration_fin_on)
        raise Refus(f"La campagne dure déjà jusqu'au {end} pour toutes les communes.", field="until")
    if until >= cycle.point_arret_on:
        raise Refus(
            f"Le délai doit finir avant le point d'arrêt, le {long_day(cycle.point_arret_on)}.", field="until"
        )


def _tell_extension(declaration: Declaration, motif: str) -> None:
    until = declaration.limite_on
    people = Carnet(declaration.epci, PREPARE, declaration.commune).people(PREPARE, declaration.epci.today)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=declaration.epci,
            type="declaration_delai",
            objet=declaration,
            occurrence=str(declaration.version),
            sujet=f"Délai jusqu'au {day_and_year(until)} pour déclarer les choix {declaration.commune.de}",
            contexte={"declaration": declaration, "motif": motif},
            perime_at=_end_of(until, declaration.epci),
        )
        for personne in people
    )


def _end_of(day: date, epci: Epci) -> datetime:
    return horloge.midnight(day + timedelta(days=1), epci.fuseau)


@dataclass(frozen=True)
class Attendue:
    """A commune that may still submit, who would be reminded, and why it cannot be (empty when it can)."""

    declaration: Declaration
    gens: list[Personne]
    empechement: str

    @property
    def commune(self) -> Commune:
        return self.declaration.commune

    @property
    def peut(self) -> bool:
        return not self.empechement

    @property
    def libelle(self) -> str:
        """« Floirac : Claire Etcheverry »."""
        return f"{self.commune} : {', '.join(map(str, self.gens))}"


def read_awaited(cycle: Cycle) -> list[Attendue]:
    """The communes that may submit today and have not, in French order; a fixed number of queries."""
    drafts = cycle.declarations.filter(etat=Declaration.Etat.BROUILLON).select_related("commune")
    rows = [_with(row, cycle) for row in drafts.order_by("commune__tri", "pk")]
    people, told = _people(cycle.epci), _told_today(cycle)
    return [_awaited(row, people.get(row.commune, []), row.commune_id in told) for row in rows if row.ouverte]


def _with(row: Declaration, cycle: Cycle) -> Declaration:
    row.cycle = cycle
    return row


def _awaited(row: Declaration, gens: list[Personne], told: bool) -> Attendue:
    obstacle = "déjà relancée aujourd'hui" if told else "" if gens else "ni DGS ni maire à prévenir"
    return Attendue(row, gens, obstacle)


def _people(epci: Epci) -> dict[Commune, list[Personne]]:
    """The DGS of each commune; its maire when it has none."""
    return {
        **Carnet(epci, [Role.MAIRE]).by_commune(epci.today),
        **Carnet(epci, [Role.DGS]).by_commune(epci.today),
    }


def _told_today(cycle: Cycle) -> set[int]:
    """Ids of the communes reminded today, by the Direction or by the reminder of the last week."""
    today = Courriel.objects.filter(ecrit_at__gte=horloge.midnight(cycle.epci.today, cycle.epci.fuseau))
    by_hand = today.filter(type=RELANCE, objet_type="mutualisation.declaration").values("objet_id")
    told = set(cycle.declarations.filter(pk__in=by_hand).values_list("commune_id", flat=True))
    by_rule = today.filter(type="declaration_rappel", objet_type="mutualisation.cycle", objet_id=cycle.pk)
    return told | {int(one.partition(":")[0]) for one in by_rule.values_list("occurrence", flat=True)}


def reminder_letters(awaited: Attendue, mot: str) -> Iterator[Lettre]:
    """The mails that remind a commune today; a day brings one at most to each person about it."""
    declaration = awaited.declaration
    epci = declaration.cycle.epci
    for personne in awaited.gens:
        yield Lettre(
            destinataire=personne,
            epci=epci,
            type=RELANCE,
            objet=declaration,
            occurrence=epci.today.isoformat(),
            sujet=f"Choix {declaration.commune.de} pour {declaration.cycle.annee} : "
            f"à déposer avant le {long_day(declaration.limite_on)}",
            contexte={"declaration": declaration, "mot": mot},
            perime_at=_end_of(declaration.limite_on, epci),
        )


def remind_communes(
    *, cycle: Cycle, communes: Collection[int], acteur: Personne, mot: str = ""
) -> list[Commune]:
    """Remind communes (ids) that have not submitted, one transaction for each; returns those reminded.

    One reminder for each commune and day at most: who is already told, or has submitted meanwhile, is left out.
    Raises ActionInterdite.
    """
    require_direction(acteur, cycle.epci_id, WHO_REMINDS)
    awaited: Mapping[int, Attendue] = {one.commune.pk: one for one in read_awaited(cycle) if one.peut}
    wanted = [one for pk, one in awaited.items() if pk in communes]
    return [one.commune for one in wanted if _remind(awaited=one, acteur=acteur, mot=mot)]


@unite
def _remind(*, awaited: Attendue, acteur: Personne, mot: str) -> bool:
    declaration = locked(Declaration, awaited.declaration.pk, select=("cycle__epci", "commune", "epci"))
    if declaration.deposee or Courriel.objects.filter(
        type=RELANCE,
        objet_type=declaration._meta.label_lower,
        objet_id=declaration.pk,
        occurrence=declaration.epci.today.isoformat(),
    ):
        return False
    write_mails(reminder_letters(Attendue(declaration, awaited.gens, ""), mot))
    record(
        type="declaration.relancee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"{declaration} : commune relancée",
        detail={"gens": [str(personne) for personne in awaited.gens], "mot": mot},
    )
    return True
