"""What a lower floor shows from above: each registry is filled in the `ready()` of the apps that know the answer."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.urls import reverse

from socle.saisie import dialled

F = TypeVar("F", bound=Callable[..., Any])


class Registre(Generic[F]):
    """An ordered list of functions, registered under a unique name."""

    def __init__(self, nom: str) -> None:
        self.nom = nom
        self._functions: dict[str, F] = {}

    def register(self, name: str, function: F) -> None:
        """Add `function`; the same name twice is a programming error."""
        if self._functions.get(name, function) is not function:
            raise ValueError(f"{self.nom}: {name} is registered twice")
        self._functions[name] = function

    def get(self, name: str) -> F:
        """The function registered under `name` (KeyError when absent)."""
        return self._functions[name]

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def __iter__(self) -> Iterator[F]:
        return iter(self._functions.values())

    def gather(self, *args: Any) -> list[Any]:
        """Every item that every registered function yields for `args`, in order of registration."""
        return [item for function in self for item in function(*args)]


@dataclass(frozen=True)
class Echeance:
    """One thing expected of a person: by when (local day), what, why, and the button that does it.

    `nombre` is how many things the row stands for, when it says that others follow.
    """

    due_on: date
    titre: str
    detail: str
    url: str
    bouton: str
    facultatif: bool = False
    nombre: int = 1


@dataclass(frozen=True)
class Consequence:
    """Something of an upper floor that a change of adhesions touches: a French phrase and where to see it."""

    texte: str
    url: str


@dataclass(frozen=True)
class Lien:
    """A link from an object to what stands on an upper floor."""

    texte: str
    url: str


@dataclass(frozen=True)
class Tenue:
    """What a person answers for, or will, besides her habilitations: a French phrase, and where it is given to others."""

    epci_id: int
    texte: str
    url: str


@dataclass(frozen=True)
class Carte:
    """A card under the deadlines: plain French phrases, and a gauge (done, total) that the first phrase names."""

    titre: str
    phrases: tuple[str, ...]
    jauge: tuple[int, int] | None = None
    lien: Lien | None = None


@dataclass(frozen=True)
class Destinataire:
    """Someone who may be written to: a person (comptes.Personne), her role, over a period, on a perimeter.

    `periode` is the row that says so, a socle.models.Period. Without commune nor pôle she answers for the whole EPCI;
    `domaine_id` is set for who holds a seat in title.
    """

    personne: Any
    role: str
    periode: Any
    commune: Any = None
    pole_id: int | None = None
    domaine_id: int | None = None

    @property
    def etendue(self) -> int:
        """How wide the perimeter is: 0 a commune, 1 a pôle, 2 the EPCI."""
        if self.commune:
            return 0
        return 1 if self.pole_id else 2


@dataclass(frozen=True)
class Astreinte:
    """How a commune is served for a domain, as its contract says: usual hours, and who is on call with which number."""

    domaine_id: int
    horaires: str
    texte: str
    telephone: str

    @property
    def composer(self) -> str:
        """What a telephone dials."""
        return dialled(self.telephone)


def at(route: str, key: str = "pk") -> Callable[[Any], str]:
    """For `pages`: the address of a route that takes one attribute of the object."""
    return lambda obj: reverse(route, args=[getattr(obj, key)])


# (user, contexte, today) -> Echeance...
echeances: Registre[Callable[[Any, Any, date], Iterable[Echeance]]] = Registre("echeances")
# (user, contexte, today) -> Carte...
cartes: Registre[Callable[[Any, Any, date], Iterable[Carte]]] = Registre("cartes")
# (commune, domaine ids, on) -> Consequence...
consequences: Registre[Callable[[Any, frozenset[int], date], Iterable[Consequence]]] = Registre(
    "consequences"
)
# (user, commune, domaine, on) -> Lien...
liens: Registre[Callable[[Any, Any, Any, date], Iterable[Lien]]] = Registre("liens")
# (user) -> comptes.acces.Titre...: titles in force today that derive from elsewhere than habilitations
titres: Registre[Callable[[Any], Iterable[Any]]] = Registre("titres")
# (personne) -> Tenue...: today and later, in every EPCI
tenues: Registre[Callable[[Any], Iterable[Tenue]]] = Registre("tenues")
# (epci, roles, commune or None for all) -> Destinataire...: of open accounts, whatever the day; in as many queries
# for one commune as for all
destinataires: Registre[Callable[[Any, frozenset[str], Any], Iterable[Destinataire]]] = Registre(
    "destinataires"
)
# label of a model (« comptes.personne ») -> (object) -> address of the page where it is read
pages: Registre[Callable[[Any], str]] = Registre("pages")
# () -> socle.etats.Table...: printed in docs/etats.md
tables: Registre[Callable[[], Iterable[Any]]] = Registre("tables")
# kind of job -> (tache) -> None
taches: Registre[Callable[[Any], None]] = Registre("taches")
# kind of job -> its name on the page of jobs
intitules: dict[str, str] = {}
# kind of document -> (document) -> bytes
rendus: Registre[Callable[[Any], bytes]] = Registre("rendus")
# kind of document -> (annulled, its replacement) -> None: what it stands for points to the new one
remplacements: Registre[Callable[[Any, Any], None]] = Registre("remplacements")
# (epci) -> None: periodic work that an EPCI starts when it opens its first cycle; starting twice is harmless
demarrages: Registre[Callable[[Any], None]] = Registre("demarrages")
# (epci, day) -> None: what an upper floor does on the day communes merge, split, leave or arrive; twice is harmless
mouvements: Registre[Callable[[Any, date], None]] = Registre("mouvements")
# (contrat) -> None: what an upper floor does when the end of a contract is recorded, in the same transaction
fins: Registre[Callable[[Any], None]] = Registre("fins")
# (epci, commune id, day) -> Astreinte...: one at most for each domain
astreintes: Registre[Callable[[Any, int, date], Iterable[Astreinte]]] = Registre("astreintes")
