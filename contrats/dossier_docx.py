"""The dossier de conseil as a text that the commune makes its own: projet de délibération, note, effects, annexes, plan."""

from collections.abc import Iterator
from typing import Any

from contrats.dossier import Dossier
from documents.docx import Redaction
from socle import horloge
from socle.dates import as_date, day_and_year, long_day
from socle.nombres import grouped
from socle.typographie import of, plural

BLANK = "……………………"
LENGTH = 600  # of a text of a fiche in the note; the whole of it is in the contract or the avenant
ANNEXE_A, ANNEXE_1 = "la fiche, annexe A du contrat", "la fiche, annexe 1 de l'avenant"
ANNEXE_2 = "l'annexe 2 de l'avenant"
PROJET = (
    "PROJET – le texte du contrat n'est pas arrêté : ce dossier ne peut pas être soumis au vote en l'état"
)


def write_dossier(dossier: Dossier) -> bytes:
    """The file; the same dossier gives the same bytes."""
    commune, epci = dossier.version.commune, dossier.version.epci
    name = f"Dossier de conseil, {commune} – {dossier.version.reference}"
    demo = " – Démonstration, données inventées" if dossier.contrat["demonstration"] else ""
    text = Redaction(
        titre=name,
        auteur=str(epci),
        created_at=horloge.midnight(dossier.edite_on, epci.fuseau),
        pied=f"{name}{demo}",
        bandeau=PROJET if dossier.projet else "",
    )
    for write in (_opening, _deliberation, _note, _compensation, _annexes, _plan):
        write(text, dossier)
    return text.octets()


def _opening(text: Redaction, dossier: Dossier) -> None:
    version = dossier.version
    text.titre(dossier.titre)
    text.terme("Objet", f"{dossier.objet}, avec {version.epci}")
    text.terme("Texte soumis au vote", dossier.texte)
    text.terme("Prend effet le", day_and_year(version.effective_on))
    text.terme("Établi le", f"{day_and_year(dossier.edite_on)}, d'après ce qui est enregistré ce jour-là")
    if dossier.projet:
        text.paragraphe(f"{PROJET}.", gras=True)
    text.paragraphe(
        "Ce fichier est à vous : complétez les pointillés, adaptez le texte aux usages de votre conseil. Il contient :"
    )
    note = "La note explicative de synthèse" if dossier.regle.note else "La note explicative"
    text.liste(
        [
            "Le projet de délibération du conseil municipal",
            note,
            "L'effet sur l'attribution de compensation",
            "La liste des annexes",
            "Le rétroplanning",
        ],
        numeros=True,
    )


def _deliberation(text: Redaction, dossier: Dossier) -> None:
    version = dossier.version
    text.partie("1. Projet de délibération", nouvelle_page=True)
    text.paragraphe(f"Commune {version.commune.de} – Conseil municipal", gras=True)
    text.terme("Séance", _sitting(dossier))
    text.terme("Numéro", BLANK)
    text.terme("Rapporteur", BLANK)
    text.terme("Objet", f"approuver {dossier.objet} avec {version.epci}")
    text.partie("Le conseil municipal,", 2)
    for visa in _visas(dossier):
        text.paragraphe(f"Vu {visa} ;")
    text.partie("Rapport", 2)
    for sentence in _report(dossier):
        text.paragraphe(sentence)
    text.liste(_effects(dossier))
    text.partie("Après en avoir délibéré, décide :", 2)
    for rank, article in enumerate(_articles(dossier), start=1):
        text.terme(f"Article {rank}", article)
    write_vote(text, "Le maire,")


def _sitting(dossier: Dossier) -> str:
    chosen = dossier.plan
    return long_day(chosen.seance_on) if chosen and chosen.saisie else BLANK


def _visas(dossier: Dossier) -> Iterator[str]:
    convening = "L. 2121-12" if dossier.regle.note else "L. 2121-11"
    yield f"les articles {convening}, L. 2121-29 et L. 2122-21 du code général des collectivités territoriales"
    yield from dossier.visas
    yield "l'article 1609 nonies C du code général des impôts"
    yield f"{dossier.objet} avec {dossier.version.epci} ({dossier.texte}), joint en annexe"
    if dossier.regle.note:
        yield "la note explicative de synthèse adressée aux conseillers avec la convocation"


def _report(dossier: Dossier) -> Iterator[str]:
    commune, epci = dossier.version.commune, dossier.version.epci
    day = day_and_year(dossier.version.effective_on)
    yield (
        f"Considérant que la commune {commune.de} partage avec {epci}, au {day}, {dossier.portee}, dont la liste est à "
        "l'article 3 du contrat ;"
    )
    yield (
        "Considérant que le contrat d'engagement dit, domaine par domaine, ce qui existait avant, le niveau de service attendu, "
        "ce que chaque partie doit à l'autre et qui répond de chaque côté ;"
    )
    yield f"Considérant {_in_short(dossier)}"


def _in_short(dossier: Dossier) -> str:
    """What the report considers, and the note says of the cost: words before the list of effects, or that there is none."""
    if dossier.effets:
        return "l'effet sur l'attribution de compensation, par domaine qui change, en euros par an :"
    act = "cet avenant" if dossier.avenant else "ce contrat"
    return f"qu'aucun changement accepté n'accompagne {act}, qui n'ajoute donc rien à l'attribution de compensation."


def _cost(dossier: Dossier) -> str:
    """The same, to begin a sentence."""
    said = _in_short(dossier).removeprefix("qu'")
    return said[:1].upper() + said[1:]


def _effects(dossier: Dossier) -> Iterator[str]:
    """« Voirie, arbitré : fonctionnement, 12 300 € retenus par an ; investissement, rien »."""
    for one in dossier.effets:
        state = f", {one.etat}" if one.etat else ""
        same = one.fonctionnement == one.investissement
        said = (
            one.fonctionnement
            if same
            else f"fonctionnement, {one.fonctionnement} ; investissement, {one.investissement}"
        )
        yield f"{one.domaine}{state} : {said}"


def _articles(dossier: Dossier) -> Iterator[str]:
    epci = dossier.version.epci
    yield f"Approuve {dossier.objet} avec {epci} ({dossier.texte}), tel qu'il est annexé à la présente délibération."
    yield (
        f"Autorise {dossier.signataire} à signer l'exemplaire établi sur ce texte, complété des seules mentions des actes qui "
        "l'approuvent et des signataires."
    )
    yield "Prend acte de l'effet sur l'attribution de compensation exposé au rapport."
    yield (
        "Charge le maire de l'exécution de la présente délibération, qui sera transmise au représentant de l'État et publiée, et "
        f"dont une copie sera adressée à {epci}."
    )


def write_vote(text: Redaction, signataire: str) -> None:
    """The boxes of the vote and the places to sign, to be filled in after the sitting."""
    heads = ("Présents", "Représentés", "Votants", "Pour", "Contre", "Abstentions")
    text.partie("Résultat du vote", 2)
    text.tableau("Résultat du vote, à compléter", heads, [("",) * len(heads)], (1,) * len(heads))
    text.paragraphe(f"Fait et délibéré à {BLANK}, le {BLANK}")
    text.paragraphe(f"{signataire} \t\t\t\t\t\tLe secrétaire de séance,")
    text.paragraphe(
        "La présente délibération peut faire l'objet d'un recours devant le tribunal administratif dans les deux mois de sa "
        "publication.",
        italique=True,
    )


def _note(text: Redaction, dossier: Dossier) -> None:
    kind = "Note explicative de synthèse" if dossier.regle.note else "Note explicative"
    text.partie(f"2. {kind}", nouvelle_page=True)
    why = (
        "Elle part avec la convocation (CGCT, article L. 2121-12)."
        if dossier.regle.note
        else "La loi ne la demande pas aux communes de moins de 3 500 habitants ; elle aide à décider."
    )
    text.paragraphe(why, italique=True)
    _shared(text, dossier)
    text.partie("Ce qui est nouveau", 2)
    if dossier.changements:
        text.liste(dossier.changements)
    else:
        said = (
            "l'avenant change ce qui suit"
            if dossier.avenant
            else "le contrat dit le service qu'elle reçoit déjà"
        )
        text.paragraphe(f"Rien ne change dans ce que la commune partage : {said}.")
    if dossier.avenant:
        _amended(text, dossier.avenant)
    text.partie("Ce qui est promis, et qui répond", 2)
    for fiche in dossier.fiches:
        _promise(text, dossier, fiche)
    if not dossier.fiches:
        text.paragraphe("Aucune fiche d'engagement ne change.")
    text.partie("Ce que cela coûte", 2)
    text.paragraphe(_cost(dossier))
    text.liste(_effects(dossier))


def _amended(text: Redaction, avenant: dict[str, Any]) -> None:
    """The object of an avenant, then what it changes, value by value, as its annexe 2 does."""
    text.partie(f"Ce que l'avenant n° {avenant['numero']} change", 2)
    text.terme("Objet", avenant["objet"])
    for section in avenant["sections"]:
        text.partie(section["titre"], 3)
        text.liste(_replaced(one) for one in (*section["courts"], *section["longs"]))
    if not avenant["sections"]:
        text.paragraphe("Aucune valeur ne change.")


def _replaced(one: dict[str, str | None]) -> str:
    """« Horaires : 8 h à 17 h ; jusqu'ici : 9 h à 16 h » ; what comes in or leaves says so."""
    after = "ne figure plus" if one["propose"] is None else _shortened(one["propose"], ANNEXE_2)
    before = "ne figurait pas" if one["signe"] is None else _shortened(one["signe"], ANNEXE_2)
    first = "" if one["initial"] == one["signe"] else f" ; {_at_first(one['initial'])}"
    return f"{one['quoi']} : {after} ; jusqu'ici : {before}{first}"


def _at_first(initial: str | None) -> str:
    said = "ne figurait pas" if initial is None else _shortened(initial, ANNEXE_2)
    return f"dans le contrat initial : {said}"


def _shared(text: Redaction, dossier: Dossier) -> None:
    day = day_and_year(dossier.version.effective_on)
    text.partie(f"Ce que la commune partage au {day}", 2)
    text.paragraphe(f"{dossier.portee}.")
    rows = [
        (
            domaine["libelle"],
            domaine["service_commun"] or domaine["rattachement"],
            str(len(domaine["activites"])),
            day_and_year(as_date(domaine["depuis_on"])),
        )
        for domaine in dossier.domaines
    ]
    text.tableau(
        "Domaines partagés", ("Domaine", "Service commun", "Activités", "Depuis le"), rows, (4, 4, 1.6, 2.4)
    )


def _promise(text: Redaction, dossier: Dossier, fiche: dict[str, Any]) -> None:
    text.partie(fiche["libelle"], 3)
    for word, said in (
        ("Avant", fiche["evaluation_prealable"]),
        ("Niveau attendu", fiche["niveau_attendu"]),
        ("Horaires", fiche["horaires"]),
    ):
        if said.strip():
            text.terme(word, _shortened(said, ANNEXE_1 if dossier.avenant else ANNEXE_A))
    if fiche["indicateurs"]:
        text.liste(_measured(one) for one in fiche["indicateurs"])
    text.terme("Qui répond", _people(dossier, fiche["referents"]))


def _shortened(said: str, whole: str) -> str:
    """The beginning of a text, cut between two words, with where the whole of it stands."""
    said = said.strip()
    if len(said) <= LENGTH:
        return said
    cut = said[:LENGTH].rsplit(None, 1)[0]
    return f"{cut}… (la suite dans {whole})"


def _measured(one: dict[str, Any]) -> str:
    """« Délai de réponse : 2 jours (avant : 5) »."""
    before = "" if one["reference"] is None else f" (avant : {grouped(one['reference'])})"
    return f"{one['libelle']} : {grouped(one['cible'])} {one['unite']}{before}"


def _people(dossier: Dossier, referents: dict[str, Any]) -> str:
    sides = (
        ("commune", f"la commune {dossier.version.commune.de}"),
        ("epci", dossier.version.epci.nom_commun),
    )
    return " ; ".join(f"pour {side}, {_holder(referents[key])}" for key, side in sides)


def _holder(held: dict[str, str] | None) -> str:
    if held is None:
        return "personne n'est encore désigné"
    who = held["titulaire"] or held["suppleant"]
    return f"{who}, {held['fonction']}" if held["fonction"] else who


def _compensation(text: Redaction, dossier: Dossier) -> None:
    text.partie("3. Effet sur l'attribution de compensation", nouvelle_page=True)
    if not dossier.effets:
        text.paragraphe(_cost(dossier))
        return
    text.paragraphe(
        "Par domaine qui change, fonctionnement et investissement à part, en euros par an. « Retenus » : l'attribution que la "
        "commune reçoit baisse d'autant ; « rendus » : elle augmente."
    )
    heads = ("Domaine", "État du chiffrage", "Fonctionnement", "Investissement")
    text.tableau(
        "Effet sur l'attribution de compensation", heads, [one.cells for one in dossier.effets], (4, 3, 3, 3)
    )
    text.paragraphe(
        "Les effets d'un service commun peuvent être imputés sur l'attribution de compensation (CGCT, article L. 5211-4-2). Son "
        "montant est ensuite fixé par délibérations (CGI, article 1609 nonies C)."
    )


def _annexes(text: Redaction, dossier: Dossier) -> None:
    text.partie("4. Annexes")
    text.liste(dossier.annexes, numeros=True)


def _plan(text: Redaction, dossier: Dossier) -> None:
    text.partie("5. Rétroplanning", nouvelle_page=True)
    if dossier.plan is None:
        text.paragraphe(f"Le conseil municipal a approuvé ce texte : {dossier.vote}.")
        text.paragraphe(dossier.conseil_epci)
        return
    chosen = dossier.plan
    kind = "Séance retenue" if chosen.saisie else "Séance proposée"
    text.terme(kind, f"le {long_day(chosen.seance_on)}")
    for warning in chosen.alertes:
        text.terme("À savoir", warning)
    rows = [(long_day(one.jour), one.quoi, one.fondement) for one in chosen.etapes]
    text.tableau("Rétroplanning", ("Quand", "Quoi", "D'où vient ce jour"), rows, (3.4, 5, 4.6))
    text.paragraphe(dossier.conseil_epci)
    text.paragraphe(
        f"« Jours francs » : ni le jour de l'envoi, ni celui de la séance ne comptent ; {plural(dossier.regle.jours, 'jour')} "
        f"pour le conseil municipal {of(str(dossier.version.commune))}. Un dernier jour qui n'est pas travaillé est avancé."
    )
