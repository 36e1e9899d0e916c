"""Printing 28 full contracts: against Chromium, against LibreOffice, again, by two workers, and page by page."""

import io
import multiprocessing
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
from django.core.cache import cache as pages
from django.urls import reverse
from playwright.sync_api import sync_playwright

from bench.banc import Banc, get
from bench.harnais import Releve, mesure
from contrats.models import VersionContrat
from documents import polices, rendu
from socle import registres
from tests.documents import exemples

CONTRATS = 28  # the communes of Bordeaux Métropole
TICKS = os.sysconf("SC_CLK_TCK")
CHROMIUM = ("chromium", "chromium-browser")


@cache
def corpus() -> list[str]:
    """The HTML of each contract: 18 domains, 130 activities, every annex; no two are the same."""
    communes = [{"nom": f"Commune {n:02d}", "code_insee": f"33{n:03d}"} for n in range(1, CONTRATS + 1)]
    return [exemples.page("contrat", exemples.contrat(commune=commune)) for commune in communes]


def plain(html: str) -> str:
    """The same page for a browser: its sheet inside, the faces as files; no QR code."""
    sheet = (rendu.STYLES / "pdf.css").read_text("utf-8")
    for face, file in polices.FACES.items():
        sheet = sheet.replace(f"police:{face}", (polices.FOLDER / file).as_uri())
    html = html.replace('<link rel="stylesheet" href="style:pdf.css">', f"<style>{sheet}</style>")
    return re.sub(r'<img class="qr"[^>]*>', "", html)


def printed(html: str) -> bytes:
    return rendu.render_pdf(html, title="Contrat d'engagement", created_at=exemples.CREATED_AT)


def wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu(pids: list[int]) -> float:
    """CPU seconds spent so far by some processes, still there or not any more (0)."""
    return sum(_ticks(pid) for pid in pids) / TICKS


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def family(root: int) -> list[int]:
    """A process and all that it started."""
    found = [root]
    for pid in found:
        tasks = Path(f"/proc/{pid}/task")
        for task in tasks.glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def peak(pids: list[int]) -> float:
    """The sum of the highest memory of some processes, in MiB."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status")
        found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
        total += int(found[1]) if found else 0
    return total / 1024


@cache
def ours() -> tuple[float, float, float]:
    """(seconds, CPU seconds, MiB at most) of the 28 contracts in one warm worker."""
    printed(corpus()[0])
    before = time.process_time()
    spent = wall(lambda: [printed(html) for html in corpus()])
    return spent, time.process_time() - before, peak([os.getpid()])


@cache
def chromium() -> tuple[float, float, float]:
    """The same of a warm headless Chromium printing the same pages, tagged."""
    binary = next(path for name in CHROMIUM if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        files = [Path(folder, f"{n}.html") for n in range(CONTRATS)]
        for file, html in zip(files, corpus(), strict=True):
            file.write_text(plain(html), "utf-8")
        browser = play.chromium.launch(executable_path=binary)
        page = browser.new_page()

        def one(file: Path) -> bytes:
            page.goto(file.as_uri())
            octets: bytes = page.pdf(tagged=True, outline=True, prefer_css_page_size=True)
            return octets

        one(files[0])
        pids = [pid for pid in family(os.getpid()) if pid != os.getpid()]
        before = cpu(pids)
        spent = wall(lambda: [one(file) for file in files])
        result = spent, cpu(pids) - before, peak(pids)
        browser.close()
    return result


@mesure(
    "28 contrats complets, durée",
    unite="s",
    reference="Chromium sans fenêtre, chaud, qui imprime les mêmes pages avec leurs balises",
    objectif=2.0,
)
def duration(banc: Banc) -> Releve:
    return Releve(ours()[0], chromium()[0])


@mesure("28 contrats complets, processeur", unite="s CPU", reference="Chromium, ses processus réunis")
def processor(banc: Banc) -> Releve:
    return Releve(ours()[1], chromium()[1])


@mesure(
    "28 contrats complets, mémoire", unite="Mio", reference="Chromium, ses processus réunis, au plus haut"
)
def memory(banc: Banc) -> Releve:
    return Releve(ours()[2], chromium()[2])


@mesure(
    "28 contrats complets, contre LibreOffice",
    unite="s",
    reference="LibreOffice sans fenêtre, en une commande, sur les mêmes pages",
    objectif=0.6,
)
def office(banc: Banc) -> Releve:
    """LibreOffice Writer must be installed: `apt-get install libreoffice-writer-nogui`."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{n}.html") for n in range(CONTRATS)]
        for file, html in zip(files, corpus(), strict=True):
            file.write_text(plain(html), "utf-8")
        profile = f"-env:UserInstallation=file://{folder}/profil"
        command = [
            "soffice",
            profile,
            "--headless",
            "--convert-to",
            "pdf:writer_web_pdf_Export",
            "--outdir",
            folder,
        ]
        subprocess.run([*command, str(files[0])], check=True, capture_output=True, timeout=300)
        work = [*command, *map(str, files)]
        spent = wall(lambda: subprocess.run(work, check=True, capture_output=True, timeout=1200))
        if len(list(Path(folder).glob("*.pdf"))) != CONTRATS:
            raise RuntimeError("LibreOffice n'a pas imprimé tous les contrats")
    return Releve(ours()[0], spent)


@mesure(
    "Projet de contrat redemandé, sans changement",
    unite="s",
    reference="la première demande, mise en page comprise",
    objectif=0.02,
)
def again(banc: Banc) -> Releve:
    """The draft PDF of the commune that shares most, by its page; the second request finds it in the cache."""
    drafts = VersionContrat.objects.filter(epci=banc.petit.epci, etat__in=VersionContrat.PREPARATION)
    version = max(drafts.order_by("pk"), key=lambda one: one.engagements.count())
    url = reverse("contrats:projet_pdf", args=[version.pk])
    get(banc.petit.direction, reverse("contrats:contrats"))
    pages.clear()
    first = wall(lambda: get(banc.petit.direction, url))
    return Releve(wall(lambda: get(banc.petit.direction, url)), first)


@mesure(
    "Exemplaire émis redemandé",
    unite="s",
    reference="sa première impression",
    objectif=0.02,
)
def issued_again(banc: Banc) -> Releve:
    """The copy to sign of the contract that the demonstration has signed, by its page: its bytes are kept."""
    version = VersionContrat.objects.filter(epci=banc.petit.epci, etat=VersionContrat.Etat.SIGNE).first()
    assert version
    document = version.a_signer
    assert document
    first = wall(lambda: registres.rendus.get(document.type)(document))
    url = reverse("contrats:a_signer_pdf", args=[version.pk])
    get(banc.petit.direction, url)
    return Releve(wall(lambda: get(banc.petit.direction, url)), first)


@mesure("28 contrats, deux ouvriers", unite="s", reference="un seul ouvrier", objectif=round(1 / 1.8, 3))
def workers(banc: Banc) -> Releve:
    """Two processes over one, each warm: an objective of 0.556 is 1.8 times as fast."""
    return Releve(_spread(2), _spread(1))


def _spread(count: int) -> float:
    with multiprocessing.get_context("fork").Pool(count) as pool:
        pool.map(printed_size, corpus()[:count], chunksize=1)
        return wall(lambda: pool.map(printed_size, corpus(), chunksize=1))


def printed_size(html: str) -> int:
    return len(printed(html))


@mesure("Temps par page, 200 pages", unite="s", reference="le même, sur 20 pages", objectif=1.2)
def per_page(banc: Banc) -> Releve:
    """The same pages ten times over: a cover and articles cost half as much as fiches, so the mix must be the same."""
    short, long = (_per_page(times) for times in (1, 10))
    return Releve(long, short)


def _per_page(times: int) -> float:
    """Seconds a page of a contract of 20 pages whose body is written so many times."""
    fiches: list[Any] = exemples.contrat()["fiches"]
    html = exemples.page("contrat", exemples.contrat(fiches=fiches[:4]))
    found = re.fullmatch(r"(.*<body[^>]*>)(.*)(</body>.*)", html, re.DOTALL)
    assert found
    html = found[1] + found[2] * times + found[3]
    printed(html)
    octets: list[bytes] = []
    spent = wall(lambda: octets.append(printed(html)))
    return spent / len(pypdf.PdfReader(io.BytesIO(octets[0])).pages)
