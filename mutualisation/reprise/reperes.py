"""The names of an EPCI, as people write them: communes, domains, activities, pôles, teams, and the nearest one to a slip."""

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cached_property

from comptes.models import Equipe
from mutualisation.models import Activite, ActiviteVersion, Domaine, DomaineVersion
from mutualisation.reprise.colonnes import label
from mutualisation.reprise.valeurs import ValeurFausse
from socle.typographie import sort_key
from territoire.models import Appartenance, Commune, Epci, Pole

ABREGES = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
PROCHE = 0.72  # similarity from which a name is worth proposing


def name_key(text: str) -> str:
    """The key by which a name is recognised: « St-Médard », « SAINT MEDARD » and « Saint-Médard » are one."""
    return " ".join(ABREGES.get(word, word) for word in sort_key(text).split())


class Noms:
    """Names that lead to an id; `quoi` begins the sentence for one that leads nowhere."""

    def __init__(self, quoi: str, noms: Iterable[tuple[str, int, str]]) -> None:
        """`noms`: what people may write, the id, and how it is shown when proposed."""
        self._quoi = quoi
        self._ids: dict[str, dict[int, str]] = {}
        for text, pk, shown in noms:
            self._ids.setdefault(name_key(text), {}).setdefault(pk, shown)
        self._found: dict[str, int | str] = {}

    def find(self, text: str) -> int:
        """The id of a name. Raises ValeurFausse with the nearest known one, or when several bear it."""
        found = self._found.get(text)
        if found is None:
            found = self._found[text] = self._search(text)
        if isinstance(found, str):
            raise ValeurFausse(found)
        return found

    def all(self, text: str) -> list[int]:
        """The ids of everything that bears a name."""
        return list(self._ids.get(name_key(text)) or self._ids.get(name_key(text.partition(" – ")[0])) or ())

    def _search(self, text: str) -> int | str:
        ids = self.all(text)
        if len(ids) == 1:
            return ids[0]
        if ids:
            return f"Plusieurs choix portent le nom « {text} » : écrivez le code."
        return f"{self._quoi} « {text[:80]} »{self._proposal(text)}"

    def _proposal(self, text: str) -> str:
        near = get_close_matches(name_key(text), self._ids, n=1, cutoff=PROCHE)
        shown = next(iter(self._ids[near[0]].values())) if near else ""
        return f" : vouliez-vous dire « {shown} » ?" if shown else "."


class Reperes:
    """What the names of a sheet lead to in an EPCI; each list is read once, when first asked for."""

    def __init__(self, epci: Epci) -> None:
        self.epci = epci

    @cached_property
    def communes(self) -> Noms:
        """Communes that are or were members, by any of their names or by INSEE code."""
        return Noms("Aucune commune de l'EPCI ne s'appelle", self._commune_names())

    def commune_on(self, text: str, day: date | None) -> int:
        """The commune that bears a name; of several (a commune nouvelle may keep the name and the code of one of
        those it replaces), the member on a day. Raises ValeurFausse."""
        known = self.communes.all(text)
        members = [pk for pk in known if day and self._is_member(pk, day)] if len(known) > 1 else []
        return members[0] if len(members) == 1 else self.communes.find(text)

    def _is_member(self, commune: int, day: date) -> bool:
        return any(
            debut <= day and (fin is None or day < fin) for debut, fin in self.members.get(commune, ())
        )

    @cached_property
    def members(self) -> dict[int, list[tuple[date, date | None]]]:
        """The periods of membership of each commune, in order."""
        found: dict[int, list[tuple[date, date | None]]] = {}
        rows = Appartenance.objects.filter(epci=self.epci).order_by("debut")
        for commune, debut, fin in rows.values_list("commune_id", "debut", "fin"):
            found.setdefault(commune, []).append((debut, fin))
        return found

    def _commune_names(self) -> Iterable[tuple[str, int, str]]:
        rows = Commune.objects.filter(appartenances__epci=self.epci).distinct().order_by("pk")
        for pk, nom, code in rows.values_list("pk", "nom", "code_insee"):
            yield from ((nom, pk, nom), (code, pk, nom), (code.lstrip("0"), pk, nom))
        for pk, former, nom in rows.values_list("pk", "versions__nom", "nom"):
            if former:
                yield former, pk, nom

    @cached_property
    def domaines(self) -> Noms:
        """Domains, by code, by any label, or by both."""
        rows = Domaine.objects.filter(epci=self.epci).published().order_by("pk")
        named = rows.values_list("pk", "code", "libelle")
        names = [name for pk, code, libelle in named for name in _names(pk, code, libelle)]
        versions = DomaineVersion.objects.filter(domaine__in=rows).order_by("pk")
        names += [(nom, pk, nom) for pk, nom in versions.values_list("domaine_id", "libelle")]
        return Noms("Le catalogue n'a pas de domaine", names)

    @cached_property
    def activites(self) -> Noms:
        """Activities, by code, by any label, or by both."""
        rows = Activite.objects.filter(epci=self.epci).published().order_by("pk")
        named = rows.values_list("pk", "code", "libelle")
        names = [name for pk, code, libelle in named for name in _names(pk, code, libelle)]
        versions = ActiviteVersion.objects.filter(activite__in=rows).order_by("pk")
        names += [(nom, pk, nom) for pk, nom in versions.values_list("activite_id", "libelle")]
        return Noms("Le catalogue n'a pas d'activité", names)

    @cached_property
    def poles(self) -> Noms:
        rows = Pole.objects.filter(epci=self.epci).order_by("pk").values_list("pk", "nom")
        return Noms("Aucun pôle ne s'appelle", [(nom, pk, nom) for pk, nom in rows])

    @cached_property
    def equipes(self) -> Noms:
        rows = Equipe.objects.filter(epci=self.epci).order_by("dissoute_at", "pk")
        names = rows.values_list("nom", "pk", "nom")
        standing = list(names.filter(dissoute_at=None))
        taken = {name_key(nom) for nom, _, _ in standing}
        # Those dissolved too, for the seats they held; of a name used twice, the last.
        former = {name_key(row[0]): row for row in names.exclude(dissoute_at=None)}
        return Noms(
            "Aucune équipe ne s'appelle", [*standing, *(r for key, r in former.items() if key not in taken)]
        )


def _names(pk: int, code: str, libelle: str) -> Iterable[tuple[str, int, str]]:
    shown = label(code, libelle)
    return (code, pk, shown), (libelle, pk, shown), (shown, pk, shown)


class Choix:
    """A closed list of words: the value of a word, or a sentence that lists them."""

    def __init__(self, choix: Mapping[str, str]) -> None:
        self._values = {
            sort_key(text): value for value, libelle in choix.items() for text in (value, libelle)
        }
        self._said = ", ".join(f"« {libelle} »" for libelle in choix.values())

    def find(self, text: str) -> str:
        """The value of a word. Raises ValeurFausse with what may be written."""
        value = self._values.get(sort_key(text))
        if value is None:
            raise ValeurFausse(f"« {text[:80]} » n'est pas attendu ici. Écrivez {self._said}.")
        return value
