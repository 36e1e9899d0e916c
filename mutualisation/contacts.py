"""Contact cards of those who answer: of a seat, and of all the référents of a commune."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings

from comptes.models import Equipe, Personne
from mutualisation.models import Siege, Titulaire
from mutualisation.models.catalogue import DomaineLu
from mutualisation.referents import Referents, SiegeLu
from socle.typographie import enumerate_french, typeset
from socle.vcard import Fiche
from territoire.models import Commune, Epci

SIDES = {Siege.Cote.COMMUNE: "référent communal", Siege.Cote.EPCI: "responsable de service commun"}


def cards_of_seat(siege: Siege, on: date) -> list[Fiche]:
    """Who holds a seat on a day, then the deputies; accounts closed are left out."""
    rows = Titulaire.objects.on(on).filter(siege=siege).select_related("personne", "equipe")
    people = [row.personne or row.equipe for row in rows.order_by("-rang", "debut", "pk")]
    what = f"{SIDES[Siege.Cote(siege.cote)]} : {siege.domaine}"
    organisation = _organisation(siege.epci, siege.commune if siege.cote == Siege.Cote.COMMUNE else None)
    return [_card(one, organisation, what) for one in people if one and _open(one)]


def cards_of_commune(epci: Epci, commune: Commune, on: date, domaines: Iterable[DomaineLu]) -> list[Fiche]:
    """Each person and team that answers for a commune on a day, on both sides, once, with what for."""
    referents = Referents(epci, on)
    found: dict[tuple[Personne | Equipe, str], list[str]] = {}
    for domaine in domaines:
        seats = (referents.commune_side(commune.pk, domaine.id), referents.epci_side(commune.pk, domaine.id))
        for seat in filter(None, seats):
            for one in _holders(seat):
                found.setdefault((one, seat.cote), []).append(domaine.libelle)
    return [
        _card(
            one,
            _organisation(epci, commune if cote == Siege.Cote.COMMUNE else None),
            f"{SIDES[Siege.Cote(cote)]} : {enumerate_french(labels)}",
        )
        for (one, cote), labels in found.items()
    ]


def _holders(seat: SiegeLu) -> list[Personne | Equipe]:
    held = [*([seat.titulaire] if seat.titulaire else []), *seat.suppleants]
    return [one for one in held if _open(one)]


def _open(one: Personne | Equipe) -> bool:
    return one.is_active if isinstance(one, Personne) else one.dissoute_at is None


def _organisation(epci: Epci, commune: Commune | None) -> list[str]:
    return [f"Commune {commune.de}"] if commune else [epci.nom]


def _card(one: Personne | Equipe, organisation: list[str], what: str) -> Fiche:
    """A card with duty numbers only: an account keeps no other."""
    key = f"{settings.SITE_URL}/{one._meta.label_lower}/{one.pk}#{organisation[0]}"
    note = typeset(what[0].upper() + what[1:])
    if isinstance(one, Equipe):
        return Fiche(key, one.nom, organisation, telephone=one.telephone, note=note)
    return Fiche(
        cle=key,
        affiche=str(one),
        organisation=organisation,
        nom=one.nom,
        prenom=one.prenom,
        fonction=one.fonction,
        telephone=one.telephone,
        email=one.email,
        note=note,
    )
