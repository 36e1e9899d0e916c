"""Who plays each column, the objects each line is about, and the codes many addresses share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from comptes.roles import Role
from journal.models import Evenement
from journal.workflows.unite import record, unit
from socle import horloge
from tests.factories import AbsenceFactory, CourrielFactory, EquipeFactory, Monde, RevueFactory, holder

ROLES = ("an", "dA", "dB", "ma", "co", "le", "rf", "re", "ro", "ag", "dp", "di", "ad", "vo", "je")


def person(monde: Monde, role: str) -> Any:
    """Who plays a column; None for anonymous."""
    if role == "ag":
        return holder(Role.AGENT, monde.epci)
    a, b = monde.a, monde.b
    return {
        "an": None,
        "dA": a.dgs,
        "dB": b.dgs,
        "ma": a.maire,
        "co": a.collaborateur,
        "le": a.lecteur,
        "rf": a.referent,
        "re": monde.responsable,
        "ro": monde.responsable_autre,
        "dp": monde.directeur,
        "di": monde.direction,
        "ad": monde.administrateur,
        "vo": monde.direction_voisine,
        "je": monde.service,
    }[role]


def nothing(monde: Monde) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Route:
    """An address: its arguments in the world, the form of its POST, and the codes expected by method.

    `kind`: « page » (needs a session), « libre » (needs nothing), « api » (session or token).
    """

    name: str
    args: Callable[[Monde], dict[str, Any]] = nothing
    data: Callable[[Monde], dict[str, Any]] = nothing
    kind: str = "page"
    codes: dict[str, str] = field(default_factory=dict)

    def expected(self, method: str) -> dict[str, int]:
        codes = self.codes.get(method) or ABSENT[self.kind]
        return dict(zip(ROLES, map(int, codes.split()), strict=True))


# What a method that the address does not have answers.
ABSENT = {
    "page": " ".join(["302", *["405"] * 13, "302"]),
    "libre": " ".join(["405"] * 15),
    "api": " ".join(["401", *["405"] * 14]),
}


def pk(path: str) -> Callable[[Monde], dict[str, Any]]:
    """`pk("a.declaration")`: the id of that object of the world."""

    def args(monde: Monde) -> dict[str, Any]:
        obj: Any = monde
        for name in path.split("."):
            obj = getattr(obj, name)
        return {"pk": obj.pk}

    return args


def invitation(monde: Monde) -> dict[str, Any]:
    person = monde.a.dgs
    return {
        "uidb64": urlsafe_base64_encode(force_bytes(person.pk)),
        "token": default_token_generator.make_token(person),
    }


def team(monde: Monde) -> dict[str, Any]:
    return {"pk": EquipeFactory(epci=monde.epci, membres=[monde.responsable]).pk}


def mail_of_dgs(monde: Monde) -> dict[str, Any]:
    return {"pk": CourrielFactory(epci=monde.epci, destinataire=monde.a.dgs).pk}


def habilitation(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.dgs.habilitations.order_by("pk")[0].pk}


def absence(monde: Monde) -> dict[str, Any]:
    """An absence of the référent of A."""
    return {"pk": AbsenceFactory(epci=monde.epci, personne=monde.a.referent).pk}


def cell(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "domaine": monde.domaine.pk}


def to_prepare(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "effet": date(2028, 1, 1).isoformat()}


def issued(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.revue_tenue.compte_rendu_id}


def past_review(monde: Monde) -> dict[str, Any]:
    """A review of A whose day has come, without minutes."""
    values = {"periode_on": date(2026, 11, 1), "prevue_at": horloge.now() - timedelta(days=1)}
    return {"pk": RevueFactory(epci=monde.epci, commune=monde.a.commune, **values).pk}


def missed_review(monde: Monde) -> dict[str, Any]:
    """A review of A said not held."""
    values = {"periode_on": date(2026, 12, 1), "etat": "non_tenue", "motif": "Agendas incompatibles."}
    return {"pk": RevueFactory(epci=monde.epci, commune=monde.a.commune, **values).pk}


def history(monde: Monde) -> dict[str, Any]:
    """The history of A's declaration, with one line in it."""
    with unit():
        record(
            type="essai",
            objet=monde.a.declaration,
            epci=monde.epci,
            commune=monde.a.commune,
            libelle="Essai",
            acteur=None,
        )
    return {"objet_type": "mutualisation.declaration", "objet_id": monde.a.declaration.pk}


def adhesion(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.commune.adhesions.order_by("pk")[0].pk}


def event(monde: Monde) -> dict[str, Any]:
    """A line of the journal about A's declaration."""
    history(monde)
    return {"pk": Evenement.objects.about(monde.a.declaration)[0].pk}


def page(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: Any) -> Route:
    data = codes.pop("data", nothing)
    return Route(name, args, data, "page", codes)


def free(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: str) -> Route:
    return Route(name, args, nothing, "libre", codes)


def api(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: str) -> Route:
    return Route(f"api:{name}", args, nothing, "api", codes)


# Lines many addresses share.
#            an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
EVERYONE = "302 200 200 200 200 200 200 200 200 200 200 200 200 200 302"
THE_EPCI = "302 200 200 200 200 200 200 200 200 200 200 200 200 404 302"
COMMUNE_ = "302 200 404 200 200 200 404 404 404 404 200 200 200 404 302"
DOMAINE_ = "302 200 404 200 200 200 200 200 404 404 200 200 200 404 302"
ADMIN___ = "302 403 403 403 403 403 403 403 403 403 403 403 200 403 302"
READERS_ = "302 403 403 403 403 403 403 403 403 403 200 200 200 404 302"
DIRECTS_ = "302 403 403 403 403 403 403 403 403 403 403 200 403 404 302"
DECIDES_ = "302 403 404 403 403 403 403 403 404 404 403 422 403 404 302"
INSTRUCT = "302 403 403 403 403 403 403 200 200 403 200 200 200 404 302"
COMPLETE = "302 422 404 422 422 403 403 403 404 404 403 403 403 404 302"
STUDIES_ = "302 403 404 403 403 403 403 422 404 404 403 422 403 404 302"
CORRECTS = "302 403 404 403 403 403 404 404 404 404 403 200 403 404 302"
# Only the Direction leads the circuit of a contract.
CONDUCTS = "302 403 404 403 403 403 403 403 404 404 403 200 403 404 302"
LEADS__ = "302 403 404 403 403 403 403 403 404 404 403 422 403 404 302"
WRITES__ = "302 200 404 403 403 403 200 200 404 404 403 200 403 404 302"
RUNS____ = "302 403 404 403 403 403 403 200 404 404 200 200 403 404 302"
KEEPS___ = "302 200 404 404 404 404 200 404 404 404 404 404 404 404 302"
RUNS_EPCI = "302 403 403 403 403 403 403 403 403 403 403 200 200 200 302"
SHEETS__ = "302 404 404 404 404 404 404 404 404 404 404 200 200 404 302"
DRAFTS__ = "302 404 404 404 404 404 404 404 404 404 404 200 403 404 302"
API_ALL_ = "401 200 200 200 200 200 200 200 200 200 200 200 200 200 200"
API_EPCI = "401 200 200 200 200 200 200 200 200 200 200 200 200 404 200"
API_DOM_ = "401 200 404 200 200 200 200 200 404 404 200 200 200 404 200"
API_COM_ = "401 200 404 200 200 200 404 404 404 404 200 200 200 404 200"


def with_422(codes: str) -> str:
    """The same line for an empty form: who may act is told what is missing."""
    return codes.replace("200", "422")


def with_302(codes: str) -> str:
    """The same line for an act that leads to another page."""
    return codes.replace("200", "302")
