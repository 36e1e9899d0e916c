"""Studying a domain that a commune asks to share, and costing its effect on the attribution de compensation."""

from dataclasses import dataclass
from decimal import Decimal

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.courriel import write_mail
from journal.workflows.unite import record, unite
from mutualisation.compensation import paid_otherwise
from mutualisation.etats import EFFET_AC, EFFETS, ETAPE
from mutualisation.models import Declaration, Domaine, EffetAC, Etude, Ligne
from mutualisation.workflows.ligne import refuse_closed
from mutualisation.workflows.verrou import locked
from socle.droits import require
from socle.erreurs import Conflit, Refus

RELATED = ("epci", "commune", "cycle__epci")
ORDRE = list(EffetAC.Etat)


@dataclass(frozen=True)
class Travail:
    """What the page of a study sends: feasibility, means, avis and who conducts it (an id, None for nobody)."""

    faisabilite: str
    moyens: str
    avis: str
    avis_motif: str
    conduite_par: int | None


def study_of(declaration: Declaration, domaine: Domaine) -> Etude:
    """The study of a domain, or the one that nobody has begun (not saved, version 0)."""
    found = declaration.etudes.filter(domaine=domaine).select_related("conduite_par").first()
    return found or Etude(version=0, **_keys(declaration, domaine))


def effect_of(declaration: Declaration, domaine: Domaine) -> EffetAC:
    """The effect of a domain, or the one nobody has costed (not saved, version 0)."""
    found: EffetAC | None = declaration.effets_ac.filter(domaine=domaine).first()
    return found or EffetAC(version=0, **_keys(declaration, domaine))


def _keys(declaration: Declaration, domaine: Domaine) -> dict[str, object]:
    return {
        "declaration": declaration,
        "domaine": domaine,
        "epci": declaration.epci,
        "commune": declaration.commune,
    }


@unite
def study(
    *, declaration: Declaration, domaine: Domaine, acteur: Personne, travail: Travail, version: int
) -> Etude:
    """Save the study of a domain; giving its avis makes the recevable lines « étudiées », taking it back undoes that.

    Raises ActionInterdite, Refus for reserves without a motive, a conductor who may not conduct it or a closed cycle, Conflit.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    etude = _locked_study(declaration, domaine, version)
    directs = acteur.acces.acts_for_epci(declaration.epci_id, Role.DIRECTION_TERRITOIRES)
    refuse_closed(declaration.cycle, allowed=directs)
    require(etude, acteur, "etudier")
    if travail.avis in (Etude.Avis.RESERVE, Etude.Avis.DEFAVORABLE) and not travail.avis_motif.strip():
        raise Refus("Dites pourquoi : le motif de l'avis est lu par la commune.", field="avis_motif")
    conductor = _conductor(declaration, domaine, travail.conduite_par)
    appointed = conductor if conductor != etude.conduite_par else None
    before = etude.get_avis_display()
    etude.faisabilite, etude.moyens = travail.faisabilite, travail.moyens
    etude.avis, etude.avis_motif, etude.conduite_par = travail.avis, travail.avis_motif, conductor
    etude.version += 1
    etude.save()
    _advance(etude)
    _record_study(etude, acteur, before)
    if appointed and appointed != acteur:
        _tell_conductor(etude, appointed, acteur)
    return etude


def _locked_study(declaration: Declaration, domaine: Domaine, version: int) -> Etude:
    """The declaration being locked, a study that nobody had begun cannot begin twice."""
    row = declaration.etudes.filter(domaine=domaine).values_list("pk", flat=True).first()
    if row is None:
        return study_of(declaration, domaine)
    return locked(Etude, row, version, select=("epci", "commune", "domaine", "conduite_par"))


def conductors(declaration: Declaration, domaine: Domaine) -> list[Personne]:
    """Who may conduct the study of a domain: the Direction, and those who hold its seat for the EPCI."""
    roles = (Role.DIRECTION_TERRITOIRES, Role.RESPONSABLE_SERVICE)
    epci = declaration.epci
    return recipients(epci, *roles, on=epci.today, commune=declaration.commune, domaine=domaine.pk)


def _conductor(declaration: Declaration, domaine: Domaine, pk: int | None) -> Personne | None:
    if pk is None:
        return None
    found = {personne.pk: personne for personne in conductors(declaration, domaine)}.get(pk)
    if found is None:
        raise Refus(
            "Choisissez quelqu'un de la Direction des territoires ou du service commun.", field="conduite_par"
        )
    return found


def _advance(etude: Etude) -> None:
    """Lines follow the avis: given, those recevables are studied; taken back, they are to study again."""
    acte = "rendre l'avis" if etude.avis else "retirer l'avis"
    waiting = Ligne.objects.filter(
        declaration=etude.declaration_id, domaine=etude.domaine_id, arbitrage=Ligne.Arbitrage.A_INSTRUIRE
    )
    for source, cible in ETAPE.transition(acte).passages.items():
        waiting.filter(etape=source).update(etape=cible)


def _record_study(etude: Etude, acteur: Personne, before: str) -> None:
    said = f"avis {etude.get_avis_display()}" if etude.avis else "sans avis"
    record(
        type="etude.enregistree",
        objet=etude,
        epci=etude.epci,
        commune=etude.commune,
        acteur=acteur,
        libelle=f"{etude} : {said}",
        contenu={"domaine": etude.domaine.code, "avis": etude.avis},
        detail={"avant": before, "motif": etude.avis_motif},
    )


def _tell_conductor(etude: Etude, personne: Personne, acteur: Personne) -> None:
    write_mail(
        destinataire=personne,
        epci=etude.epci,
        type="etude_confiee",
        objet=etude,
        occurrence=str(etude.version),
        sujet=f"Étude à conduire : {etude.domaine}, {etude.commune}",
        contexte={"etude": etude, "acteur": acteur, "cycle": etude.declaration.cycle},
    )


@unite
def cost_effect(
    *,
    declaration: Declaration,
    domaine: Domaine,
    acteur: Personne,
    etat: str,
    fonctionnement: Decimal | None = None,
    investissement: Decimal | None = None,
    motif: str = "",
    version: int | None = None,
) -> EffetAC:
    """Move the effect of a domain on the AC along non chiffré → estimé → arbitré → voté → notifié, with its amounts.

    Amounts are euros a year, positive when kept from what the commune receives; one left out stays as it was. Going back,
    or changing an amount once voted, asks a motive (journal). The same again changes nothing. Raises ActionInterdite, Refus,
    Conflit when `version` (0 for one never costed) is old; a domain that is invoiced is not costed.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    effet = _locked_effect(declaration, domaine, version)
    require(effet, acteur, "chiffrer")
    _check_imputed(effet)
    before = _facts(effet)
    target = EffetAC.Etat(etat)
    EFFET_AC.move(EFFETS[target], effet.etat)
    _set_amounts(effet, target, fonctionnement, investissement)
    effet.etat = target
    if effet.pk and _facts(effet) == before:
        return effet
    _check_motive(effet, before, motif)
    effet.version += 1
    effet.save()
    record(
        type="effet_ac.chiffre",
        objet=effet,
        epci=effet.epci,
        commune=effet.commune,
        acteur=acteur,
        libelle=f"{effet} : {effet.get_etat_display()}",
        contenu={"domaine": domaine.code, "etat": effet.etat},
        detail={"avant": before, "apres": _facts(effet), "motif": motif},
    )
    return effet


def _check_imputed(effet: EffetAC) -> None:
    """An effect already costed may still be moved, or taken back: its domain was imputed when it was."""
    paiement = paid_otherwise(effet.declaration.cycle).get(effet.domaine_id)
    if paiement and not effet.pk:
        raise Refus(
            f"« {effet.domaine} » n'est pas imputé sur l'attribution de compensation ({paiement}) : rien n'est à chiffrer.",
            field="etat",
        )


def _locked_effect(declaration: Declaration, domaine: Domaine, version: int | None) -> EffetAC:
    row = declaration.effets_ac.filter(domaine=domaine).values_list("pk", flat=True).first()
    if row is None:
        if version:
            raise Conflit("Cette page a changé entre-temps. Rien de ce que vous avez saisi n'est perdu.")
        return effect_of(declaration, domaine)
    return locked(EffetAC, row, version, select=("epci", "commune", "domaine"))


def _facts(effet: EffetAC) -> dict[str, str | None]:
    amounts = {name: getattr(effet, name) for name in ("fonctionnement", "investissement")}
    told = {name: None if value is None else f"{value:.2f}" for name, value in amounts.items()}
    return {"etat": str(effet.etat), **told}


def _set_amounts(
    effet: EffetAC, target: str, fonctionnement: Decimal | None, investissement: Decimal | None
) -> None:
    if target == EffetAC.Etat.NON_CHIFFRE:
        effet.fonctionnement = effet.investissement = None
        return
    for name, value in (("fonctionnement", fonctionnement), ("investissement", investissement)):
        if value is not None:
            setattr(effet, name, value)
        if getattr(effet, name) is None:
            raise Refus("Donnez le fonctionnement et l'investissement, fût-ce zéro.", field=name)


def _check_motive(effet: EffetAC, before: dict[str, str | None], motif: str) -> None:
    back = ORDRE.index(EffetAC.Etat(effet.etat)) < ORDRE.index(EffetAC.Etat(str(before["etat"])))
    voted = before["etat"] in (EffetAC.Etat.VOTE, EffetAC.Etat.NOTIFIE)
    touched = any(_facts(effet)[name] != before[name] for name in ("fonctionnement", "investissement"))
    if (back or (voted and touched)) and not motif.strip():
        raise Refus("Dites pourquoi vous revenez sur ce qui était dit : le motif est gardé.", field="motif")
