"""Writing the rows of a verified sheet: accounts and roles, seats, adhesions; what was created is handed back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from comptes.models import Equipe, Habilitation, Personne
from comptes.roles import Role
from journal.workflows.personne import Identite, Mandat, welcome
from journal.workflows.unite import record
from mutualisation.models import Adhesion, Domaine, Reprise, Siege, Titulaire
from mutualisation.reprise.adhesions import Partage
from mutualisation.reprise.colonnes import Type
from mutualisation.reprise.etats import state_of, states_of
from mutualisation.reprise.personnes import Fonctionnaire
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.sieges import Nomination
from mutualisation.workflows.siege import appoint
from socle.erreurs import Refus
from socle.typographie import plural
from territoire.models import Commune, Pole

Creations = dict[str, dict[str, str]]
LOT = 2_000


def write_adhesions(reprise: Reprise, rows: Sequence[Partage], recueil: Recueil) -> Creations:
    """Insert the periods in bulk; the constraint on overlaps leaves out what somebody recorded in the same second."""
    Adhesion.objects.bulk_create(
        (
            Adhesion(
                epci=reprise.epci,
                commune_id=row.commune,
                activite_id=row.activite,
                debut=row.debut,
                fin=row.fin,
                nature=row.nature,
                origine=Adhesion.Origine.REPRISE,
                reprise=reprise,
            )
            for row in rows
        ),
        batch_size=LOT,
        ignore_conflicts=True,
    )
    found = Adhesion.objects.filter(reprise=reprise, commune__in={row.commune for row in rows})
    written = set(found.values_list("commune_id", "activite_id", "debut"))
    _tell_left_out(rows, written, recueil)
    _record_communes(reprise, Counter(commune for commune, *_ in written))
    return {}  # each row says by itself which sheet wrote it: see adhesions_written()


def adhesions_written(reprise: Reprise) -> Creations:
    """What a sheet of adhesions created, read once everything is written."""
    return {"mutualisation.adhesion": states_of(Adhesion.objects.filter(reprise=reprise))}


def _tell_left_out(rows: Sequence[Partage], written: set[tuple[int, int, date]], recueil: Recueil) -> None:
    for row in rows:
        if (row.commune, row.activite, row.debut) not in written:
            text = "Cette ligne n'a pas été écrite : la même période vient d'être enregistrée."
            recueil.refuse(row.ligne, "", text)


def _record_communes(reprise: Reprise, counts: Mapping[int, int]) -> None:
    """One event per commune, for its history and for the intranet."""
    for commune in Commune.objects.filter(pk__in=counts).order_by("tri", "pk"):
        count = counts[commune.pk]
        record(
            type="adhesion.reprise",
            objet=commune,
            epci=reprise.epci,
            commune=commune,
            acteur=reprise.confirmee_par,
            libelle=f"{commune} : {plural(count, 'adhésion reprise', 'adhésions reprises')} d'une feuille",
            contenu={"reprise": reprise.pk, "adhesions": count},
        )


def write_people(reprise: Reprise, rows: Sequence[Fonctionnaire], recueil: Recueil) -> Creations:
    """Open the accounts that lack and give the roles, as the page of people does; nobody is written to."""
    created: Creations = {"comptes.personne": {}, "comptes.habilitation": {}}
    known = set(
        Personne.objects.filter(email__in={row.email for row in rows}).values_list("email", flat=True)
    )
    communes, poles = _by_id(Commune, (r.commune for r in rows)), _by_id(Pole, (r.pole for r in rows))
    for row in rows:
        mandat = Mandat(Role(row.role), row.debut, row.fin, poles.get(row.pole), communes.get(row.commune))
        personne = _attempt(partial(_welcome, reprise, row, mandat), row.ligne, recueil)
        if personne is None:
            continue
        given = Habilitation.objects.get(
            personne=personne,
            epci=reprise.epci,
            role=row.role,
            commune=row.commune,
            pole=row.pole,
            debut=row.debut,
        )
        created["comptes.habilitation"][str(given.pk)] = state_of(given)
        if row.email not in known:
            created["comptes.personne"][str(personne.pk)] = state_of(personne)
    return created


def _welcome(reprise: Reprise, row: Fonctionnaire, mandat: Mandat) -> Personne:
    identite = Identite(row.email, row.nom, row.prenom, row.fonction, row.telephone)
    acteur = reprise.confirmee_par
    return welcome(epci=reprise.epci, acteur=acteur, identite=identite, mandat=mandat, rattacher=True)


def write_seats(reprise: Reprise, rows: Sequence[Nomination], recueil: Recueil) -> Creations:
    """Create the seats that lack and seat their holders, the earliest first, as the page of seats does."""
    created: Creations = {"mutualisation.siege": {}, "mutualisation.titulaire": {}}
    known = set(Siege.objects.filter(epci=reprise.epci).values_list("pk", flat=True))
    names = {model: _by_id(model, ids) for model, ids in _referenced(rows).items()}
    for row in sorted(rows, key=lambda row: row.debut):
        titulaire = _attempt(partial(_appoint, reprise, row, names), row.ligne, recueil)
        if titulaire is None:
            continue
        created["mutualisation.titulaire"][str(titulaire.pk)] = state_of(titulaire)
        if titulaire.siege_id not in known:
            created["mutualisation.siege"][str(titulaire.siege_id)] = ""
    return created


def _referenced(rows: Sequence[Nomination]) -> dict[Any, set[int | None]]:
    return {
        Domaine: {row.domaine for row in rows},
        Commune: {row.commune for row in rows},
        Pole: {row.pole for row in rows},
        Personne: {row.personne for row in rows},
        Equipe: {row.equipe for row in rows},
    }


def _appoint(reprise: Reprise, row: Nomination, names: dict[Any, dict[int | None, Any]]) -> Titulaire:
    return appoint(
        epci=reprise.epci,
        cote=row.cote,
        domaine=names[Domaine][row.domaine],
        commune=names[Commune].get(row.commune),
        pole=names[Pole].get(row.pole),
        personne=names[Personne].get(row.personne),
        equipe=names[Equipe].get(row.equipe),
        rang=row.rang,
        debut=row.debut,
        fin=row.fin,
        acteur=reprise.confirmee_par,
    )


def _by_id(model: Any, ids: Any) -> dict[int | None, Any]:
    found: dict[int | None, Any] = model.objects.in_bulk([pk for pk in set(ids) if pk])
    return found


def _attempt(write: Callable[[], Any], ligne: int, recueil: Recueil) -> Any:
    """What a row writes, None when a rule refuses it since the verification: the others are still written."""
    try:
        return write()
    except Refus as refus:
        recueil.refuse(ligne, "", f"Cette ligne n'a pas été écrite. {refus.message}")
        return None


ECRITURES: dict[str, Callable[[Reprise, Sequence[Any], Recueil], Creations]] = {
    Type.PERSONNES: write_people,
    Type.SIEGES: write_seats,
    Type.ADHESIONS: write_adhesions,
}
