"""The mayor's agreement before the DGS submits in his name: by a link he is sent, or by a letter he signed."""

from django.core.files.uploadedfile import UploadedFile

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from documents.workflows.piece import keep_piece
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.changements import Choix, read_choices
from mutualisation.manques import missing_to_submit
from mutualisation.models import Declaration, Reglage
from mutualisation.regles import read_rules
from mutualisation.visa import COURRIEL, required_visa, visa_occurrence, visa_stands
from mutualisation.workflows.declaration import RELATED, check_editable, check_read
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.erreurs import Refus


@unite
def request_visa(*, declaration: Declaration, acteur: Personne) -> Declaration:
    """Send the mayor the link of the page where he approves; the same choices are sent once.

    Raises ActionInterdite, Refus when something is still missing, when the EPCI asks no such visa, or when no account of
    the commune is a mayor's.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    check_editable(declaration, acteur, "modifier")
    choix = read_choices(declaration)
    _check_visa(declaration, choix)
    maires = recipients(declaration.epci, Role.MAIRE, on=declaration.epci.today, commune=declaration.commune)
    if not maires:
        raise Refus(
            f"Aucun compte de maire n'est ouvert pour la commune {declaration.commune.de} : demandez-le à votre "
            "Direction des territoires."
        )
    if _write(declaration, acteur, choix, maires):
        _record(declaration, acteur, "declaration.visa_demande", "Visa demandé au maire")
    return declaration


def _check_visa(declaration: Declaration, choix: Choix) -> None:
    if required_visa(declaration) != Reglage.Visa.LIEN:
        raise Refus("Le visa du maire par un lien n'est pas demandé ici.")
    missing = [manque.phrase for manque in missing_to_submit(choix, read_rules(declaration, choix))]
    if missing:
        raise Refus("Il manque encore : " + " ".join(missing))


def _write(declaration: Declaration, acteur: Personne, choix: Choix, maires: list[Personne]) -> bool:
    written = write_mails(
        Lettre(
            destinataire=maire,
            epci=declaration.epci,
            type=COURRIEL,
            objet=declaration,
            occurrence=visa_occurrence(declaration, choix.empreinte),
            sujet=f"Votre visa : choix {declaration.commune.de} pour {declaration.cycle.annee}",
            contexte={"declaration": declaration, "choix": choix, "acteur": acteur},
        )
        for maire in maires
    )
    return bool(written)


@unite
def give_visa(*, declaration: Declaration, acteur: Personne, empreinte: str) -> Declaration:
    """The mayor approves what he has just read, of which `empreinte` is the digest; the people who prepared are told.

    Twice changes nothing. Raises ActionInterdite, Refus when something is missing, Conflit when the choices are no longer
    those read.
    """
    declaration = locked(Declaration, declaration.pk, select=(*RELATED, "enregistree_par"))
    check_editable(declaration, acteur, "viser")
    choix = read_choices(declaration)
    if declaration.visee_at and visa_stands(declaration, choix):
        return declaration
    check_read(declaration, choix, empreinte, "visez")
    _check_visa(declaration, choix)
    declaration.visee_at, declaration.visee_par = horloge.now(), acteur
    declaration.visa_empreinte = choix.empreinte
    declaration.save(update_fields=["visee_at", "visee_par", "visa_empreinte"])
    _record(declaration, acteur, "declaration.visee", "Choix visés par le maire")
    _tell(declaration, acteur)
    return declaration


def _tell(declaration: Declaration, acteur: Personne) -> None:
    told = recipients(declaration.epci, Role.DGS, on=declaration.epci.today, commune=declaration.commune)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=declaration.epci,
            type="declaration_visee",
            objet=declaration,
            occurrence=visa_occurrence(declaration, declaration.visa_empreinte),
            sujet=f"Choix {declaration.commune.de} pour {declaration.cycle.annee} : visés, à déposer",
            contexte={"declaration": declaration, "acteur": acteur},
        )
        for personne in told
    )


@unite
def attach_letter(*, declaration: Declaration, acteur: Personne, fichier: UploadedFile) -> Declaration:
    """Join the letter that the mayor signed; a new one replaces the former, which is kept.

    Raises ActionInterdite, Refus at `lettre` for a file that is not a sound PDF, or when the EPCI asks no letter.
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    check_editable(declaration, acteur, "modifier")
    if required_visa(declaration) != Reglage.Visa.LETTRE:
        raise Refus("La lettre signée du maire n'est pas demandée ici.", field="lettre")
    declaration.lettre = keep_piece(epci=declaration.epci, acteur=acteur, fichier=fichier, field="lettre")
    declaration.visa_empreinte = read_choices(declaration).empreinte
    declaration.save(update_fields=["lettre", "visa_empreinte"])
    _record(
        declaration, acteur, "declaration.lettre", f"Lettre signée du maire jointe ({declaration.lettre})"
    )
    return declaration


def _record(declaration: Declaration, acteur: Personne, type: str, what: str) -> None:
    record(
        type=type,
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"{what} : commune {declaration.commune.de}, {declaration.cycle.annee}",
    )
