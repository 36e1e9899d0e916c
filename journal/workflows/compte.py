"""The account of a person: correcting it, closing it when she leaves, reopening it."""

from dataclasses import replace
from typing import Any

from django.db import IntegrityError
from django.db.models import Q

from comptes.annuaire import Annuaire, administrators
from comptes.destinataires import recipients
from comptes.models import Habilitation, Jeton, Personne
from comptes.roles import Role
from journal.models import Evenement
from journal.workflows.courriel import Lettre, readdress, write_mails
from journal.workflows.invitation import outdate_links
from journal.workflows.personne import CLOSED_ELSEWHERE, Identite, end, locked_epci
from journal.workflows.unite import record, unit, unite
from socle import horloge
from socle.dates import ONE_DAY
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.registres import Tenue
from territoire.models import Epci

CORRIGE, FERME, ROUVERT = "personne.corrigee", "personne.fermee", "personne.rouverte"
WORDS = {
    "email": "adresse",
    "prenom": "prénom",
    "nom": "nom",
    "fonction": "fonction",
    "telephone": "téléphone",
}
# Whoever gives an account an address of her own receives its next password: only who answers for all that it opens may.
FIXED_ELSEWHERE = (
    "Cette personne a, ou a eu, un rôle dans un autre EPCI : son adresse ne se change pas d'ici. "
    "Ouvrez-lui un compte à sa nouvelle adresse, puis mettez fin aux rôles de celui-ci."
)
FIXED_SERVICE = (
    "L'adresse d'un compte de service vient de la commande qui crée ses jetons : elle ne change pas."
)


def why_address_is_fixed(personne: Personne, epci: Epci) -> str:
    """Why an administrator of the EPCI may not change the address of an account; empty when she may."""
    if personne.habilitations.filter(role=Role.SERVICE).exists():
        return FIXED_SERVICE
    return FIXED_ELSEWHERE if Annuaire(epci).has_served_elsewhere(personne) else ""


@unite
def correct_account(
    *, personne: Personne, epci: Epci, acteur: Personne, identite: Identite, version: int
) -> Personne:
    """Write a person's name, address, function or telephone anew; a new address makes the links sent before useless.

    The same again changes nothing. Raises ActionInterdite, Conflit when somebody saved since `version`, Refus for an
    address that is another account's, or that may not change.
    """
    require(Annuaire(epci), acteur, "administrer")
    personne = _locked(personne)
    if personne.version != version:
        raise Conflit(_who(personne, epci))
    before = {name: getattr(personne, name) for name in WORDS}
    changed = {
        name: value for name, value in vars(_clean(identite, personne)).items() if value != before[name]
    }
    if not changed:
        return personne
    if "email" in changed and (why := why_address_is_fixed(personne, epci)):
        raise Refus(why, field="email")
    _save(personne, changed)
    if "email" in changed:
        outdate_links(personne)
        readdress(personne)
    _record_correction(personne, epci, acteur, {name: before[name] for name in changed})
    return personne


def _clean(identite: Identite, personne: Personne) -> Identite:
    """Addresses are kept in lower case, and compared without case."""
    email = identite.email.strip().lower()
    return replace(identite, email=personne.email if email == personne.email.lower() else email)


def _save(personne: Personne, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(personne, name, value)
    personne.version += 1
    personne.clean_fields(exclude=["password"])
    try:
        with unit():
            personne.save()
    except IntegrityError as error:
        raise Refus("Cette adresse est déjà celle d'un autre compte.", field="email") from error


def _record_correction(personne: Personne, epci: Epci, acteur: Personne, before: dict[str, str]) -> None:
    """A line here, and one in each other EPCI that knows the person: its administrators see what changed, not by whom."""
    words = ", ".join(WORDS[name] for name in before)
    detail = {
        WORDS[name]: {"avant": value, "apres": getattr(personne, name)} for name, value in before.items()
    }
    record(
        type=CORRIGE,
        objet=personne,
        epci=epci,
        acteur=acteur,
        libelle=f"Compte corrigé : {words}",
        detail=detail,
    )
    others = Epci.objects.filter(habilitations__personne=personne).exclude(pk=epci.pk).distinct()
    for other in others.order_by("pk"):
        libelle = f"Compte corrigé par l'administrateur d'un autre EPCI : {words}"
        record(type=CORRIGE, objet=personne, epci=other, acteur=None, libelle=libelle, detail=detail)


@unite
def close_account(*, personne: Personne, epci: Epci, acteur: Personne, motif: str) -> bool:
    """Lock out somebody who leaves: password erased, sessions ended, tokens revoked, invitations dead; roles and seats stay.

    An account that also serves another EPCI stays open, and all its roles here end instead; returns whether it was
    closed. The Direction is written to when there is something to give to others. Closing twice changes nothing.
    Raises ActionInterdite, Refus without a motive, or when the EPCI would have no administrator.
    """
    require(Annuaire(epci), acteur, "administrer")
    motif = motif.strip()
    if not motif:
        raise Refus("Écrivez un motif, même court.", field="motif")
    locked_epci(epci.pk)
    personne = _locked(personne)
    if not personne.is_active:
        return True
    closed = not Annuaire(epci).serves_elsewhere(personne)
    if closed:
        _close(personne, epci, acteur, motif)
    else:
        _end_roles(personne, epci, acteur, motif)
    _tell_direction(personne, epci, closed=closed)
    return closed


def _close(personne: Personne, epci: Epci, acteur: Personne, motif: str) -> None:
    _leave_an_administrator(personne, epci)
    # The password is part of what signs sessions and links: reopened, the account finds none of them alive.
    personne.set_unusable_password()
    personne.is_active = False
    personne.version += 1
    personne.save(update_fields=["password", "is_active", "version"])
    jetons = Jeton.objects.filter(personne=personne, revoque_at=None).update(revoque_at=horloge.real_now())
    outdate_links(personne)
    record(
        type=FERME,
        objet=personne,
        epci=epci,
        acteur=acteur,
        libelle="Compte fermé",
        contenu={"jetons_revoques": jetons},
        detail={"motif": motif},
    )


def _leave_an_administrator(personne: Personne, epci: Epci) -> None:
    present = administrators([epci.pk], epci.today)
    if present.filter(pk=personne.pk).exists() and not present.exclude(pk=personne.pk).exists():
        raise Refus("Il n'y aurait plus d'administrateur : nommez-en d'abord un autre.")


def _end_roles(personne: Personne, epci: Epci, acteur: Personne, motif: str) -> None:
    """End at once every role here, today's and those to come."""
    eve = epci.today - ONE_DAY
    rows = current_roles(personne, epci)
    if not rows:
        raise Refus(f"{personne} n'a plus de rôle ici, et son compte sert à un autre EPCI : il reste ouvert.")
    for row in rows:
        end(habilitation=row, acteur=acteur, dernier_jour=eve)
    record(
        type="personne.roles_finis",
        objet=personne,
        epci=epci,
        acteur=acteur,
        libelle="Tous ses rôles ici prennent fin ; son compte, qui sert à un autre EPCI, reste ouvert",
        detail={"motif": motif},
    )


def current_roles(personne: Personne, epci: Epci) -> list[Habilitation]:
    """The roles that a person has in an EPCI, or will have."""
    rows = Habilitation.objects.filter(Q(fin=None) | Q(fin__gt=epci.today), personne=personne, epci=epci)
    return list(rows.select_related("personne", "epci", "pole", "commune").order_by("debut", "pk"))


def _tell_direction(personne: Personne, epci: Epci, *, closed: bool) -> None:
    """The administrator does not name référents: who does is told what waits for somebody else."""
    tenues = Annuaire(epci).tenues(personne)
    if tenues:
        people = recipients(epci, Role.DIRECTION_TERRITOIRES, on=epci.today)
        write_mails(_letter(one, personne, epci, tenues, closed=closed) for one in people)


def _letter(one: Personne, personne: Personne, epci: Epci, tenues: list[Tenue], *, closed: bool) -> Lettre:
    return Lettre(
        destinataire=one,
        epci=epci,
        type="depart",
        objet=personne,
        occurrence=horloge.real_now().isoformat(timespec="milliseconds"),
        sujet=f"Sièges et équipes à confier à d'autres : {personne}",
        contexte={"personne": personne, "epci": epci, "tenues": tenues, "ferme": closed},
    )


@unite
def reopen_account(*, personne: Personne, epci: Epci, acteur: Personne) -> None:
    """Open an account again, with the roles it had; it needs a new invitation, or a new token. Twice changes nothing.

    Raises ActionInterdite, Refus when it serves another EPCI.
    """
    require(Annuaire(epci), acteur, "administrer")
    personne = _locked(personne)
    if personne.is_active:
        return
    if Annuaire(epci).serves_elsewhere(personne):
        raise Refus(CLOSED_ELSEWHERE)
    personne.is_active = True
    personne.version += 1
    personne.save(update_fields=["is_active", "version"])
    record(type=ROUVERT, objet=personne, epci=epci, acteur=acteur, libelle="Compte rouvert")


def _locked(personne: Personne) -> Personne:
    return Personne.objects.select_for_update(of=("self",), no_key=True).get(pk=personne.pk)


def _who(personne: Personne, epci: Epci) -> str:
    """Who changed the account since; another EPCI does not tell its people."""
    kinds = (CORRIGE, FERME, ROUVERT)
    last = (
        Evenement.objects.about(personne).filter(epci=epci, type__in=kinds).select_related("acteur").first()
    )
    who = f"{last.acteur} a modifié ce compte" if last and last.acteur else "Ce compte a changé"
    what = f" ({last.libelle})" if last else ""
    return f"{who} entre-temps{what}. Rien de ce que vous avez saisi n'est perdu."
