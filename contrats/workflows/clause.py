"""The clauses of an EPCI: loaded, drafted, edited one by one, published for good or given up; the settings they name."""

from typing import Any

from comptes.models import Personne
from comptes.roles import Role
from contrats.champs import faults
from contrats.clauses import Texte, read_reference, texts_in_force
from contrats.etats import CLAUSES
from contrats.models import Clause, JeuClauses, ReglageContrat
from contrats.models.clause import TITLE_MAX
from contrats.models.engagement import TEXT_MAX
from contrats.repetition import Repetition, rehearse
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import check_version, locked
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Conflit, Refus
from socle.typographie import spaced
from territoire.models import Epci

Etat = JeuClauses.Etat
WHO = "Seule la Direction des territoires prépare les clauses du contrat."


@unite
def load_reference_clauses(*, epci: Epci) -> None:
    """Give an EPCI the reference clauses as its first published set; one that has a set keeps it."""
    if JeuClauses.objects.filter(epci=epci).exists():
        return
    jeu = JeuClauses.objects.create(epci=epci, numero=1, etat=Etat.PUBLIE, publie_at=horloge.now())
    _fill(jeu, read_reference())


@unite
def begin_clauses(*, epci: Epci, acteur: Personne) -> JeuClauses:
    """Begin a draft, a copy of the clauses in force; the one already begun is given back. Raises ActionInterdite."""
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    # Two people who begin wait for each other: one draft at a time.
    epci = Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    begun = JeuClauses.objects.filter(epci=epci, etat=Etat.BROUILLON).first()
    if begun:
        return begun
    load_reference_clauses(epci=epci)
    numero = JeuClauses.objects.published(epci)[0].numero + 1
    draft = JeuClauses.objects.create(epci=epci, numero=numero, modifie_par=acteur)
    _fill(draft, texts_in_force(epci))
    _record(draft, acteur, "commence", f"{draft} : préparation commencée")
    return draft


def _fill(jeu: JeuClauses, texts: Any) -> None:
    Clause.objects.bulk_create(
        Clause(jeu=jeu, article=one.article, titre=one.titre, texte=one.texte) for one in texts
    )


@unite
def save_clause(*, clause: Clause, acteur: Personne, version: int, titre: str, texte: str) -> Clause:
    """Save one article of a draft, as its page read it (`version`). The same words again change nothing.

    Raises ActionInterdite once published, Refus for an empty or too long text or a fault of writing, Conflit with who was faster.
    """
    jeu = locked(JeuClauses, clause.jeu_id, select=("epci",))
    require(jeu, acteur, "modifier")
    clause = locked(Clause, clause.pk, select=("modifiee_par",))
    given = Texte(clause.article, titre.strip(), texte.replace("\r\n", "\n").strip())
    before = Texte(clause.article, clause.titre, clause.texte)
    if given == before:
        return clause
    _check_version(clause, version)
    _check(given)
    clause.titre, clause.texte, clause.modifiee_par = given.titre, given.texte, acteur
    clause.version += 1
    clause.save()
    jeu.modifie_par = acteur
    _save(jeu)
    changed = {"titre": (before.titre, given.titre), "texte": (before.texte, given.texte)}
    detail = {name: {"avant": a, "apres": b} for name, (a, b) in changed.items() if a != b}
    _record(jeu, acteur, "modifie", f"{jeu} : {given.nom} modifié", detail)
    return clause


def _check_version(clause: Clause, version: int) -> None:
    if clause.version != version:
        who = clause.modifiee_par or "Quelqu'un"
        raise Conflit(
            f"{who} a modifié cet article entre-temps. Rien de ce que vous avez saisi n'est perdu : il est ci-dessous."
        )


def _check(given: Texte) -> None:
    if not given.titre:
        raise Refus("Donnez un titre à cet article.", field="titre")
    if len(given.titre) > TITLE_MAX:
        raise Refus(f"Un titre tient en {TITLE_MAX} caractères.", field="titre")
    if "{" in given.titre or "}" in given.titre:
        raise Refus("Un titre ne prend pas de champ : il est le même dans tous les contrats.", field="titre")
    if not given.texte:
        raise Refus("Écrivez le texte de cet article.", field="texte")
    if len(given.texte) > TEXT_MAX:
        raise Refus(f"Un article tient en {spaced(TEXT_MAX)} caractères.", field="texte")
    wrong = list(faults(given.texte))
    if wrong:
        raise Refus(f"{given.nom} : {' '.join(wrong)}", field="texte")


@unite
def publish_clauses(*, jeu: JeuClauses, acteur: Personne, version: int) -> JeuClauses:
    """Publish a draft as it was rehearsed (`version`): contracts in preparation print it from now on, the others keep theirs.

    Raises ActionInterdite, Conflit when an article changed since, Refus when it changes nothing, when a contract could not be
    printed, or when the EPCI wants another person than the last who wrote.
    """
    jeu = locked(JeuClauses, jeu.pk, select=("epci", "modifie_par"))
    if jeu.publie and jeu.publie_par == acteur:
        return jeu
    etat = CLAUSES.move("publier", jeu.etat)
    require(jeu, acteur, "modifier")
    if jeu.version != version:
        raise Conflit(f"{jeu.modifie_par} a modifié ces clauses depuis cette répétition : relisez-la.")
    missing = missing_to_publish(jeu, acteur, rehearse(jeu))
    if missing:
        raise Refus(" ".join(missing))
    jeu.etat, jeu.publie_at, jeu.publie_par = etat, horloge.now(), acteur
    _save(jeu)
    _record(jeu, acteur, "publie", f"{jeu} : publiées")
    return jeu


def missing_to_publish(jeu: JeuClauses, acteur: Personne, repetition: Repetition) -> list[str]:
    """What prevents a person from publishing a draft, in French, as its rehearsal tells."""
    missing = [] if repetition.changes else ["Rien n'a changé depuis les clauses publiées."]
    if not repetition.publiable:
        missing.append("Des clauses ne peuvent pas être imprimées : corrigez les erreurs de la répétition.")
    if ReglageContrat.objects.of(jeu.epci).publication_a_deux and jeu.modifie_par == acteur:
        missing.append(
            "Vous avez écrit la dernière modification : une autre personne de la Direction des territoires publie."
        )
    return missing


@unite
def abandon_clauses(*, jeu: JeuClauses, acteur: Personne) -> None:
    """Give up a draft; the journal keeps what was written in it. Raises ActionInterdite once published."""
    jeu = locked(JeuClauses, jeu.pk, select=("epci",))
    require(jeu, acteur, "modifier")
    _record(jeu, acteur, "abandonne", f"{jeu} : préparation abandonnée")
    jeu.delete()


@unite
def change_contract_settings(
    *,
    epci: Epci,
    acteur: Personne,
    version: int,
    observation_jours: int,
    conciliation_mois: int,
    publication_a_deux: bool,
) -> ReglageContrat:
    """Set the figures that clauses name, and whether two persons publish. The same values again change nothing.

    Raises ActionInterdite, Conflit when somebody was faster, ValidationError out of bounds.
    """
    require(ReglageContrat.objects.of(epci), acteur, "modifier")
    created, _ = ReglageContrat.objects.get_or_create(epci=epci)
    reglage = locked(ReglageContrat, created.pk, select=("epci",))
    values = {
        "observation_jours": observation_jours,
        "conciliation_mois": conciliation_mois,
        "publication_a_deux": publication_a_deux,
    }
    before = {name: getattr(reglage, name) for name in values}
    if values == before:
        return reglage
    check_version(reglage, version)
    for name, value in values.items():
        setattr(reglage, name, value)
    reglage.validate_constraints()
    _save(reglage)
    record(
        type="reglage_contrat.modifie",
        objet=reglage,
        epci=epci,
        acteur=acteur,
        libelle="Réglages des contrats modifiés",
        detail={"avant": before, "apres": values},
    )
    return reglage


def _save(row: JeuClauses | ReglageContrat) -> None:
    row.version += 1
    row.save()


def _record(
    jeu: JeuClauses, acteur: Personne, what: str, libelle: str, detail: dict[str, Any] | None = None
) -> None:
    record(
        type=f"clauses.{what}",
        objet=jeu,
        epci=jeu.epci,
        acteur=acteur,
        libelle=libelle,
        contenu={"numero": jeu.numero},
        detail=detail,
    )
