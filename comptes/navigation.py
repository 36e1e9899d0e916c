"""The menu of a hat."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import resolve, reverse

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
SERVICE = ("accueil", "mutualisation:instructions", *DOMAIN[1:])
ENTRIES: dict[Role, tuple[str, ...]] = {
    Role.DGS: COMMUNE,
    Role.MAIRE: COMMUNE,
    Role.COLLABORATEUR: COMMUNE,
    Role.LECTEUR: COMMUNE,
    Role.REFERENT_COMMUNAL: DOMAIN,
    Role.RESPONSABLE_SERVICE: SERVICE,
    Role.DIRECTEUR_POLE: ("accueil", "mutualisation:campagne", *DOMAIN[1:]),
    Role.DIRECTION_TERRITOIRES: DIRECTION,
    Role.ADMINISTRATEUR: (
        "accueil",
        "comptes:personnes",
        "mutualisation:mouvements",
        "mutualisation:matrice",
        "journal:courriels",
        "journal:taches",
    ),
    Role.AGENT: ("accueil", "mutualisation:appels", "mutualisation:matrice"),
    Role.SERVICE: (),
}
# Pages a hat seldom needs: in the panel under the name, not in the menu.
EVERYONE = ("mutualisation:appels", "mutualisation:absences")
ASIDE: dict[Role, tuple[str, ...]] = {
    **dict.fromkeys(ENTRIES, EVERYONE),
    Role.DIRECTION_TERRITOIRES: (*EVERYONE, "mutualisation:premiers_pas"),
    Role.ADMINISTRATEUR: (*EVERYONE, "mutualisation:premiers_pas"),
    Role.AGENT: EVERYONE[1:],
    Role.SERVICE: (),
}
LABELS = {
    "accueil": "Mes échéances",
    "mutualisation:ma_declaration": "Déclaration",
    "mutualisation:campagne": "Campagne",
    "mutualisation:instructions": "Instruction",
    "mutualisation:matrice": "Qui partage quoi",
    "mutualisation:appels": "Qui appeler",
    "mutualisation:absences": "Mes absences",
    "contrats:contrats": "Contrats",
    "revues:revues": "Revues",
    "comptes:personnes": "Personnes",
    "mutualisation:mouvements": "Communes",
    "journal:courriels": "Courriels",
    "journal:taches": "Tâches",
    "mutualisation:premiers_pas": "Premiers pas",
}


DECLARATION = ("mutualisation:ma_declaration", "mutualisation:campagne")
INSTRUCTION = ("mutualisation:instructions", *reversed(DECLARATION))
CAMPAGNE = ("mutualisation:campagne",)
MOUVEMENTS = ("mutualisation:mouvements", *CAMPAGNE)
MATRICE = ("mutualisation:matrice",)
CONTRATS = ("contrats:contrats",)
# Pages whose address does not begin with the address of their entry; of several entries, the first that the hat has.
UNDER: dict[str, tuple[str, ...]] = {
    "mutualisation:declaration": DECLARATION,
    "mutualisation:declaration_relire": DECLARATION,
    "mutualisation:instruction": INSTRUCTION,
    "mutualisation:instruction_resultat": INSTRUCTION,
    "mutualisation:ligne": INSTRUCTION,
    "mutualisation:ligne_complement": INSTRUCTION,
    "mutualisation:complement": INSTRUCTION,
    "mutualisation:etude": INSTRUCTION,
    "mutualisation:effet_ac": INSTRUCTION,
    "mutualisation:evaluations": INSTRUCTION,
    "mutualisation:evaluation": INSTRUCTION,
    "mutualisation:arrets": INSTRUCTION,
    "mutualisation:arret": INSTRUCTION,
    "mutualisation:cycle": CAMPAGNE,
    "mutualisation:cycle_nouveau": CAMPAGNE,
    "mutualisation:cycle_dates": CAMPAGNE,
    "mutualisation:cycle_relancer": CAMPAGNE,
    "mutualisation:declaration_delai": CAMPAGNE,
    "mutualisation:reglages": CAMPAGNE,
    "mutualisation:mouvements": MOUVEMENTS,
    "mutualisation:mouvements_comparer": MOUVEMENTS,
    "mutualisation:actes": CAMPAGNE,
    "mutualisation:acte_nouveau": CAMPAGNE,
    "mutualisation:actes_enregistres": CAMPAGNE,
    "mutualisation:acte": DECLARATION,
    "mutualisation:acte_annuler": CAMPAGNE,
    "mutualisation:avis_enregistres": CAMPAGNE,
    "mutualisation:avis_nouveau": CAMPAGNE,
    "mutualisation:avis": DECLARATION,
    "mutualisation:avis_annuler": CAMPAGNE,
    "mutualisation:conventions": DECLARATION,
    "mutualisation:convention": DECLARATION,
    "mutualisation:suivi": DECLARATION,
    "mutualisation:catalogue": MATRICE,
    **dict.fromkeys(
        (
            *("mutualisation:affiliations", "mutualisation:editions", "mutualisation:edition"),
            *(
                "mutualisation:edition_ecarts",
                "mutualisation:edition_jour",
                "mutualisation:edition_abandonner",
            ),
            *("mutualisation:domaine", "mutualisation:domaine_nouveau", "mutualisation:domaine_retirer"),
            *("mutualisation:activite", "mutualisation:activite_nouvelle", "mutualisation:activite_retirer"),
            *(
                "mutualisation:activite_scinder",
                "mutualisation:activite_fusionner",
                "mutualisation:bloc_nouveau",
            ),
        ),
        MATRICE,
    ),
    "mutualisation:sieges": MATRICE,
    "mutualisation:siege": MATRICE,
    "mutualisation:siege_nouveau": MATRICE,
    "mutualisation:sieges_a_pourvoir": MATRICE,
    "mutualisation:appels": ("mutualisation:appels", *MATRICE),
    "mutualisation:poles": MATRICE,
    "mutualisation:equipes": MATRICE,
    "mutualisation:equipe": MATRICE,
    "mutualisation:jours_feries": (*CAMPAGNE, *MATRICE),
    "mutualisation:seances": CONTRATS,
    "mutualisation:seances_commune": CONTRATS,
    "mutualisation:seances_epci": CONTRATS,
    "contrats:engagement": CONTRATS,
    "contrats:engagement_modifier": CONTRATS,
    "contrats:engagement_astreinte": CONTRATS,
    **dict.fromkeys(
        (
            *("contrats:engagement_reference", "contrats:fiches", "contrats:fiche"),
            *("contrats:fiche_modifier", "contrats:fiche_activite", "contrats:programmes"),
            *("contrats:programme", "contrats:programme_ligne", "contrats:programme_retirer"),
        ),
        CONTRATS,
    ),
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
    path, here = _place(request)
    matching = [url for url in urls.values() if path == url or (url != "/" and path.startswith(url))]
    above = [urls[name] for name in UNDER.get(here, ()) if name in urls]
    active = above[0] if above else max(matching, key=len, default=None)
    return [Entree(LABELS[name], url, url == active) for name, url in urls.items()]


def _place(request: HttpRequest) -> tuple[str, str]:
    """The present address and its route; those of `request.vu_de` for a page that belongs to another."""
    other = urlsplit(getattr(request, "vu_de", "")).path
    if other:
        return other, resolve(other).view_name
    return request.path, request.resolver_match.view_name if request.resolver_match else ""


def aside(request: HttpRequest, contexte: Titre) -> list[Entree]:
    """The entries of the panel under the name."""
    urls = {name: reverse(name) for name in ASIDE.get(contexte.role, ())}
    return [Entree(LABELS[name], url, url == request.path) for name, url in urls.items()]
