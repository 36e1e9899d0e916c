import io
import subprocess
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import weasyprint
from PIL import Image
from weasyprint.formatting_structure import boxes

from documents import rendu
from documents.controle import check_pdf
from tests.documents import exemples

SANS_FIN = "Anticonstitutionnellement" * 40


@pytest.fixture(scope="module")
def complet() -> bytes:
    """18 domains, 130 activities, all annexes, as a project."""
    return exemples.pdf("contrat", exemples.contrat())


@pytest.fixture(scope="module")
def court() -> bytes:
    """Two domains, issued for good."""
    return exemples.pdf("contrat", exemples.contrat(domaines=2, projet=False))


@lru_cache(maxsize=4)
def opened(octets: bytes) -> pikepdf.Pdf:
    """For reading. Kept: pikepdf's attachments and pages do not outlive the Pdf they came from."""
    return pikepdf.open(io.BytesIO(octets))


def running_texts(page: pikepdf.Page) -> int:
    marks = [operands for operands, operator in pikepdf.parse_content_stream(page) if str(operator) == "BDC"]
    return sum(str(tag) == "/Artifact" for tag, _ in marks)


def layout(gabarit: str, contexte: dict[str, Any]) -> weasyprint.Document:
    source = weasyprint.HTML(string=exemples.page(gabarit, contexte), url_fetcher=rendu.Fetcher())
    rendu._prepare(source.etree_element)
    return source.render(font_config=rendu._fonts())


def texts(page: Any) -> Iterator[tuple[Any, str]]:
    """Text boxes of a page with the tag of their element, running texts apart."""
    for child in page._page_box.children:
        if not isinstance(child, boxes.MarginBox):
            yield from (
                (box, box.element_tag or "")
                for box in child.descendants()
                if isinstance(box, boxes.TextBox) and box.text.strip()
            )


def overflowing(document: weasyprint.Document) -> list[str]:
    """Texts that pass the right margin of their page, in layout."""
    return [
        box.text
        for page in document.pages
        for box, _ in texts(page)
        if box.position_x + box.width > page.width - page._page_box.margin_right + 0.5
    ]


# Standards


def test_the_full_contract_meets_both_standards(complet: bytes) -> None:
    assert check_pdf(complet) == []


@pytest.mark.parametrize("gabarit", ["accuse", "compte_rendu"])
def test_short_documents_meet_both_standards(gabarit: str) -> None:
    assert check_pdf(exemples.pdf(gabarit, exemples.GABARITS[gabarit]())) == []


def test_only_source_sans_pro_is_embedded(complet: bytes) -> None:
    fonts = [
        o
        for o in opened(complet).objects
        if isinstance(o, pikepdf.Dictionary) and o.get("/Subtype") == "/Type0"
    ]
    assert {str(font.BaseFont).partition("+")[2] for font in fonts} == {
        "Source-Sans-Pro",
        "Source-Sans-Pro-Semi-Bold",
        "Source-Sans-Pro-Italic",
    }


def test_the_source_data_travel_inside(court: bytes) -> None:
    assert b'"numero": "C-2028-019"' in opened(court).attachments["donnees.json"].get_file().read_bytes()


def test_the_same_contract_gives_the_same_bytes(court: bytes) -> None:
    assert exemples.pdf("contrat", exemples.contrat(domaines=2, projet=False)) == court


# What the check sees


def _root(pdf: pikepdf.Pdf, key: str) -> None:
    del pdf.Root[key]


def _first(pdf: pikepdf.Pdf, kind: str) -> pikepdf.Dictionary:
    return next(o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == kind)


def _annotation(pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
    return next(page.obj.Annots[0] for page in pdf.pages if "/Annots" in page.obj)


def _font(pdf: pikepdf.Pdf, key: str) -> pikepdf.Dictionary:
    return next(o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and key in o)


def _xmp(pdf: pikepdf.Pdf, old: bytes, new: bytes) -> None:
    pdf.Root.Metadata = pdf.make_stream(
        pdf.Root.Metadata.read_bytes().replace(old, new), Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
    )


def _figure(pdf: pikepdf.Pdf) -> None:
    _first(pdf, "/P").S = pikepdf.Name.Figure


def _paint(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"0 0 10 10 re f", prepend=False)


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pdf.make_indirect(
        pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
    )


def _launch(pdf: pikepdf.Pdf) -> None:
    annotation = _annotation(pdf)
    annotation.A = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("x"))


def _rename(kind: str, other: str) -> Callable[[pikepdf.Pdf], None]:
    return lambda pdf: _first(pdf, kind).__setattr__("S", pikepdf.Name(other))


DEFAUTS: list[tuple[Callable[[pikepdf.Pdf], Any], str]] = [
    (lambda pdf: _root(pdf, "/Metadata"), "métadonnées XMP manquent"),
    (lambda pdf: _xmp(pdf, b'pdfaid:part="3"', b'pdfaid:part="2"'), "PDF/A-3a"),
    (lambda pdf: _xmp(pdf, b'conformance="A"', b'conformance="B"'), "PDF/A-3a"),
    (lambda pdf: _xmp(pdf, b"<pdfuaid:part>1</pdfuaid:part>", b""), "PDF/UA-1"),
    (
        lambda pdf: _xmp(pdf, b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>", b""),
        "schéma de l'identifiant",
    ),
    (lambda pdf: _root(pdf, "/MarkInfo"), "pas déclaré balisé"),
    (lambda pdf: _root(pdf, "/StructTreeRoot"), "arbre des balises"),
    (lambda pdf: _root(pdf, "/Lang"), "langue"),
    (lambda pdf: _root(pdf, "/ViewerPreferences"), "n'est pas affiché"),
    (lambda pdf: _root(pdf, "/OutputIntents"), "profil de couleur"),
    (lambda pdf: pdf.docinfo.__delitem__("/Title"), "titre du document manque"),
    (lambda pdf: pdf.Root.__setattr__("AcroForm", pikepdf.Dictionary()), "formulaire"),
    (_rename("/H1", "/P"), "titre de niveau 1"),
    (_rename("/H2", "/H4"), "niveau 4 suit un titre de niveau 1"),
    (lambda pdf: _first(pdf, "/TH").A.__delitem__("/Scope"), "cellule d'en-tête"),
    (_rename("/TR", "/Div"), "hors d'une ligne"),
    (_rename("/LI", "/Div"), "liste contient autre chose"),
    (_rename("/L", "/Div"), "hors d'une liste"),
    (_figure, "texte de remplacement"),
    (lambda pdf: [page.obj.__delitem__("/Tabs") for page in pdf.pages], "ordre de tabulation"),
    (lambda pdf: _annotation(pdf).__delitem__("/Contents"), "pas de description"),
    (lambda pdf: _annotation(pdf).__delitem__("/StructParent"), "rattaché à aucune balise"),
    (lambda pdf: _annotation(pdf).__setattr__("F", 0), "imprimable"),
    (_paint, "ni balisé ni écarté"),
    (lambda pdf: pdf.pages[0].obj.__delitem__("/StructParents"), "ni balisé ni écarté"),
    (lambda pdf: _font(pdf, "/FontFile2").__delitem__("/FontFile2"), "n'est pas incorporée"),
    (lambda pdf: _font(pdf, "/ToUnicode").__delitem__("/ToUnicode"), "quels caractères"),
    (_script, "script"),
    (_launch, "action interdite"),
    (lambda pdf: _root(pdf, "/AF"), "pièce jointe"),
]


@pytest.mark.parametrize(
    ("damage", "complaint"), DEFAUTS, ids=[f"{rang:02d}" for rang in range(len(DEFAUTS))]
)
def test_the_check_sees_what_is_taken_away(
    court: bytes, damage: Callable[[pikepdf.Pdf], Any], complaint: str
) -> None:
    with pikepdf.open(io.BytesIO(court)) as pdf:
        damage(pdf)
        octets = io.BytesIO()
        pdf.save(octets)
    assert any(complaint in sentence for sentence in check_pdf(octets.getvalue())), check_pdf(
        octets.getvalue()
    )


def test_saving_again_is_no_defect(court: bytes) -> None:
    """The control of the test above: what it detects is the damage, not the saving."""
    octets = io.BytesIO()
    with pikepdf.open(io.BytesIO(court)) as pdf:
        pdf.save(octets)
    assert check_pdf(octets.getvalue()) == []


@pytest.mark.parametrize("octets", [b"", b"bonjour", b"%PDF-1.7\n%%EOF"])
def test_a_file_that_is_not_a_pdf_is_said_so(octets: bytes) -> None:
    assert check_pdf(octets)


# Project or not


def test_the_watermark_is_on_each_page_of_a_project_and_is_not_read(complet: bytes) -> None:
    pages = opened(complet).pages
    assert [running_texts(page) for page in pages] == [0] + [3] * (len(pages) - 1)


def test_a_contract_issued_for_good_has_no_watermark(court: bytes) -> None:
    pages = opened(court).pages
    assert [running_texts(page) for page in pages] == [0] + [2] * (len(pages) - 1)


def test_the_stamp_says_project_on_the_cover_only_then() -> None:
    assert ">PROJET<" in exemples.page("contrat", exemples.contrat(domaines=1))
    assert ">PROJET<" not in exemples.page("contrat", exemples.contrat(domaines=1, projet=False))


# Contents


def test_bookmarks_follow_articles_and_annexes(court: bytes) -> None:
    with opened(court).open_outline() as plan:
        titres = [entree.title for entree in plan.root]
        fiches = next(entree for entree in plan.root if entree.title.startswith("Annexe A")).children
    assert [f"Article {rang}" for rang in range(1, 13)] == [
        t.split(" – ")[0] for t in titres if t.startswith("Article")
    ]
    assert [t.split(" – ")[0] for t in titres if t.startswith("Annexe")] == [
        f"Annexe {lettre}" for lettre in "ABCDE"
    ]
    assert [fiche.title for fiche in fiches] == ["Finances", "Commande publique et achats"]


def test_cover_counts_domains_and_activities() -> None:
    assert "18\u00a0domaines, 130\u00a0activités" in exemples.page("contrat", exemples.contrat())
    assert "1\u00a0domaine, 8\u00a0activités" in exemples.page("contrat", exemples.contrat(domaines=1))


def test_an_activity_says_its_nature_and_date_when_they_differ() -> None:
    page = exemples.page("contrat", exemples.contrat())
    assert "Suivi de l'actif" not in page  # set with the right apostrophe
    assert "suivi des régies (depuis le 1<sup>er</sup>\u00a0janvier 2028)" in page
    assert "Balayage manuel et mécanisé (régularisée)" in page
    assert "Préparation budgétaire</li>" in page


def test_nothing_is_left_blank() -> None:
    contexte = exemples.contrat(domaines=1)
    (fiche,) = contexte["fiches"]
    vide = dict.fromkeys(fiche, "") | {
        "libelle": "Finances",
        "famille": "Fonction support",
        "urgence": {"definition": "", "accuse": "", "decision": ""},
        "exceptionnel": {"definition": "", "accuse": "", "decision": ""},
        "indicateurs": [],
        "referents": {"commune": None, "epci": None},
    }
    contexte |= {
        "fiches": [vide],
        "visas": [],
        "signataires": {"commune": None, "epci": None},
        "deliberations": {"commune": None, "epci": None},
        "verification": {"adresse": None, "empreinte": None},
        "revues": {"rythme": "", "contrat": ""},
    }
    page = exemples.page("contrat", contexte)
    assert page.count("À compléter avec la commune") >= 14
    assert page.count("À désigner") >= 4
    assert "None" not in page
    assert check_pdf(exemples.pdf("contrat", contexte)) == []


def test_a_contract_without_any_domain_prints() -> None:
    page = exemples.page("contrat", exemples.contrat(domaines=0))
    assert "0\u00a0domaine, 0\u00a0activité" in page
    assert "Aucune activité n’est partagée à cette date" in page


@pytest.mark.parametrize(
    ("nature", "word"),
    [("métropole", "La Métropole s’engage"), ("communauté d'agglomération", "La Communauté s’engage")],
)
def test_the_intercommunality_has_its_name(nature: str, word: str) -> None:
    epci = {**exemples.EPCI, "type": nature}
    assert word in exemples.page("contrat", exemples.contrat(domaines=1, epci=epci))


def test_markup_in_texts_is_printed_not_obeyed() -> None:
    contexte = exemples.contrat(domaines=1)
    contexte["fiches"][0]["missions"] = '<img src="file:///etc/passwd"><script>1</script>'
    page = exemples.page("contrat", contexte)
    assert "&lt;img src=" in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("changement", "phrase"),
    [
        ("entree", "Entre : la commune"),
        ("extension", "S’étend"),
        ("retrait", "Sort : la commune"),
        ("regularisation", "Se régularise"),
        ("prestation", "Prestation : le service"),
        ("revision", "Niveau de service à réviser"),
    ],
)
def test_the_receipt_says_each_change(changement: str, phrase: str) -> None:
    change = {
        "domaine": "Finances",
        "nature": changement,
        "passage": False,
        "activites": ["Paie"],
        "motif": "",
    }
    contexte = exemples.accuse(changements=[change])
    assert phrase.replace(" :", "\u00a0:") in exemples.page("accuse", contexte)


@pytest.mark.parametrize(
    ("nature", "phrase"),
    [("extension", "adhésion pleine"), ("prestation", "prestation"), ("regularisation", "régularisation")],
)
def test_the_receipt_says_a_change_of_way(nature: str, phrase: str) -> None:
    change = {"domaine": "Finances", "nature": nature, "passage": True, "activites": ["Paie"], "motif": ""}
    page = exemples.page("accuse", exemples.accuse(changements=[change]))
    assert f"Change de façon\u00a0: {phrase} d’activités déjà partagées" in page


def test_the_receipt_says_how_the_mayor_agreed() -> None:
    assert "Accord du maire" not in exemples.page("accuse", exemples.accuse())
    page = exemples.page("accuse", exemples.accuse(visa="Visée par Irène Nogaro, le 12 février 2027."))
    assert "Accord du maire" in page


def test_the_receipt_says_who_when_and_that_nothing_changes() -> None:
    page = exemples.page("accuse", exemples.accuse(changements=[]))
    assert "mercredi 24\u00a0février 2027 à 16\u00a0h\u00a040" in page
    assert "Julien Castaing, directeur général des services, au nom du maire" in page
    assert "Rien ne change" in page


def test_the_minutes_say_the_last_day_to_observe() -> None:
    page = exemples.page("compte_rendu", exemples.compte_rendu())
    assert "jusqu’au mercredi 22\u00a0mars 2028 inclus" in page
    assert "À porter au niveau supérieur" in page
    assert "Rien à signaler" in exemples.page("compte_rendu", exemples.compte_rendu(points=[]))


# Layout


def test_endless_words_stay_inside_the_page() -> None:
    contexte = exemples.contrat(domaines=1, version=SANS_FIN[:200])
    fiche = contexte["fiches"][0]
    fiche |= dict.fromkeys(
        ("libelle", "missions", "evaluation_prealable", "niveau_attendu", "horaires", "rythme_revues"),
        SANS_FIN,
    )
    fiche["indicateurs"] = [
        {
            "libelle": SANS_FIN,
            "unite": SANS_FIN,
            "reference": 1,
            "cible": 2,
            "tolerance": None,
            "sens": "hausse",
        }
    ]
    fiche["referents"]["commune"]["titulaire"] = SANS_FIN
    contexte["familles"][0]["domaines"][0]["activites"][0]["libelle"] = SANS_FIN
    assert overflowing(layout("contrat", contexte)) == []


def test_an_unbreakable_word_would_be_seen() -> None:
    """The control of the test above."""
    source = weasyprint.HTML(
        string=f'<p style="white-space: nowrap">{SANS_FIN}</p>', url_fetcher=rendu.Fetcher()
    )
    assert overflowing(source.render(font_config=rendu._fonts())) == [SANS_FIN]


def test_a_long_fiche_flows_over_pages_without_orphan_heading() -> None:
    contexte = exemples.contrat(domaines=3)
    fiche = contexte["fiches"][1]
    fiche["missions"] = "Le service commun entretient les chaussées et les trottoirs de la commune.\n\n" * 250
    fiche["indicateurs"] = fiche["indicateurs"] * 14
    document = layout("contrat", contexte)
    last = [list(texts(page))[-1] for page in document.pages]
    assert len(document.pages) > 20
    assert [box.text for box, tag in last if tag in ("h2", "h3", "h4")] == []
    assert overflowing(document) == []


def test_headers_are_repeated_on_each_page_of_a_table() -> None:
    contexte = exemples.contrat(domaines=1)
    contexte["fiches"][0]["indicateurs"] *= 30
    document = layout("contrat", contexte)
    assert (
        sum(box.text == "Tolérance" and tag == "th" for page in document.pages for box, tag in texts(page))
        >= 3
    )


def ink(page: Image.Image) -> tuple[int, int, int, int] | None:
    """The box (left, top, right, bottom, in pixels) of all that is darker than paper; None for a blank page."""
    return page.point(lambda level: 255 if level < 200 else 0).getbbox()


def test_turned_into_pictures_no_page_is_blank_nor_printed_outside_its_margins(tmp_path: Path) -> None:
    """At 50 points an inch; the cover bleeds to the edges, the others leave at least 9 mm on every side."""
    source = tmp_path / "contrat.pdf"
    source.write_bytes(exemples.pdf("contrat", exemples.contrat(domaines=4, projet=False)))
    command = ["pdftoppm", "-r", "50", "-gray", "-png", str(source), str(tmp_path / "page")]
    subprocess.run(command, check=True, timeout=60)
    pictures = [Image.open(path) for path in sorted(tmp_path.glob("page-*.png"))]
    boxes = [ink(picture) for picture in pictures]
    assert len(pictures) > 5 and all(boxes), boxes
    margin = 9 / 25.4 * 50
    for number, (picture, box) in enumerate(zip(pictures, boxes, strict=True), start=1):
        if number > 1 and box:
            left, top, right, bottom = box
            room = (left, top, picture.width - right, picture.height - bottom)
            assert min(room) >= margin, (number, room)
