"""The page of a fiche, as somebody opened it: what she posts if she changes nothing, or only `changes`."""

from typing import Any

from contrats.fiche import LIBELLES
from contrats.forms.fusion import SEEN, fingerprints
from contrats.fusion import INDICATOR_FIELDS, row_fingerprint, values_of
from contrats.models import Engagement, Indicateur
from tests.factories import LigneProgrammeFactory, Monde

BLANK = dict.fromkeys(INDICATOR_FIELDS, "")
DELAY = {"libelle": "Délai", "unite": "jours", "reference": 9, "cible": 5, "tolerance": 1, "sens": "baisse"}


def opened(engagement: Engagement) -> dict[str, Any]:
    """What the page shows now, as it posts it."""
    stored = Engagement.objects.get(pk=engagement.pk)
    rows = list(Indicateur.objects.filter(engagement=stored).order_by("ordre", "pk"))
    data: dict[str, Any] = {name: getattr(stored, name) for name in LIBELLES}
    data |= {"version": stored.version, "urgence_jour_nuit": "on" if stored.urgence_jour_nuit else ""}
    data |= {f"{SEEN}{name}": vue for name, vue in fingerprints(stored).items()}
    data |= {"indicateurs-TOTAL_FORMS": len(rows) + 1, "indicateurs-INITIAL_FORMS": 0}
    for rank, row in enumerate(rows):
        values = values_of(row)
        data |= row_at(rank, **values, ligne=row.pk, vue=row_fingerprint(values))
    return data | row_at(len(rows), **BLANK)


def row_at(rank: int, **values: Any) -> dict[str, Any]:
    """Fields of the row of a rank; None is an empty field."""
    return {f"indicateurs-{rank}-{name}": "" if v is None else v for name, v in values.items()}


def indicator(engagement: Engagement, **changes: Any) -> Indicateur:
    values = DELAY | {"ordre": engagement.indicateurs.count() + 1} | changes
    return Indicateur.objects.create(engagement=engagement, **values)


def no_rows(monde: Monde) -> dict[str, Any]:
    """A form of indicators that lost its rows: refused."""
    return {"missions": "x"}


def planned_pk(monde: Monde) -> dict[str, int]:
    """A line of the programme of DA in A; its address."""
    return {"pk": planned(monde).pk}


def planned(monde: Monde, **changes: Any) -> Any:
    facts = {"epci": monde.epci, "commune": monde.a.commune, "domaine": monde.domaine}
    return LigneProgrammeFactory(**facts | changes)
