"""Creating the reviews of a month, once each, with their invitations; saying that one was not held, or taking it back."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import partial

from django.db.models import Q

from comptes.models import Personne
from contrats.faits import CONTRACT_MONTHS
from contrats.models import Contrat, Engagement, VersionContrat
from journal.models import Courriel, Tache
from journal.workflows.courriel import Lettre, Piece, write_mails
from journal.workflows.tache import PasEncore, explain, run_each, schedule
from journal.workflows.unite import record, unite
from mutualisation.models import Adhesion, Catalogue, Domaine
from mutualisation.workflows.derivation import TACHE_EDITION
from mutualisation.workflows.effet import TACHE_EFFET, awaiting_effect
from mutualisation.workflows.verrou import locked
from revues.creneaux import place, place_contract
from revues.etats import REVUE
from revues.invitations import invitation, method
from revues.models import Revue
from revues.participants import Participants
from socle import horloge
from socle.dates import long_day
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays

TACHE_MOIS = "revues.mois"
TACHE_COMMUNE = "revues.commune"
NIGHT = time(0, 30)  # after the effects of midnight
MONTHS_OF = {
    Engagement.Rythme.MENSUEL: 1,
    Engagement.Rythme.BIMESTRIEL: 2,
    Engagement.Rythme.TRIMESTRIEL: 3,
}


def schedule_month(epci: Epci, first: date) -> None:
    """Schedule the creation of the reviews of the month that begins on `first`."""
    schedule(
        epci=epci,
        type=TACHE_MOIS,
        cle=f"{TACHE_MOIS}:{epci.pk}:{first:%Y-%m}",
        due_at=horloge.at_hour(first, NIGHT, epci.fuseau),
        parametres={"mois": first.isoformat()},
    )


def start_reviews(epci: Epci) -> None:
    """Start the monthly chain of an EPCI with the next month; each month schedules the one after."""
    schedule_month(epci, next_month(epci.today))


def next_month(day: date) -> date:
    """The first day of the month after `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def run_month(tache: Tache) -> None:
    """Job: schedule the next month, then create the reviews of this one, one transaction per commune.

    A commune whose choices have not all taken effect waits for them in a job of its own; the others do not wait for it.
    """
    epci = Epci.objects.get(pk=tache.epci_id)
    first = date.fromisoformat(tache.parametres["mois"])
    schedule_month(epci, next_month(first))
    days, waiting, parts = WorkingDays(epci), _waiting(tache, epci, first), []
    for rank, commune in enumerate(Commune.objects.members_of(epci, first)):
        if commune.pk in waiting:
            _schedule_commune(tache, epci, commune, rank, first)
        else:
            create = partial(create_month, epci=epci, commune=commune, rank=rank, first=first, days=days)
            parts.append((str(commune), create))
    run_each(tache, parts)


def _waiting(tache: Tache, epci: Epci, first: date) -> set[int]:
    """The reviews of January follow the adhesions of midnight, even when a worker was late or an effect failed."""
    before = Tache.objects.filter(epci=epci, type__in=(TACHE_EFFET, TACHE_EDITION), due_at__lte=tache.due_at)
    return awaiting_effect(epci, first) if before.filter(faite_at=None).exists() else set()


def _schedule_commune(tache: Tache, epci: Epci, commune: Commune, rank: int, first: date) -> None:
    schedule(
        epci=epci,
        type=TACHE_COMMUNE,
        cle=f"{TACHE_COMMUNE}:{commune.pk}:{epci.pk}:{first:%Y-%m}",
        due_at=tache.due_at,
        parametres={"mois": first.isoformat(), "commune": commune.pk, "rang": rank},
    )


def run_commune(tache: Tache) -> None:
    """Job: create the reviews of a month of one commune, once its choices have taken effect."""
    epci = Epci.objects.get(pk=tache.epci_id)
    first = date.fromisoformat(tache.parametres["mois"])
    commune = Commune.objects.get(pk=tache.parametres["commune"])
    if commune.pk in _waiting(tache, epci, first):
        explain(tache, f"{commune} : ses revues attendent que ses choix prennent effet.")
        raise PasEncore
    create_month(
        epci=epci, commune=commune, rank=tache.parametres["rang"], first=first, days=WorkingDays(epci)
    )


@unite
def create_month(*, epci: Epci, commune: Commune, rank: int, first: date, days: WorkingDays) -> list[Revue]:
    """Create what is missing of a commune's reviews of a month, and invite; running twice creates nothing twice."""
    shared = _shared_domaines(epci, commune, first)
    rhythms = _rhythms(epci, commune, first) if shared else {}
    due = {d: position for d, position in shared.items() if first.month % rhythms.get(d.pk, 1) == 0}
    slots = place(days.of_month(first), rank, due.values())
    planned = [_review(epci, commune, first, d, *slot) for d, slot in zip(due, slots, strict=True)]
    if shared and first.month in CONTRACT_MONTHS:
        position, month_rank = divmod(rank, 2)
        working = days.of_month(next_month(first) if month_rank else first)
        slot = place_contract(working, position)
        if not _ended(epci, commune, slot[0]):
            planned.append(_review(epci, commune, _semester(first), None, *slot))
    return _create(epci, commune, first, planned)


def _ended(epci: Epci, commune: Commune, day: date) -> bool:
    """Whether the contract of a commune has ended on a day, and no other follows: there is nothing to review."""
    contrats = Contrat.objects.filter(epci=epci, commune=commune)
    return contrats.exists() and not contrats.filter(Q(fin_on=None) | Q(fin_on__gt=day)).exists()


def _semester(first: date) -> date:
    return first.replace(month=1 if first.month <= 6 else 7)


def _shared_domaines(epci: Epci, commune: Commune, first: date) -> dict[Domaine, int]:
    """Domains in force on the first of the month, with their position in the catalogue."""
    shared = Adhesion.objects.activites_of(commune, epci, first)
    if not shared:
        return {}
    catalogue = Catalogue.objects.in_force(epci, first).read()
    positions = {d.id: position for position, d in enumerate(catalogue.domaines) if d.activite_ids & shared}
    found = Domaine.objects.in_bulk(list(positions))
    return {found[pk]: position for pk, position in positions.items()}


def _rhythms(epci: Epci, commune: Commune, on: date) -> dict[int, int]:
    """Months between two reviews, by domain, from the version of the contract that applies on a day."""
    read = VersionContrat.objects.applicable(on)
    mine = Engagement.objects.filter(epci=epci, commune=commune, version_contrat__in=read)
    rows = mine.order_by("contrat", "version_contrat__numero")
    return {
        domaine: MONTHS_OF[Engagement.Rythme(rythme)]
        for domaine, rythme in rows.values_list("domaine_id", "rythme")
    }


def _review(
    epci: Epci, commune: Commune, period: date, domaine: Domaine | None, day: date, hour: time
) -> Revue:
    return Revue(
        epci=epci,
        commune=commune,
        type=Revue.Type.DOMAINE if domaine else Revue.Type.CONTRAT,
        domaine=domaine,
        periode_on=period,
        prevue_at=horloge.at_hour(day, hour, epci.fuseau),
        lieu=f"Mairie {commune.de}",
    )


def _create(epci: Epci, commune: Commune, first: date, planned: list[Revue]) -> list[Revue]:
    """Insert what is missing and invite; the lock on the commune keeps two workers from inserting the same."""
    Commune.objects.select_for_update(of=("self",), no_key=True).get(pk=commune.pk)
    periods = {revue.periode_on for revue in planned}
    present = Revue.objects.filter(epci=epci, commune=commune, periode_on__in=periods)
    known = set(present.values_list("type", "domaine_id", "periode_on"))
    fresh = [revue for revue in planned if (revue.type, revue.domaine_id, revue.periode_on) not in known]
    Revue.objects.bulk_create(fresh)
    for revue in fresh:
        _record(revue)
    _invite(fresh, Participants(epci, commune))
    return fresh


def _record(revue: Revue) -> None:
    record(
        type="revue.prevue",
        objet=revue,
        epci=revue.epci,
        commune=revue.commune,
        acteur=None,
        libelle=f"{revue.libelle} prévue le {long_day(horloge.local(revue.prevue_at, revue.epci.fuseau))}",
        contenu={
            "domaine": revue.domaine.code if revue.domaine else None,
            "prevue_at": revue.prevue_at.isoformat(),
        },
    )


def _invite(revues: list[Revue], expected: Participants) -> None:
    write_mails(
        letter for revue in revues for letter in _letters(revue, expected.of(revue), "revue_invitation")
    )


def _invited(revue: Revue) -> list[Personne]:
    """Everyone who received the invitation, even if somebody else answers for the domain since."""
    letters = Courriel.objects.filter(
        type="revue_invitation", objet_type=revue._meta.label_lower, objet_id=revue.pk
    )
    rows = letters.select_related("destinataire").order_by("destinataire__tri", "pk")
    return list(dict.fromkeys(letter.destinataire for letter in rows))


def _letters(revue: Revue, people: list[Personne], type: str) -> Iterator[Lettre]:
    """One mail a person, with the calendar entry of the review or its cancellation."""
    local = horloge.local(revue.prevue_at, revue.epci.fuseau)
    cancelled = type == "revue_annulee"
    mime = f"text/calendar; method={method(cancelled)}; charset=utf-8"
    calendar = Piece("invitation.ics", mime, invitation(revue, people, cancelled=cancelled))
    for personne in people:
        yield Lettre(
            destinataire=personne,
            epci=revue.epci,
            type=type,
            objet=revue,
            occurrence=str(revue.version),
            sujet=f"{'Annulée : ' if cancelled else ''}{revue.libelle}, {revue.commune} : {long_day(local)}",
            contexte={"revue": revue, "prevue_at": local},
            perime_at=revue.prevue_at,
            pieces=[calendar],
        )


@unite
def cancel_review(*, revue: Revue, acteur: Personne, motif: str, version: int) -> Revue:
    """Say, from its day on, that a review was not held, and why; one whose hour is still to come leaves the calendars.

    Raises Refus without reason, Conflit, ActionInterdite.
    """
    revue = locked(Revue, revue.pk, version, select=("epci", "commune", "domaine"))
    require(revue, acteur, "annuler")
    if not motif.strip():
        raise Refus("Dites en une phrase pourquoi la revue n'a pas eu lieu.", field="motif")
    close_review(revue, motif, acteur, "noter non tenue")
    return revue


def close_review(revue: Revue, motif: str, acteur: Personne | None, acte: str) -> None:
    """Note a locked review as not held by an act of REVUE, inside the unit of the caller; whoever was invited is told."""
    revue.etat = REVUE.move(acte, revue.etat)
    revue.motif = motif
    revue.version += 1
    revue.save()
    record(
        type="revue.non_tenue",
        objet=revue,
        epci=revue.epci,
        commune=revue.commune,
        acteur=acteur,
        libelle=f"{revue.libelle} non tenue",
        detail={"motif": motif},
    )
    if revue.prevue_at > horloge.now():
        write_mails(_letters(revue, _invited(revue), "revue_annulee"))


@unite
def restore_review(*, revue: Revue, acteur: Personne, version: int) -> Revue:
    """Take back « non tenue »: the review is planned as before and awaits its minutes, or stands in the calendars again.

    Raises Conflit, ActionInterdite.
    """
    revue = locked(Revue, revue.pk, version, select=("epci", "commune", "domaine"))
    require(revue, acteur, "retablir")
    motif, revue.motif = revue.motif, ""
    revue.etat = REVUE.move("rétablir", revue.etat)
    revue.version += 1
    revue.save()
    record(
        type="revue.retablie",
        objet=revue,
        epci=revue.epci,
        commune=revue.commune,
        acteur=acteur,
        libelle=f"{revue.libelle} : n'est plus notée non tenue",
        detail={"motif": motif},
    )
    if revue.prevue_at > horloge.now():
        write_mails(_letters(revue, _invited(revue), "revue_invitation"))
    return revue
