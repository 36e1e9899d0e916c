"""Everything a contract prints, as plain JSON: what `templates/pdf/contrat.html` reads, and nothing else."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from contrats.avenant import amendment_data
from contrats.clauses import print_clauses, texts_in_force
from contrats.faits import CONTRACT_REVIEWS, Portee, facts
from contrats.fiche import common_rhythm, exceptional, rhythm, urgent
from contrats.models import Approbation, Engagement, Indicateur, ReglageContrat, VersionContrat
from contrats.partages import activites_on, waiting_lines
from contrats.programme import printed
from contrats.revisions import NATURES
from contrats.signataires import of_version
from mutualisation.models import Acte, Adhesion, Catalogue, Ligne
from mutualisation.models.catalogue import DomaineLu, DomaineVersion
from mutualisation.referents import Referents, SiegeLu, fonction, serving
from socle import horloge
from socle.dates import day_and_year
from socle.typographie import of
from territoire.models import Epci

TO_COME = ", à venir"
FAMILLES = {
    DomaineVersion.Famille.SUPPORT: ("Fonctions supports", "Fonction support"),
    DomaineVersion.Famille.OPERATIONNELLE: ("Fonctions opérationnelles", "Fonction opérationnelle"),
}
ASSEMBLIES = {
    Acte.Type.CONSEIL_MUNICIPAL: "la délibération n° {numero} du conseil municipal, du {jour}",
    Acte.Type.CONSEIL_EPCI: "la délibération n° {numero} du conseil de {epci}, du {jour}",
    Acte.Type.BUREAU: "la délibération n° {numero} du bureau de {epci}, du {jour}",
    Acte.Type.PRESIDENT: "la décision n° {numero} du président de {epci}, du {jour}",
}


class Partage(NamedTuple):
    """Since when an activity is shared, and in which of Adhesion.Nature."""

    depuis_on: date
    nature: str


def contract_data(version: VersionContrat) -> dict[str, Any]:
    """The data of a version of a contract as they stand today, `avenant` beside what it changes (None for a first text).

    The same rows on the same day give the same dictionary.

    The commune bears the name and code of the day of effect; people are those of that day, or of today once it has come.
    The number of queries does not depend on domains.
    """
    epci, commune = version.epci, version.commune
    named = commune.known_on(version.effective_on)
    today = epci.today
    day = max(today, version.effective_on)
    catalogue = Catalogue.objects.in_force(epci, version.effective_on).read()
    since = shares_of(version)
    covered = [domaine for domaine in catalogue.domaines if domaine.activite_ids & since.keys()]
    referents = Referents(epci, day, serving(commune))
    pole = referents.pole_name(commune.pk)
    actes = _actes(version, since)
    familles = _familles(covered, since, pole)
    fiches = _fiches(version, covered, pole, referents)
    common = common_rhythm(fiche["rythme_revues"] for fiche in fiches)
    reach = Portee(named.nom, named.code_insee, pole, *_counts(familles), common)
    whole = {
        "numero": version.reference,
        "projet": version.en_preparation,
        "exemplaire": "projet",
        "edite_on": today.isoformat(),
        "epci": {
            "nom": epci.nom,
            "type": epci.get_type_display(),
            "siren": epci.siren,
            "couleur": epci.couleur or None,
        },
        "commune": {"nom": named.nom, "code_insee": named.code_insee},
        "effet_on": version.effective_on.isoformat(),
        "version": version.libelle,
        "registre": _register(version),
        "deliberations": _deliberations(actes),
        "signataires": _signatories(version, day),
        "visas": _visas(epci, named.nom, actes),
        **print_clauses(texts_in_force(epci), facts(version, reach, ReglageContrat.objects.of(epci))),
        "familles": familles,
        "fiches": fiches,
        "revues": {"rythme": common, "contrat": CONTRACT_REVIEWS},
        "verification": {"adresse": None, "empreinte": None},
        "demonstration": horloge.is_demonstration(),
    }
    return whole | {"avenant": amendment_data(version, whole)}


def _counts(familles: list[dict[str, Any]]) -> tuple[int, int]:
    """How many domains and activities article 3 lists."""
    domaines = [domaine for famille in familles for domaine in famille["domaines"]]
    return len(domaines), sum(len(domaine["activites"]) for domaine in domaines)


def digest(data: dict[str, Any]) -> str:
    """SHA-256 of the data, in canonical JSON."""
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def shares_of(version: VersionContrat) -> dict[int, Partage]:
    """How each activity the version covers is shared, or will be, and since when, by activity id."""
    covered = activites_on(version.epci, version.commune, version.effective_on)
    running = Adhesion.objects.on(version.effective_on).filter(commune=version.commune, epci=version.epci)
    found = {
        pk: Partage(debut, nature)
        for pk, debut, nature in running.values_list("activite_id", "debut", "nature")
    }
    waiting = waiting_lines(version.epci, version.commune, version.effective_on)
    for ligne in waiting.select_related("declaration__cycle"):
        wanted = Ligne.PARTAGE.get(Ligne.Nature(ligne.nature))
        before = found.get(ligne.activite_id)
        if wanted and (before is None or before.nature != wanted):
            found[ligne.activite_id] = Partage(ligne.effet_on or ligne.declaration.cycle.effective_on, wanted)
    return {activite: found[activite] for activite in covered}


def _register(version: VersionContrat) -> list[dict[str, Any]]:
    """Annexe E: the texts signed before this one, oldest first, as their signed copies say."""
    rows = version.contrat.versions.filter(etat=VersionContrat.Etat.SIGNE, numero__lt=version.numero)
    sources = [
        row.a_signer.source["contrat"]
        for row in rows.select_related("a_signer").order_by("numero")
        if row.a_signer
    ]
    return [{key: source[key] for key in ("version", "effet_on", "deliberations")} for source in sources]


def _actes(version: VersionContrat, since: dict[int, Partage]) -> list[Acte]:
    """Acts that decided what the version covers, or what an avenant changes, by its day of effect; latest first."""
    lignes = Ligne.objects.filter(
        commune=version.commune, declaration__cycle__effective_on__lte=version.effective_on
    )
    before = version.precedente
    lignes = (
        lignes.changing().filter(declaration__cycle__effective_on__gt=before.effective_on)
        if before
        else lignes.filter(activite__in=list(since)).exclude(nature=Ligne.Nature.RETRAIT)
    )
    rows = Acte.objects.filter(
        epci=version.epci, adopte_on__lte=version.epci.today, lignes__in=lignes
    ).distinct()
    return list(rows.order_by("-adopte_on", "-pk"))


def _deliberations(actes: list[Acte]) -> dict[str, str | None]:
    """The latest deliberation of each side, None while it is to come."""

    def latest(types: Iterable[str]) -> str | None:
        found = next((acte for acte in actes if acte.type in types), None)
        return _deliberation(found) if found else None

    return {"commune": latest([Acte.Type.CONSEIL_MUNICIPAL]), "epci": latest(Acte.EPCI_TYPES)}


def _deliberation(acte: Acte | Approbation) -> str:
    """« délibération n° 2027-612 du 26 novembre 2027 »; a president decides, an assembly deliberates."""
    word = "décision" if acte.type == Acte.Type.PRESIDENT else "délibération"
    return f"{word} n° {acte.numero} du {day_and_year(acte.adopte_on)}"


def _visas(epci: Epci, commune: str, actes: list[Acte]) -> list[str]:
    """Law, plan, convention, opinions and acts; what is not recorded is said to be to come."""
    parties = f"{epci.nom} et la commune {of(commune)}"
    visas = [
        "le code général des collectivités territoriales, notamment son article L. 5211-4-2",
        "le schéma de mutualisation des services, lorsqu'il a été adopté (article L. 5211-39-1 du même code)",
        f"la convention de création de services communs, conclue ou à conclure entre {parties}",
        "les avis des comités sociaux territoriaux compétents, à viser lorsqu'ils sont rendus",
    ]
    visas += [_visa(acte, epci.nom_commun) for acte in reversed(actes)]
    kinds = {acte.type for acte in actes}
    if Acte.Type.CONSEIL_MUNICIPAL not in kinds:
        visas.append(f"la délibération du conseil municipal{TO_COME}")
    if not kinds & set(Acte.EPCI_TYPES):
        visas.append(f"la délibération du conseil de {epci.nom_commun}{TO_COME}")
    return visas


def _visa(acte: Acte, epci: str) -> str:
    words = ASSEMBLIES[Acte.Type(acte.type)]
    return words.format(numero=acte.numero, jour=day_and_year(acte.adopte_on), epci=epci)


def _signatories(version: VersionContrat, day: date) -> dict[str, dict[str, str] | None]:
    """Who signs for each side on a day; None while nobody is named."""
    theirs, ours = of_version(version, day)
    return {"commune": theirs.data if theirs else None, "epci": ours.data if ours else None}


def signed_mentions(version: VersionContrat) -> dict[str, Any]:
    """What the copy to sign says more than the text voted: the acts that approved it, and who signs today."""
    assert version.arrete  # only a settled text is approved
    acts = {one.cote: one for one in version.approbations.all()}
    printed = version.arrete.source["contrat"]
    what = "avenant" if version.numero else "contrat"
    visas = [visa for visa in printed["visas"] if not visa.endswith(TO_COME)]
    return {
        "edite_on": version.epci.today.isoformat(),
        "deliberations": {cote: _deliberation(act) for cote, act in acts.items()},
        "visas": [
            *visas,
            *(f"{_approval(act, version.epci)}, qui approuve le présent {what}" for act in acts.values()),
        ],
        "signataires": _signatories(version, version.epci.today),
    }


def _approval(act: Approbation, epci: Epci) -> str:
    words = ASSEMBLIES[Acte.Type(act.type)]
    return words.format(numero=act.numero, jour=day_and_year(act.adopte_on), epci=epci.nom_commun)


def _familles(covered: list[DomaineLu], since: dict[int, Partage], pole: str) -> list[dict[str, Any]]:
    """Article 3: families, domains and activities in the order of the catalogue."""
    return [
        {
            "libelle": labels[0],
            "domaines": [_domaine(d, since, pole) for d in covered if d.famille == famille],
        }
        for famille, labels in FAMILLES.items()
        if any(d.famille == famille for d in covered)
    ]


def _domaine(domaine: DomaineLu, since: dict[int, Partage], pole: str) -> dict[str, Any]:
    shared = [activite for activite in domaine.activites if activite.id in since]
    return {
        "code": domaine.code,
        "libelle": domaine.libelle,
        "service_commun": domaine.service_commun,
        "rattachement": _attachment(domaine, pole),
        "depuis_on": min(since[activite.id].depuis_on for activite in shared).isoformat(),
        "activites": [
            {
                "code": activite.code,
                "libelle": activite.libelle,
                "nature": NATURES[Adhesion.Nature(since[activite.id].nature)],
                "depuis_on": since[activite.id].depuis_on.isoformat(),
            }
            for activite in shared
        ],
    }


def _attachment(domaine: DomaineLu, pole: str) -> str:
    """The pôle by its name, when the domain is attached to pôles and the commune has one."""
    in_pole = domaine.rattachement == DomaineVersion.Rattachement.POLE.label
    return pole if pole and in_pole else domaine.rattachement


def _fiches(
    version: VersionContrat, covered: list[DomaineLu], pole: str, referents: Referents
) -> list[dict[str, Any]]:
    """Annexe A: one fiche per covered domain that has been prepared."""
    rows = version.engagements.prefetch_related("indicateurs")
    by_domaine = {row.domaine_id: row for row in rows.order_by("pk")}
    planned = printed(version.epci, version.commune, version.effective_on.year)
    return [
        _fiche(by_domaine[d.id], d, pole, referents) | {"programme": planned.get(d.id, [])}
        for d in covered
        if d.id in by_domaine
    ]


def _fiche(engagement: Engagement, domaine: DomaineLu, pole: str, referents: Referents) -> dict[str, Any]:
    commune = engagement.commune_id
    return {
        "code": domaine.code,
        "libelle": domaine.libelle,
        "famille": FAMILLES[DomaineVersion.Famille(domaine.famille)][1],
        "rattachement": _attachment(domaine, pole),
        "missions": engagement.missions,
        "limites": engagement.limites,
        "evaluation_prealable": engagement.evaluation_prealable,
        "niveau_attendu": engagement.niveau_attendu,
        "engagements_epci": engagement.engagements_epci,
        "engagements_commune": engagement.engagements_commune,
        "conditions_normales": engagement.conditions_normales,
        "horaires": engagement.horaires,
        "astreinte": engagement.astreinte,
        "telephone_astreinte": engagement.telephone_astreinte,
        "urgence": urgent(engagement),
        "exceptionnel": exceptional(engagement),
        "rythme_revues": rhythm(engagement),
        "indicateurs": [_indicateur(indicateur) for indicateur in engagement.indicateurs.all()],
        "referents": {
            "commune": _referent(referents.commune_side(commune, domaine.id)),
            "epci": _referent(referents.epci_side(commune, domaine.id)),
        },
    }


def _indicateur(indicateur: Indicateur) -> dict[str, Any]:
    return {
        "libelle": indicateur.libelle,
        "unite": indicateur.unite,
        "reference": plain_number(indicateur.reference),
        "cible": plain_number(indicateur.cible),
        "tolerance": plain_number(indicateur.tolerance),
        "sens": indicateur.sens,
    }


def plain_number(value: Decimal | None) -> int | float | None:
    """A JSON number with at most two decimals."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _referent(siege: SiegeLu | None) -> dict[str, str] | None:
    if siege is None or (siege.vacant and not siege.suppleants):
        return None
    return {
        "titulaire": str(siege.titulaire or ""),
        "fonction": fonction(siege),
        "suppleant": siege.suppleance,
    }
