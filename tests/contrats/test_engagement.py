"""The fiche d'engagement: read by both sides, written on one page, nothing typed is lost."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from contrats.forms.contrat import EngagementForm
from contrats.models import Engagement, Indicateur
from contrats.workflows.contrat import save_engagement
from journal.models import Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit
from tests.contrats.gestes import settled
from tests.contrats.gestes_fiche import BLANK, opened, row_at
from tests.factories import EngagementFactory, Monde, domaine

INDICATOR = {
    "libelle": "Délai",
    "unite": "jours",
    "reference": "9",
    "cible": "5,5",
    "tolerance": "0.25",
    "sens": "baisse",
}


@pytest.fixture
def fiche(monde: Any) -> Engagement:
    return Engagement.objects.get(pk=monde.a.engagement.pk)


def form(*rows: dict[str, str], version: int = 1, **values: Any) -> dict[str, Any]:
    """What the page posts: every field of the fiche left empty but the choices, then the rows of indicators."""
    data: dict[str, Any] = dict.fromkeys(EngagementForm.base_fields, "")
    data |= {
        "urgence_accuse_heures": "1",
        "urgence_decision_heures": "4",
        "rythme": "mensuel",
        "version": version,
    }
    data |= {"exceptionnel_accuse_jours": "1", "exceptionnel_decision_jours": "10"}
    data |= {"indicateurs-TOTAL_FORMS": str(len(rows) + 1), "indicateurs-INITIAL_FORMS": "0", **values}
    blank = dict.fromkeys(INDICATOR, "")
    for rank, row in enumerate((*rows, blank)):
        data |= {f"indicateurs-{rank}-{name}": value for name, value in row.items()}
    return data


def url(fiche: Engagement) -> str:
    return reverse("contrats:engagement_modifier", args=[fiche.pk])


def post(client: Any, user: Any, fiche: Engagement, data: dict[str, Any]) -> Any:
    client.force_login(user)
    return client.post(url(fiche), data)


def html(response: Any) -> str:
    text: str = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_saved_on_one_page(monde: Any, client: Any, fiche: Engagement) -> None:
    data = form(INDICATOR, missions="Entretenir.\r\nRéparer.", rythme="trimestriel", urgence_jour_nuit="on")
    response = post(client, monde.a.dgs, fiche, data)
    assert response["Location"] == reverse("contrats:engagement", args=[fiche.pk])
    fiche.refresh_from_db()
    assert (fiche.missions, fiche.rythme, fiche.urgence_jour_nuit, fiche.version) == (
        "Entretenir.\nRéparer.",
        "trimestriel",
        True,
        2,
    )
    row = fiche.indicateurs.get()
    assert (row.reference, row.cible, row.tolerance, row.sens) == (
        Decimal(9),
        Decimal("5.5"),
        Decimal("0.25"),
        "baisse",
    )
    event = Evenement.objects.about(fiche)[0]
    assert event.type == "engagement.modifie" and event.acteur == monde.a.dgs


def test_rows_are_added_kept_emptied_and_removed(monde: Any, client: Any, fiche: Engagement) -> None:
    names = ("Un", "Deux", "Trois")
    post(client, monde.direction, fiche, form(*[{**INDICATOR, "libelle": name} for name in names]))
    client.force_login(monde.direction)
    page = html(client.get(url(fiche)))
    assert page.count("(ligne libre)") == 3 and 'value="5,5"' in page and 'value="9"' in page
    ticked, emptied = row_at(0, DELETE="on"), row_at(1, **BLANK)
    post(client, monde.direction, fiche, opened(fiche) | ticked | emptied)
    assert list(fiche.indicateurs.order_by("ordre").values_list("libelle", flat=True)) == ["Trois"]


def test_a_conflict_keeps_what_was_typed_and_says_who(monde: Any, client: Any, fiche: Engagement) -> None:
    save_engagement(
        engagement=fiche,
        acteur=monde.direction,
        version=1,
        valeurs={"missions": "De la Direction"},
        indicateurs=[],
    )
    response = post(client, monde.a.dgs, fiche, form(INDICATOR, missions="Du DGS <script>"))
    page = html(response)
    assert response.status_code == 409
    assert "Du DGS &lt;script&gt;" in response.content.decode()
    assert "De la Direction" in page and str(monde.direction) in page and 'value="5,5"' in page
    assert 'name="version" value="2"' in page
    assert post(client, monde.a.dgs, fiche, form(INDICATOR, missions="Du DGS", version=2)).status_code == 302
    fiche.refresh_from_db()
    assert (fiche.missions, fiche.version) == ("Du DGS", 3)


def test_an_old_version_is_refused_by_the_workflow(monde: Any, fiche: Engagement) -> None:
    save_engagement(engagement=fiche, acteur=monde.direction, version=1, valeurs={"limites": "A"})
    with pytest.raises(Conflit):
        save_engagement(engagement=fiche, acteur=monde.direction, version=1, valeurs={"limites": "B"})
    fiche.refresh_from_db()
    assert fiche.limites == "A"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"missions": "é" * 20_001}, "20000"),
        ({"urgence_accuse_heures": "8"}, "La décision ne peut pas précéder"),
        ({"exceptionnel_accuse_jours": "0"}, "La décision ne peut pas précéder"),
        ({"urgence_decision_heures": "beaucoup"}, "nombre entier"),
        ({"rythme": "quotidien"}, "choix valide"),
    ],
)
def test_faults_are_said_and_nothing_is_saved(
    monde: Any, client: Any, fiche: Engagement, values: dict[str, str], words: str
) -> None:
    response = post(client, monde.direction, fiche, form(limites="Ce que j'ai écrit", **values))
    assert response.status_code == 422
    page = html(response)
    assert words in page.replace("20 000", "20000") and "Ce que j'ai écrit" in page
    fiche.refresh_from_db()
    assert (fiche.limites, fiche.version) == ("", 1)


@pytest.mark.parametrize(
    "change", [{"cible": ""}, {"cible": "beaucoup"}, {"sens": ""}, {"tolerance": "-1"}, {"cible": "1e400"}]
)
def test_a_wrong_indicator_is_said_on_its_row(
    monde: Any, client: Any, fiche: Engagement, change: dict[str, str]
) -> None:
    response = post(client, monde.direction, fiche, form({**INDICATOR, **change}))
    assert response.status_code == 422 and "Délai" in html(response)
    assert not Indicateur.objects.exists()


def test_twenty_thousand_characters_with_line_ends_fit(monde: Any, client: Any, fiche: Engagement) -> None:
    text = "a\r\n" * 9_999 + "b"
    assert post(client, monde.direction, fiche, form(missions=text)).status_code == 302
    fiche.refresh_from_db()
    assert len(fiche.missions) == 19_999


def test_html_is_shown_as_text(monde: Any, client: Any, fiche: Engagement) -> None:
    text = '<img src="file:///etc/passwd"> <b>gras</b> & « Œuilly »'
    post(client, monde.direction, fiche, form(niveau_attendu=text))
    raw = client.get(reverse("contrats:engagement", args=[fiche.pk])).content.decode()
    assert "&lt;img src=" in raw and "<img" not in raw and "<b>gras" not in raw


def test_signs_that_would_not_print_are_told(monde: Any, client: Any, fiche: Engagement) -> None:
    client.force_login(monde.direction)
    page = reverse("contrats:engagement", args=[fiche.pk])
    post(client, monde.direction, fiche, form(missions="Très bien, 4 m² à 20 °C : « œuvre »…"))
    assert "ne s'impriment pas" not in html(client.get(page)).replace("’", "'")
    post(client, monde.direction, fiche, form(missions="Bien 🚧 👍 🚧", version=2))
    assert "ne s'impriment pas : 🚧 👍 Le contrat" in " ".join(
        re.sub("<[^>]*>", "", html(client.get(page)).replace("’", "'")).split()
    )


def test_an_issued_version_is_not_edited(
    monde: Any, fiche: Engagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    fiche.version_contrat.etat = "signe"
    assert not fiche.abilities_for(monde.direction)["modifier"]


def test_constraints_hold_in_the_workflow(monde: Any, fiche: Engagement) -> None:
    with pytest.raises(ValidationError):
        save_engagement(
            engagement=fiche, acteur=monde.direction, version=1, valeurs={"urgence_accuse_heures": 9}
        )
    with pytest.raises(ActionInterdite):
        save_engagement(engagement=fiche, acteur=monde.a.lecteur, version=1, valeurs={"missions": "x"})


RIGHTS = [
    ("direction", 200, 200),
    ("a.dgs", 200, 200),
    ("a.referent", 200, 200),
    ("responsable", 200, 200),
    ("directeur", 200, 403),
    ("a.maire", 200, 403),
    ("a.lecteur", 200, 403),
    ("a.collaborateur", 200, 403),
    ("administrateur", 200, 403),
    ("responsable_autre", 404, 404),
    ("b.dgs", 404, 404),
    ("b.referent", 404, 404),
    ("direction_voisine", 404, 404),
]


@pytest.mark.parametrize(("who", "read", "write"), RIGHTS)
def test_who_reads_and_who_writes(
    monde: Any, client: Any, fiche: Engagement, who: str, read: int, write: int
) -> None:
    user = monde
    for name in who.split("."):
        user = getattr(user, name)
    client.force_login(user)
    response = client.get(reverse("contrats:engagement", args=[fiche.pk]))
    assert response.status_code == read
    assert (b"Modifier la fiche" in response.content) == (write == 200)
    assert client.get(url(fiche)).status_code == write
    assert client.post(url(fiche), form(missions="x")).status_code == (302 if write == 200 else write)


def test_the_fiche_tells_both_sides_and_the_reviews(monde: Any, client: Any, fiche: Engagement) -> None:
    Indicateur.objects.create(
        engagement=fiche,
        libelle="Rebouchage",
        unite="jours",
        reference=9,
        cible=5,
        tolerance=1,
        sens="baisse",
    )
    client.force_login(monde.a.dgs)
    page = html(client.get(reverse("contrats:engagement", args=[fiche.pk])))
    assert str(monde.responsable) in page and str(monde.a.referent).replace("'", "’") in page
    assert "sous 1 heure ouvrée" in page and "sous 10 jours ouvrés" in page
    assert "pas encore mesuré" in page and "Rebouchage" in page
    assert "Prochaine revue : samedi 20 février 2027 à 10 h" in page
    assert "Dernière revue : 20 janvier 2027, tenue" in page


def test_vacant_seats_and_missing_texts_are_said(monde: Any, client: Any) -> None:
    bare = EngagementFactory(version_contrat=monde.a.version, domaine=domaine(monde.epci, "DC"))
    client.force_login(monde.direction)
    page = html(client.get(reverse("contrats:engagement", args=[bare.pk])))
    assert page.count("siège vacant") == 2
    assert "Il manque les missions" in page and "un indicateur au moins" in page
    assert "À compléter avec la commune." in page


def test_a_fiche_no_longer_in_preparation_leads_to_the_text_not_to_a_draft(monde: Monde, client: Client):
    engagement = settled(monde).engagements.get()
    client.force_login(monde.a.dgs)
    html = client.get(reverse("contrats:engagement", args=[engagement.pk])).content.decode()
    assert reverse("contrats:lire", args=[engagement.version_contrat_id]) in html
    assert reverse("contrats:projet_pdf", args=[engagement.version_contrat_id]) not in html
    assert "projet pour" not in html
