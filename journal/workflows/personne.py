"""People of an EPCI and their habilitations."""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError
from django.db.models import Q, QuerySet

from comptes.annuaire import Annuaire
from comptes.models import Habilitation, Personne
from comptes.roles import ROLES_COMMUNE, ROLES_POLE, Role
from journal.workflows.unite import record, unit, unite
from socle.dates import ONE_DAY, day_and_year
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Commune, Epci, Pole

CLOSED_HERE = "Ce compte est fermé : l'administrateur de votre EPCI peut le rouvrir."
CLOSED_ELSEWHERE = "Ce compte est fermé : seul l'administrateur de l'EPCI où cette personne a, ou a eu, un rôle peut le rouvrir."


class CompteExistant(Refus):
    """The address already has an account: a habilitation may be added to it."""

    def __init__(self) -> None:
        super().__init__("Un compte existe déjà avec cette adresse.", field="email")


@dataclass(frozen=True)
class Identite:
    """Who a person is; an existing account keeps its own."""

    email: str
    nom: str
    prenom: str = ""
    fonction: str = ""
    telephone: str = ""


@dataclass(frozen=True)
class Mandat:
    """A role on a perimeter over `[debut, fin)`."""

    role: Role
    debut: date
    fin: date | None = None
    pole: Pole | None = None
    commune: Commune | None = None

    @property
    def libelle(self) -> str:
        """« DGS, Mérignac »; no name of a person."""
        where = self.commune or self.pole
        return f"{Role(self.role).label}, {where}" if where else str(Role(self.role).label)


def find_personne(email: str) -> Personne | None:
    """The account of an address, compared without case."""
    return Personne.objects.filter(email__iexact=email.strip()).first()


def refuse_closed(personne: Personne, epci: Epci) -> None:
    """Raise Refus for a closed account, with who can reopen it."""
    if personne.is_active:
        return
    annuaire = Annuaire(epci)
    here = annuaire.people().filter(pk=personne.pk).exists() and not annuaire.serves_elsewhere(personne)
    raise Refus(CLOSED_HERE if here else CLOSED_ELSEWHERE, field="email")


@unite
def welcome(
    *, epci: Epci, acteur: Personne | None, identite: Identite, mandat: Mandat, rattacher: bool = False
) -> Personne:
    """Open an account with its first habilitation in the EPCI; `acteur` is None for the installation.

    The address of an existing account raises CompteExistant unless `rattacher`, which adds the habilitation
    to it, its identity left as it is. The same request again changes nothing. Raises what `grant` raises.
    """
    _check_right(epci, acteur)
    personne = find_personne(identite.email)
    if personne is None:
        personne = _open(epci, acteur, identite)
    elif not rattacher and not _already_done(personne, epci, identite, mandat):
        raise CompteExistant
    grant(personne=personne, epci=epci, acteur=acteur, mandat=mandat)
    return personne


def _already_done(personne: Personne, epci: Epci, identite: Identite, mandat: Mandat) -> bool:
    same_person = (personne.nom, personne.prenom) == (identite.nom, identite.prenom)
    return same_person and _same(personne, epci, mandat).filter(debut=mandat.debut, fin=mandat.fin).exists()


def _open(epci: Epci, acteur: Personne | None, identite: Identite) -> Personne:
    personne = Personne(**{**vars(identite), "email": identite.email.strip().lower()})
    personne.set_unusable_password()
    personne.clean_fields()
    try:
        with unit():
            personne.save()
    except IntegrityError as error:
        raise CompteExistant from error
    record(
        type="personne.creee",
        objet=personne,
        epci=epci,
        acteur=acteur,
        libelle="Compte ouvert",
        detail={"nom": str(personne), "adresse": personne.email},
    )
    return personne


@unite
def grant(*, personne: Personne, epci: Epci, acteur: Personne | None, mandat: Mandat) -> Habilitation:
    """Give a role on a perimeter of the EPCI; the very same one again is the one already given.

    Raises ActionInterdite unless `acteur` (None: installation) administers the EPCI; Refus for a closed account, a
    perimeter that does not suit the role or is foreign, dates out of order, the same role over some of the same days,
    a second maire.
    """
    _check_right(epci, acteur)
    _check_perimeter(epci, mandat)
    _check_dates(mandat)
    # One line at a time for one person: a double click finds the first.
    refuse_closed(Personne.objects.select_for_update(of=("self",), no_key=True).get(pk=personne.pk), epci)
    overlapping = _same(personne, epci, mandat).filter(Q(fin=None) | Q(fin__gt=mandat.debut))
    if mandat.fin:
        overlapping = overlapping.filter(debut__lt=mandat.fin)
    existing = overlapping.order_by("debut").first()
    if existing and (existing.debut, existing.fin) == (mandat.debut, mandat.fin):
        return existing
    if existing:
        raise Refus(f"{personne} tient déjà ce rôle {_period(existing.debut, existing.fin)}.", field="debut")
    habilitation = _create(personne, epci, mandat)
    _record(
        habilitation,
        acteur,
        "donnee",
        f"Habilitation donnée : {mandat.libelle}, {_period(mandat.debut, mandat.fin)}",
    )
    return habilitation


def _create(personne: Personne, epci: Epci, mandat: Mandat) -> Habilitation:
    try:
        with unit():
            return Habilitation.objects.create(personne=personne, epci=epci, **vars(mandat))
    except IntegrityError as error:  # habilitation_one_maire: the rest was checked
        raise Refus(
            f"{mandat.commune} a déjà un maire ces jours-là : mettez d'abord fin à son rôle.", field="debut"
        ) from error


@unite
def end(*, habilitation: Habilitation, acteur: Personne, dernier_jour: date) -> bool:
    """Let `dernier_jour` be the last day of a habilitation; one that would then never begin is withdrawn: whether it was.

    Raises ActionInterdite; Refus for a day before the beginning of one already begun, or when it would leave the EPCI
    without administrator, or out of its directory somebody who still holds a seat there.
    """
    _check_right(habilitation.epci, acteur)
    epci = locked_epci(habilitation.epci_id)
    row = Habilitation.objects.select_for_update(of=("self",), no_key=True).filter(pk=habilitation.pk).first()
    fin = dernier_jour + ONE_DAY
    if row is None or row.fin == fin:
        return row is None
    if fin <= row.debut < epci.today:
        raise Refus(
            f"Le dernier jour ne peut précéder le début, {day_and_year(row.debut)}.", field="dernier_jour"
        )
    _keep_an_administrator(row, max(fin, row.debut))
    if fin <= row.debut:
        _keep_in_directory(row, epci)
        _record(row, acteur, "annulee", f"Habilitation retirée avant son début : {_label(row)}")
        row.delete()
        return True
    before, row.fin = row.fin, fin
    row.save(update_fields=["fin"])
    _record(
        row,
        acteur,
        "terminee",
        f"Habilitation : {_label(row)}, dernier jour {day_and_year(dernier_jour)}",
        detail={"fin": {"avant": before.isoformat() if before else None, "apres": fin.isoformat()}},
    )
    return False


def locked_epci(pk: int) -> Epci:
    """The EPCI, locked against whoever else takes roles away from its people; new ones may be given meanwhile."""
    return Epci.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _keep_in_directory(row: Habilitation, epci: Epci) -> None:
    """Refuse to withdraw the only role here of who answers for something: nobody could lock her out any more."""
    held = Annuaire(epci).tenues(row.personne)
    if held and not Habilitation.objects.filter(personne=row.personne, epci=epci).exclude(pk=row.pk).exists():
        raise Refus(
            f"Sans ce rôle, {row.personne} quitterait la liste des personnes et resterait {held[0].texte}. "
            "La Direction des territoires doit d'abord nommer quelqu'un d'autre.",
            field="dernier_jour",
        )


def _keep_an_administrator(row: Habilitation, fin: date) -> None:
    if row.role != Role.ADMINISTRATEUR:
        return
    others = Habilitation.objects.filter(epci=row.epci_id, role=Role.ADMINISTRATEUR, personne__is_active=True)
    if not others.exclude(pk=row.pk).on(fin).exists():
        raise Refus("Il n'y aurait plus d'administrateur : nommez-en d'abord un autre.", field="dernier_jour")


def _check_right(epci: Epci, acteur: Personne | None) -> None:
    if acteur is not None:
        require(Annuaire(epci), acteur, "administrer")


def _check_perimeter(epci: Epci, mandat: Mandat) -> None:
    """The perimeter that the role asks for, and no other, inside the EPCI."""
    label = Role(mandat.role).label
    asked = {"commune": mandat.role in ROLES_COMMUNE, "pole": mandat.role in ROLES_POLE}
    names = {"commune": "la commune", "pole": "le pôle"}
    for field, wanted in asked.items():
        given = getattr(mandat, field) is not None
        if wanted and not given:
            raise Refus(f"Choisissez {names[field]} : le rôle « {label} » s'y rapporte.", field=field)
        if given and not wanted:
            raise Refus(
                f"Laissez {names[field]} de côté : le rôle « {label} » ne s'y rapporte pas.", field=field
            )
    if mandat.pole and mandat.pole.epci_id != epci.pk:
        raise Refus("Ce pôle n'est pas de votre EPCI.", field="pole")
    if (
        mandat.commune
        and not Commune.objects.members_of(epci, mandat.debut).filter(pk=mandat.commune.pk).exists()
    ):
        raise Refus(f"{mandat.commune} n'est pas membre de {epci.nom_commun} à cette date.", field="commune")


def _check_dates(mandat: Mandat) -> None:
    if mandat.fin and mandat.fin <= mandat.debut:
        raise Refus("Le dernier jour ne peut précéder le premier.", field="dernier_jour")


def _same(personne: Personne, epci: Epci, mandat: Mandat) -> QuerySet[Habilitation]:
    return Habilitation.objects.filter(
        personne=personne, epci=epci, role=mandat.role, pole=mandat.pole, commune=mandat.commune
    )


def _label(row: Habilitation) -> str:
    return Mandat(Role(row.role), row.debut, row.fin, row.pole, row.commune).libelle


def _period(debut: date, fin: date | None) -> str:
    since = f"à compter du {day_and_year(debut)}"
    return f"{since}, jusqu'au {day_and_year(fin - ONE_DAY)}" if fin else since


def _record(
    row: Habilitation,
    acteur: Personne | None,
    what: str,
    libelle: str,
    detail: dict[str, object] | None = None,
) -> None:
    """A line about the person, read by administrators; without her name, since lines stay and details may be purged."""
    record(
        type=f"habilitation.{what}",
        objet=row.personne,
        epci=row.epci,
        commune=row.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"role": row.role, "pole": row.pole_id, "debut": row.debut.isoformat()},
        detail=detail,
    )
