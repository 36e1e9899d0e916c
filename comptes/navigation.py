"""The menu of a hat."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from comptes.acces import Titre
from comptes.roles import Role

COMMUNE = (
    "accueil",
    "mutualisation:ma_declaration",
    "contrats:contrats",
    "revues:revues",
    "mutualisation:matrice",
)
DIRECTION = (
    "accueil",
    "mutualisation:campagne",
    "mutualisation:instructions",
    "contrats:contrats",
    "revues:revues",
    "mutualisation:matrice",
)
DOMAIN = ("accueil", "contrats:contrats", "revues:revues", "mutualisation:matrice")
ENTRIES: dict[Role, tuple[str, ...]] = {
    Role.DGS: COMMUNE,
    Role.MAIRE: COMMUNE,
    Role.COLLABORATEUR: COMMUNE,
    Role.LECTEUR: COMMUNE,
    Role.REFERENT_COMMUNAL: DOMAIN,
    Role.RESPONSABLE_SERVICE: DOMAIN,
    Role.DIRECTEUR_POLE: ("accueil", "mutualisation:campagne", *DOMAIN[1:]),
    Role.DIRECTION_TERRITOIRES: DIRECTION,
    Role.ADMINISTRATEUR: (
        "accueil",
        "comptes:personnes",
        "mutualisation:matrice",
        "journal:courriels",
        "journal:taches",
    ),
    Role.SERVICE: (),
}
LABELS = {
    "accueil": "Mes échéances",
    "mutualisation:ma_declaration": "Déclaration",
    "mutualisation:campagne": "Campagne",
    "mutualisation:instructions": "Instruction",
    "mutualisation:matrice": "Qui partage quoi",
    "contrats:contrats": "Contrats",
    "revues:revues": "Revues",
    "comptes:personnes": "Personnes",
    "journal:courriels": "Courriels",
    "journal:taches": "Tâches",
}


# Pages whose address does not begin with the address of their entry.
UNDER = {
    "mutualisation:declaration": "mutualisation:ma_declaration",
    "mutualisation:declaration_relire": "mutualisation:ma_declaration",
    "mutualisation:instruction": "mutualisation:instructions",
    "mutualisation:ligne": "mutualisation:instructions",
    "mutualisation:cycle": "mutualisation:campagne",
    "mutualisation:cycle_nouveau": "mutualisation:campagne",
    "mutualisation:cycle_dates": "mutualisation:campagne",
    "mutualisation:actes": "mutualisation:campagne",
    "mutualisation:acte_nouveau": "mutualisation:campagne",
}


@dataclass(frozen=True)
class Entree:
    """An entry of the menu."""

    libelle: str
    url: str
    active: bool


def menu(request: HttpRequest, contexte: Titre) -> list[Entree]:
    """Entries of the hat; the active one is said by UNDER, else has the longest address that begins the present one."""
    urls = {name: reverse(name) for name in ENTRIES[contexte.role]}
    matching = [
        url for url in urls.values() if request.path == url or (url != "/" and request.path.startswith(url))
    ]
    here = request.resolver_match.view_name if request.resolver_match else ""
    active = urls.get(UNDER.get(here, ""), max(matching, key=len, default=None))
    return [Entree(LABELS[name], url, url == active) for name, url in urls.items()]
