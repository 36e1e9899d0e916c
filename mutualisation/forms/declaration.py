"""Reading the one form of a declaration, and the buttons that answer what is missing."""

from django import forms
from django.http import QueryDict

from mutualisation.brouillon import Saisie
from mutualisation.changements import Choix, EtatDomaine
from mutualisation.regles import Regles
from socle.erreurs import Refus

DAMAGED = "La page envoyée est incomplète : rechargez-la, puis recommencez. Rien n'a été enregistré."


class LettreForm(forms.Form):
    """The letter that the mayor signed."""

    lettre = forms.FileField(
        label="Lettre signée du maire",
        help_text="PDF, 20 Mo au plus.",
        error_messages={
            "required": "Choisissez le fichier.",
            "empty": "Ce fichier est vide : choisissez-en un autre.",
        },
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
    )


def read_saisie(data: QueryDict) -> Saisie:
    """What the page showed and what the person made of it. Raises Refus for a form that is not ours."""
    if "vues" not in data:
        raise Refus(DAMAGED)
    return Saisie(
        vues=frozenset(_number(text) for text in str(data["vues"]).split(",") if text),
        cochees=frozenset(_number(text) for text in data.getlist("activites")),
        motifs_vus=_texts(data, "motif_vu-"),
        motifs=_texts(data, "motif-"),
        facons_vues=_texts(data, "facon_vue-"),
        facons=_texts(data, "facon-"),
        precisions_vues=_texts(data, "precision_vue-"),
        precisions=_texts(data, "precision-"),
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refus(DAMAGED)
    return int(text)


def _texts(data: QueryDict, prefix: str) -> dict[int, str]:
    """Texts by the id their name ends with; browsers send CRLF, and PostgreSQL takes no NUL."""
    return {
        _number(name.removeprefix(prefix)): str(data[name]).replace("\r\n", "\n").replace("\x00", "").strip()
        for name in data
        if name.startswith(prefix)
    }


def read_shortcut(action: str, choix: Choix, regles: Regles) -> Saisie | None:
    """What a button « Ajouter » or « Renoncer » changes in the present draft; None for the other buttons."""
    verb, _, number = action.partition("-")
    etat = next((one for one in choix.domaines if str(one.domaine.id) == number), None)
    if verb not in ("prendre", "laisser") or etat is None:
        return None
    seen: frozenset[int] = frozenset().union(*(one.voulues for one in choix.domaines))
    ticked = _taken(etat, regles) if verb == "prendre" else _left(etat, choix, regles)
    return Saisie(seen, (seen - etat.domaine.activite_ids) | ticked, {}, {})


def _taken(etat: EtatDomaine, regles: Regles) -> frozenset[int]:
    """As it was on the eve, else the whole domain but what is excluded."""
    return etat.base or etat.domaine.activite_ids - regles.exclues.keys()


def _left(etat: EtatDomaine, choix: Choix, regles: Regles) -> frozenset[int]:
    """As it was on the eve, unless the domain it needs is being left: it then leaves too."""
    needed = {requis for domaine, requis in regles.prerequis if domaine == etat.domaine.id}
    abandoned = any(one.base and not one.voulues for one in choix.domaines if one.domaine.id in needed)
    return frozenset() if abandoned else etat.base & etat.voulues
