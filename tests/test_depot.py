"""What the repository may hold: no registry address, no secret, no stray file, links that lead somewhere."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Written in pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("cdnjs", "cloudflare", "com"),
        ("deb", "debian", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]
OPTIONS = ["--index" + "-url", "--extra-index" + "-url", "--find" + "-links"]
TEXT = {
    ".py",
    ".md",
    ".html",
    ".txt",
    ".toml",
    ".yml",
    ".yaml",
    ".json",
    ".css",
    ".js",
    ".sh",
    ".svg",
    ".cfg",
    ".ini",
    "",
}


@cache
def files() -> tuple[Path, ...]:
    """Files of the repository, those not added yet included, those git ignores left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def texts() -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in files()
        if path.suffix in TEXT
    ]


def test_there_is_something_to_read():
    assert {"manage.py", "pyproject.toml", "tests/test_depot.py"} <= {name for name, _ in texts()}


def test_no_address_of_a_registry():
    """What is installed is pinned by hash; where from is the business of each machine."""
    held = {name: host for name, text in texts() for host in REGISTRIES if host in text}
    assert held == {}
    requirements = [(name, text) for name, text in texts() if Path(name).name.startswith("requirements")]
    assert requirements
    assert [name for name, text in requirements for option in OPTIONS if option in text] == []


def test_each_requirement_is_pinned_with_a_hash():
    for name, text in texts():
        if not Path(name).name.startswith("requirements"):
            continue
        entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.M).strip(), flags=re.I)
        assert entries
        assert [
            e.split()[0] for e in entries if "==" not in e.split("\n")[0] or "--hash=sha256:" not in e
        ] == [], name


def test_no_secret():
    patterns = r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30}|\bmac_[A-Za-z0-9_-]{30,}"
    assert [name for name, text in texts() if re.search(patterns, text)] == []


def test_no_lock_that_writes_download_addresses():
    assert [
        path.name
        for path in files()
        if path.name in ("uv.lock", "pylock.toml", "poetry.lock", "package-lock.json")
    ] == []


def test_no_heavy_file():
    assert {path.name: path.stat().st_size for path in files() if path.stat().st_size > 1_500_000} == {}


def test_texts_are_unix_utf8_and_end_with_a_line():
    for name, text in texts():
        assert "\r" not in text, name
        assert not text or text.endswith("\n"), name


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


@pytest.mark.parametrize(
    "path", [p for p in files() if p.suffix == ".md"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_links_between_papers_lead_somewhere(path: Path):
    targets = [
        target
        for target in LINK.findall(path.read_text("utf-8"))
        if "://" not in target and "mailto:" not in target
    ]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_templates_never_call_the_outside():
    """No address of another site as a source of a page: everything is served from here."""
    loads = re.compile(r"(src|href|url\()\s*=?\s*[\"']?(https?:)?//", re.I)
    pages = [
        (n, t)
        for n, t in texts()
        if n.startswith(("templates/", "static/")) and n.endswith((".html", ".css", ".js"))
    ]
    assert pages
    assert [name for name, text in pages if loads.search(text)] == []
