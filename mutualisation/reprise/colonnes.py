"""The columns of each sheet: one list for the sheet to fill in, for what is exported and for what is read back."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from comptes.roles import Role
from mutualisation.models import Adhesion, Reprise, Siege, Titulaire

Type = Reprise.Type
COMMUNE, POLE, DEBUT, FIN = "Commune", "Pôle", "À compter du", "Dernier jour"
NOM, PRENOM, EMAIL, FONCTION, TELEPHONE, ROLE = (
    *("Nom", "Prénom", "Adresse électronique"),
    *("Fonction", "Téléphone", "Rôle"),
)
DOMAINE, COTE, EQUIPE, QUALITE = "Domaine", "Côté", "Équipe", "Qualité"
ACTIVITE, NATURE = "Activité", "Nature"
EXEMPLE = "EXEMPLE :"

# Roles that a sheet of people may give; the two others derive from seats, the accounts of machines from a command.
ROLES: Mapping[str, str] = MappingProxyType(
    {
        role.value: role.label
        for role in Role
        if role not in (Role.RESPONSABLE_SERVICE, Role.REFERENT_COMMUNAL, Role.SERVICE)
    }
)
COTES: Mapping[str, str] = MappingProxyType({str(cote.value): str(cote.label) for cote in Siege.Cote})
RANGS: Mapping[str, str] = MappingProxyType({str(rang.value): str(rang.label) for rang in Titulaire.Rang})
NATURES: Mapping[str, str] = MappingProxyType({str(n.value): str(n.label) for n in Adhesion.Nature})


@dataclass(frozen=True)
class Colonne:
    """A column: its heading, what to write in it, an example; `liste` names the choices that Excel then offers."""

    nom: str
    aide: str
    exemple: str
    obligatoire: bool = False
    liste: str = ""
    largeur: int = 22


JOUR = "Un jour entier : 01/01/2016, 2016-01-01 ou « 1er janvier 2016 »."
COLONNES: dict[str, tuple[Colonne, ...]] = {
    Type.PERSONNES: (
        Colonne(NOM, "Le nom de famille.", "Martin", True),
        Colonne(PRENOM, "Le prénom.", "Alix"),
        Colonne(
            EMAIL,
            "L'adresse professionnelle, qui sert à se connecter : une personne, une adresse. "
            "Une personne qui a deux rôles prend deux lignes.",
            "alix.martin@exemple.fr",
            True,
            largeur=34,
        ),
        Colonne(FONCTION, "L'intitulé du poste.", "Directrice générale des services", largeur=34),
        Colonne(TELEPHONE, "Le téléphone de service.", "05 56 00 00 00", largeur=18),
        Colonne(
            ROLE,
            "À choisir dans la liste. Les référents et responsables se déclarent dans l'autre feuille.",
            "DGS",
            True,
            "Rôles",
            26,
        ),
        Colonne(COMMUNE, "Pour un DGS, un maire, un élu ou un collaborateur.", "", liste="Communes"),
        Colonne(POLE, "Pour un directeur de pôle.", "", liste="Pôles"),
        Colonne(DEBUT, f"{JOUR} Laissez vide pour aujourd'hui.", "01/01/2016", largeur=16),
        Colonne(FIN, "Le dernier jour, inclus. Laissez vide si rien ne le fixe.", "", largeur=16),
    ),
    Type.SIEGES: (
        Colonne(DOMAINE, "À choisir dans la liste ; le code seul suffit.", "", True, "Domaines", 40),
        Colonne(
            COTE,
            "« commune » pour un référent communal, « EPCI » pour un responsable de service commun.",
            "commune",
            True,
            "Côtés",
            14,
        ),
        Colonne(COMMUNE, "Obligatoire pour un référent communal.", "", liste="Communes"),
        Colonne(POLE, "Pour un responsable qui ne sert qu'un pôle.", "", liste="Pôles"),
        Colonne(
            EMAIL,
            "Celle d'une personne déjà enregistrée.",
            "alix.martin@exemple.fr",
            liste="Adresses",
            largeur=34,
        ),
        Colonne(EQUIPE, "À la place d'une personne.", "", liste="Équipes"),
        Colonne(QUALITE, "Laissez vide pour « titulaire ».", "titulaire", liste="Qualités", largeur=14),
        Colonne(DEBUT, JOUR, "01/01/2016", True, largeur=16),
        Colonne(FIN, "Le dernier jour, inclus. Laissez vide si rien ne le fixe.", "", largeur=16),
    ),
    Type.ADHESIONS: (
        Colonne(COMMUNE, "À choisir dans la liste ; le code INSEE convient aussi.", "", True, "Communes", 30),
        Colonne(
            ACTIVITE,
            "À choisir dans la liste ; le code seul suffit. Une ligne par activité partagée.",
            "",
            True,
            "Activités",
            60,
        ),
        Colonne(DEBUT, f"Le premier jour du partage. {JOUR}", "01/01/2016", True, largeur=16),
        Colonne(FIN, "Le dernier jour du partage, inclus. Laissez vide s'il dure encore.", "", largeur=16),
        Colonne(NATURE, "Laissez vide pour « mutualisation ».", "mutualisation", liste="Natures", largeur=18),
    ),
}


def label(code: str, libelle: str) -> str:
    """How the sheets name a domain or an activity: « DA-01 – Entretien de la voirie »."""
    return f"{code} – {libelle}"
