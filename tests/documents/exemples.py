"""Complete contexts for the printed documents: a commune that shares everything; people are invented."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from contrats.champs import Faits
from contrats.clauses import print_clauses, read_reference
from documents.rendu import Attachment, render_pdf

RACINE = Path(__file__).resolve().parent.parent.parent
CREATED_AT = datetime(2027, 12, 3, 9, 30, tzinfo=UTC)
FAMILLES = {"support": "Fonction support", "operationnelle": "Fonction opérationnelle"}
EPCI = {"nom": "Bordeaux Métropole", "type": "métropole", "siren": "243300316", "couleur": None}
REVUES = {"rythme": "chaque mois", "contrat": "mai-juin et novembre-décembre"}
COMMUNE = {"nom": "Mérignac", "code_insee": "33281"}

PROGRAMME = [
    {"libelle": "Curage des avaloirs du centre (2 passages)", "quand": "de mars à mai"},
    {"libelle": "Fauchage des accotements", "quand": "juin et septembre, selon la pousse"},
]


def catalogue() -> list[dict[str, Any]]:
    """The reference domains with their activities, as the loader reads them."""
    texte = (RACINE / "mutualisation" / "donnees" / "catalogue.json").read_text(encoding="utf-8")
    domaines: list[dict[str, Any]] = json.loads(texte)["domaines"]
    return domaines


def contrat(*, domaines: int = 18, projet: bool = True, **changes: Any) -> dict[str, Any]:
    """A contract on the first `domaines` of the catalogue; any key can be replaced."""
    retenus = catalogue()[:domaines]
    groupement = changes.get("epci", EPCI)
    return {
        **clauses(groupement, retenus),
        "numero": "C-2028-019",
        "projet": projet,
        "exemplaire": "projet" if projet else "a_signer",
        "epci": EPCI,
        "commune": COMMUNE,
        "effet_on": "2028-01-01",
        "version": "Contrat initial",
        "avenant": None,
        "registre": [],
        "deliberations": {"commune": None, "epci": "n° 2027-612 du 26 novembre 2027"},
        "signataires": {"commune": {"nom": "Claire Vasseur", "qualite": "maire"}, "epci": None},
        "visas": [
            "le code général des collectivités territoriales, notamment son article L. 5211-4-2",
            "la convention de création de services communs entre la métropole et la commune de Mérignac",
            "l'avis des comités sociaux territoriaux de la commune et de la métropole",
        ],
        "familles": [
            {"libelle": libelle, "domaines": [_domaine(d) for d in retenus if d["famille"] == code]}
            for code, libelle in (
                ("support", "Fonctions supports"),
                ("operationnelle", "Fonctions opérationnelles"),
            )
            if any(d["famille"] == code for d in retenus)
        ],
        "fiches": [_fiche(d) for d in retenus],
        "revues": REVUES,
        "verification": {
            "adresse": "mutualisation.exemple.fr/v/7QK4-9M2X",
            "empreinte": "452f 9972 44c7 e1a0 " * 4,
        },
        "demonstration": True,
        **changes,
    }


def clauses(epci: dict[str, Any], retenus: list[dict[str, Any]]) -> dict[str, Any]:
    """The reference clauses, as the contract of Mérignac prints them."""
    faits = Faits(
        epci=epci["nom"],
        siren=epci["siren"],
        groupement="la Métropole" if "métropole" in epci["type"] else "la Communauté",
        commune=COMMUNE["nom"],
        code_insee=COMMUNE["code_insee"],
        pole="pôle Ouest",
        reference="C-2028-019",
        version="Contrat initial",
        effet_on=date(2028, 1, 1),
        domaines=len(retenus),
        activites=sum(len(domaine["activites"]) for domaine in retenus),
        rythme=REVUES["rythme"],
        revues=REVUES["contrat"],
        observation_jours=8,
        conciliation_mois=2,
    )
    return print_clauses(read_reference(), faits)


def _rattachement(domaine: dict[str, Any]) -> str:
    return "pôle Ouest" if domaine["rattachement"] == "pole" else "direction centrale"


def _domaine(domaine: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": domaine["code"],
        "libelle": domaine["libelle"],
        "service_commun": f"Service commun {domaine['libelle_court']}",
        "rattachement": _rattachement(domaine),
        "depuis_on": "2026-01-01",
        "activites": [
            {
                **activite,
                "nature": "régularisée" if domaine["code"] == "PRO" else "mutualisée",
                "depuis_on": "2028-01-01" if rang == 2 else "2026-01-01",
            }
            for rang, activite in enumerate(domaine["activites"])
        ],
    }


def _fiche(domaine: dict[str, Any]) -> dict[str, Any]:
    voirie = domaine["code"] == "VOI"
    return {
        "code": domaine["code"],
        "libelle": domaine["libelle"],
        "famille": FAMILLES[domaine["famille"]],
        "rattachement": _rattachement(domaine),
        "missions": domaine["mission"],
        "limites": domaine["limites"],
        "evaluation_prealable": domaine["evaluation_exemple"],
        "niveau_attendu": domaine["niveau_reference"],
        "engagements_epci": (
            "Programmer les interventions chaque décembre.\nPrévenir la veille de tout report."
        ),
        "engagements_commune": ("Exprimer ses priorités avant le 15 novembre. Donner accès aux sites."),
        "conditions_normales": "Tournées et chantiers selon le programme annuel, lu à chaque revue."
        if voirie
        else "",
        "horaires": "Du lundi au vendredi, de 8 h à 12 h et de 13 h 30 à 17 h",
        "astreinte": "24 heures sur 24, pour les urgences" if voirie else "Aucune",
        "telephone_astreinte": "05 56 00 00 00" if voirie else "",
        "urgence": {
            "definition": "Événement imprévisible qui demande une réaction immédiate",
            "accuse": "1 heure ouvrée",
            "decision": "4 heures ouvrées",
        },
        "exceptionnel": {
            "definition": "Action ponctuelle, non prévue au contrat",
            "accuse": "1 jour ouvré",
            "decision": "10 jours ouvrés",
        },
        "rythme_revues": "chaque mois, le 2e mardi à 9 h 30",
        "programme": PROGRAMME if voirie else [],
        "indicateurs": domaine["indicateurs"],
        "referents": {
            "commune": {
                "titulaire": "Hélène Œuvrard",
                "fonction": "directrice des espaces publics",
                "suppleant": "Responsable voirie",
            },
            "epci": {"titulaire": "Gestion de l'espace public", "fonction": "pôle Ouest", "suppleant": ""}
            if voirie
            else None,
        },
    }


def accuse(**changes: Any) -> dict[str, Any]:
    return {
        "numero": "A-2027-007",
        "epci": EPCI,
        "commune": COMMUNE,
        "cycle_annee": 2028,
        "effet_on": "2028-01-01",
        "depose_at": "2027-02-24T16:40:00+01:00",
        "depose_par": "Julien Castaing",
        "qualite": "directeur général des services",
        "visa": "",
        "changements": [
            {
                "domaine": "Archives et documentation",
                "nature": "entree",
                "passage": False,
                "activites": ["Conseil aux services et gestion documentaire", "Archivage électronique"],
                "motif": "L'archiviste de la commune part en retraite et son poste n'est pas remplacé.",
            },
            {
                "domaine": "Bâtiments",
                "nature": "extension",
                "passage": False,
                "activites": ["Énergie et fluides"],
                "motif": "",
            },
            {
                "domaine": "Logistique et magasins",
                "nature": "retrait",
                "passage": False,
                "activites": ["Courrier et vaguemestre"],
                "motif": "La commune reprend la tournée du courrier.",
            },
        ],
        "maintenus": [
            {"domaine": d["libelle"], "activites": [a["libelle"] for a in d["activites"]]}
            for d in catalogue()[:9]
        ],
        "pertes": [],
        "suite": [
            "La Direction des territoires vérifie la recevabilité de chaque choix d'ici au 20 mars 2027.",
            "L'évaluation préalable est recueillie avec vous en avril et en mai.",
            "Vous confirmez, réduisez ou retirez vos choix au plus tard le vendredi 9 juillet 2027.",
        ],
        "demonstration": True,
        **changes,
    }


def compte_rendu(**changes: Any) -> dict[str, Any]:
    return {
        "numero": "CR-2028-114",
        "epci": EPCI,
        "commune": COMMUNE,
        "domaines": ["Domaine public et voirie", "Propreté urbaine"],
        "tenue_on": "2028-03-14",
        "lieu": "Hôtel de ville, salle du conseil",
        "redige_par": "Samira Belkacem",
        "presents": [
            "Hélène Œuvrard, référente communale",
            "Gestion de l'espace public, pôle Ouest",
            "Responsable voirie",
        ],
        "points": [
            {
                "nature": "information",
                "texte": "La tournée du centre est complète.",
                "responsable": None,
                "echeance_on": None,
            },
            {
                "nature": "decision",
                "texte": "Le lavage de la place Charles-de-Gaulle passe au jeudi, après le marché.",
                "responsable": None,
                "echeance_on": None,
            },
            {
                "nature": "action",
                "texte": "Reprendre le trottoir de l'avenue de la Marne devant l'école.",
                "responsable": "Gestion de l'espace public, pôle Ouest",
                "echeance_on": "2028-04-11",
            },
            {
                "nature": "escalade",
                "texte": "Le second engin de balayage est immobilisé depuis six semaines.",
                "responsable": "Direction générale des territoires",
                "echeance_on": None,
            },
        ],
        "observation_until_on": "2028-03-22",
        "demonstration": True,
        **changes,
    }


GABARITS = {"contrat": contrat, "accuse": accuse, "compte_rendu": compte_rendu}


def page(gabarit: str, contexte: dict[str, Any]) -> str:
    return render_to_string(f"pdf/{gabarit}.html", {gabarit: contexte, "document": contexte["numero"]})


def pdf(gabarit: str, contexte: dict[str, Any]) -> bytes:
    """The document as it is issued, with its source data inside."""
    donnees = json.dumps(contexte, ensure_ascii=False, sort_keys=True).encode()
    return render_pdf(
        page(gabarit, contexte),
        title=f"{gabarit} {contexte['numero']}",
        created_at=CREATED_AT,
        attachments=[Attachment("donnees.json", donnees, "Données imprimées dans ce document")],
    )
