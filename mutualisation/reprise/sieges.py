"""Sheets of seats: who answers for a domain on a side; understood, then checked against what exists."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from comptes.models import Personne
from mutualisation.models import Siege, Titulaire
from mutualisation.referents import people_of
from mutualisation.reprise.colonnes import (
    COLONNES,
    COMMUNE,
    COTE,
    COTES,
    DEBUT,
    DOMAINE,
    EMAIL,
    EQUIPE,
    POLE,
    QUALITE,
    RANGS,
    Type,
)
from mutualisation.reprise.lecteur import Lecteur, overlap, said
from mutualisation.reprise.lecture import Rangee
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.reperes import Choix, Reperes
from mutualisation.reprise.valeurs import ValeurFausse
from territoire.models import Epci

Place = tuple[str, int, int | None, int | None]


@dataclass(frozen=True)
class Nomination:
    """A row understood: a person or a team sits for a domain on a side, in a rank, over `[debut, fin)`."""

    ligne: int
    cote: str
    domaine: int
    commune: int | None
    pole: int | None
    personne: int | None
    equipe: int | None
    rang: str
    debut: date
    fin: date | None

    @property
    def place(self) -> Place:
        return self.cote, self.domaine, self.commune, self.pole

    @property
    def qui(self) -> tuple[int | None, int | None, str]:
        return self.personne, self.equipe, self.rang

    @property
    def periode(self) -> tuple[date, date | None]:
        return self.debut, self.fin

    @classmethod
    def load(cls, values: dict[str, Any]) -> "Nomination":
        """From the plan kept as JSON."""
        fin = date.fromisoformat(values["fin"]) if values["fin"] else None
        return cls(**{**values, "debut": date.fromisoformat(values["debut"]), "fin": fin})

    def dump(self) -> dict[str, Any]:
        fin = self.fin.isoformat() if self.fin else None
        return {**asdict(self), "debut": self.debut.isoformat(), "fin": fin}


@dataclass(frozen=True)
class _Outils:
    """What a row is read with."""

    reperes: Reperes
    cotes: Choix
    rangs: Choix
    find_person: Callable[[str], int]


def understand(epci: Epci, rangees: Iterable[Rangee], recueil: Recueil) -> list[Nomination]:
    """The rows without fault, one of each when a row comes back word for word."""
    outils = _Outils(Reperes(epci), Choix(COTES), Choix(RANGS), _finder(epci))
    read = [_read(Lecteur(r, COLONNES[Type.SIEGES], recueil), outils) for r in rangees]
    return _once([row for row in read if row], recueil)


def _finder(epci: Epci) -> Callable[[str], int]:
    past = Personne.objects.filter(sieges__siege__epci=epci)
    known = {
        email.lower(): pk
        for people in (past, people_of(epci))
        for pk, email in people.order_by("pk").values_list("pk", "email")
    }

    def find(text: str) -> int:
        if text.lower() not in known:
            raise ValeurFausse(
                f"Personne n'a l'adresse « {text[:80]} » dans l'EPCI : reprenez d'abord la feuille des personnes."
            )
        return known[text.lower()]

    return find


def _read(lecteur: Lecteur, outils: _Outils) -> Nomination | None:
    domaine = lecteur.find(DOMAINE, outils.reperes.domaines.find)
    cote = lecteur.find(COTE, outils.cotes.find)
    period = lecteur.period()
    commune = lecteur.find_commune(outils.reperes, period)
    pole = lecteur.find(POLE, outils.reperes.poles.find)
    personne = lecteur.find(EMAIL, outils.find_person)
    equipe = lecteur.find(EQUIPE, outils.reperes.equipes.find)
    rang = lecteur.find(QUALITE, outils.rangs.find) or Titulaire.Rang.TITULAIRE
    _check_place(lecteur, cote)
    if not (lecteur.juste and domaine and cote and period):
        return None
    return Nomination(lecteur.numero, cote, domaine, commune, pole, personne, equipe, str(rang), *period)


def _check_place(lecteur: Lecteur, cote: str | None) -> None:
    """The perimeter suits the side, and exactly one holder is named."""
    written = {nom: bool(lecteur.rangee.text(nom)) for nom in (COMMUNE, POLE, EMAIL, EQUIPE)}
    if cote == Siege.Cote.COMMUNE and not written[COMMUNE]:
        lecteur.refuse(COMMUNE, "Un référent communal répond pour une commune : écrivez-la.")
    if written[POLE] and (written[COMMUNE] or cote == Siege.Cote.COMMUNE):
        lecteur.refuse(POLE, "Un siège porte sur une commune ou sur un pôle, pas sur les deux.")
    if written[EMAIL] == written[EQUIPE]:
        lecteur.refuse(EMAIL, "Écrivez l'adresse d'une personne, ou le nom d'une équipe : l'une des deux.")


def _once(rows: list[Nomination], recueil: Recueil) -> list[Nomination]:
    """Leave out the rows said twice; refuse two holders in title at once, or one person twice in a rank."""
    kept: list[Nomination] = []
    seated: dict[Any, list[Nomination]] = {}
    for row in rows:
        before = next((b for b in seated.get(row.place, ()) if _clash(row, b.qui, b.periode)), None)
        if before is None:
            kept.append(row)
            seated.setdefault(row.place, []).append(row)
        elif (before.qui, before.periode) == (row.qui, row.periode):
            recueil.warn(row.ligne, DOMAINE, f"Même siège qu'à la ligne {before.ligne} : il compte une fois.")
        else:
            text = f"Siège déjà tenu {said(*before.periode)}, ligne {before.ligne}."
            recueil.refuse(row.ligne, DEBUT, text)
    return kept


def _clash(
    row: Nomination, qui: tuple[int | None, int | None, str], periode: tuple[date, date | None]
) -> bool:
    """Whether a row cannot stand beside another holder of the same seat."""
    both_in_title = row.rang == qui[2] == Titulaire.Rang.TITULAIRE
    return (both_in_title or row.qui == qui) and overlap(row.periode, periode)


def check(epci: Epci, rows: Sequence[Nomination], recueil: Recueil) -> list[Nomination]:
    """The rows that remain to be written; those already there are left out, those that contradict it are refused."""
    seated = _seated(epci)
    sitting = {row.personne for row in rows if row.personne}
    present = set(Personne.objects.filter(pk__in=sitting, is_active=True).values_list("pk", flat=True))
    remaining = []
    for row in rows:
        known = seated.get(row.place, [])
        if any((_who(t), (t.debut, t.fin)) == (row.qui, row.periode) for t in known):
            continue
        other = next((t for t in known if _clash(row, _who(t), (t.debut, t.fin))), None)
        if other:
            recueil.refuse(row.ligne, DEBUT, f"{other} tient déjà ce siège {said(other.debut, other.fin)}.")
        elif row.personne and row.personne not in present:
            recueil.refuse(row.ligne, EMAIL, "Le compte de cette adresse est fermé.")
        else:
            remaining.append(row)
    return remaining


def _who(titulaire: Titulaire) -> tuple[int | None, int | None, str]:
    return titulaire.personne_id, titulaire.equipe_id, titulaire.rang


def _seated(epci: Epci) -> dict[Place, list[Titulaire]]:
    found: dict[Place, list[Titulaire]] = {}
    rows = Titulaire.objects.filter(siege__epci=epci).select_related("siege", "personne", "equipe")
    for row in rows.order_by("pk"):
        siege = row.siege
        found.setdefault((siege.cote, siege.domaine_id, siege.commune_id, siege.pole_id), []).append(row)
    return found


def count(rows: Sequence[Nomination]) -> dict[str, int]:
    """How many domains the rows are about."""
    return {"domaines": len({row.domaine for row in rows})}
