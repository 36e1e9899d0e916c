"""Using a page as someone who has no mouse: Tab, Enter, Space, and typing."""

from typing import Any

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
        """Reach a date field and type the day as a French keyboard does."""
        self.focus(name)
        year, month, day = iso.split("-")
        self.page.keyboard.type(day + month + year)

    def choose(self, name: str, label: str) -> None:
        """Reach a list and choose by typing the beginning of a label."""
        self.focus(name, "select")
        self.page.keyboard.type(label)

    def text(self) -> str:
        """What the page says, with plain spaces and apostrophes."""
        said: Any = self.page.inner_text("main")
        return plain(said)

    def _name(self) -> str:
        said: Any = self.page.evaluate(NAME)
        return plain(said)


def plain(text: str) -> str:
    """Typography undone: what a test writes compares with what a page shows."""
    for fancy, simple in (("\u00a0", " "), ("\u202f", " "), ("’", "'")):
        text = text.replace(fancy, simple)
    return text
