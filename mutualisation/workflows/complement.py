"""Asking a commune to complete a line: only that line reopens, and the clock of its instruction stops."""

from dataclasses import dataclass

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.etats import ETAPE
from mutualisation.models import DemandeComplement, Ligne, MotifDomaine
from mutualisation.workflows.ligne import locked_line, require_on_line
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus

TEXTE_MAX = 4000


@dataclass(frozen=True)
class Reponse:
    """What the page of a request sends: the answer, and what it changes of the line and of the motive of its domain."""

    texte: str
    precision: str
    motif: str


@unite
def ask_completion(
    *, ligne: Ligne, acteur: Personne, texte: str, version: int | None = None
) -> DemandeComplement:
    """Ask the commune to complete a line; its DGS and its collaborators are told.

    Raises ActionInterdite, Refus without words or when a request is already open, Conflit when `version` is old.
    """
    ligne = locked_line(ligne.pk, version)
    require_on_line(ligne, acteur, "instruire")
    if not texte.strip():
        raise Refus("Dites ce qui manque : la commune ne pourra répondre qu'à cela.", field="texte")
    ligne.etape = ETAPE.move("demander un complément", ligne.etape)
    ligne.version += 1
    ligne.save(update_fields=["etape", "version"])
    demande = DemandeComplement.objects.create(
        ligne=ligne, texte=texte, demandee_at=horloge.now(), demandee_par=acteur
    )
    _record(demande, acteur, "demande", "complément demandé")
    _tell_commune(demande)
    return demande


@unite
def answer_completion(
    *, demande: DemandeComplement, acteur: Personne, reponse: Reponse, version: int
) -> DemandeComplement:
    """Answer for the commune, and edit that line only; the clock runs again, and who asked is told.

    Raises ActionInterdite, Refus without an answer, Conflit when the line changed since `version`; somebody else's answer
    is a Conflit too.
    """
    ligne = locked_line(demande.ligne_id)
    demande = DemandeComplement.objects.select_related("demandee_par", "repondue_par").get(pk=demande.pk)
    demande.ligne = ligne
    if demande.repondue_at and ligne.declaration.prepared_by(acteur):
        raise Conflit(f"{demande.repondue_par} a déjà répondu. Rien de ce que vous avez saisi n'est perdu.")
    require(ligne, acteur, "completer")
    if ligne.version != version:
        raise Conflit("Cette ligne a changé entre-temps. Rien de ce que vous avez saisi n'est perdu.")
    if not reponse.texte.strip():
        raise Refus("Écrivez votre réponse : la Direction des territoires l'attend.", field="texte")
    before = _save_line(ligne, reponse)
    _close(demande, acteur, reponse.texte)
    _record(demande, acteur, "reponse", "complément apporté", {"avant": before, "apres": vars(reponse)})
    _tell_asker(demande)
    return demande


def _save_line(ligne: Ligne, reponse: Reponse) -> dict[str, str]:
    motif = MotifDomaine.objects.filter(declaration=ligne.declaration, domaine=ligne.domaine).first()
    before = {"precision": ligne.precision, "motif": motif.texte if motif else ""}
    ligne.precision = reponse.precision
    ligne.etape = ETAPE.move("répondre", ligne.etape)
    ligne.version += 1
    ligne.save(update_fields=["precision", "etape", "version"])
    if reponse.motif != before["motif"]:
        MotifDomaine.objects.update_or_create(
            declaration=ligne.declaration, domaine=ligne.domaine, defaults={"texte": reponse.motif}
        )
    return before


def _close(demande: DemandeComplement, acteur: Personne, texte: str) -> None:
    demande.reponse = texte
    demande.repondue_at = horloge.now()
    demande.repondue_par = acteur
    demande.save(update_fields=["reponse", "repondue_at", "repondue_par"])


def close_unanswered(ligne: Ligne, acteur: Personne) -> None:
    """A line decided, or withdrawn, while a completion is awaited: nobody waits for the answer any more."""
    demande = DemandeComplement.objects.filter(ligne=ligne, repondue_at=None).first()
    if demande:
        demande.ligne = ligne
        _close(demande, acteur, "")
        ligne.etape = Ligne.Etape.RECUE
        _record(demande, acteur, "close", "complément qui n'est plus attendu")


def _record(
    demande: DemandeComplement,
    acteur: Personne,
    what: str,
    words: str,
    detail: dict[str, object] | None = None,
) -> None:
    ligne = demande.ligne
    record(
        type=f"complement.{what}",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        libelle=f"{ligne.commune}, {ligne.activite} : {words}",
        contenu={"activite": ligne.activite.code},
        detail=detail or {"texte": demande.texte},
    )


def _tell_commune(demande: DemandeComplement) -> None:
    ligne = demande.ligne
    told = recipients(ligne.epci, Role.DGS, Role.COLLABORATEUR, on=ligne.epci.today, commune=ligne.commune)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=ligne.epci,
            type="complement_demande",
            objet=demande,
            sujet=f"À compléter : {ligne.activite}, {ligne.commune}",
            contexte={"demande": demande, "ligne": ligne},
        )
        for personne in told
    )


def _tell_asker(demande: DemandeComplement) -> None:
    """Who asked; the whole Direction when she is no longer of it."""
    ligne = demande.ligne
    present = recipients(ligne.epci, Role.DIRECTION_TERRITOIRES, on=ligne.epci.today)
    told = [demande.demandee_par] if demande.demandee_par in present else present
    write_mails(
        Lettre(
            destinataire=personne,
            epci=ligne.epci,
            type="complement_repondu",
            objet=demande,
            sujet=f"Complément reçu : {ligne.activite}, {ligne.commune}",
            contexte={"demande": demande, "ligne": ligne},
        )
        for personne in told
    )
