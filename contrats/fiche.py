"""A fiche d'engagement put in words: what is missing, deadlines, rhythm."""

from contrats.models import Engagement
from socle.typographie import plural

RUBRIQUES = {
    "missions": "les missions",
    "evaluation_prealable": "ce qu'il y avait avant, en commune",
    "niveau_attendu": "le niveau de service attendu",
    "engagements_epci": "les engagements de l'EPCI",
    "engagements_commune": "les engagements de la commune",
    "conditions_normales": "le fonctionnement normal",
    "horaires": "les horaires",
}
RYTHMES = {
    Engagement.Rythme.MENSUEL: "chaque mois",
    Engagement.Rythme.BIMESTRIEL: "tous les deux mois",
    Engagement.Rythme.TRIMESTRIEL: "chaque trimestre",
}
NIGHT_AND_DAY = "jour et nuit"


def missing_texts(engagement: Engagement) -> list[str]:
    """What a fiche still lacks, in French; `indicateurs` should be prefetched."""
    missing = [words for name, words in RUBRIQUES.items() if not getattr(engagement, name).strip()]
    return missing if engagement.indicateurs.all() else [*missing, "un indicateur au moins"]


def state_of(engagement: Engagement) -> tuple[str, str]:
    """(tone, word): complete, or begun."""
    return ("o", "commencée") if missing_texts(engagement) else ("v", "complète")


def rhythm(engagement: Engagement) -> str:
    """« chaque mois », « tous les deux mois »."""
    return RYTHMES[Engagement.Rythme(engagement.rythme)]


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
