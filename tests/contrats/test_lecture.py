"""The HTML twin of a contract: the same data as its PDF, drafted, settled or to sign."""

import re
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from contrats.avenant import template_of
from contrats.models import VersionContrat
from contrats.workflows import circuit
from contrats.workflows.avenant import abandon
from contrats.workflows.clause import begin_clauses, publish_clauses, save_clause
from documents.models import Document
from tests.contrats.gestes import amended, confirmed, move, present, settled, through, to_sign, words
from tests.factories import DocumentFactory, Monde


def read(client: Any, version: VersionContrat, **query: str) -> str:
    return words(client.get(reverse("contrats:lire", args=[version.pk]), query))


def test_a_draft_is_read_as_of_today(monde: Monde, client: Any):
    client.force_login(monde.a.lecteur)
    page = read(client, monde.a.version)
    assert "Le texte et les données d'aujourd'hui, 10 février 2027" in page
    for said in (
        "Article 12 – Différends",
        "Annexe E – Registre",
        "Annexe A.1 – fonction",
        "la Métropole s'engage",
    ):
        assert said.lower() in page.lower()
    html = client.get(reverse("contrats:lire", args=[monde.a.version.pk])).content.decode()
    for anchor in ("parties", "article-1", "article-12", "annexe-a", "fiche-1", "annexe-e"):
        assert f'href="#{anchor}"' in html and f'id="{anchor}"' in html
    assert "qr:" not in html


def test_a_settled_text_is_read_as_frozen(monde: Monde, client: Any):
    version = settled(monde)
    assert version.arrete
    jeu = begin_clauses(epci=monde.epci, acteur=monde.direction)
    clause = jeu.clauses.get(article=1)
    save_clause(clause=clause, acteur=monde.direction, version=1, titre="Objet", texte="Un autre objet.")
    jeu.refresh_from_db()
    publish_clauses(jeu=jeu, acteur=monde.direction, version=jeu.version)
    client.force_login(monde.a.dgs)
    page = read(client, version)
    assert f"Texte arrêté pour vote {version.arrete.reference}, tel qu'il a été figé" in page
    assert "Un autre objet." not in page and "le cadre général" in page
    html = client.get(reverse("contrats:lire", args=[version.pk])).content.decode()
    assert version.arrete.source["contrat"]["verification"]["empreinte"] in html
    move(monde, circuit.reopen, motif="Un oubli.")
    assert "Un autre objet." in read(client, version)


def test_a_copy_to_sign_leads_to_the_text_voted(monde: Monde, client: Any):
    version = to_sign(monde)
    assert version.arrete and version.a_signer
    client.force_login(monde.a.maire)
    page = read(client, version)
    assert f"Exemplaire à signer {version.a_signer.reference}" in page and "2027-612" in page
    voted = read(client, version, texte="arrete")
    assert f"Texte arrêté pour vote {version.arrete.reference}" in voted and "2027-612" not in voted


def test_a_document_frozen_before_its_articles_were_data_says_so(monde: Monde, client: Any):
    version = settled(monde)
    assert version.arrete
    data = {name: value for name, value in version.arrete.source["contrat"].items() if name != "articles"}
    former = DocumentFactory(epci=monde.epci, commune=monde.a.commune, source={"contrat": data})
    VersionContrat.objects.filter(pk=version.pk).update(arrete=former)
    client.force_login(monde.a.dgs)
    assert "lisez le PDF" in read(client, version)


def test_a_communaute_reads_its_own_word(monde: Monde, client: Any):
    monde.epci.type = "CA"
    monde.epci.save()
    client.force_login(monde.a.dgs)
    page = read(client, monde.a.version)
    assert "2.1 La Communauté" in page and "Pour la Communauté" in page and "Métropole s'" not in page


def fragments(html: str) -> list[str]:
    """Each piece of text between two tags of a body, « 1er » in one piece, as a reader takes it."""
    body = re.sub(r"</?sup>", "", html).partition("<body")[2].partition(">")[2]
    plain = re.sub(r"\s+", " ", unescape(body).replace("’", "'"))
    return [text for one in re.split(r"<[^>]+>", plain) if (text := one.strip().casefold())]


def twin(client: Any, version: VersionContrat, **query: str) -> str:
    html = client.get(reverse("contrats:lire", args=[version.pk]), query).content.decode()
    return " ".join(fragments(html))


def missing(document: Document, page: str) -> set[str]:
    """What the PDF of a document prints, from the template that prints it, and is not on a page."""
    data = document.source["contrat"]
    html = render_to_string(template_of(data), {"contrat": data, "document": document.reference})
    return {one for one in fragments(html) if one not in page}


def test_all_that_the_contract_prints_is_on_its_page(monde: Monde, client: Any):
    version = to_sign(monde)
    assert version.a_signer
    client.force_login(monde.a.maire)
    assert missing(version.a_signer, twin(client, version)) == set()


@pytest.fixture
def avenant(monde: Monde) -> VersionContrat:
    """An avenant to sign, which changes long and short values of a fiche."""
    return through(amended(monde, horaires="Jour", niveau_attendu="Un jour. " * 30), monde.direction)


def test_all_that_the_act_of_an_avenant_prints_is_on_its_page(
    monde: Monde, client: Any, avenant: VersionContrat
):
    assert avenant.a_signer and avenant.arrete
    client.force_login(monde.a.maire)
    for document, query in ((avenant.a_signer, {}), (avenant.arrete, {"texte": "arrete"})):
        page = twin(client, avenant, **query)
        assert missing(document, page) == set()
        assert "annexe 2 – ce qui change, valeur par valeur" in page and "article 12 –" not in page


def test_the_act_leads_to_the_whole_contract_and_back(monde: Monde, client: Any, avenant: VersionContrat):
    client.force_login(monde.a.maire)
    act = client.get(reverse("contrats:lire", args=[avenant.pk]))
    assert "?partie=entier" in act.content.decode()
    whole = twin(client, avenant, partie="entier")
    assert "article 12 – différends" in whole and "annexe 2 –" not in whole
    assert "seuls le contrat et ses avenants signés font foi" in whole
    for anchor in ("parties", "avenant-1", "avenant-4", "signatures", "annexe-1", "fiche-1", "annexe-2"):
        assert f'href="#{anchor}"' in act.content.decode() and f'id="{anchor}"' in act.content.decode()


def test_once_signed_the_whole_contract_is_the_consolidated_text(
    monde: Monde, client: Any, avenant: VersionContrat
):
    confirmed(avenant, monde.direction)
    document = present(avenant).consolide
    assert document
    client.force_login(monde.a.maire)
    page = twin(client, avenant, partie="entier")
    assert missing(document, page) == set()
    assert f"version consolidée {document.reference}".casefold() in page


def test_a_draft_of_an_avenant_reads_as_its_act(monde: Monde, client: Any):
    version = amended(monde, horaires="Jour")
    client.force_login(monde.a.lecteur)
    page = twin(client, version)
    assert "il porte sur ce qui suit : réponse sous un jour" in page and "projet" in page
    assert "article 12 – différends" in twin(client, version, partie="entier")


def test_who_reads_some_fiches_only_does_not_read_the_act(monde: Monde, client: Any, avenant: VersionContrat):
    client.force_login(monde.a.referent)
    assert client.get(reverse("contrats:lire", args=[avenant.pk])).status_code == 403


def test_a_signed_text_is_told_signed_and_leads_to_its_copy(monde: Monde, client: Any):
    version = to_sign(monde)
    exemplaire = confirmed(version, monde.direction)
    client.force_login(monde.a.maire)
    page = read(client, version)
    assert version.a_signer and f"Signé {version.a_signer.reference}" in page and "puis signé" in page
    assert f"Exemplaire à signer {version.a_signer.reference}" not in page
    html = client.get(reverse("contrats:lire", args=[version.pk])).content.decode()
    assert reverse("contrats:exemplaire", args=[exemplaire.pk]) in html


def test_a_text_given_up_is_no_draft(monde: Monde, client: Any):
    version = present(monde.a.version)
    abandon(version=version, acteur=monde.direction, lue=version.version, motif="La commune renonce.")
    client.force_login(monde.direction)
    page = read(client, version)
    assert "Abandonné" in page and "n'engage personne" in page and "change avec elles" not in page
    html = client.get(reverse("contrats:lire", args=[version.pk])).content.decode()
    assert reverse("contrats:projet_pdf", args=[version.pk]) not in html
