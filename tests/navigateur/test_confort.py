"""What a browser does with a page: forced colours, larger text, going back, a long choice narrowed."""

import pytest
from playwright.sync_api import Page

from tests.factories import Monde
from tests.navigateur.clavier import WIDEST, Clavier, plain

pytestmark = pytest.mark.django_db(transaction=True)
# What the browser does to a page it kept, when one comes back to it.
COME_BACK = "() => window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
LARGER = "() => { document.documentElement.style.fontSize = '212.5%'; }"
DRAWN = "all => all.map(box => getComputedStyle(box).appearance)"


def test_forced_colours_leave_boxes_and_radios_to_the_system(monde: Monde, clavier: Clavier):
    clavier.page.emulate_media(forced_colors="active")
    clavier.sign_in(monde.direction)
    for path, kind in (("/equipes/", "checkbox"), ("/referents/nouveau/", "radio")):
        clavier.open(path)
        assert set(clavier.page.locator(f"input[type={kind}]").evaluate_all(DRAWN)) == {"auto"}


def test_a_larger_text_does_not_make_the_work_list_wider_than_the_screen(monde: Monde, clavier: Clavier):
    clavier.sign_in(monde.direction)
    clavier.open(f"/cycles/{monde.cycle_passe.pk}/instruction/")
    assert clavier.page.locator(".travail tbody tr").count()
    clavier.page.evaluate(LARGER)
    assert clavier.page.evaluate(WIDEST) <= 0


def test_once_signed_out_in_another_tab_the_page_kept_is_not_shown(monde: Monde, clavier: Clavier):
    clavier.sign_in(monde.direction)
    clavier.open("/contrats/")
    page = clavier.page
    page.evaluate(COME_BACK)
    assert page.url.endswith("/contrats/"), "still signed in, the page stays as it was left"
    sign_out(page.context.new_page(), clavier.root)
    with page.expect_navigation():
        page.evaluate(COME_BACK)
    assert "/connexion/" in page.url


def sign_out(other: Page, root: str) -> None:
    other.goto(root)
    other.locator("details.qui > summary").click()
    other.get_by_role("button", name="Se déconnecter").click()
    other.wait_for_url("**/connexion/")
    other.close()


def test_a_long_choice_is_narrowed_as_one_types(monde: Monde, clavier: Clavier):
    clavier.sign_in(monde.direction)
    clavier.open("/equipes/")
    boxes = clavier.page.locator(".groupe-choix .form-check:visible")
    assert boxes.count() == 0, "every group is folded"
    clavier.type("Chercher une personne", f"{monde.b.dgs.nom} œuilly")
    clavier.check()
    assert [plain(said).strip() for said in boxes.all_inner_texts()] == [f"{monde.b.dgs}, agent (Œuilly)"]
    clavier.toggle(str(monde.b.dgs))
    clavier.open("/referents/nouveau/")
    clavier.type("Chercher une personne", "oeuilly")
    offered = clavier.page.locator("#id_qui option").all_inner_texts()
    assert offered[0] == "Choisir…" and len(offered) > 1
    assert all(plain(one).endswith("(Œuilly)") for one in offered[1:])
    clavier.type("Chercher une personne", "zzz")
    assert "Personne ne répond à cette recherche." in clavier.text()
