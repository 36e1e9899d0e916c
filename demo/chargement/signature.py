"""The contract that a commune signed in a past year, through the real circuit: reviewed, settled, voted, signed on paper."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time

from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string

from contrats.models import Contrat, Cote, VersionContrat
from contrats.partages import domaines_on
from contrats.workflows.circuit import approve, issue_to_sign, send_for_review, settle
from contrats.workflows.contrat import prepare_contract
from contrats.workflows.signature import confirm_signed, deposit_signed
from demo.chargement.annee import fill
from demo.chargement.gens import Gens
from documents.models import Document
from documents.rendu import render_pdf
from journal.models import Tache
from journal.workflows.courriel import send_due_mails
from journal.workflows.tache import run
from mutualisation.models import Acte
from socle import horloge
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays

AFTERNOON = time(15)
PAPER = "Démonstration : signé sur papier, puis numérisé. Les signatures sont inventées."


def sign_past_contract(gens: Gens, commune: Commune, year: int) -> Contrat | None:
    """Sign the contract of the year before `year`, or of `year` for a commune that shared nothing before.

    Each act has its day, in the autumn before the effect. None for a commune that shares nothing.
    """
    days = (date(year - 1, 1, 1), date(year, 1, 1))
    effective_on = next((day for day in days if domaines_on(gens.epci, commune, day)), None)
    if effective_on is None:
        return None
    with _autumn(gens.epci, effective_on, 9, 15):
        version = _written(gens, commune, effective_on)
    for month, day, act in ACTS:
        with _autumn(gens.epci, effective_on, month, day):
            act(gens, VersionContrat.objects.select_related("epci", "commune").get(pk=version.pk))
    return version.contrat


@contextmanager
def _autumn(epci: Epci, effective_on: date, month: int, day: int) -> Iterator[None]:
    """A day of the year before an effect, or the working day before it; its mails leave that day."""
    worked = WorkingDays(epci).before(date(effective_on.year - 1, month, day))
    with horloge.at(horloge.at_hour(worked, AFTERNOON, epci.fuseau)):
        yield
        send_due_mails()


def _written(gens: Gens, commune: Commune, effective_on: date) -> VersionContrat:
    version = prepare_contract(
        epci=gens.epci, commune=commune, effective_on=effective_on, acteur=gens.direction
    )
    fill(version.engagements.all())
    return version


def _review(gens: Gens, version: VersionContrat) -> None:
    send_for_review(version=version, acteur=gens.direction, lue=version.version)


def _settle(gens: Gens, version: VersionContrat) -> None:
    _print(settle(version=version, acteur=gens.direction, lue=version.version).arrete)


def _approve(gens: Gens, version: VersionContrat) -> None:
    """Both assemblies, each by its act; the acts are sent to the prefecture the same day."""
    year = gens.epci.today.year
    for cote, type, numero in (
        (Cote.COMMUNE, Acte.Type.CONSEIL_MUNICIPAL, f"{year}-58"),
        (Cote.EPCI, Acte.Type.CONSEIL_EPCI, f"{year}-498"),
    ):
        approve(
            version=version, acteur=gens.direction, cote=cote, type=type, numero=numero,
            adopte_on=gens.epci.today, executoire_on=gens.epci.today,
        )  # fmt: skip


def _issue(gens: Gens, version: VersionContrat) -> None:
    _print(issue_to_sign(version=version, acteur=gens.direction, lue=version.version).a_signer)


def _sign(gens: Gens, version: VersionContrat) -> None:
    document = version.a_signer
    assert document  # issued just before
    fichier = SimpleUploadedFile(f"{version.reference}-signe.pdf", _paper(document))
    deposited = deposit_signed(version=version, acteur=gens.direction, fichier=fichier)
    confirm_signed(exemplaire=deposited, acteur=gens.direction, signe_on=gens.epci.today, motif=PAPER)


def _paper(document: Document) -> bytes:
    """One page that stands for the scanned paper, and says so."""
    contrat = document.source["contrat"]
    context = {"document": document, "contrat": contrat, "jour": document.epci.today}
    html = render_to_string("demo/copie_signee.html", context)
    return render_pdf(html, title=f"Copie signée de {document.reference}", created_at=horloge.now())


def _print(document: Document | None) -> None:
    """Render a document on its day, and not with all that waits for the worker: the next act reads its bytes."""
    assert document  # just reserved
    run(Tache.objects.get(cle=document.cle_rendu))


ACTS: tuple[tuple[int, int, Callable[[Gens, VersionContrat], None]], ...] = (
    (9, 22, _review),
    (10, 6, _settle),
    (11, 27, _approve),
    (12, 4, _issue),
    (12, 18, _sign),
)
