"""Using a page as someone who has no mouse: Tab, Enter, Space, and typing."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

MOST_TABS = 400
# What a screen reader would say of the focused element, roughly: its label, its name or its text.
NAME = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const labels = e.labels && e.labels.length ? [...e.labels].map(l => l.innerText).join(" ") : "";
  return (e.getAttribute("aria-label") || labels || e.innerText || e.value || "").replace(/[\\s\\u00a0\\u202f]+/g, " ").trim();
}"""
KIND = "() => document.activeElement ? document.activeElement.tagName.toLowerCase() : ''"


class Clavier:
    """A page without mouse. Names are read as one types them: plain spaces, plain apostrophes."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self.root = root

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.root + path)
        self.check()

    def check(self) -> None:
        """No accessibility violation that axe can see."""
        results = Axe().run(self.page)
        assert results.violations_count == 0, f"{self.page.url}\n{results.generate_report()}"

    def focus(self, name: str, kind: str = "") -> None:
        """Press Tab until an element whose name contains `name` (and of tag `kind`) has the focus."""
        seen = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            found = self._name()
            if name in found and kind in ("", self.page.evaluate(KIND)):
                return
            seen.append(found[:40])
        raise AssertionError(f"« {name} » is never reached by Tab on {self.page.url}: {sorted(set(seen))}")

    def press(self, name: str, kind: str = "") -> None:
        """Reach a link or a button and press Enter, then wait for the page."""
        self.focus(name, kind)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.check()

    def toggle(self, name: str) -> None:
        """Reach a box or a fold and press Space."""
        self.focus(name)
        self.page.keyboard.press("Space")

    def type(self, name: str, text: str) -> None:
        """Reach a field and type; what it held is replaced."""
        self.focus(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def fill_date(self, name: str, iso: str) -> None:
        """Reach a date field and type the day, in the order that the browser asks for."""
        self.focus(name)
        year, month, day = iso.split("-")
        for digits in (day + month + year, month + day + year):
            self.page.keyboard.type(digits)
            if self.page.evaluate("() => document.activeElement.value") == iso:
                return
            for _ in range(3):
                self.page.keyboard.press("ArrowLeft")
        raise AssertionError(f"{name} does not take {iso}")

    def choose(self, name: str, label: str) -> None:
        """Reach a list and choose by typing the beginning of a label."""
        self.focus(name, "select")
        self.page.keyboard.type(label)

    def text(self) -> str:
        """What the page says, with plain spaces and apostrophes."""
        said: Any = self.page.inner_text("main")
        return plain(said)

    def html(self) -> str:
        """The source of the page, with plain spaces and apostrophes."""
        return plain(self.page.content())

    def fetch(self, path: str | None) -> bytes:
        """The bytes behind a link, with the session of the page."""
        response = self.page.request.get(self.root + str(path))
        assert response.status == 200, response.status
        return bytes(response.body())

    def read(self, path: str, secret: str) -> list[dict[str, Any]]:
        """The results of a list of the API, as the intranet reads it."""
        response = self.page.request.get(self.root + path, headers={"Authorization": f"Bearer {secret}"})
        assert response.status == 200, response.text()
        results: list[dict[str, Any]] = response.json()["resultats"]
        return results

    def _name(self) -> str:
        said: Any = self.page.evaluate(NAME)
        return plain(said)


def plain(text: str) -> str:
    """Typography undone: what a test writes compares with what a page shows."""
    for fancy, simple in (("\u00a0", " "), ("\u202f", " "), ("’", "'")):
        text = text.replace(fancy, simple)
    return text
