"""What every page of the site promises, checked on each HTML response of the test client."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponseBase
from django.test import Client, TestCase

VERBATIM = frozenset({"script", "style", "textarea", "pre", "code"})
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
MISTAKES = (
    (re.compile(r"\S?\S? [;:!?»]"), "plain space before a double punctuation mark"),
    (re.compile(r"« \S*"), "plain space after «"),
    (re.compile(r"[^\W\d_]'[^\W\d_]"), "straight apostrophe"),
    (re.compile(r"\bNone\b"), "None shown to a reader"),
    (re.compile(r"\{\{|\}\}|\{%|%\}|\{#"), "template syntax left in the page"),
)


class Page(HTMLParser):
    """One HTML document, read once: its tags, its visible text, its faults."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.lang = ""
        self.texts: list[str] = []
        self._verbatim: list[str] = []
        self._unprotected: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags[tag] += 1
        if tag in VERBATIM:
            self._verbatim.append(tag)
        if values.get("id"):
            self.ids[str(values["id"])] += 1
        if tag == "html":
            self.lang = values.get("lang") or ""
        self._check_inline(tag, values)
        self._check_form(tag, values)
        if tag == "img" and values.get("alt") is None:
            self.faults.append(f"<img src={values.get('src')}> without alt")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._verbatim:
            self._verbatim.remove(tag)
        if tag == "form" and self._unprotected is not None:
            self.faults.append(f"<form action={self._unprotected}> posts without its token")
            self._unprotected = None

    def handle_data(self, data: str) -> None:
        if not self._verbatim:
            self.texts.append(data)

    def _check_inline(self, tag: str, values: dict[str, str | None]) -> None:
        if tag == "style" or (
            tag == "script" and not values.get("src") and values.get("type") != "application/json"
        ):
            self.faults.append(f"inline <{tag}>")
        for name, value in values.items():
            if name == "style" or name.startswith(("on", "hx-on")) or "javascript:" in (value or "").lower():
                self.faults.append(f"inline {name}= on <{tag}>")

    def _check_form(self, tag: str, values: dict[str, str | None]) -> None:
        if tag == "form" and (values.get("method") or "").lower() == "post":
            self._unprotected = values.get("action") or ""
        if tag == "input" and values.get("name") == "csrfmiddlewaretoken":
            self._unprotected = None

    @property
    def text(self) -> str:
        """Visible text, blanks reduced to one space (no-break ones kept)."""
        return re.sub(r"[ \t\r\n]+", " ", " ".join(self.texts)).strip()


def faults_of(html: str) -> list[str]:
    """What is wrong with a page or a fragment of a page, in English; empty when nothing is."""
    page = Page(html)
    faults = list(page.faults)
    faults += [f"id {name!r} {count} times" for name, count in page.ids.items() if count > 1]
    if page.tags["html"]:
        if page.lang != "fr":
            faults.append(f"lang={page.lang!r}, not fr")
        if page.tags["h1"] != 1:
            faults.append(f"{page.tags['h1']} <h1>")
    for text in page.texts:
        faults += [
            f"{why}: {match[0]!r} in {text.strip()[:120]!r}"
            for rule, why in MISTAKES
            if (match := rule.search(text))
        ]
    return faults


def check_page(response: HttpResponseBase) -> None:
    """Fail when an HTML response breaks one of the promises."""
    if getattr(response, "streaming", False) or "text/html" not in response.get("Content-Type", ""):
        return
    faults = faults_of(response.content.decode())
    assert not faults, "\n".join(faults)


class PageClient(Client):
    """A client that runs what waits for the commit and checks each HTML response."""

    def request(self, **request: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            response = super().request(**request)
        check_page(response)
        return response
