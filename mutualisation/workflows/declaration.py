"""Preparing and submitting the yearly choices of a commune."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import Truncator

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from documents.models import Document
from documents.workflows.document import reserve
from journal.workflows.courriel import write_mail
from journal.workflows.unite import record, unite
from mutualisation.changements import Choix, EtatDomaine, ac_sentence, base_on_eve, read_choices
from mutualisation.models import Declaration, Ligne, MotifDomaine
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year, long_day
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.typographie import spaced

RELATED = ("cycle__epci", "cycle__catalogue", "commune", "epci")
MOTIF_MAX = 4000


@dataclass(frozen=True)
class Saisie:
    """What a page sends: what it showed, and what the person made of it.

    `vues` and `cochees` are activity ids; motives are texts by domain id. Comparing the two keeps two people or two tabs
    from undoing each other: only what this page changed is applied.
    """

    vues: frozenset[int]
    cochees: frozenset[int]
    motifs_vus: Mapping[int, str]
    motifs: Mapping[int, str]


@unite
def save_draft(*, declaration: Declaration, acteur: Personne, saisie: Saisie) -> Declaration:
    """Apply what a page changed to the draft; an autosave is no event.

    Raises ActionInterdite, Refus for a foreign activity or a motive too long, Conflit when somebody else rewrote the same
    motive (nothing is then saved, and the page keeps what was typed).
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    _check_editable(declaration, acteur, "modifier")
    base = base_on_eve(declaration.cycle, declaration.commune)
    _save_motifs(declaration, saisie)
    _save_lines(declaration, base, _merged(declaration, base, saisie))
    declaration.enregistree_at = horloge.now()
    declaration.enregistree_par = acteur
    declaration.version += 1
    declaration.save(update_fields=["enregistree_at", "enregistree_par", "version"])
    return declaration


def _check_editable(declaration: Declaration, acteur: Personne, action: str) -> None:
    """Say why to those who could act at another time (submitted, closed, not open yet), refuse the others."""
    if declaration.prepared_by(acteur):
        if declaration.deposee:
            raise Refus(
                f"Cette déclaration a été déposée par {declaration.deposee_par} : elle ne se modifie plus. "
                "Rien de ce que vous venez de saisir n'a été enregistré."
            )
        if not declaration.cycle.declarations_ouvertes:
            raise Refus(_why_closed(declaration))
    require(declaration, acteur, action)


def _why_closed(declaration: Declaration) -> str:
    cycle = declaration.cycle
    if cycle.epci.today < cycle.declaration_debut_on:
        return f"La campagne de déclaration ouvre le {long_day(cycle.declaration_debut_on)} : revenez ce jour-là."
    return (
        f"La campagne de déclaration est close depuis le {long_day(cycle.declaration_fin_on)} au soir : rien n'a été "
        "enregistré. Pour un délai, écrivez à la Direction des territoires."
    )


def _merged(declaration: Declaration, base: frozenset[int], saisie: Saisie) -> frozenset[int]:
    """What is wanted once this page's own ticks and unticks are applied to the present draft."""
    offered = frozenset(declaration.cycle.catalogue.activites.values_list("activite_id", flat=True))
    if not saisie.cochees <= offered:
        raise Refus("Une activité cochée n'est pas au catalogue de ce cycle.")
    lignes = dict(declaration.lignes.values_list("activite_id", "nature"))
    removed = {pk for pk, nature in lignes.items() if nature == Ligne.Nature.RETRAIT}
    present = (base | (lignes.keys() - removed)) - removed
    return frozenset((present | (saisie.cochees - saisie.vues)) - (saisie.vues - saisie.cochees))


def _save_lines(declaration: Declaration, base: frozenset[int], wanted: frozenset[int]) -> None:
    """Replace the lines of the draft by what differs from the base."""
    declaration.lignes.all().delete()
    lignes = []
    for domaine in declaration.cycle.catalogue.read().domaines:
        etat = EtatDomaine(domaine, base & domaine.activite_ids, wanted & domaine.activite_ids)
        for changement in etat.changements:
            lignes += [_line(declaration, domaine.id, a.id, changement.nature) for a in changement.activites]
    Ligne.objects.bulk_create(lignes)


def _line(declaration: Declaration, domaine_id: int, activite_id: int, nature: Ligne.Nature) -> Ligne:
    kept = nature == Ligne.Nature.MAINTIEN
    return Ligne(
        declaration=declaration,
        epci_id=declaration.epci_id,
        commune_id=declaration.commune_id,
        domaine_id=domaine_id,
        activite_id=activite_id,
        nature=nature,
        arbitrage=Ligne.Arbitrage.SANS_OBJET if kept else Ligne.Arbitrage.A_INSTRUIRE,
    )


def _save_motifs(declaration: Declaration, saisie: Saisie) -> None:
    present = {motif.domaine_id: motif for motif in declaration.motifs.select_related("domaine")}
    domaines = set(declaration.cycle.catalogue.domaines.values_list("domaine_id", flat=True))
    for domaine_id, texte in saisie.motifs.items():
        seen = saisie.motifs_vus.get(domaine_id, "")
        if texte == seen:
            continue
        if domaine_id not in domaines:
            raise Refus("Un motif porte sur un domaine qui n'est pas au catalogue de ce cycle.")
        _save_motif(declaration, present.get(domaine_id), domaine_id, seen, texte)


def _save_motif(
    declaration: Declaration, motif: MotifDomaine | None, domaine_id: int, seen: str, texte: str
) -> None:
    if len(texte) > MOTIF_MAX:
        raise Refus(
            f"Un motif tient en {spaced(MOTIF_MAX)} caractères ; celui-ci en compte {spaced(len(texte))}.",
            field=f"motif-{domaine_id}",
        )
    current = motif.texte if motif else ""
    if current not in (seen, texte):
        raise Conflit(_who_wrote(declaration, motif, current), field=f"motif-{domaine_id}")
    MotifDomaine.objects.update_or_create(
        declaration=declaration, domaine_id=domaine_id, defaults={"texte": texte}
    )


def _who_wrote(declaration: Declaration, motif: MotifDomaine | None, current: str) -> str:
    who = declaration.enregistree_par or "Quelqu'un"
    where = f"« {motif.domaine.libelle} »" if motif else "ce domaine"
    return (
        f"{who} a changé entre-temps le motif de {where} : « {Truncator(current).chars(200)} ». "
        "Votre texte est toujours là : gardez-le ou reprenez le sien, puis enregistrez."
    )


@unite
def submit_declaration(*, declaration: Declaration, acteur: Personne, qualite: str) -> Declaration:
    """Submit « au nom du maire »: freeze what is kept, number the receipt, tell both sides.

    A second submission (double click, two people in the same second) finds it done and changes nothing. Raises Refus with
    what is still missing, ActionInterdite outside the campaign or for someone who only prepares.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    if declaration.deposee:
        return declaration
    _check_editable(declaration, acteur, "deposer")
    missing = declaration.missing_to_submit()
    if missing:
        raise Refus("Il manque encore : " + " ".join(missing))
    choix = read_choices(declaration)
    _save_lines(declaration, *_both_sides(choix))
    _freeze_kept(declaration, choix)
    _mark_submitted(declaration, acteur, qualite, choix)
    _tell(declaration, choix, acteur)
    return declaration


def _both_sides(choix: Choix) -> tuple[frozenset[int], frozenset[int]]:
    base: frozenset[int] = frozenset().union(*(etat.base for etat in choix.domaines))
    wanted: frozenset[int] = frozenset().union(*(etat.voulues for etat in choix.domaines))
    return base, wanted


def _freeze_kept(declaration: Declaration, choix: Choix) -> None:
    Ligne.objects.bulk_create(
        _line(declaration, etat.domaine.id, activite, Ligne.Nature.MAINTIEN)
        for etat in choix.domaines
        for activite in sorted(etat.base & etat.voulues)
    )


def _mark_submitted(declaration: Declaration, acteur: Personne, qualite: str, choix: Choix) -> None:
    declaration.deposee_at = horloge.now()
    declaration.deposee_par = acteur
    declaration.deposee_qualite = qualite
    declaration.accuse = _reserve_receipt(declaration, choix)
    declaration.etat = Declaration.Etat.DEPOSEE
    declaration.version += 1
    declaration.save()
    record(
        type="declaration.deposee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        qualite=qualite,
        libelle=f"Déclaration {declaration.cycle.annee} {declaration.commune.de} déposée : "
        f"{len(choix.changements)} changement(s), accusé {declaration.accuse.reference}",
        contenu={"annee": declaration.cycle.annee, "accuse": declaration.accuse.reference},
    )


def _reserve_receipt(declaration: Declaration, choix: Choix) -> Document:
    return reserve(
        epci=declaration.epci,
        commune=declaration.commune,
        type="accuse",
        annee=declaration.cycle.annee,
        titre=f"Accusé de dépôt {declaration.commune.de}",
        source=receipt_data(declaration, choix),
    )


def receipt_data(declaration: Declaration, choix: Choix) -> dict[str, object]:
    """Everything the receipt prints, as JSON; the number is added when it is reserved."""
    cycle = declaration.cycle
    assert declaration.deposee_at  # set just before
    return {
        "epci": {"nom": cycle.epci.nom, "couleur": cycle.epci.couleur or None},
        "commune": {"nom": declaration.commune.nom},
        "cycle_annee": cycle.annee,
        "effet_on": cycle.effective_on.isoformat(),
        "depose_at": horloge.local(declaration.deposee_at, cycle.epci.fuseau).isoformat(timespec="seconds"),
        "depose_par": str(declaration.deposee_par),
        "qualite": declaration.deposee_qualite,
        "changements": [
            {
                "domaine": changement.domaine.libelle,
                "nature": changement.nature.value,
                "activites": [activite.libelle for activite in changement.activites],
                "motif": etat.motif,
            }
            for etat in choix.domaines
            for changement in etat.changements
        ],
        "maintenus": [
            {"domaine": etat.domaine.libelle, "activites": kept}
            for etat in choix.domaines
            if (kept := _kept_labels(etat))
        ],
        "suite": next_steps(declaration),
        "demonstration": horloge.is_demonstration(),
    }


def _kept_labels(etat: EtatDomaine) -> list[str]:
    return [a.libelle for a in etat.domaine.activites if a.id in etat.base & etat.voulues]


def next_steps(declaration: Declaration) -> list[str]:
    """What happens after the deposit, with its days."""
    cycle = declaration.cycle
    return [
        "La Direction des territoires instruit chaque changement et vous dit, ligne par ligne, ce qui est accepté.",
        f"Point d'arrêt le {long_day(cycle.point_arret_on)} : la commune et {cycle.epci.nom_commun} confirment les choix.",
        f"Délibérations des deux assemblées du {day_and_year(cycle.votes_debut_on)} au {day_and_year(cycle.votes_fin_on)}.",
        f"Effet le {long_day(cycle.effective_on)}, si les actes des deux assemblées sont exécutoires.",
        ac_sentence(cycle),
    ]


def _tell(declaration: Declaration, choix: Choix, acteur: Personne) -> None:
    today = declaration.epci.today
    commune = Habilitation.objects.on(today).filter(
        commune=declaration.commune, role__in=[Role.DGS, Role.MAIRE]
    )
    direction = Habilitation.objects.on(today).filter(role=Role.DIRECTION_TERRITOIRES)
    rows = (commune | direction).filter(epci=declaration.epci).select_related("personne").order_by("pk")
    for personne in dict.fromkeys(row.personne for row in rows):
        write_mail(
            destinataire=personne,
            epci=declaration.epci,
            type="declaration_deposee",
            objet=declaration,
            sujet=f"Déclaration {declaration.commune.de} déposée pour {declaration.cycle.annee}",
            contexte={"declaration": declaration, "choix": choix, "acteur": acteur},
        )
