"""People offered in a list: by place, those of the EPCI first, each told by her name, her function and her commune."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from mutualisation.models import Siege, Titulaire
from territoire.models import Commune, Epci


@dataclass(frozen=True)
class Groupe:
    """A place and its people, in the order they came in, each with what she is called."""

    titre: str
    gens: list[tuple[Personne, str]]


def by_place(epci: Epci, people: Iterable[Personne]) -> list[Groupe]:
    """The agents of the EPCI, even when there is none, then each commune that has people, in French order."""
    found = list(people)
    places = _places(epci)
    labels = dict(_labels(found, places))
    groups: dict[Commune | None, list[tuple[Personne, str]]] = {None: []}
    for one in found:
        groups.setdefault(places.get(one.pk), []).append((one, labels[one.pk]))
    agents = Groupe(f"Agents de {epci.nom_commun}", groups.pop(None))
    communes = sorted((commune for commune in groups if commune), key=lambda one: (one.tri, one.pk))
    return [agents, *(Groupe(one.nom, groups[one]) for one in communes)]


def as_choices(
    groups: Iterable[Groupe], without: Collection[Personne] = ()
) -> list[tuple[str, list[tuple[int, str]]]]:
    """The same for a form, by their ids, but some people; a group without anybody is left out."""
    found = [
        (group.titre, [(one.pk, label) for one, label in group.gens if one not in without])
        for group in groups
    ]
    return [(title, people) for title, people in found if people]


def _places(epci: Epci) -> dict[int, Commune | None]:
    """Where each person is known from, by her id: her present or last role, else a seat of a commune; an agent says nothing."""
    rows = Habilitation.objects.filter(epci=epci).exclude(role=Role.AGENT).select_related("commune")
    today = epci.today
    roles = sorted(rows, key=lambda row: (row.fin is None or row.fin > today, row.debut, row.pk))
    held = Titulaire.objects.filter(siege__epci=epci, siege__cote=Siege.Cote.COMMUNE, equipe=None)
    seats = held.select_related("siege__commune").order_by("debut", "pk")
    return {
        **{row.personne_id: row.siege.commune for row in seats if row.personne_id},
        **{row.personne_id: row.commune for row in roles},
    }


def _labels(people: list[Personne], places: dict[int, Commune | None]) -> Iterator[tuple[int, str]]:
    """What each one is called, by her id; with her address when somebody else is called the same."""
    names = {one.pk: _label(one, places.get(one.pk)) for one in people}
    counts = Counter(names.values())
    for one in people:
        name = names[one.pk]
        yield one.pk, name if counts[name] == 1 else f"{name} – {one.email}"


def _label(one: Personne, commune: Commune | None) -> str:
    """« Ève Relève, directrice (Anglet) »."""
    said = f"{one}, {one.fonction}" if one.fonction else str(one)
    where = f" ({commune})" if commune else ""
    return f"{said}{where}{'' if one.is_active else ', compte fermé'}"
