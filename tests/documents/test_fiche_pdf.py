"""A fiche as nobody would write it: it prints, whole, inside its pages."""

import io
from typing import Any

import pikepdf

from documents.controle import check_pdf
from tests.documents import exemples
from tests.documents.test_modeles_pdf import layout, overflowing, texts

ENDLESS = "Anticonstitutionnellement" * 160
WORD = (
    '<p class="MsoNormal"><o:p></o:p><span style="mso-fareast-language:FR">Réponse sous <b>deux</b> jours</span></p>'
    '<!--[if gte mso 9]><xml></xml><![endif]--><img src="file:///etc/passwd"><img src="http://192.0.2.1/x.png">'
)


def torture() -> dict[str, Any]:
    """One fiche: 20,000 characters, an endless word, emoji, right-to-left, pasted markup, 40 indicators, a long programme."""
    contexte = exemples.contrat(domaines=1)
    contexte["fiches"][0] |= {
        "missions": ("Le service entretient la voirie et rend compte chaque mois. " * 340)[:20000],
        "limites": ENDLESS,
        "evaluation_prealable": "Très bien 👍🏽 🚧 👨‍👩‍👧 puis مرحبا بالعالم et שלום עולם. " * 20,
        "niveau_attendu": WORD * 6,
        "engagements_epci": "\u202eÀ l'envers\u202c puis à l'endroit.",
        "programme": [
            {"libelle": ENDLESS[:300], "quand": "toute l'année"},
            {"libelle": "Curage 🚧", "quand": ENDLESS[:200]},
        ]
        * 3,
        "indicateurs": [
            {
                "libelle": f"Mesure {rank} {ENDLESS[:180]}",
                "unite": ENDLESS[:60],
                "reference": None,
                "cible": 9_999_999_999.99,
                "tolerance": 1,
                "sens": "baisse",
            }
            for rank in range(40)
        ],
    }
    return contexte


def test_it_stays_inside_its_pages_without_orphan_heading() -> None:
    document = layout("contrat", torture())
    assert overflowing(document) == []
    last = [list(texts(page))[-1] for page in document.pages]
    assert [box.text for box, tag in last if tag in ("h2", "h3", "h4")] == []
    said = [box.text for page in document.pages for box, _ in texts(page)]
    assert sum(text.startswith("Mesure ") for text in said) == 40, "every indicator is there"


def test_it_meets_the_standards_and_fetches_nothing() -> None:
    """The markup pasted is printed as it was typed: no image is asked for (the tests have no network, nor file to read)."""
    made = exemples.pdf("contrat", torture())
    assert check_pdf(made) == []
    images = [page.get_images() for page in pikepdf.open(io.BytesIO(made)).pages]
    assert [dict(found) for found in images if found] == []


def test_the_programme_of_the_year_is_printed_where_there_is_one() -> None:
    page = exemples.page("contrat", exemples.contrat())
    assert page.count("<h4>Programme 2028</h4>") == 1
    assert "Curage des avaloirs du centre (2" in page and "de mars à mai" in page
