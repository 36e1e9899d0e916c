"""The campaign, lived through the real workflows at its own dates: deposits, instruction, decisions, votes."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from demo.chargement.gens import Gens
from mutualisation.brouillon import Saisie
from mutualisation.changements import read_choices
from mutualisation.models import Acte, Adhesion, Cycle, Declaration, DemandeComplement, Ligne
from mutualisation.workflows.acte import record_act
from mutualisation.workflows.arret import confirm_for_commune, confirm_for_epci
from mutualisation.workflows.complement import Reponse, answer_completion, ask_completion
from mutualisation.workflows.declaration import save_draft, submit_declaration
from mutualisation.workflows.etude import Travail, study
from mutualisation.workflows.instruction import Decision, accept_all, decide_many, mark_receivable
from socle import horloge
from territoire.models import Commune

Step = tuple[datetime, Callable[[], None]]
DECLARING, SUBMITTING = 7, 4
DIRECTOR = "directeur général des services, au nom du maire"
DIRECTION = "Direction des territoires"


def steps(gens: Gens, cycle: Cycle, communes: list[Commune], random: Random) -> Iterator[Step]:
    """What people do in the year of a cycle, each at its instant, in order."""
    some = random.sample(communes, min(DECLARING, len(communes)))

    def at(day: date) -> datetime:
        return horloge.at_hour(day, time(10), gens.epci.fuseau)

    begin = cycle.declaration_debut_on
    yield at(begin + timedelta(days=5)), lambda: _declare_all(gens, cycle, some, random)
    yield at(begin + timedelta(days=12)), lambda: _instruct(gens, cycle)
    yield at(cycle.evaluation_fin_on + timedelta(days=7)), lambda: _decide_all(gens, cycle)
    yield at(cycle.point_arret_on - timedelta(days=1)), lambda: _confirm_all(gens, cycle)
    yield at(cycle.votes_debut_on + timedelta(days=7)), lambda: _vote_epci(gens, cycle)
    yield at(cycle.votes_fin_on - timedelta(days=7)), lambda: _vote_communes(gens, cycle)


def _declare_all(gens: Gens, cycle: Cycle, communes: list[Commune], random: Random) -> None:
    """A few communes have declared, a few more have begun to."""
    for number, commune in enumerate(communes):
        declaration = Declaration.objects.get(cycle=cycle, commune=commune)
        dgs = gens.dgs[commune.pk]
        saved = save_draft(declaration=declaration, acteur=dgs, saisie=_choices(declaration, random))
        if number < SUBMITTING:
            read = read_choices(saved).empreinte
            submit_declaration(declaration=saved, acteur=dgs, qualite=DIRECTOR, empreinte=read)


def _choices(declaration: Declaration, random: Random) -> Saisie:
    """Take a domain, part of another as a prestation, and leave one that was shared."""
    choix = read_choices(declaration)
    others = [etat for etat in choix.domaines if not etat.voulues] or choix.domaines
    taken, bought = random.choice(others), random.choice(others)
    left = random.choice(choix.partages or choix.domaines)
    prestations = frozenset(sorted(bought.domaine.activite_ids)[:2])
    motifs = {
        taken.domaine.id: "Départ en retraite de l'agent qui en avait la charge.",
        left.domaine.id: "La commune recrute et reprend ce service.",
    }
    return Saisie(
        vues=left.voulues,
        cochees=taken.domaine.activite_ids | prestations,
        motifs_vus={},
        motifs=motifs,
        facons=dict.fromkeys(prestations - taken.domaine.activite_ids, Adhesion.Nature.PRESTATION.value),
    )


def _deposited(cycle: Cycle) -> list[Declaration]:
    changing = Ligne.objects.changing().values("declaration")
    rows = Declaration.objects.filter(cycle=cycle, etat=Declaration.Etat.DEPOSEE, pk__in=changing)
    return list(rows.order_by("commune__tri", "pk"))


def _instruct(gens: Gens, cycle: Cycle) -> None:
    """A commune has its decisions, another is asked to complete a line, a domain of a third one is studied."""
    for act, declaration in zip((_decide, _ask, _study), _deposited(cycle), strict=False):
        act(gens, declaration, list(declaration.lignes.changing().order_by("activite__code")))


def _ask(gens: Gens, _declaration: Declaration, lignes: list[Ligne]) -> None:
    ask_completion(
        ligne=lignes[0],
        acteur=gens.direction,
        texte="Combien d'agents exercent aujourd'hui cette activité, et à quelle quotité ?",
    )


def _study(gens: Gens, declaration: Declaration, lignes: list[Ligne]) -> None:
    for ligne in lignes:
        mark_receivable(ligne=ligne, acteur=gens.direction)
    travail = Travail(
        faisabilite="Le service commun intervient déjà dans les communes voisines.",
        moyens="Un demi-poste à prévoir la première année.",
        avis="reserve",
        avis_motif="Sous réserve du recrutement prévu au printemps.",
        conduite_par=None,
    )
    study(
        declaration=declaration, domaine=lignes[0].domaine, acteur=gens.direction, travail=travail, version=0
    )


def _decide(gens: Gens, _declaration: Declaration, lignes: list[Ligne]) -> None:
    """One line refused, one postponed, the others accepted."""
    refused, postponed, *accepted = [(ligne.pk, None) for ligne in lignes]
    for chosen, decision, motif in (
        ([refused], Ligne.Arbitrage.REFUSEE, "Le service commun n'a pas la place cette année."),
        ([postponed], Ligne.Arbitrage.REPORTEE, "À reprendre l'an prochain, après le recrutement prévu."),
        (accepted, Ligne.Arbitrage.ACCEPTEE, ""),
    ):
        decide_many(lignes=chosen, acteur=gens.direction, said=Decision(decision, motif, DIRECTION))


def _decide_all(gens: Gens, cycle: Cycle) -> None:
    """What was asked is answered, then everything that has no decision is accepted."""
    asked = DemandeComplement.objects.filter(ligne__declaration__cycle=cycle, repondue_at=None)
    for demande in asked.select_related("ligne").order_by("pk"):
        _answer(gens, demande)
    for declaration in _deposited(cycle):
        accept_all(declaration=declaration, acteur=gens.direction, qualite=DIRECTION)


def _answer(gens: Gens, demande: DemandeComplement) -> None:
    ligne = demande.ligne
    said = ligne.declaration.motifs.filter(domaine=ligne.domaine_id).first()
    motif = said.texte if said else ""
    answer_completion(
        demande=demande,
        acteur=gens.dgs[ligne.commune_id],
        reponse=Reponse("Deux agents, à temps plein.", ligne.precision, motif, motif),
        version=ligne.version,
    )


def _confirm_all(gens: Gens, cycle: Cycle) -> None:
    """Both sides confirm, but for the last commune, which is late."""
    for declaration in _deposited(cycle)[:-1]:
        vues = dict(declaration.lignes.changing().order_by("pk").values_list("pk", "version"))
        dgs = gens.dgs[declaration.commune_id]
        confirm_for_commune(declaration=declaration, acteur=dgs, qualite=DIRECTOR, vues=vues, gardees=vues)
        confirm_for_epci(declaration=declaration, acteur=gens.direction, qualite=DIRECTION)


def _vote_epci(gens: Gens, cycle: Cycle) -> None:
    _vote(gens, cycle, Acte.Type.CONSEIL_EPCI, None, f"{cycle.annee - 1}-512")


def _vote_communes(gens: Gens, cycle: Cycle) -> None:
    """Each council but the last one, whose lines will wait for its act."""
    for number, declaration in enumerate(_deposited(cycle)[:-1], start=1):
        numero = f"{cycle.annee - 1}-{40 + number}"
        _vote(gens, cycle, Acte.Type.CONSEIL_MUNICIPAL, declaration.commune, numero)


def _vote(gens: Gens, cycle: Cycle, type: str, commune: Commune | None, numero: str) -> None:
    """One act that approves every accepted line, of a commune when it is given; none when nothing was accepted."""
    lignes = Ligne.objects.changing().filter(
        declaration__cycle=cycle,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        **({"commune": commune} if commune else {}),
    )
    today = gens.epci.today
    covered = list(lignes.order_by("pk").values_list("pk", flat=True))
    if covered:
        record_act(
            cycle=cycle, acteur=gens.direction, type=type, numero=numero, commune=commune, lignes=covered,
            adopte_on=today - timedelta(days=3), executoire_on=today,
        )  # fmt: skip
