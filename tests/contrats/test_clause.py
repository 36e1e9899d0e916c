"""The clauses of an EPCI: their fields, their markup, their sets, what they print."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from comptes.roles import Role
from contrats.champs import CHAMPS, Faits, empty_fields, faults
from contrats.clauses import (
    as_written,
    of_contract,
    print_clauses,
    read_reference,
    read_texts,
    sanitise,
    texts_in_force,
    to_html,
)
from contrats.donnees import contract_data
from contrats.faits import read_facts
from contrats.manques import missing_to_settle
from contrats.models import Clause, JeuClauses, ReglageContrat, VersionContrat
from contrats.repetition import compare, rehearse
from contrats.workflows import circuit
from contrats.workflows.clause import (
    abandon_clauses,
    begin_clauses,
    change_contract_settings,
    load_reference_clauses,
    publish_clauses,
    save_clause,
)
from documents.models import Document
from journal.models import Evenement
from revues.workflows.compte_rendu import observation_end
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.contrats.gestes import move, present, written
from tests.factories import ClauseFactory, JeuClausesFactory, Monde, VersionContratFactory, holder

FAITS = Faits(
    epci="Bordeaux Métropole",
    siren="243300316",
    groupement="la Métropole",
    commune="Le Bouscat",
    code_insee="33069",
    pole="",
    reference="C-2028-004",
    version="Contrat initial",
    effet_on=date(2028, 1, 1),
    domaines=3,
    activites=1,
    rythme="chaque mois",
    revues="en mai",
    observation_jours=8,
    conciliation_mois=2,
)


def printed(texte: str, **changes: Any) -> str:
    return to_html(texte, of_contract(Faits(**{**vars(FAITS), **changes})))


def draft(monde: Monde, who: Any = None) -> JeuClauses:
    return begin_clauses(epci=monde.epci, acteur=who or monde.direction)


def write(monde: Monde, texte: str, article: int = 1, who: Any = None, **more: Any) -> Clause:
    """Somebody writes an article of the draft, as its page of now would."""
    clause = Clause.objects.get(jeu=draft(monde), article=article)
    facts = {"version": clause.version, "titre": clause.titre} | more
    return save_clause(clause=clause, acteur=who or monde.direction, texte=texte, **facts)


def publish(monde: Monde, who: Any = None) -> JeuClauses:
    jeu = draft(monde)
    return publish_clauses(jeu=jeu, acteur=who or monde.direction, version=jeu.version)


def articles(version: VersionContrat) -> dict[str, str]:
    return {one["numero"]: one["html"] for one in contract_data(version)["articles"]}


# Fields


@pytest.mark.parametrize(
    ("texte", "html"),
    [
        ("{Nom de la commune}", "Le Bouscat"),
        ("la commune {de Nom de la commune}", "la commune du Bouscat"),
        (
            "{Le groupement}, {du groupement}, {au groupement}",
            "La Métropole, de la Métropole, à la Métropole",
        ),
        ("le {Date d'effet}", "le 1er janvier 2028"),
        ("le {Date d’effet}", "le 1er janvier 2028"),
        ("{Nombre de domaines}, {Nombre d'activités}", "3 domaines, 1 activité"),
        ("dans {Durée d'observation}, puis {Délai de conciliation}", "dans huit jours, puis deux mois"),
    ],
)
def test_a_field_takes_the_value_of_the_contract(texte: str, html: str):
    assert printed(texte) == f"<p>{html}</p>"


@pytest.mark.parametrize(("days", "words"), [(1, "un jour"), (16, "seize jours"), (30, "30 jours")])
def test_a_duration_is_written_as_print_does(days: int, words: str):
    assert printed("{Durée d'observation}", observation_jours=days) == f"<p>{words}</p>"


@pytest.mark.parametrize(
    ("texte", "phrase"),
    [
        ("{Nom du maire}", "Le champ {Nom du maire} n'existe pas"),
        ("{Nom de la comune}", "vouliez-vous dire {Nom de la commune}"),
        ("Le {Date d'effet", "Une accolade n'est pas fermée, près de « Le {Date d'effet »"),
        ("Le Date d'effet}", "Une accolade n'est pas ouverte"),
        ("{}", "Le champ {} n'existe pas"),
        ("{Nom de\nla commune}", "n'est pas fermée"),
    ],
)
def test_a_field_nobody_knows_or_an_open_brace_is_told(texte: str, phrase: str):
    assert phrase in " ".join(faults(texte))


def test_the_reference_uses_known_fields_only():
    texts = read_reference()
    assert [one.article for one in texts] == list(range(13))
    assert [list(faults(one.texte)) for one in texts] == [[]] * 13
    assert [empty_fields(one.texte, FAITS) for one in texts] == [[]] * 13


def test_an_empty_field_is_an_error_and_is_seen_in_the_draft():
    texte = "Le {Pôle de la commune}"
    assert empty_fields(texte, FAITS) == ["Pôle de la commune"]
    assert printed(texte) == '<p>Le <em class="vide">Pôle de la commune : à compléter</em></p>'


def test_a_value_is_text_whatever_it_holds():
    assert printed("{Nom de la commune}", commune="<b>*A*</b> {Nom}") == "<p>&lt;b&gt;*A*&lt;/b&gt; {Nom}</p>"


@given(st.text(max_size=200))
def test_no_text_ever_gives_another_tag(texte: str):
    html = to_html(texte, as_written)
    assert sanitise(html) == html
    for word in ("<script", "<img", "<a ", "<svg", "<style"):
        assert word not in html


# Markup


def test_what_the_markup_gives():
    texte = "## 4.1 Titre\n\nUn **gras**, un *italique*\nà la ligne\n\n1. un\n2. deux\n\n- a\n- b"
    assert to_html(texte, as_written) == (
        "<h3>4.1 Titre</h3>\n<p>Un <strong>gras</strong>, un <em>italique</em><br>\nà la ligne</p>\n"
        "<ol>\n<li>un</li>\n<li>deux</li>\n</ol>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="file:///etc/passwd">',
        '<svg onload="alert(1)"><image href="http://exemple.fr/a"/></svg>',
        "<p class=MsoNormal style='mso-x:1'>Word<o:p></o:p></p>",
    ],
)
def test_html_pasted_is_text(hostile: str):
    html = to_html(hostile, as_written)
    assert html.startswith("<p>&lt;") and "<p>&lt;" in html
    assert {"<img", "<svg", "<script", "<o:p"} & set(html.split(">")) == set()


@pytest.mark.parametrize(
    "foreign", ["[lien](http://exemple.fr)", "![image](file:///etc/passwd)", "<http://a.fr>"]
)
def test_links_and_images_do_not_exist(foreign: str):
    html = to_html(foreign, as_written)
    assert "href" not in html and "src" not in html and "<a" not in html


def test_a_title_of_any_depth_stands_under_its_article():
    assert to_html("# a\n\n#### b", as_written) == "<h3>a</h3>\n<h3>b</h3>"


# Sets


def test_an_epci_starts_with_the_reference_clauses_once(monde: Monde):
    load_reference_clauses(epci=monde.epci)
    load_reference_clauses(epci=monde.epci)
    jeu = JeuClauses.objects.get(epci=monde.epci)
    assert (jeu.numero, jeu.publie) == (1, True)
    assert read_texts(jeu) == list(read_reference()) == texts_in_force(monde.epci)


def test_without_any_set_the_reference_is_printed(monde: Monde):
    before = articles(monde.a.version)
    load_reference_clauses(epci=monde.epci)
    assert articles(monde.a.version) == before
    assert len(before) == 12


def test_a_draft_is_a_copy_and_changes_nothing(monde: Monde):
    before = articles(monde.a.version)
    jeu = draft(monde)
    assert (draft(monde).pk, jeu.numero) == (jeu.pk, 2), "begun twice, one draft"
    write(monde, "Un autre objet.")
    assert articles(monde.a.version) == before


def test_two_people_who_begin_make_one_draft(monde: Monde, transactional_db: None):
    calls = [lambda: begin_clauses(epci=monde.epci, acteur=monde.direction)] * 2
    results = together(*calls)
    assert not failures(results), results
    assert JeuClauses.objects.filter(epci=monde.epci, etat="brouillon").count() == 1


def test_published_clauses_are_printed_and_the_former_kept(monde: Monde):
    write(monde, "L'objet de {Nom de la commune}.")
    jeu = publish(monde)
    assert (jeu.publie, jeu.publie_par) == (True, monde.direction)
    assert articles(monde.a.version)["1"] == "<p>L'objet de L'Haÿ-les-Roses.</p>"
    former = JeuClauses.objects.get(epci=monde.epci, numero=1)
    assert read_texts(former)[1] == read_reference()[1]
    assert publish_clauses(jeu=jeu, acteur=monde.direction, version=0).publie_at == jeu.publie_at, (
        "double click"
    )


def test_a_published_set_is_read_only(monde: Monde):
    clause = write(monde, "Un autre objet.")
    jeu = publish(monde)
    with pytest.raises(ActionInterdite):
        save_clause(clause=clause, acteur=monde.direction, version=2, titre="x", texte="y")
    with pytest.raises(ActionInterdite):
        abandon_clauses(jeu=jeu, acteur=monde.direction)


def test_a_draft_given_up_leaves_the_clauses_in_force(monde: Monde):
    write(monde, "Un autre objet.")
    abandon_clauses(jeu=draft(monde), acteur=monde.direction)
    assert texts_in_force(monde.epci) == list(read_reference())
    told = Evenement.objects.filter(type__startswith="clauses.").order_by("numero")
    assert list(told.values_list("type", flat=True)) == [
        "clauses.commence",
        "clauses.modifie",
        "clauses.abandonne",
    ]


def test_only_the_direction_writes(monde: Monde):
    others = (monde.a.dgs, monde.administrateur, monde.responsable, monde.directeur, monde.direction_voisine)
    jeu, clause = draft(monde), write(monde, "Un autre objet.")
    for who in others:
        with pytest.raises(ActionInterdite):
            begin_clauses(epci=monde.epci, acteur=who)
        with pytest.raises(ActionInterdite):
            save_clause(clause=clause, acteur=who, version=2, titre="x", texte="y")
        with pytest.raises(ActionInterdite):
            publish_clauses(jeu=jeu, acteur=who, version=2)
        with pytest.raises(ActionInterdite):
            abandon_clauses(jeu=jeu, acteur=who)


def test_who_was_faster_is_told_and_the_same_words_twice_are_one_save(monde: Monde):
    other = holder(Role.DIRECTION_TERRITOIRES, monde.epci, nom="Seconde")
    clause = write(monde, "Un autre objet.", who=other)
    write(monde, "Un autre objet.", version=1)
    with pytest.raises(Conflit, match="Seconde a modifié cet article"):
        write(monde, "Mon objet.", version=1)
    assert Clause.objects.get(pk=clause.pk).texte == "Un autre objet."
    assert Evenement.objects.filter(type="clauses.modifie").count() == 1


def test_two_articles_are_written_at_the_same_time(monde: Monde):
    first, second = (Clause.objects.get(jeu=draft(monde), article=n) for n in (1, 2))
    for clause in (first, second):
        save_clause(clause=clause, acteur=monde.direction, version=1, titre=clause.titre, texte="Autre.")
    assert Clause.objects.filter(texte="Autre.").count() == 2


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"titre": "  "}, "Donnez un titre"),
        ({"titre": "a" * 151}, "150 caractères"),
        ({"titre": "{Nom de la commune}"}, "Un titre ne prend pas de champ"),
        ({"texte": " \n "}, "Écrivez le texte"),
        ({"texte": "a" * 20001}, "20\u202f000 caractères"),
        ({"texte": "{Nom du maire}"}, "Article 1 – Objet : Le champ {Nom du maire} n'existe pas"),
    ],
)
def test_what_cannot_be_saved_is_told(monde: Monde, change: dict[str, str], phrase: str):
    with pytest.raises(Refus) as refus:
        write(monde, **({"texte": "Un objet."} | change))
    assert phrase in refus.value.message
    assert refus.value.field == next(iter(change))


def test_the_table_holds_one_draft_and_whole_clauses(monde: Monde):
    draft(monde)
    for make in (
        lambda: JeuClausesFactory(epci=monde.epci, numero=9, etat="brouillon", publie_at=None),
        lambda: JeuClausesFactory(epci=monde.epci, numero=2),
        lambda: JeuClausesFactory(epci=monde.epci, numero=8, publie_at=None),
        lambda: ClauseFactory(texte=""),
        lambda: ClauseFactory(article=13),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make()


# Rehearsal


def test_the_rehearsal_tells_each_contract_and_writes_nothing(monde: Monde):
    write(monde, "L'objet de {Nom de la commune}.")
    jeu = draft(monde)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        repetition = rehearse(jeu)
    assert all(query["sql"].lstrip().upper().startswith("SELECT") for query in seen.captured_queries)
    assert [one.nom for one in (ecart.apres for ecart in repetition.changes)] == ["Article 1 – Objet"]
    assert [str(one.version.commune) for one in repetition.contrats] == ["L'Haÿ-les-Roses", "Œuilly"]
    passage = repetition.contrats[1].passages[0]
    assert "Le présent contrat fixe le cadre" in passage.avant
    assert passage.apres == "<p>L'objet de Œuilly.</p>"
    assert repetition.publiable


def test_what_is_rehearsed_is_what_is_printed(monde: Monde):
    VersionContratFactory(contrat__epci=monde.epci, contrat__commune=monde.c)
    texte = " ".join(f"{{{name}}}" for name in CHAMPS)
    write(monde, texte)
    jeu = draft(monde)
    after = {one.version.pk: one.passages[0].apres for one in rehearse(jeu).contrats}
    JeuClauses.objects.filter(pk=jeu.pk).update(etat="publie", publie_at=monde.cycle.ouvert_at)
    for version in VersionContrat.objects.filter(epci=monde.epci).order_by("pk"):
        assert articles(version)["1"] == after[version.pk]


def test_an_empty_field_prevents_publishing_and_settling(monde: Monde):
    orphan = VersionContratFactory(contrat__epci=monde.epci, contrat__commune=monde.c)
    orphan.commune.appartenances.update(pole=None)
    write(monde, "Le {Pôle de la commune} sert la commune.")
    repetition = rehearse(draft(monde))
    assert [str(d) for one in repetition.contrats for d in one.defauts] == [
        "Article 1 – Objet : le champ {Pôle de la commune} est vide."
    ]
    with pytest.raises(Refus, match="corrigez les erreurs de la répétition"):
        publish(monde)
    JeuClauses.objects.filter(pk=draft(monde).pk).update(etat="publie", publie_at=monde.cycle.ouvert_at)
    assert "Article 1 – Objet : le champ {Pôle de la commune} est vide." in missing_to_settle(orphan)
    assert not [one for one in missing_to_settle(monde.a.version) if "Pôle" in one]


def test_a_fault_of_writing_prevents_publishing_even_without_a_contract(monde: Monde):
    VersionContrat.objects.filter(epci=monde.epci).update(etat="projet")
    clause = write(monde, "Un autre objet.")
    Clause.objects.filter(pk=clause.pk).update(texte="{Champ retiré}")
    repetition = rehearse(draft(monde))
    assert [str(one) for one in repetition.fautes] == [
        "Article 1 – Objet : Le champ {Champ retiré} n'existe pas."
    ]
    assert not repetition.publiable and not any(one.defauts for one in repetition.contrats)


def test_the_rehearsal_costs_the_same_for_one_contract_or_many(monde: Monde):
    write(monde, "Un autre objet.")
    with CaptureQueriesContext(connection) as few:
        rehearse(draft_read(monde))
    VersionContratFactory(contrat__epci=monde.epci, contrat__commune=monde.c)
    with CaptureQueriesContext(connection) as many:
        rehearse(draft_read(monde))
    assert len(many) == len(few)


def draft_read(monde: Monde) -> JeuClauses:
    return JeuClauses.objects.select_related("epci").get(epci=monde.epci, etat="brouillon")


def test_nothing_to_publish_is_told(monde: Monde):
    with pytest.raises(Refus, match="Rien n'a changé"):
        publish(monde)


def test_what_changed_since_the_rehearsal_is_read_again(monde: Monde):
    write(monde, "Un autre objet.")
    jeu = draft(monde)
    write(monde, "Encore un autre objet.")
    with pytest.raises(Conflit, match="relisez-la"):
        publish_clauses(jeu=jeu, acteur=monde.direction, version=jeu.version)


def test_two_people_publish_when_the_epci_wants_so(monde: Monde):
    other = holder(Role.DIRECTION_TERRITOIRES, monde.epci, nom="Seconde")
    settings(monde, publication_a_deux=True)
    write(monde, "Un autre objet.")
    with pytest.raises(Refus, match="une autre personne"):
        publish(monde)
    assert publish(monde, other).publie_par == other


# Settings


def settings(monde: Monde, **changes: Any) -> ReglageContrat:
    reglage = ReglageContrat.objects.of(monde.epci)
    names = ("observation_jours", "conciliation_mois", "publication_a_deux")
    values = {name: getattr(reglage, name) for name in names} | changes
    return change_contract_settings(
        epci=monde.epci, acteur=monde.direction, **{"version": reglage.version, **values}
    )


def test_the_settings_are_printed_and_kept_by_reviews(monde: Monde):
    before = observation_end(monde.epci)
    settings(monde, observation_jours=15, conciliation_mois=3)
    assert "dispose de quinze jours" in articles(monde.a.version)["7"]
    assert "persiste trois mois" in articles(monde.a.version)["12"]
    assert observation_end(monde.epci) > before


def test_somebody_faster_is_told_and_the_same_values_change_nothing(monde: Monde):
    settings(monde, observation_jours=15)
    assert settings(monde, version=1, observation_jours=15).version == 2
    with pytest.raises(Conflit):
        settings(monde, version=1, observation_jours=10)
    assert Evenement.objects.filter(type="reglage_contrat.modifie").count() == 1


# What a contract keeps


def test_a_settled_text_keeps_its_clauses(monde: Monde):
    written(monde)
    move(monde, circuit.send_for_review)
    document = move(monde, circuit.settle).arrete
    assert document
    write(monde, "Un autre objet.")
    publish(monde)
    kept = Document.objects.get(pk=document.pk).source["contrat"]
    faits = read_facts(monde.epci, [present(monde.a.version)])[monde.a.version.pk]
    assert kept["articles"] == print_clauses(read_reference(), faits)["articles"]
    assert kept["considerants"][0].startswith("<p>Considérant que la commune a librement choisi")


def test_each_clause_of_a_set_beside_the_one_in_force(monde: Monde):
    write(monde, "Un autre objet.")
    changed = [ecart for ecart in compare(draft(monde)) if ecart.change]
    assert [(one.avant.article, one.html_apres) for one in changed] == [(1, "<p>Un autre objet.</p>")]
