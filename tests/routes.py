"""Who gets what at each address: route × role × own or other. One line per address and method; tests/test_routes.py plays it.

Objects belong to commune A of `tests.factories.Monde` (or to its EPCI). Columns, in the order of ROLES:

an  anonymous                       rf  référent of DA in A           di  Direction des territoires
dA  DGS of A          dB  DGS of B  re  responsable of DA             ad  administrateur
ma  maire of A                      ro  responsable of DB             vo  Direction of another EPCI
co  collaborateur of A              dp  directeur of the pôle of A    je  account of the intranet, by token
le  lecteur (élu) of A

Codes: 302 to sign-in for anonymous, 404 for what is not his (it does not exist), 403 for what he sees and may not do, 405 for a
method the address does not have. POST lines send an empty or incomplete form unless `data` says otherwise: 422 means « heard,
refused with words beside the fields ».
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tests.factories import CourrielFactory, Monde

ROLES = ("an", "dA", "dB", "ma", "co", "le", "rf", "re", "ro", "dp", "di", "ad", "vo", "je")


def person(monde: Monde, role: str) -> Any:
    """Who plays a column; None for anonymous."""
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
    """An address: its arguments in the world, the form of its POST, and the codes expected by method."""

    name: str
    args: Callable[[Monde], dict[str, Any]] = nothing
    data: Callable[[Monde], dict[str, Any]] = nothing
    codes: dict[str, str] = field(default_factory=dict)

    def expected(self, method: str) -> dict[str, int]:
        return dict(zip(ROLES, map(int, self.codes[method].split()), strict=True))


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
    return {"uidb64": urlsafe_base64_encode(force_bytes(person.pk)), "token": default_token_generator.make_token(person)}


def mail_of_dgs(monde: Monde) -> dict[str, Any]:
    return {"pk": CourrielFactory(epci=monde.epci, destinataire=monde.a.dgs).pk}


def habilitation(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.dgs.habilitations.order_by("pk")[0].pk}


def cell(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "domaine": monde.domaine.pk}


def to_prepare(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "date": date(2028, 1, 1).isoformat()}


def issued(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.revue_tenue.compte_rendu_id}


def history(monde: Monde) -> dict[str, Any]:
    """The history of A's declaration, with one line in it."""
    from journal.workflows.unite import record, unit

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


ROUTES: tuple[Route, ...] = ()
