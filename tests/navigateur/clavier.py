"""Using a page as someone who has no mouse: Tab, Enter, Space, and typing."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, Response

MOST_TABS = 400
TOKEN = "jeton" + 27 * "0"
# What a screen reader would say of the focused element, roughly: its label, its name or its text.
NAME = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const labels = e.labels && e.labels.length ? [...e.labels].map(l => l.innerText).join(" ") : "";
  return (e.getAttribute("aria-label") || labels || e.innerText || e.value || "").replace(/[\\s\\u00a0\\u202f]+/g, " ").trim();
}"""
WIDEST = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A form made in the page itself: what the browser receives is what it would have received from the real one.
SEND = """([action, fields]) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action});
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("textarea");
    Object.assign(field, {name, value});
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""
FORCED = "() => matchMedia('(forced-colors: active)').matches"
# Texts under 4.5:1 on the first background painted behind them. axe cannot say it in forced colours: it reads
# -webkit-text-fill-color, which Chromium still gives as the author wrote it.
FAINT = """() => {
  const rgba = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
    return rgba(getComputedStyle(document.body).backgroundColor);
  };
  const spoken = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && !e.disabled;
  const ratio = e => {
    const [dark, bright] = [rgba(getComputedStyle(e).color), behind(e)].map(light).sort((a, b) => a - b);
    return (bright + .05) / (dark + .05);
  };
  return [...document.body.querySelectorAll("*")].filter(e => spoken(e) && ratio(e) < 4.5)
    .map(e => `${ratio(e).toFixed(2)} ${e.outerHTML.slice(0, 200)}`);
}"""
KIND = "() => document.activeElement ? document.activeElement.tagName.toLowerCase() : ''"


class Clavier:
    """A page without mouse. Names are read as one types them: plain spaces, plain apostrophes."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self.root = root
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def sign_in(self, personne: Any) -> None:
        """Put the session of somebody in the browser, or nobody's, without the page of sign-in."""
        self.page.context.clear_cookies()
        if personne is not None:
            client = Client()
            client.force_login(personne, backend="django.contrib.auth.backends.ModelBackend")
            self._keep(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)

    def open(self, path: str, status: int = 200) -> None:
        """Type an address."""
        self.arrived(self.page.goto(self.root + path), status)

    def send(self, path: str, fields: dict[str, Any], status: int) -> None:
        """Send a form from the page shown, with its token; what comes back is checked."""
        self._keep(settings.CSRF_COOKIE_NAME, TOKEN)
        self._post(path, {"csrfmiddlewaretoken": TOKEN, **fields}, status)

    def send_without_token(self, path: str) -> None:
        """Send a form whose token is gone; the refusal is checked."""
        self._post(path, {}, 403)

    def _post(self, path: str, fields: dict[str, Any], status: int) -> None:
        with self.page.expect_navigation() as arrival:
            self.page.evaluate(SEND, [self.root + path, {name: str(value) for name, value in fields.items()}])
        self.arrived(arrival.value, status)

    def _keep(self, name: str, value: str) -> None:
        self.page.context.add_cookies([{"name": name, "value": value, "url": self.root}])

    def arrived(self, response: Response | None, expected: int) -> None:
        """Check the page just received and its code; the browser itself writes an error for a code of refusal."""
        assert response, self.page.url
        assert response.status == expected, f"{self.page.url}: {response.status}, not {expected}"
        self.check()
        said = f"the server responded with a status of {expected}"
        self.errors = [error for error in self.errors if expected < 400 or said not in error]

    def check(self) -> None:
        """No accessibility violation that axe can see; in forced colours, where it cannot see contrasts, none of ours."""
        forced = self.page.evaluate(FORCED)
        rules = {"color-contrast": {"enabled": not forced}}
        results = Axe().run(self.page, options={"resultTypes": ["violations"], "rules": rules})
        assert results.violations_count == 0, f"{self.page.url}\n{results.generate_report()}"
        faint = self.page.evaluate(FAINT) if forced else []
        assert not faint, (self.page.url, faint)

    def check_reflow(self) -> None:
        """Nothing to scroll sideways at 320 px, which is 400 % of 1,280; the page is then wide again."""
        self.page.set_viewport_size({"width": 320, "height": 700})
        assert self.page.evaluate(WIDEST) <= 0, f"{self.page.url} scrolls sideways at 320 px"
        self.page.set_viewport_size({"width": 1280, "height": 900})

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

    def focused(self) -> str:
        """What a screen reader says of the element that has the focus."""
        return self._name()

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
    for fancy, simple in (("&nbsp;", " "), ("\u00a0", " "), ("\u202f", " "), ("’", "'")):
        text = text.replace(fancy, simple)
    return text
