"""Preparing and submitting the yearly choices of a commune."""

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from documents.models import Document
from documents.workflows.document import reserve
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.brouillon import Saisie, merged
from mutualisation.changements import Choix, EtatDomaine, read_choices
from mutualisation.compensation import ac_sentences
from mutualisation.etats import DEPOT
from mutualisation.manques import missing_to_submit
from mutualisation.models import Declaration, Ligne, MotifDomaine
from mutualisation.models.catalogue import ActiviteLue
from mutualisation.regles import read_rules
from mutualisation.veille import Perte
from mutualisation.visa import missing_visa, visa_stands
from mutualisation.workflows.evaluation import ask_evaluations_when_late
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year, hour, long_day
from socle.droits import ActionInterdite, require
from socle.erreurs import Conflit, Refus
from socle.typographie import plural

RELATED = ("cycle__epci", "cycle__catalogue", "commune", "epci")


@unite
def save_draft(*, declaration: Declaration, acteur: Personne, saisie: Saisie) -> Declaration:
    """Apply what a page changed to the draft; an autosave is no event, but the visa that it cancels is one.

    Raises ActionInterdite, Refus for what the catalogue does not allow or a text too long, Conflit when the same thing was
    changed meanwhile in another way (nothing is then saved, and the page keeps what was typed).
    """
    declaration = locked(Declaration, declaration.pk, select=RELATED)
    check_editable(declaration, acteur, "modifier")
    before = read_choices(declaration)
    after = merged(declaration, before, read_rules(declaration, before), saisie, acteur)
    _save_motifs(declaration, after)
    _save_lines(declaration, after, kept=False)
    if before.empreinte != after.empreinte:
        _cancel_visa(declaration, acteur)
    declaration.enregistree_at = horloge.now()
    declaration.enregistree_par = acteur
    declaration.version += 1
    declaration.save(update_fields=["enregistree_at", "enregistree_par", "version"])
    return declaration


def check_editable(declaration: Declaration, acteur: Personne, action: str) -> None:
    """Say why to those who could act at another time (submitted, closed, not open yet), refuse the others."""
    if declaration.prepared_by(acteur):
        if declaration.deposee:
            raise Refus(
                f"Cette déclaration a été déposée par {declaration.deposee_par} : elle ne se modifie plus. "
                "Rien de ce que vous venez de saisir n'a été enregistré."
            )
        if not declaration.ouverte:
            raise Refus(_why_closed(declaration))
    require(declaration, acteur, action)


def _why_closed(declaration: Declaration) -> str:
    cycle = declaration.cycle
    if declaration.etat == Declaration.Etat.REMPLACEE:
        return (
            f"{declaration.commune} a fait place à une commune nouvelle : reportez vos choix dans la déclaration de celle-ci. "
            "Rien de ce que vous venez de saisir n'a été enregistré."
        )
    if cycle.epci.today < cycle.declaration_debut_on:
        return f"La campagne de déclaration ouvre le {long_day(cycle.declaration_debut_on)} : revenez ce jour-là."
    return (
        f"La campagne de déclaration est close depuis le {long_day(declaration.limite_on)} au soir : rien n'a été "
        "enregistré. Pour un délai, écrivez à la Direction des territoires."
    )


def check_read(declaration: Declaration, choix: Choix, empreinte: str, verbe: str) -> None:
    """Raises Conflit when the choices are not those whose digest a page showed: nobody acts on what he has not read."""
    if choix.empreinte == empreinte:
        return
    last = ""
    if declaration.enregistree_at and declaration.enregistree_par:
        when = horloge.local(declaration.enregistree_at, declaration.epci.fuseau)
        last = f" (dernier enregistrement : {declaration.enregistree_par}, le {day_and_year(when)} à {hour(when)})"
    raise Conflit(f"Les choix ont changé depuis que vous les lisez{last} : relisez-les, puis {verbe}.")


def _refuse_others(declaration: Declaration, acteur: Personne, action: str) -> None:
    """Who does not sign for the commune is refused, even when what he asks for is already done."""
    if not declaration.signed_by(acteur):
        raise ActionInterdite(Declaration.QUI_PEUT[action])


def _cancel_visa(declaration: Declaration, acteur: Personne) -> None:
    """What the mayor approved or signed has changed: his visa and his letter no longer stand for it."""
    if not (declaration.visee_at or declaration.lettre_id):
        return
    declaration.visee_at = declaration.visee_par = declaration.lettre = None
    declaration.visa_empreinte = ""
    declaration.save(update_fields=["visee_at", "visee_par", "lettre", "visa_empreinte"])
    record(
        type="declaration.visa_annule",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"Visa du maire annulé : les choix {declaration.commune.de} ont changé depuis",
    )


def _save_motifs(declaration: Declaration, choix: Choix) -> None:
    present = dict(declaration.motifs.values_list("domaine_id", "texte"))
    for etat in choix.domaines:
        if etat.motif != present.get(etat.domaine.id, ""):
            MotifDomaine.objects.update_or_create(
                declaration=declaration, domaine_id=etat.domaine.id, defaults={"texte": etat.motif}
            )


def _save_lines(declaration: Declaration, choix: Choix, *, kept: bool) -> None:
    """Replace the lines by what differs from the base, and by what is kept too once it is submitted."""
    declaration.lignes.all().delete()
    Ligne.objects.bulk_create(
        _line(declaration, etat, activite, nature)
        for etat in choix.domaines
        for activite, nature in etat.lignes()
        if kept or nature != Ligne.Nature.MAINTIEN
    )


def _line(declaration: Declaration, etat: EtatDomaine, activite: int, nature: Ligne.Nature) -> Ligne:
    kept = nature == Ligne.Nature.MAINTIEN
    return Ligne(
        declaration=declaration,
        epci_id=declaration.epci_id,
        commune_id=declaration.commune_id,
        domaine_id=etat.domaine.id,
        activite_id=activite,
        nature=nature,
        precision="" if kept else etat.precisions.get(activite, ""),
        partage_avant=etat.usuelle(activite) if activite in etat.base else "",
        arbitrage=Ligne.Arbitrage.SANS_OBJET if kept else Ligne.Arbitrage.A_INSTRUIRE,
    )


@unite
def submit_declaration(
    *, declaration: Declaration, acteur: Personne, qualite: str, empreinte: str
) -> Declaration:
    """Submit « au nom du maire »: freeze what is kept, number the receipt, tell both sides.

    `empreinte` is that of the choices the person has read. A second submission (double click, two people in the same second)
    finds it done and changes nothing. Raises ActionInterdite outside the campaign or for someone who only prepares, Conflit
    when the choices are no longer those read, Refus with what is still missing.
    """
    declaration = locked(Declaration, declaration.pk, select=(*RELATED, "enregistree_par"))
    _refuse_others(declaration, acteur, "deposer")
    if declaration.deposee:
        return declaration
    check_editable(declaration, acteur, "deposer")
    choix = read_choices(declaration)
    check_read(declaration, choix, empreinte, "déposez")
    _check_complete(declaration, acteur, choix)
    if not visa_stands(declaration, choix):  # the mayor submits something else than what he had approved
        _cancel_visa(declaration, acteur)
    _save_motifs(declaration, choix)
    _save_lines(declaration, choix, kept=True)
    _mark_submitted(declaration, acteur, qualite, choix)
    _tell(declaration, choix, acteur)
    ask_evaluations_when_late(declaration)
    return declaration


def _check_complete(declaration: Declaration, acteur: Personne, choix: Choix) -> None:
    missing = [manque.phrase for manque in missing_to_submit(choix, read_rules(declaration, choix))]
    visa = missing_visa(declaration, choix, en_maire=declaration.submitted_as_mayor(acteur))
    if missing or visa:
        raise Refus("Il manque encore : " + " ".join([*missing, visa]).strip())


def _mark_submitted(declaration: Declaration, acteur: Personne, qualite: str, choix: Choix) -> None:
    declaration.deposee_at = horloge.now()
    declaration.deposee_par = acteur
    declaration.deposee_qualite = qualite
    declaration.accuse = _reserve_receipt(declaration, choix)
    declaration.etat = DEPOT.move("déposer", declaration.etat)
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
        f"{plural(len(choix.changements), 'changement')}, accusé {declaration.accuse.reference}",
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
        "visa": _visa_said(declaration),
        "changements": [
            {
                "domaine": changement.domaine.libelle,
                "nature": changement.nature.value,
                "passage": changement.passage,
                "activites": [_said(etat, activite) for activite in changement.activites],
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
        "pertes": [_ended(perte) for perte in choix.veille.pertes],
        "suite": next_steps(declaration, choix),
        "demonstration": horloge.is_demonstration(),
    }


def _ended(perte: Perte) -> str:
    return (
        f"{perte.domaine_libelle} : « {perte.libelle} » quitte le catalogue le {day_and_year(perte.day)}, "
        "le partage prend fin ce jour-là."
    )


def _visa_said(declaration: Declaration) -> str:
    """How the mayor agreed, when the settings of the EPCI ask him to; the letter is told by its digest."""
    if declaration.visee_at:
        when = horloge.local(declaration.visee_at, declaration.epci.fuseau)
        return f"Visée par {declaration.visee_par}, le {day_and_year(when)} à {hour(when)}."
    if declaration.lettre:
        return (
            f"Lettre signée du maire : {declaration.lettre}, empreinte SHA-256 {declaration.lettre.sha256}."
        )
    return ""


def _said(etat: EtatDomaine, activite: ActiviteLue) -> str:
    precision = etat.precisions.get(activite.id, "")
    return f"{activite.libelle} : {precision}" if precision else activite.libelle


def _kept_labels(etat: EtatDomaine) -> list[str]:
    return [a.libelle for a in etat.domaine.activites if a.id in etat.base & etat.voulues]


def next_steps(declaration: Declaration, choix: Choix) -> list[str]:
    """What happens after the deposit, with its days; when nothing changes there is nothing to instruct nor to vote."""
    cycle = declaration.cycle
    arret = f"Point d'arrêt le {long_day(cycle.point_arret_on)} : la commune et {cycle.epci.nom_commun} confirment les choix."
    if not choix.changements:
        return [
            "Rien n'est à instruire ni à voter : la déclaration ne demande aucun changement.",
            arret,
            *ac_sentences(declaration, choix),
        ]
    return [
        "La Direction des territoires instruit chaque changement et vous dit, ligne par ligne, ce qui est accepté.",
        arret,
        f"Délibérations des deux assemblées du {day_and_year(cycle.votes_debut_on)} au {day_and_year(cycle.votes_fin_on)}.",
        f"Effet le {long_day(cycle.effective_on)}, si les actes des deux assemblées sont exécutoires.",
        *ac_sentences(declaration, choix),
    ]


def _tell(declaration: Declaration, choix: Choix, acteur: Personne) -> None:
    sujet = f"Déclaration {declaration.commune.de} déposée pour {declaration.cycle.annee}"
    _write(declaration, "declaration_deposee", sujet, {"choix": choix, "acteur": acteur}, declaration.accuse)


def _write(
    declaration: Declaration, type: str, sujet: str, contexte: dict[str, object], accuse: Document | None
) -> None:
    """A mail to the DGS, the mayor and the Direction; each receipt is told once."""
    epci, commune = declaration.epci, declaration.commune
    told = recipients(epci, Role.DGS, Role.MAIRE, Role.DIRECTION_TERRITOIRES, on=epci.today, commune=commune)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type=type,
            objet=declaration,
            occurrence=accuse.reference if accuse else "",
            sujet=sujet,
            contexte={"declaration": declaration, **contexte},
        )
        for personne in told
    )


@unite
def withdraw_declaration(*, declaration: Declaration, acteur: Personne, version: int) -> Declaration:
    """Take a deposit back until the campaign closes: a draft again, its receipt kept, the Direction told.

    Twice changes nothing. Raises ActionInterdite first, Refus once the instruction has begun or the campaign is closed,
    Conflit when the page showed another deposit.
    """
    declaration = locked(Declaration, declaration.pk, select=(*RELATED, "accuse"))
    _refuse_others(declaration, acteur, "retirer")
    if not declaration.deposee:
        return declaration
    _check_withdrawable(declaration, acteur)
    if declaration.version != version:
        raise Conflit(
            "La déclaration a changé depuis que cette page est affichée : relisez-la, puis recommencez."
        )
    accuse = declaration.accuse
    assert accuse  # a constraint of the table
    _reopen(declaration)
    record(
        type="declaration.retiree",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"Dépôt {declaration.commune.de} pour {declaration.cycle.annee} retiré ; accusé {accuse.reference} conservé",
        contenu={"annee": declaration.cycle.annee, "accuse": accuse.reference},
    )
    sujet = f"Dépôt {declaration.commune.de} retiré pour {declaration.cycle.annee}"
    _write(declaration, "declaration_retiree", sujet, {"accuse": accuse, "acteur": acteur}, accuse)
    return declaration


def _check_withdrawable(declaration: Declaration, acteur: Personne) -> None:
    if declaration.prepared_by(acteur) and not declaration.ouverte:
        raise Refus(
            f"La campagne est close depuis le {long_day(declaration.limite_on)} au soir : un dépôt ne se retire plus. Le "
            f"point d'arrêt du {day_and_year(declaration.cycle.point_arret_on)} sert à confirmer ou à réduire les choix."
        )
    if declaration.prepared_by(acteur) and declaration.commencee:
        raise Refus(
            "La Direction des territoires a commencé l'instruction : ce dépôt ne se retire plus. Écrivez-lui pour changer "
            "un choix."
        )
    require(declaration, acteur, "retirer")


def _reopen(declaration: Declaration) -> None:
    declaration.lignes.filter(nature=Ligne.Nature.MAINTIEN).delete()
    if not declaration.enregistree_at:
        declaration.enregistree_at, declaration.enregistree_par = horloge.now(), declaration.deposee_par
    declaration.etat = DEPOT.move("retirer le dépôt", declaration.etat)
    declaration.deposee_at = declaration.deposee_par = declaration.accuse = None
    declaration.deposee_qualite = ""
    declaration.version += 1
    declaration.save()


def follow_receipt(ancien: Document, nouveau: Document) -> None:
    """A deposit points to the receipt that replaces an annulled one, inside the unit of the caller."""
    Declaration.objects.filter(accuse=ancien).update(accuse=nouveau)
