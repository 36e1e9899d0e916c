"""Asking a commune to complete a line: only that line reopens, and the clock of its instruction stops."""

from dataclasses import dataclass

from comptes.destinataires import heads_of, recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.brouillon import merged_text
from mutualisation.etats import ETAPE
from mutualisation.models import DemandeComplement, Ligne, MotifDomaine
from mutualisation.workflows.ligne import locked_line, require_on_line
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus


@dataclass(frozen=True)
class Reponse:
    """What the page of a request sends: the answer, and what it changes of the line and of the motive of its domain.

    The motive is shared by the lines of a domain: `motif_vu` is the one that the page showed.
    """

    texte: str
    precision: str
    motif: str
    motif_vu: str


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

    Raises ActionInterdite, Refus without an answer or without what the deposit demanded, Conflit when the line changed since
    `version` or somebody wrote another motive; an answer already given, or no longer awaited, is a Conflit too.
    """
    ligne = locked_line(demande.ligne_id)
    demande = DemandeComplement.objects.select_related("demandee_par", "repondue_par").get(pk=demande.pk)
    demande.ligne = ligne
    if demande.repondue_at and ligne.declaration.prepared_by(acteur):
        raise Conflit(f"{_ended(demande)} Rien de ce que vous avez saisi n'est perdu.")
    require(ligne, acteur, "completer")
    if ligne.version != version:
        raise Conflit("Cette ligne a changé entre-temps. Rien de ce que vous avez saisi n'est perdu.")
    if not reponse.texte.strip():
        raise Refus("Écrivez votre réponse : la Direction des territoires l'attend.", field="texte")
    motif = _merged_motive(ligne, reponse)
    _check_said(ligne, reponse.precision, motif)
    before = _save_line(ligne, reponse.precision, motif)
    _close(demande, acteur, reponse.texte)
    after = {"texte": reponse.texte, "precision": reponse.precision, "motif": motif}
    _record(demande, acteur, "reponse", "complément apporté", {"avant": before, "apres": after})
    _tell_asker(demande)
    return demande


def _ended(demande: DemandeComplement) -> str:
    """Why nothing is awaited any more: somebody answered, or the line was decided or withdrawn meanwhile."""
    if demande.reponse:
        return f"{demande.repondue_par} a déjà répondu."
    state = demande.ligne.get_arbitrage_display()
    return f"Ce complément n'est plus attendu : la demande est {state} ({demande.repondue_par})."


def _motive(ligne: Ligne) -> str:
    motif = MotifDomaine.objects.filter(declaration=ligne.declaration, domaine=ligne.domaine).first()
    return motif.texte if motif else ""


def _merged_motive(ligne: Ligne, reponse: Reponse) -> str:
    """What this page changed, over the present motive; the declaration is locked with the line."""
    change = (reponse.motif_vu, reponse.motif)
    what = f"le motif de « {ligne.domaine} »"
    said = f"Quelqu'un de votre commune a changé entre-temps {what}"
    return merged_text(_motive(ligne), change, "motif", said, what)


def _check_said(ligne: Ligne, precision: str, motif: str) -> None:
    """What the deposit could not do without cannot be erased by an answer."""
    leaving = ligne.declaration.lignes.filter(domaine=ligne.domaine, nature=Ligne.Nature.RETRAIT)
    if not motif.strip() and leaving.exclude(arbitrage=Ligne.Arbitrage.ABANDONNEE).exists():
        raise Refus("Gardez un motif : la commune reprend une activité de ce domaine.", field="motif")
    if ligne.nature == Ligne.Nature.REVISION and not precision.strip():
        raise Refus("Dites ce que la commune demande : le niveau de service est à revoir.", field="precision")


def _save_line(ligne: Ligne, precision: str, motif: str) -> dict[str, str]:
    before = {"precision": ligne.precision, "motif": _motive(ligne)}
    ligne.precision = precision
    ligne.etape = ETAPE.move("répondre", ligne.etape)
    ligne.version += 1
    ligne.save(update_fields=["precision", "etape", "version"])
    if motif != before["motif"]:
        MotifDomaine.objects.update_or_create(
            declaration=ligne.declaration, domaine=ligne.domaine, defaults={"texte": motif}
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
        ligne.etape = ETAPE.move("ne plus attendre", ligne.etape)
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
    today = ligne.epci.today
    preparing = recipients(ligne.epci, Role.COLLABORATEUR, on=today, commune=ligne.commune)
    told = {*heads_of(ligne.epci, ligne.commune, today), *preparing}
    write_mails(
        Lettre(
            destinataire=personne,
            epci=ligne.epci,
            type="complement_demande",
            objet=demande,
            sujet=f"À compléter : {ligne.activite}, {ligne.commune}",
            contexte={"demande": demande, "ligne": ligne},
        )
        for personne in sorted(told, key=lambda personne: (personne.tri, personne.pk))
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
