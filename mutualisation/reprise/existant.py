"""What exists, in the columns of the sheets: what is exported can be read back."""

from collections.abc import Callable, Iterable
from datetime import date

from comptes.models import Habilitation
from comptes.roles import Role
from mutualisation.models import Adhesion, Titulaire
from mutualisation.reprise.colonnes import COTES, NATURES, RANGS, ROLES, Type, label
from socle.dates import ONE_DAY
from socle.tableur import FORMULES, Valeur
from territoire.models import Epci

SEATS_IN_ORDER = (
    *("siege__domaine__ordre", "siege__domaine", "siege__cote"),
    *("siege__commune__tri", "siege__commune", "debut", "pk"),
)


def rows_of(epci: Epci, type: str) -> list[list[Valeur]]:
    """The rows of what an EPCI already has, one list per row, in the order of the columns."""
    return [[_protected(value) for value in row] for row in READERS[type](epci)]


def _protected(value: Valeur) -> Valeur:
    """A text that a spreadsheet would run gets an apostrophe, which reading takes off; so does one that looks so."""
    if isinstance(value, str) and value.lstrip("'").startswith(FORMULES):
        return f"'{value}"
    return value


def _last(fin: date | None) -> date | None:
    return fin - ONE_DAY if fin else None


def _people(epci: Epci) -> Iterable[list[Valeur]]:
    rows = Habilitation.objects.filter(epci=epci).exclude(role=Role.SERVICE)
    related = rows.select_related("personne", "commune", "pole")
    for row in related.order_by("personne__tri", "personne", "debut", "pk"):
        who, commune, pole = row.personne, row.commune, row.pole
        yield [
            *(who.nom, who.prenom, who.email, who.fonction, who.telephone),
            *(ROLES[row.role], commune.nom if commune else "", pole.nom if pole else ""),
            *(row.debut, _last(row.fin)),
        ]


def _seats(epci: Epci) -> Iterable[list[Valeur]]:
    rows = Titulaire.objects.filter(siege__epci=epci).select_related(
        "siege__domaine", "siege__commune", "siege__pole", "personne", "equipe"
    )
    for row in rows.order_by(*SEATS_IN_ORDER):
        siege, commune, pole = row.siege, row.siege.commune, row.siege.pole
        yield [
            *(label(siege.domaine.code, siege.domaine.libelle), COTES[siege.cote]),
            *(commune.nom if commune else "", pole.nom if pole else ""),
            *(row.personne.email if row.personne else "", row.equipe.nom if row.equipe else ""),
            *(RANGS[row.rang], row.debut, _last(row.fin)),
        ]


def _adhesions(epci: Epci) -> Iterable[list[Valeur]]:
    rows = Adhesion.objects.filter(epci=epci).order_by("commune__tri", "commune", "activite__code", "debut")
    named = rows.values_list("commune__nom", "activite__code", "activite__libelle", "debut", "fin", "nature")
    for commune, code, libelle, debut, fin, nature in named.iterator():
        yield [commune, label(code, libelle), debut, _last(fin), NATURES[nature]]


READERS: dict[str, Callable[[Epci], Iterable[list[Valeur]]]] = {
    Type.PERSONNES: _people,
    Type.SIEGES: _seats,
    Type.ADHESIONS: _adhesions,
}
