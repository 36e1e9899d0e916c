"""`python -m outils.images`: take the pictures of the guides and of the README on a running demonstration.

Lists: « campagne », « contrat » and « pdf » want `make demo DATE=2027-02-10`, « votes » `make demo DATE=2027-12-15`, Bordeaux
Métropole each time. Invented people, so nothing personal is shown. `LANGUAGE=fr` and the package chromium-l10n make the
browser's own words French; « pdf » wants poppler-utils.
"""

import argparse
import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdf
from PIL import Image as Picture
from PIL import ImageOps
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
COLOURS = 128
WIDTH = 1280
DPI = 90
EDGE = "#c8c8c8"


@dataclass(frozen=True)
class Image:
    """A picture: its file, who looks (words of the sign-in page), what is opened, then clicked (CSS or text) in turn."""

    nom: str
    qui: str
    adresse: str
    clics: tuple[str, ...] = ()
    hauteur: int = 820


@dataclass(frozen=True)
class PagePdf(Image):
    """A picture of a page of a PDF: the link to the PDF, after the clicks, and words of which its page is the last to bear."""

    lien: str = ""
    mots: str = ""


DGS, DIRECTION, NOUVEAU = "qui partage déjà", "Direction des territoires,", "qui ne partage rien encore"
VOTED = "text=Campagne 2028"  # on 15 December 2027 the campaign 2029 is open already
CONTRATS = "/contrats/"
CIRCUIT = ("main >> text=Mérignac", "text=Relire, voter, signer")
SIGNED = ("main >> text=Mérignac", "main >> text=Contrat initial", "text=Relire, voter, signer")
TO_SIGN, DRAFT = "text=Exemplaire à signer", "text=Le projet (PDF)"
LISTES: dict[str, tuple[Image, ...]] = {
    "campagne": (
        Image("accueil", DGS, "/"),
        Image("declaration", DGS, "/declaration/"),
        Image("rejoindre", NOUVEAU, "/qui-partage-quoi/rejoindre/"),
        Image("accueil-direction", DIRECTION, "/"),
        Image("campagne", DIRECTION, "/campagne/"),
        Image("instruction", DIRECTION, "/instruction/"),
        Image("ligne", DIRECTION, "/instruction/?arbitrage=refusee", ("main tbody a",), 900),
        Image("catalogue", DIRECTION, "/catalogue/"),
        Image("matrice", DIRECTION, "/qui-partage-quoi/"),
        Image("comparaison", DIRECTION, "/qui-partage-quoi/comparaison/?du=2025-01-01&au=2027-01-01"),
        Image("evolution", DIRECTION, "/qui-partage-quoi/evolution/"),
        Image("premiers-pas", DIRECTION, "/premiers-pas/"),
        Image("reprise", DIRECTION, "/reprise/"),
        Image("revues", DIRECTION, "/revues/"),
    ),
    "contrat": (
        Image("circuit", DGS, CONTRATS, CIRCUIT, 1080),
        Image("avenant-changements", DGS, CONTRATS, (*CIRCUIT, "text=Ce que l’avenant change"), 1080),
        Image("clauses", DIRECTION, "/contrats/clauses/", (), 900),
    ),
    "pdf": (
        PagePdf("pdf-couverture", DGS, CONTRATS, SIGNED, lien=TO_SIGN, mots="Édité le"),
        PagePdf("pdf-domaines", DGS, CONTRATS, SIGNED, lien=TO_SIGN, mots="RH-01"),
        PagePdf("pdf-fiche", DGS, CONTRATS, SIGNED, lien=TO_SIGN, mots="Annexe A.1"),
        PagePdf("pdf-derniere-page", DGS, CONTRATS, SIGNED, lien=TO_SIGN, mots="Annexe E –"),
        PagePdf("pdf-avenant", DGS, CONTRATS, CIRCUIT, lien=DRAFT, mots="Annexe 2 –"),
    ),
    "votes": (
        Image(
            "point-d-arret",
            DIRECTION,
            "/campagne/",
            (VOTED, "main >> text=Instruction", "text=Point d’arrêt"),
        ),
        Image("actes", DIRECTION, "/campagne/", (VOTED, "main >> text=Actes")),
        Image("conventions", DIRECTION, "/conventions/"),
    ),
}


@contextmanager
def signed_in(page: Page, site: str, qui: str) -> Iterator[Page]:
    """The demonstration entered as the person whose presentation holds some words."""
    page.goto(f"{site}/connexion/")
    page.locator(".gens button", has_text=qui).first.click()
    yield page
    page.context.clear_cookies()


def take(page: Page, site: str, image: Image) -> None:
    """Open, click, and write one picture."""
    page.set_viewport_size({"width": WIDTH, "height": image.hauteur})
    page.goto(site + image.adresse)
    for target in image.clics:
        page.locator(target).first.click()
    page.wait_for_load_state("networkidle")
    drawn = _printed(page, site, image) if isinstance(image, PagePdf) else _drawn(page.screenshot())
    drawn.quantize(COLOURS).save(FOLDER / f"{image.nom}.png", optimize=True)


def _drawn(octets: bytes) -> Picture.Image:
    return Picture.open(io.BytesIO(octets)).convert("RGB")


def _printed(page: Page, site: str, image: PagePdf) -> Picture.Image:
    """The last page of a PDF that bears some words (the table of contents bears many), with an edge around its white."""
    octets = page.request.get(site + (page.locator(image.lien).first.get_attribute("href") or "")).body()
    pages = enumerate(pypdf.PdfReader(io.BytesIO(octets)).pages, 1)
    number = max(n for n, one in pages if image.mots in one.extract_text().replace("\xa0", " "))
    command = ["pdftoppm", "-r", str(DPI), "-f", str(number), "-singlefile", "-png", "-"]
    printed = subprocess.run(command, input=octets, check=True, capture_output=True).stdout
    return ImageOps.expand(_drawn(printed), 1, EDGE)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m outils.images", description="Prendre les images des guides."
    )
    parser.add_argument("--adresse", default="http://127.0.0.1:8000", help="où la démonstration répond")
    parser.add_argument("--liste", choices=LISTES, default="campagne")
    wanted = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(), args=["--no-sandbox", "--lang=fr-FR"]
        )
        page = browser.new_page(locale="fr-FR")
        for image in LISTES[wanted.liste]:
            with signed_in(page, wanted.adresse, image.qui):
                take(page, wanted.adresse, image)
                print(f"  docs/images/{image.nom}.png")


def _chromium() -> str | None:
    """The browser of the system; None: the one that outils/navigateur.sh brought."""
    found = Path("/usr/bin/chromium")
    return str(found) if found.exists() else None


if __name__ == "__main__":
    main()
