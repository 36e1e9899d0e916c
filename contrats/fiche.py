"""A fiche d'engagement put in words: what is missing, deadlines, rhythm."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q

from contrats.models import Engagement, Indicateur
from documents.rendu import unprintable
from socle.typographie import plural

RUBRIQUES = {
    "missions": "les missions",
    "evaluation_prealable": "le service rendu par la commune avant le partage",
    "niveau_attendu": "le niveau de service attendu",
    "engagements_epci": "les engagements de l'EPCI",
    "engagements_commune": "les engagements de la commune",
    "conditions_normales": "le fonctionnement normal",
    "horaires": "les horaires",
}
LIBELLES = {
    "missions": "Ce que fait le service",
    "limites": "Ce qu'il ne fait pas",
    "evaluation_prealable": "Avant, en commune",
    "niveau_attendu": "Promis par le contrat",
    "engagements_epci": "L'EPCI s'engage",
    "engagements_commune": "La commune s'engage",
    "conditions_normales": "Comment cela marche d'ordinaire",
    "horaires": "Horaires",
    "astreinte": "Astreinte",
    "telephone_astreinte": "Téléphone de l'astreinte",
    "urgence_definition": "Ce qui est urgent",
    "urgence_accuse_heures": "Accusé de réception, en heures",
    "urgence_decision_heures": "Décision conjointe, en heures",
    "urgence_jour_nuit": "Ces heures courent jour et nuit (sinon, heures d'ouverture du service)",
    "exceptionnel_definition": "Ce qui est exceptionnel",
    "exceptionnel_accuse_jours": "Accusé de réception, en jours ouvrés",
    "exceptionnel_decision_jours": "Décision conjointe, en jours ouvrés",
    "rythme": "Rythme des revues du domaine",
}
RYTHMES = {
    Engagement.Rythme.MENSUEL: "chaque mois",
    Engagement.Rythme.BIMESTRIEL: "tous les deux mois",
    Engagement.Rythme.TRIMESTRIEL: "chaque trimestre",
}
OF_EACH_FICHE = "au rythme de chaque fiche"
NIGHT_AND_DAY = "jour et nuit"


def missing_texts(engagement: Engagement) -> list[str]:
    """What a fiche still lacks, in French; `indicateurs` should be prefetched."""
    missing = [words for name, words in RUBRIQUES.items() if not getattr(engagement, name).strip()]
    return missing if engagement.indicateurs.all() else [*missing, "un indicateur au moins"]


def incomplete(rows: Any) -> Any:
    """Of some engagements, those whose fiche lacks something, as missing_texts tells; without reading their texts."""
    blank = reduce(or_, (Q(**{f"{name}__regex": r"^\s*$"}) for name in RUBRIQUES))
    return rows.filter(blank | ~Exists(Indicateur.objects.filter(engagement=OuterRef("pk"))))


def state_of(engagement: Engagement) -> tuple[str, str]:
    """(tone, word): complete, or begun."""
    return ("o", "commencée") if missing_texts(engagement) else ("v", "complète")


def rhythm(engagement: Engagement) -> str:
    """« chaque mois », « tous les deux mois »."""
    return RYTHMES[Engagement.Rythme(engagement.rythme)]


def common_rhythm(rhythms: Iterable[str]) -> str:
    """What a contract says of the rhythm of its fiches: theirs when they agree, else that each fiche gives its own."""
    said = set(rhythms)
    return said.pop() if len(said) == 1 else OF_EACH_FICHE


def hours(count: int, night_and_day: bool) -> str:
    """« 1 heure ouvrée », « 4 heures, jour et nuit »."""
    if night_and_day:
        return f"{plural(count, 'heure')}, {NIGHT_AND_DAY}"
    return plural(count, "heure ouvrée", "heures ouvrées")


def days(count: int) -> str:
    """« 1 jour ouvré », « 10 jours ouvrés »."""
    return plural(count, "jour ouvré", "jours ouvrés")


def urgent(engagement: Engagement) -> dict[str, str]:
    """The rule of urgent requests: what is urgent, and both deadlines in words."""
    around = engagement.urgence_jour_nuit
    return {
        "definition": engagement.urgence_definition,
        "accuse": hours(engagement.urgence_accuse_heures, around),
        "decision": hours(engagement.urgence_decision_heures, around),
    }


def exceptional(engagement: Engagement) -> dict[str, str]:
    """The rule of exceptional requests: what is exceptional, and both deadlines in words."""
    return {
        "definition": engagement.exceptionnel_definition,
        "accuse": days(engagement.exceptionnel_accuse_jours),
        "decision": days(engagement.exceptionnel_decision_jours),
    }


def lost_signs(engagement: Engagement) -> str:
    """The signs of a fiche that the typeface of documents has not, each once, in order: « 👍 🚧 »."""
    return " ".join(unprintable("".join(str(getattr(engagement, name)) for name in LIBELLES)))


def shown(engagement: Engagement, name: str) -> str:
    """A field of LIBELLES as a reader reads it."""
    if name == "rythme":
        return str(engagement.get_rythme_display())
    value = getattr(engagement, name)
    return {True: "oui", False: "non"}[value] if isinstance(value, bool) else str(value)
