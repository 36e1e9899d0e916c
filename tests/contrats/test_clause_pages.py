"""The pages of the clauses: what they show, what they refuse, what they keep of what was typed."""

from typing import Any

import pytest
from django.urls import reverse

from comptes.roles import Role
from contrats.models import Clause, JeuClauses
from tests.contrats.gestes import drafted_clauses_pk, present, words
from tests.factories import JeuClausesFactory, Monde, VersionContratFactory, holder

HOSTILE = '<img src="file:///etc/passwd"><script>alert(1)</script> Texte.'


@pytest.fixture
def draft(monde: Monde) -> JeuClauses:
    return JeuClauses.objects.get(**drafted_clauses_pk(monde))


def at(name: str, *args: Any) -> str:
    return reverse(f"contrats:{name}", args=args)


def clause(draft: JeuClauses, article: int = 1) -> Clause:
    return Clause.objects.get(jeu=draft, article=article)


def send(client: Any, draft: JeuClauses, article: int = 1, **data: Any) -> Any:
    found = clause(draft, article)
    typed = {"titre": found.titre, "texte": found.texte, "version": found.version} | data
    return client.post(at("clause_modifier", draft.pk, article), typed)


def test_the_list_says_what_the_draft_changes(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    page = words(client.get(at("clauses")))
    assert "Clauses n° 2, en préparation" in page
    assert "Article 1 – Objet modifié" in page and "Article 2" in page and "inchangé" in page


def test_the_others_of_the_epci_read_the_published_set_only(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.a.dgs)
    page = words(client.get(at("clauses")))
    assert "Clauses n° 1, publiées le 10 février 2027" in page
    assert "modifié" not in page and "Clauses n° 2" not in page
    assert "Seule la Direction des territoires prépare les clauses" in page
    published = JeuClauses.objects.get(epci=monde.epci, numero=1)
    assert "le cadre général dans lequel {le groupement}" in words(
        client.get(at("jeu_clauses", published.pk))
    )


def test_the_list_is_taken_away(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    sheet = client.get(at("clauses"), {"format": "csv"}).content.decode()
    assert "Objet" in sheet and "modifié" in sheet and sheet.count("inchangé") == 12
    client.force_login(monde.a.dgs)
    assert "modifié" not in client.get(at("clauses"), {"format": "csv"}).content.decode()


def test_the_preview_writes_nothing(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    shown = send(client, draft, texte="Pour {Nom de la commune}.", apercu="oui", contrat=monde.b.version.pk)
    assert shown.status_code == 200
    assert "Pour Œuilly." in words(shown) and "Pour {Nom de la commune}." in shown.content.decode()
    assert "Pour" not in clause(draft).texte
    without = send(client, draft, texte="Pour {Nom de la commune}.", apercu="oui", contrat="")
    assert "<mark>{Nom de la commune}</mark>" in without.content.decode()
    broken = send(client, draft, texte="Pour {Nom", apercu="oui", contrat=monde.b.version.pk)
    assert "Pour {Nom" in words(broken)


def test_the_contract_of_another_epci_is_no_preview(monde: Monde, client: Any, draft: JeuClauses):
    foreign = VersionContratFactory(contrat__epci=monde.epci_voisin)
    client.force_login(monde.direction)
    shown = send(client, draft, texte="{Nom de la commune}", apercu="oui", contrat=foreign.pk)
    assert str(foreign.commune) not in words(shown)


def test_what_is_pasted_is_shown_as_text(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    assert send(client, draft, texte=HOSTILE).status_code == 302
    for page in (at("jeu_clauses", draft.pk), at("clauses"), at("clauses_repetition", draft.pk)):
        html = client.get(page).content.decode()
        assert "&lt;script&gt;" in html and "<script>alert" not in html and "<img src=" not in html


@pytest.mark.parametrize(
    ("typed", "phrase"),
    [
        ({"texte": "Le {Nom du maire}"}, "Le champ {Nom du maire} n'existe pas"),
        ({"texte": ""}, "Écrivez le texte de cet article"),
        ({"titre": ""}, "Donnez un titre à cet article"),
        ({"texte": "a" * 20001}, "Écrivez au plus 20 000 caractères"),
    ],
)
def test_a_refusal_keeps_what_was_typed(
    monde: Monde, client: Any, draft: JeuClauses, typed: dict[str, str], phrase: str
):
    client.force_login(monde.direction)
    refused = send(client, draft, **({"texte": "Un texte tout neuf.", "titre": "Titre neuf"} | typed))
    assert refused.status_code == 422
    assert phrase in words(refused)
    kept = refused.content.decode()
    assert (typed.get("texte") or "Un texte tout neuf.")[:60] in kept or "texte" in typed
    assert clause(draft).titre == "Objet"


def test_a_conflict_shows_both_texts_and_can_be_settled(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(holder(Role.DIRECTION_TERRITOIRES, monde.epci, nom="Seconde"))
    assert send(client, draft, texte="Le texte de la seconde.").status_code == 302
    client.force_login(monde.direction)
    conflict = send(client, draft, texte="Mon texte.", version=2)
    assert conflict.status_code == 409
    page = words(conflict)
    assert "Seconde a modifié cet article entre-temps" in page and "Le texte de la seconde." in page
    assert "Mon texte." in conflict.content.decode()
    assert send(client, draft, texte="Mon texte.", version=3).status_code == 302
    assert clause(draft).texte == "Mon texte."


def test_the_rehearsal_opens_one_contract_side_by_side(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    page = words(client.get(at("clauses_repetition", draft.pk), {"contrat": monde.b.version.pk}))
    assert "Le contrat de Œuilly dit le service rendu par la Métropole." in page
    assert "1 clause modifiée ; 2 contrats en préparation" in page


def test_publishing_then_the_rehearsal_is_gone(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    draft.refresh_from_db()
    stale = client.post(at("clauses_publier", draft.pk), {"version": draft.version - 1})
    assert stale.status_code == 409 and "relisez-la" in words(stale)
    for _ in range(2):  # pressed twice
        assert client.post(at("clauses_publier", draft.pk), {"version": draft.version}).status_code == 302
    assert client.get(at("clauses_repetition", draft.pk)).status_code == 404
    assert client.get(at("clause_modifier", draft.pk, 1)).status_code == 403
    read = words(client.get(at("lire", present(monde.a.version).pk)))
    assert "Le contrat de L'Haÿ-les-Roses dit le service rendu par la Métropole." in read
    told = words(client.get(reverse("journal:historique", args=["contrats.jeuclauses", draft.pk])))
    assert "publiées" in told and "Article 1 – Objet modifié" in told


def test_a_title_changed_is_the_one_that_remarks_name(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    send(client, draft, 12, titre="Désaccords")
    draft.refresh_from_db()
    client.post(at("clauses_publier", draft.pk), {"version": draft.version})
    monde.a.version.etat = "en_relecture"
    monde.a.version.save()
    assert "Article 12 – Désaccords" in words(client.get(at("circuit", monde.a.version.pk)))


def test_a_draft_is_given_up_after_asking(monde: Monde, client: Any, draft: JeuClauses):
    client.force_login(monde.direction)
    assert "Abandonner" in words(client.get(at("clauses_abandonner", draft.pk)))
    assert client.post(at("clauses_abandonner", draft.pk), {"confirmer": "oui"}).status_code == 302
    assert not JeuClauses.objects.filter(pk=draft.pk).exists()


def test_the_settings_are_said_and_changed(monde: Monde, client: Any):
    client.force_login(monde.direction)
    values = {"observation_jours": 10, "conciliation_mois": 3, "publication_a_deux": "on", "version": 1}
    assert client.post(at("reglages_contrats"), values).status_code == 302
    page = words(client.get(at("clauses")))
    assert "10 jours" in page and "à deux" in page
    stale = client.post(at("reglages_contrats"), values | {"observation_jours": 12})
    assert stale.status_code == 409
    assert client.post(at("reglages_contrats"), values | {"observation_jours": 0}).status_code == 422


def test_a_set_of_another_epci_does_not_exist(monde: Monde, client: Any):
    foreign = JeuClausesFactory(epci=monde.epci_voisin)
    client.force_login(monde.direction)
    assert client.get(at("jeu_clauses", foreign.pk)).status_code == 404
