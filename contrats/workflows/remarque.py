"""Remarks on a contract under review: made, answered by the other side, closed."""

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Cote, Engagement, Remarque, VersionContrat
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.typographie import spaced

TEXTE_MAX = 4000
RELATED = ("version_contrat__epci", "version_contrat__commune", "engagement__domaine", "auteur")


@unite
def remark(
    *, version: VersionContrat, acteur: Personne, texte: str, article: int, engagement: Engagement | None
) -> Remarque:
    """Make a remark on an article, or on a fiche (`article` 0); the other side is told.

    Raises ActionInterdite when the contract is not under review, Refus without words.
    """
    version = locked(VersionContrat, version.pk, select=("epci", "commune"))
    require(version, acteur, "remarquer")
    _check(texte, "texte", "Écrivez votre remarque.")
    made = Remarque.objects.create(
        version_contrat=version, article=article, engagement=engagement, cote=version.cote_de(acteur), texte=texte,
        auteur=acteur, faite_at=horloge.now(),
    )  # fmt: skip
    _record(made, acteur, "faite", f"{version} : remarque sur {made.ou}", {"texte": texte})
    _tell(made, acteur, "remarque_faite", f"{version.mot} {version.reference} : une remarque sur {made.ou}")
    return made


@unite
def answer(*, remarque: Remarque, acteur: Personne, lue: int, reponse: str) -> Remarque:
    """Answer the remark of the other side; who made it is told. The same answer again changes nothing.

    Raises ActionInterdite, Refus without words, Conflit when somebody answered otherwise meanwhile.
    """
    remarque = locked(Remarque, remarque.pk, select=RELATED)
    if remarque.reponse == reponse and remarque.repondue_par == acteur:
        return remarque
    require(remarque, acteur, "repondre")
    _check(reponse, "reponse", "Écrivez votre réponse.")
    if remarque.version != lue:
        raise Conflit(
            "Cette remarque a reçu une réponse entre-temps. Rien de ce que vous avez saisi n'est perdu."
        )
    before = remarque.reponse
    remarque.reponse, remarque.repondue_par, remarque.repondue_at = reponse, acteur, horloge.now()
    _save(remarque)
    _record(
        remarque,
        acteur,
        "repondue",
        f"Réponse à la remarque sur {remarque.ou}",
        {"avant": before, "apres": reponse},
    )
    _tell(remarque, acteur, "remarque_repondue", f"Réponse à votre remarque sur {remarque.ou}")
    return remarque


@unite
def close(*, remarque: Remarque, acteur: Personne) -> Remarque:
    """Close a remark; twice changes nothing. Raises ActionInterdite."""
    remarque = locked(Remarque, remarque.pk, select=RELATED)
    if remarque.close and remarque.close_par == acteur:
        return remarque
    require(remarque, acteur, "clore")
    remarque.close_at, remarque.close_par = horloge.now(), acteur
    _save(remarque)
    _record(remarque, acteur, "close", f"Remarque sur {remarque.ou} close")
    return remarque


def _check(texte: str, field: str, empty: str) -> None:
    if not texte.strip():
        raise Refus(empty, field=field)
    if len(texte) > TEXTE_MAX:
        raise Refus(f"Un texte tient ici en {spaced(TEXTE_MAX)} caractères.", field=field)


def _save(remarque: Remarque) -> None:
    remarque.version += 1
    remarque.save()


def _record(
    remarque: Remarque, acteur: Personne, what: str, libelle: str, detail: dict[str, str] | None = None
) -> None:
    version = remarque.version_contrat
    record(
        type=f"remarque.{what}",
        objet=version,
        epci=version.epci,
        commune=version.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"reference": version.reference, "article": remarque.article},
        detail=detail,
    )


def _tell(remarque: Remarque, acteur: Personne, type: str, sujet: str) -> None:
    """To the other side of who acts."""
    version = remarque.version_contrat
    communal = version.cote_de(acteur) == Cote.COMMUNE
    roles = (Role.DIRECTION_TERRITOIRES,) if communal else (Role.DGS,)
    people = set(recipients(version.epci, *roles, on=version.epci.today, commune=version.commune))
    if type == "remarque_repondue":
        people.add(remarque.auteur)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=version.epci,
            type=type,
            objet=remarque,
            occurrence=str(remarque.version),
            sujet=sujet,
            contexte={"remarque": remarque, "version": version, "acteur": acteur},
        )
        for personne in sorted(people - {acteur}, key=lambda one: (one.tri, one.pk))
    )
