"""`python -m outils.images`: take the pictures of the guides and of the README on a running demonstration.

Two lists: « campagne » wants `make demo DATE=2027-02-10`, « votes » `make demo DATE=2027-12-15`, Bordeaux Métropole each time.
Invented people, so nothing personal is shown. `LANGUAGE=fr` and the package chromium-l10n make the browser's own words French.
"""

import argparse
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Picture
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
COLOURS = 128
WIDTH = 1280


@dataclass(frozen=True)
class Image:
    """A picture: its file, who looks (words of the sign-in page), what is opened, then clicked (CSS or text) in turn."""

    nom: str
    qui: str
    adresse: str
    clics: tuple[str, ...] = ()
    hauteur: int = 820


DGS, DIRECTION, NOUVEAU = "qui partage déjà", "Direction des territoires,", "qui ne partage rien encore"
VOTED = "text=Campagne 2028"  # on 15 December 2027 the campaign 2029 is open already
LISTES = {
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
    taken = Picture.open(io.BytesIO(page.screenshot()))
    taken.convert("RGB").quantize(COLOURS).save(FOLDER / f"{image.nom}.png", optimize=True)


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
