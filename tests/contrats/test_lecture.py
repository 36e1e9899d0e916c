"""The HTML twin of a contract: the same data as its PDF, drafted, settled or to sign."""

from typing import Any

from django.urls import reverse

from contrats.models import VersionContrat
from contrats.workflows import circuit
from contrats.workflows.clause import begin_clauses, publish_clauses, save_clause
from tests.contrats.gestes import move, settled, to_sign, words
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
