"""Évaluations préalables: asked after the declarations, filled by the commune, confirmed by the EPCI."""

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from comptes.destinataires import heads_of
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mail, write_mails
from journal.workflows.invitation import invite
from journal.workflows.personne import Identite, Mandat, find_personne, refuse_closed, welcome
from journal.workflows.tache import progress, schedule
from journal.workflows.unite import record, unite
from mutualisation.etats import EVALUATION
from mutualisation.models import Cycle, Declaration, Domaine, Evaluation, EvaluationDelegation
from mutualisation.workflows.verrou import check_version, locked
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import enumerate_french, plural

TACHE_EVALUATIONS = "mutualisation.evaluations"
MORNING = time(8)
RELATED = ("declaration__cycle__epci", "epci", "commune", "domaine")
MISSING = {
    "service_rendu": "Décrivez le service rendu aujourd'hui.",
    "etp": "Donnez le nombre d'ETP, fût-ce zéro.",
    "fonctionnement": "Donnez le budget de fonctionnement, fût-ce zéro.",
    "investissement": "Donnez le budget d'investissement, fût-ce zéro.",
}


@dataclass(frozen=True)
class Contenu:
    """What the commune writes: amounts in euros a year, ETP in full-time equivalents, None while not known."""

    service_rendu: str
    etp: Decimal | None
    fonctionnement: Decimal | None
    investissement: Decimal | None
    equipement: str


# Asking


def schedule_evaluations(cycle: Cycle) -> None:
    """Schedule the asking on the first day of the évaluations; when the day moved, the old job finds nothing to do.

    The version of the cycle is in the key: a day left, then taken again, has a job of its own.
    """
    day = cycle.evaluation_debut_on
    schedule(
        epci=cycle.epci,
        type=TACHE_EVALUATIONS,
        cle=f"{TACHE_EVALUATIONS}:{cycle.pk}:{cycle.version}:{day}",
        due_at=horloge.at_hour(day, MORNING, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def run_evaluations(tache: Tache) -> None:
    """Job: ask each commune for its évaluations, one transaction per commune."""
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    if tache.parametres["jour"] != cycle.evaluation_debut_on.isoformat() or cycle.clos_at:
        return
    submitted = cycle.declarations.filter(etat=Declaration.Etat.DEPOSEE).order_by("commune__tri", "pk")
    declarations = list(submitted)
    for done, declaration in enumerate(declarations, start=1):
        ask_evaluations(declaration=declaration)
        progress(tache, fait=done, total=len(declarations))


@unite
def ask_evaluations(*, declaration: Declaration) -> list[Evaluation]:
    """Ask the commune to evaluate each domain it enters, extends or puts right, once; one mail tells it.

    Never for a maintien or a retrait. Returns the évaluations asked now.
    """
    declaration = locked(Declaration, declaration.pk, select=("epci", "commune", "cycle__epci"))
    lignes = declaration.lignes.filter(nature__in=Evaluation.NATURES, arbitrage__in=Evaluation.ARBITRAGES)
    asked = Domaine.objects.filter(pk__in=lignes.values("domaine"))
    domaines = asked.exclude(pk__in=declaration.evaluations.values("domaine")).order_by("ordre", "code")
    evaluations = [
        Evaluation(
            declaration=declaration, epci=declaration.epci, commune=declaration.commune, domaine=domaine
        )
        for domaine in domaines
    ]
    Evaluation.objects.bulk_create(evaluations)
    if evaluations:
        _record_asked(declaration, evaluations)
        _tell_asked(declaration, evaluations)
    return evaluations


def ask_evaluations_when_late(declaration: Declaration) -> None:
    """What is deposited, accepted or taken back after the others were asked is asked at once, until the cycle takes effect."""
    cycle = declaration.cycle
    if cycle.evaluation_debut_on <= cycle.epci.today < cycle.effective_on and not cycle.clos_at:
        ask_evaluations(declaration=declaration)


def _record_asked(declaration: Declaration, evaluations: list[Evaluation]) -> None:
    names = enumerate_french([one.domaine.libelle for one in evaluations])
    record(
        type="evaluation.demandee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=None,
        libelle=f"{plural(len(evaluations), 'évaluation préalable', 'évaluations préalables')} : {names}",
        contenu={"domaines": [one.domaine.code for one in evaluations]},
    )


def _tell_asked(declaration: Declaration, evaluations: list[Evaluation]) -> None:
    cycle, epci, commune = declaration.cycle, declaration.epci, declaration.commune
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="evaluations_demandees",
            objet=declaration,
            occurrence=str(evaluations[0].pk),
            sujet=f"Évaluations préalables à renseigner pour {cycle.annee}",
            contexte={"evaluations": evaluations, "cycle": cycle, "commune": commune},
        )
        for personne in heads_of(epci, commune, epci.today)
    )


# Filling


@unite
def fill_evaluation(
    *, evaluation: Evaluation, acteur: Personne, version: int, contenu: Contenu, transmettre: bool = False
) -> Evaluation:
    """Save what the commune writes, and hand it over to the EPCI when `transmettre`.

    Raises ActionInterdite, Conflit when somebody saved since `version`, Refus (with its field) for what is missing to hand
    over. What was handed over stays so, and must stay complete.
    """
    evaluation = locked(Evaluation, evaluation.pk, version, select=RELATED)
    require(evaluation, acteur, "renseigner")
    for name, value in vars(contenu).items():
        setattr(evaluation, name, value)
    if transmettre or evaluation.transmise_at:
        _check_complete(evaluation)
    if transmettre:
        EVALUATION.move("transmettre", evaluation.code)
        evaluation.transmise_at, evaluation.transmise_par = horloge.now(), acteur
    _save(evaluation, acteur, "transmise" if transmettre else "enregistree")
    return evaluation


def _check_complete(evaluation: Evaluation) -> None:
    for name, sentence in MISSING.items():
        if getattr(evaluation, name) in (None, ""):
            raise Refus(sentence, field=name)


@unite
def observe_evaluation(
    *, evaluation: Evaluation, acteur: Personne, version: int, observations: str, renvoyer: bool = False
) -> Evaluation:
    """Save the observations of the EPCI; `renvoyer` hands it back to the commune, which is told.

    Raises ActionInterdite, Refus to hand back without saying why, Conflit when somebody saved since `version`.
    """
    evaluation = locked(Evaluation, evaluation.pk, version, select=RELATED)
    require(evaluation, acteur, "observer")
    evaluation.observations = observations
    if renvoyer:
        require(evaluation, acteur, "valider")
        EVALUATION.move("renvoyer", evaluation.code)
        if not observations.strip():
            raise Refus("Dites ce qui est à revoir : la commune lit vos observations.", field="observations")
        evaluation.transmise_at = evaluation.transmise_par = None
    _save(evaluation, acteur, "renvoyee" if renvoyer else "observee")
    if renvoyer:
        _tell_returned(evaluation, acteur)
    return evaluation


@unite
def validate_evaluation(
    *, evaluation: Evaluation, acteur: Personne, version: int, observations: str
) -> Evaluation:
    """Confirm for the EPCI what the commune handed over, with the last observations; nothing changes afterwards.

    Twice changes nothing. Raises ActionInterdite, Conflit when somebody saved since `version`.
    """
    evaluation = locked(Evaluation, evaluation.pk, select=RELATED)
    if evaluation.validee_at and evaluation.validee_par == acteur:
        return evaluation
    check_version(evaluation, version)
    require(evaluation, acteur, "valider")
    EVALUATION.move("valider", evaluation.code)
    evaluation.observations = observations
    evaluation.validee_at, evaluation.validee_par = horloge.now(), acteur
    _save(evaluation, acteur, "validee")
    return evaluation


WORDS = {
    "enregistree": "enregistrée",
    "transmise": "transmise",
    "observee": "observations de l'EPCI enregistrées",
    "renvoyee": "renvoyée à la commune",
    "validee": "validée",
}


def _save(evaluation: Evaluation, acteur: Personne, what: str) -> None:
    evaluation.version += 1
    evaluation.save()
    record(
        type=f"evaluation.{what}",
        objet=evaluation,
        epci=evaluation.epci,
        commune=evaluation.commune,
        acteur=acteur,
        libelle=f"{evaluation} : {WORDS[what]}",
        contenu={"domaine": evaluation.domaine.code},
    )


def _tell_returned(evaluation: Evaluation, acteur: Personne) -> None:
    """Those who fill it: the DGS or the maire, and the agents it is delegated to."""
    epci = evaluation.epci
    agents = Personne.objects.filter(
        pk__in=evaluation.delegations.filter(retiree_at=None).values("personne"), is_active=True
    )
    told = [
        *heads_of(epci, evaluation.commune, epci.today),
        *agents.order_by("tri", "pk"),
    ]
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="evaluation_renvoyee",
            objet=evaluation,
            occurrence=str(evaluation.version),
            sujet=f"Évaluation préalable à revoir : {evaluation.domaine}, {evaluation.commune}",
            contexte={"evaluation": evaluation, "acteur": acteur},
        )
        for personne in dict.fromkeys(told)
    )


# Delegating


@unite
def delegate_evaluation(
    *, evaluation: Evaluation, acteur: Personne, identite: Identite
) -> EvaluationDelegation:
    """Ask an agent of the commune's services to fill an évaluation; who has no account gets one, and an invitation.

    The account opens nothing but what the whole EPCI reads and the évaluations delegated, until the effect of the cycle.
    The same person again changes nothing. Raises ActionInterdite, Refus for a closed account.
    """
    evaluation = locked(Evaluation, evaluation.pk, select=RELATED)
    require(evaluation, acteur, "deleguer")
    personne = _agent(evaluation, identite)
    existing = evaluation.delegations.filter(personne=personne, retiree_at=None).first()
    if existing:
        return existing
    delegation = EvaluationDelegation.objects.create(
        evaluation=evaluation, personne=personne, deleguee_at=horloge.now(), deleguee_par=acteur
    )
    _record_delegation(delegation, acteur, "deleguee", f"{evaluation} : déléguée à un agent")
    write_mail(
        destinataire=personne,
        epci=evaluation.epci,
        type="evaluation_deleguee",
        objet=delegation,
        sujet=f"Évaluation préalable à renseigner : {evaluation.domaine}, {evaluation.commune}",
        contexte={"evaluation": evaluation, "acteur": acteur},
    )
    return delegation


def _agent(evaluation: Evaluation, identite: Identite) -> Personne:
    """The account of the address, able to sign in to this EPCI; opened, and invited, when there is none."""
    epci = evaluation.epci
    known = find_personne(identite.email)
    if known:
        refuse_closed(known, epci)
    if known and epci.pk in known.acces.epcis:
        return known
    mandat = Mandat(Role.AGENT, epci.today, evaluation.declaration.cycle.effective_on)
    personne = welcome(epci=epci, acteur=None, identite=identite, mandat=mandat, rattacher=True)
    if known is None:
        invite(personne=personne, epci=epci, acteur=None)
    return personne


@unite
def end_delegation(*, delegation: EvaluationDelegation, acteur: Personne) -> None:
    """Take a delegation back; twice changes nothing. Raises ActionInterdite."""
    evaluation = locked(Evaluation, delegation.evaluation_id, select=RELATED)
    require(evaluation, acteur, "deleguer")
    row = EvaluationDelegation.objects.select_for_update(of=("self",), no_key=True).get(pk=delegation.pk)
    if row.retiree_at:
        return
    row.retiree_at = horloge.now()
    row.save(update_fields=["retiree_at"])
    row.evaluation = evaluation
    _record_delegation(row, acteur, "delegation_retiree", f"{evaluation} : délégation retirée")


def _record_delegation(delegation: EvaluationDelegation, acteur: Personne, what: str, libelle: str) -> None:
    """A line without the name of the agent, which stands in the detail."""
    evaluation = delegation.evaluation
    record(
        type=f"evaluation.{what}",
        objet=evaluation,
        epci=evaluation.epci,
        commune=evaluation.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"domaine": evaluation.domaine.code},
        detail={"agent": str(delegation.personne)},
    )
