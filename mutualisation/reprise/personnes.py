"""Sheets of people: understood, then checked against each other and against the accounts and roles that exist."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from comptes.models import Habilitation, Personne
from comptes.roles import ROLES_COMMUNE, ROLES_POLE, Role
from mutualisation.reprise.colonnes import (
    COLONNES,
    COMMUNE,
    DEBUT,
    EMAIL,
    FONCTION,
    NOM,
    POLE,
    PRENOM,
    ROLE,
    ROLES,
    TELEPHONE,
    Type,
)
from mutualisation.reprise.lecteur import Lecteur, overlap, said
from mutualisation.reprise.lecture import Rangee
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.reperes import Choix, Reperes
from mutualisation.reprise.valeurs import ValeurFausse
from socle.dates import day_and_year
from socle.saisie import phone_number
from socle.typographie import sort_key
from territoire.models import Epci


@dataclass(frozen=True)
class Fonctionnaire:
    """A row understood: who, and the role she holds on a perimeter over `[debut, fin)`."""

    ligne: int
    email: str
    nom: str
    prenom: str
    fonction: str
    telephone: str
    role: str
    commune: int | None
    pole: int | None
    debut: date
    fin: date | None

    @property
    def qui(self) -> str:
        return sort_key(f"{self.nom} {self.prenom}")

    @property
    def titre(self) -> tuple[str, str, int | None, int | None]:
        return self.email, self.role, self.commune, self.pole

    @property
    def periode(self) -> tuple[date, date | None]:
        return self.debut, self.fin

    @classmethod
    def load(cls, values: dict[str, Any]) -> "Fonctionnaire":
        """From the plan kept as JSON."""
        fin = date.fromisoformat(values["fin"]) if values["fin"] else None
        return cls(**{**values, "debut": date.fromisoformat(values["debut"]), "fin": fin})

    def dump(self) -> dict[str, Any]:
        fin = self.fin.isoformat() if self.fin else None
        return {**asdict(self), "debut": self.debut.isoformat(), "fin": fin}


def understand(epci: Epci, rangees: Iterable[Rangee], recueil: Recueil) -> list[Fonctionnaire]:
    """The rows without fault, one of each when a row comes back word for word."""
    reperes, roles = Reperes(epci), Choix(ROLES)
    read = [_read(Lecteur(r, COLONNES[Type.PERSONNES], recueil), reperes, roles) for r in rangees]
    rows = [row for row in read if row]
    _compare_names(rows, recueil)
    return _once(rows, recueil)


def _read(lecteur: Lecteur, reperes: Reperes, roles: Choix) -> Fonctionnaire | None:
    who = {
        "email": lecteur.find(EMAIL, _email) or "",
        "nom": lecteur.text(NOM, 100),
        "prenom": lecteur.text(PRENOM, 100),
        "fonction": lecteur.text(FONCTION),
        "telephone": lecteur.find(TELEPHONE, _telephone) or "",
    }
    role = lecteur.find(ROLE, roles.find)
    period = lecteur.period(reperes.epci.today)
    commune = lecteur.find_commune(reperes, period)
    pole = lecteur.find(POLE, reperes.poles.find)
    if role:
        _check_perimeter(lecteur, role, commune, pole)
    if not (lecteur.juste and role and period):
        return None
    debut, fin = period
    return Fonctionnaire(
        ligne=lecteur.numero, role=role, commune=commune, pole=pole, debut=debut, fin=fin, **who
    )


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValeurFausse(f"« {text[:80]} » n'est pas une adresse électronique.") from None
    if len(text) > 254:
        raise ValeurFausse("Cette adresse est trop longue.")
    return text.lower()


def _telephone(text: str) -> str:
    """A number; Excel takes the first zero off « 0556000000 »."""
    number = f"0{text}" if text.isdecimal() and len(text) == 9 and not text.startswith("0") else text
    try:
        phone_number(number)
    except ValidationError as error:
        raise ValeurFausse(str(error.messages[0])) from None
    if len(number) > 30:
        raise ValeurFausse("Ce numéro est trop long : 30 caractères au plus.")
    return number


def _check_perimeter(lecteur: Lecteur, role: str, commune: int | None, pole: int | None) -> None:
    """The commune or the pôle that the role asks for, and no other."""
    label = Role(role).label
    for colonne, given, wanted, what in (
        (COMMUNE, commune, role in ROLES_COMMUNE, "la commune"),
        (POLE, pole, role in ROLES_POLE, "le pôle"),
    ):
        written = bool(lecteur.rangee.text(colonne))
        if wanted and not written:
            lecteur.refuse(colonne, f"Écrivez {what} : le rôle « {label} » s'y rapporte.")
        elif given and not wanted:
            lecteur.refuse(colonne, f"Laissez cette cellule vide : le rôle « {label} » ne s'y rapporte pas.")


def _compare_names(rows: list[Fonctionnaire], recueil: Recueil) -> None:
    """One address is one person: two spellings are refused; one name under two addresses is told."""
    by_email: dict[str, Fonctionnaire] = {}
    by_name: dict[str, Fonctionnaire] = {}
    for row in rows:
        first = by_email.setdefault(row.email, row)
        namesake = by_name.setdefault(row.qui, row)
        if first.qui != row.qui:
            written = f"{first.prenom} {first.nom}".strip()
            recueil.refuse(
                row.ligne,
                NOM,
                f"Cette adresse est celle de « {written} », ligne {first.ligne} : une seule graphie.",
            )
        elif namesake.email != row.email:
            text = f"Même nom qu'à la ligne {namesake.ligne}, sous une autre adresse : deux personnes, ou une seule ?"
            recueil.warn(row.ligne, EMAIL, text)


def _once(rows: list[Fonctionnaire], recueil: Recueil) -> list[Fonctionnaire]:
    """Leave out the rows said twice; refuse a role held twice on the same days, and two mayors at once."""
    kept: list[Fonctionnaire] = []
    held: dict[Any, list[Fonctionnaire]] = {}
    for row in (row for row in rows if not recueil.faulty(row.ligne)):
        key = ("maire", row.commune) if row.role == Role.MAIRE else row.titre
        before = next((b for b in held.get(key, ()) if overlap(row.periode, b.periode)), None)
        if before is None:
            kept.append(row)
            held.setdefault(key, []).append(row)
        elif (before.titre, before.periode) == (row.titre, row.periode):
            recueil.warn(row.ligne, EMAIL, f"Même rôle qu'à la ligne {before.ligne} : il compte une fois.")
        elif before.email == row.email:
            recueil.refuse(row.ligne, DEBUT, f"Rôle déjà tenu {said(*before.periode)}, ligne {before.ligne}.")
        else:
            text = f"{before.prenom} {before.nom}".strip()
            recueil.refuse(row.ligne, COMMUNE, f"{text} y est déjà maire ces jours-là, ligne {before.ligne}.")
    return kept


def check(epci: Epci, rows: Sequence[Fonctionnaire], recueil: Recueil) -> list[Fonctionnaire]:
    """The rows that remain to be written; those already there are left out, those that contradict it are refused."""
    accounts = {p.email.lower(): p for p in Personne.objects.filter(email__in={r.email for r in rows})}
    held = _held(epci)
    members = Reperes(epci).members
    remaining = []
    for row in rows:
        known = held.get(row.titre, [])
        if any((h.debut, h.fin) == row.periode for h in known):
            continue
        _check_account(row, accounts.get(row.email), epci, recueil)
        _check_held(row, known, held, recueil)
        _check_member(row, members, recueil)
        if not recueil.faulty(row.ligne):
            remaining.append(row)
    return remaining


def _held(epci: Epci) -> dict[Any, list[Habilitation]]:
    """Roles of the EPCI by person, role and perimeter; those of mayors by commune too."""
    found: dict[Any, list[Habilitation]] = {}
    rows = Habilitation.objects.filter(epci=epci).select_related("personne").order_by("pk")
    for row in rows:
        key = (row.personne.email.lower(), row.role, row.commune_id, row.pole_id)
        found.setdefault(key, []).append(row)
        if row.role == Role.MAIRE:
            found.setdefault(("maire", row.commune_id), []).append(row)
    return found


def _check_account(row: Fonctionnaire, account: Personne | None, epci: Epci, recueil: Recueil) -> None:
    if account is None:
        return
    if not account.is_active:
        recueil.refuse(row.ligne, EMAIL, "Le compte de cette adresse est fermé.")
    elif sort_key(f"{account.nom} {account.prenom}") != row.qui:
        text = "Un compte existe déjà à cette adresse, sous un autre nom : il garde le sien."
        recueil.warn(row.ligne, NOM, text)


def _check_held(
    row: Fonctionnaire, known: list[Habilitation], held: dict[Any, list[Habilitation]], recueil: Recueil
) -> None:
    own = next((h for h in known if overlap(row.periode, (h.debut, h.fin))), None)
    if own:
        recueil.refuse(row.ligne, DEBUT, f"Cette personne tient déjà ce rôle {said(own.debut, own.fin)}.")
        return
    mayors = held.get(("maire", row.commune), []) if row.role == Role.MAIRE else []
    other = next((h for h in mayors if overlap(row.periode, (h.debut, h.fin))), None)
    if other:
        recueil.refuse(
            row.ligne, COMMUNE, f"{other.personne} y est déjà maire {said(other.debut, other.fin)}."
        )


def _check_member(
    row: Fonctionnaire, members: dict[int, list[tuple[date, date | None]]], recueil: Recueil
) -> None:
    """The rule of journal.workflows.personne.grant: the commune is a member on the first day."""
    if row.commune is None:
        return
    periods = members[row.commune]
    if any(debut <= row.debut and (fin is None or row.debut < fin) for debut, fin in periods):
        return
    first = periods[0][0]
    text = "La commune n'est pas membre de l'EPCI ce jour-là."
    if row.debut < first:
        text = f"La commune n'est connue comme membre que depuis le {day_and_year(first)} : commencez ce jour-là."
    recueil.refuse(row.ligne, DEBUT, text)


def count(rows: Sequence[Fonctionnaire]) -> dict[str, int]:
    """How many accounts the rows open."""
    emails = {row.email for row in rows}
    return {"comptes": len(emails) - Personne.objects.filter(email__in=emails).count()}
