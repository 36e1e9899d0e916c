import hashlib
import io
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element

import pikepdf
import pytest
from PIL import Image

from documents import polices, rendu
from documents.controle import check_pdf
from documents.rendu import Attachment, fingerprint, render_pdf, unprintable
from socle.couleur import readable

RACINE = Path(__file__).resolve().parent.parent.parent
CREATED_AT = datetime(2027, 12, 3, 9, 30, tzinfo=UTC)
PAGE = """<!doctype html><html lang="fr" data-couleur="{couleur}"><head><title>t</title>
<link rel="stylesheet" href="style:pdf.css">{tete}</head>
<body data-pied="Essai – page courante"><h1>L’essai</h1>
<p>Texte, <strong>gras</strong> et <em class="vide">italique</em> : « œuvre ».</p>{corps}</body></html>"""


def html(corps: str = "", *, tete: str = "", couleur: str = "") -> str:
    return PAGE.format(corps=corps, tete=tete, couleur=couleur)


def render(page: str, **options: object) -> bytes:
    return render_pdf(page, **{"title": "Essai", "created_at": CREATED_AT, **options})


@lru_cache(maxsize=4)
def opened(octets: bytes) -> pikepdf.Pdf:
    """For reading. Kept: pikepdf's attachments and pages do not outlive the Pdf they came from."""
    return pikepdf.open(io.BytesIO(octets))


def objects(octets: bytes, kind: str, key: str = "/Type") -> list[pikepdf.Object]:
    return [
        o
        for o in opened(octets).objects
        if isinstance(o, pikepdf.Dictionary | pikepdf.Stream) and o.get(key) == kind
    ]


def marked_texts(octets: bytes) -> int:
    """Pagination artifacts of the first page: running texts that nobody reads aloud."""
    page = opened(octets).pages[0]
    marks = [operands for operands, operator in pikepdf.parse_content_stream(page) if str(operator) == "BDC"]
    return sum(str(tag) == "/Artifact" and liste.Type == "/Pagination" for tag, liste in marks)


def test_a_plain_page_meets_both_standards() -> None:
    assert check_pdf(render(html())) == []


def test_metadata_say_title_language_and_the_date_given() -> None:
    pdf = opened(render(html(), title="Contrat n° 19, L’Haÿ-les-Roses"))
    assert str(pdf.docinfo["/Title"]) == "Contrat n° 19, L’Haÿ-les-Roses"
    assert str(pdf.docinfo["/CreationDate"]).startswith("D:20271203093000")
    assert str(pdf.Root.Lang) == "fr"
    assert (
        b"<xmp:CreateDate" in pdf.Root.Metadata.read_bytes()
        or b"2027-12-03T09:30:00Z" in pdf.Root.Metadata.read_bytes()
    )


def test_headings_become_bookmarks() -> None:
    with opened(render(html("<h2>Deux</h2><h3>Trois</h3>"))).open_outline() as plan:
        assert [entree.title for entree in plan.root] == ["L’essai", "Deux"]
        assert [entree.title for entree in plan.root[1].children] == ["Trois"]


def test_running_texts_are_artifacts() -> None:
    assert marked_texts(render(html())) == 2


def test_links_are_described_by_their_words() -> None:
    octets = render(html('<p><a href="#la">Aller à la fin</a></p><p id="la">Fin</p>'))
    assert [str(lien.Contents) for lien in objects(octets, "/Annot")] == ["Aller à la fin"]
    assert check_pdf(octets) == []


def test_header_cells_say_their_scope() -> None:
    head = "<thead><tr><th>A</th><th>B</th></tr></thead>"
    table = f"<table>{head}<tbody><tr><th>a</th><td>b</td></tr></tbody></table>"
    cells = objects(render(html(table)), "/TH", "/S")
    assert sorted(str(cell.A.Scope) for cell in cells) == ["/Column", "/Column", "/Row"]


# Same bytes


def test_same_input_same_bytes() -> None:
    files = [Attachment("donnees.json", b'{"a": 1}', "Source")]
    assert render(html(), attachments=files) == render(html(), attachments=files)


def test_the_date_counts_not_its_zone() -> None:
    local = CREATED_AT.astimezone(timezone(timedelta(hours=4)))
    assert render(html(), created_at=local) == render(html())
    assert render(html(), created_at=CREATED_AT + timedelta(seconds=1)) != render(html())


def test_another_process_gives_the_same_bytes() -> None:
    script = (
        "import sys, hashlib; from datetime import datetime, UTC; from documents.rendu import render_pdf;"
        "created_at = datetime(2027, 12, 3, 9, 30, tzinfo=UTC);"
        "octets = render_pdf(sys.stdin.read(), title='Essai', created_at=created_at);"
        "print(hashlib.sha256(octets).hexdigest())"
    )
    page = html("<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>")
    # A hash seed of its own: nothing may depend on the order of a set.
    environ = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", script],
        input=page,
        capture_output=True,
        text=True,
        check=True,
        cwd=RACINE,
        env=environ,
        encoding="utf-8",
    )
    assert other.stdout.strip() == hashlib.sha256(render(page)).hexdigest()


def test_what_was_printed_before_leaves_no_trace() -> None:
    before = render(html())
    render(html("<p>ĄĆĘ Ω ½ ⅓</p>" * 200, couleur="#884400"))
    assert render(html()) == before


def test_fingerprint_names_what_the_bytes_depend_on() -> None:
    for name in ("WeasyPrint 70", "Pango ", "HarfBuzz ", "zlib ", "SourceSansPro-Regular", "sha256:"):
        assert name in fingerprint()


# Attachments


def test_attachments_are_associated_files() -> None:
    octets = render(
        html(), attachments=[Attachment("donnees.json", b'{"a": "\xc3\xa9"}', "Les données", "Data")]
    )
    pdf = opened(octets)
    assert pdf.attachments["donnees.json"].get_file().read_bytes() == b'{"a": "\xc3\xa9"}'
    (fichier,) = pdf.Root.AF
    assert fichier.AFRelationship == "/Data"
    assert fichier.EF.F.Subtype == "/application/json"
    assert str(fichier.EF.F.Params.CreationDate) == "D:20271203093000Z"
    assert check_pdf(octets) == []


# Nothing is fetched


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A picture that WeasyPrint would print, were it allowed to read it."""
    Image.new("RGB", (4, 4), "red").save(tmp_path / "secret.png")
    return (tmp_path / "secret.png").as_uri()


@pytest.fixture
def no_opening(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """URLs that reached urllib, which opens files and connections alike."""
    opened_urls: list[object] = []
    monkeypatch.setattr(
        "urllib.request.OpenerDirector.open",
        lambda _self, request, *_args, **_options: opened_urls.append(request),
    )
    return opened_urls


REFUSED = [
    "file:///etc/passwd",
    "http://127.0.0.1:9/x.png",
    "https://127.0.0.1/x",
    "data:image/png;base64,iVBORw0KGgo=",
    "police:../x",
    "style:../x",
]


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.parametrize(
    "corps",
    [
        '<img src="{url}" alt="x">',
        '<div style="background: url({url})">x</div>',
        '<object data="{url}" type="image/png">x</object>',
    ],
)
def test_refused_addresses_fetch_nothing(
    url: str, corps: str, no_opening: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    octets = render(html(corps.format(url=url)))
    assert no_opening == []
    assert objects(octets, "/Image", "/Subtype") == []
    assert f"ressource refusée, {url}" in caplog.text


def test_a_local_picture_is_not_printed(secret: str) -> None:
    assert objects(render(html(f'<img src="{secret}" alt="x">')), "/Image", "/Subtype") == []


@pytest.mark.parametrize(
    "tete",
    [
        '<link rel="stylesheet" href="{url}">',
        '<style>@import url("{url}");</style>',
        '<link rel="attachment" href="{url}">',
    ],
)
def test_sheets_and_attachments_of_a_page_are_refused(
    tete: str, secret: str, no_opening: list[object]
) -> None:
    octets = render(html(tete=tete.format(url=secret)))
    assert no_opening == []
    assert objects(octets, "/Filespec") == []


def test_a_base_address_opens_no_door(secret: str, no_opening: list[object]) -> None:
    base = secret.removesuffix("secret.png")
    octets = render(html('<img src="secret.png" alt="x">', tete=f'<base href="{base}">'))
    assert no_opening == []
    assert objects(octets, "/Image", "/Subtype") == []


# Typeface


def test_only_the_house_typeface_is_embedded() -> None:
    octets = render(
        html('<p style="font-family: DejaVu Sans, serif; font-weight: 900">Noir</p><pre>chasse fixe</pre>')
    )
    names = {str(font.BaseFont).partition("+")[2] for font in objects(octets, "/Type0", "/Subtype")}
    assert names
    assert all(name.startswith("Source-Sans-Pro") for name in names)


@pytest.mark.parametrize("char", "\u202f\u00a0’«»œŒæÿŸé–—→←↑↓…€°n²½≤≥±×•")
def test_the_typeface_has_what_french_needs(char: str) -> None:
    assert char in polices.covered()


def test_unprintable_characters_are_told() -> None:
    assert unprintable("Œuilly, L’Haÿ 😀 مرحبا 😀 ◊") == ["😀", "م", "ر", "ح", "ب", "ا"]
    assert unprintable("e\u0301tude, ﬁn, tiret\u2011insécable\u200b\n") == []


def test_a_missing_character_is_replaced_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        octets = render(html("<p>Fête 😀 ＯＫ</p>"))
    assert "U+1F600" in caplog.text
    assert check_pdf(octets) == []
    assert octets == render(html("<p>Fête ◊ OK</p>"))


def test_accents_in_two_pieces_print_as_one() -> None:
    assert render(html("<p>e\u0301tude</p>")) == render(html("<p>étude</p>"))


def test_a_forked_worker_leaves_the_faces_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = polices.FontConfiguration()
    rendu.weasyprint.CSS(
        string="@font-face { font-family: x; src: url('police:regular') }",
        url_fetcher=rendu.Fetcher(),
        font_config=configuration,
    )
    folder = configuration._folder
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        configuration.__del__()
        assert folder.exists()
    configuration.__del__()
    assert not folder.exists()


# Colour of the cover


@pytest.mark.parametrize("given", ["#ffd500", "#0f3a5a"])
def test_the_cover_is_darkened_until_white_reads_on_it(given: str) -> None:
    root = Element("html", {"data-couleur": given})
    rendu._prepare(root)
    assert root.get("style") == f"--marque: {readable(given, 4.5)}"


def test_a_colour_that_is_not_one_is_ignored() -> None:
    bande = '<div class="en-tete"><p>Bande</p></div>'
    plain = render(html(bande))
    assert render(html(bande, couleur="red;background:url(http://127.0.0.1)")) == plain
    assert render(html(bande, couleur="#7a1f1f")) != plain
