"""Taking over 20,000 adhesions from a sheet, beside reading the same sheet."""

import io
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from openpyxl import load_workbook

from bench.banc import Banc
from bench.harnais import Releve, cpu_seconds, mesure
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from mutualisation.models import Adhesion, Reprise
from mutualisation.reprise.colonnes import NATURES, Type, label
from mutualisation.reprise.modele import FEUILLE, build_book
from mutualisation.workflows.reprise import TACHE_REPRISE, confirm, deposit, run_reprise
from socle.tableur import Valeur
from territoire.models import Commune, Epci

LIGNES = 20_000
# Before anything the demonstration invents: nothing to leave out, every row is written.
DEBUT, DERNIER_JOUR = date(1995, 1, 1), date(1999, 12, 31)


@mesure(
    "Reprise de 20 000 adhésions",
    unite="s CPU",
    reference="openpyxl qui lit la même feuille (read_only, valeurs seules), sans rien en faire",
    objectif=3.0,
)
def take_over(banc: Banc) -> Releve:
    """The whole of it: deposit, dry run, confirmation and writing; each turn is rolled back."""
    epci = banc.grand.epci
    octets = build_book(epci, Type.ADHESIONS, _rows(epci))
    return cpu_seconds(lambda: _take_over(epci, octets), lambda: _read(octets))


def _rows(epci: Epci) -> list[list[Valeur]]:
    communes = Commune.objects.members_of(epci, epci.today).values_list("nom", flat=True)
    activites = [label(*names) for names in epci.activites.order_by("code").values_list("code", "libelle")]
    nature = NATURES[Adhesion.Nature.MUTUALISATION]
    rows: list[list[Valeur]] = [
        [commune, activite, DEBUT, DERNIER_JOUR, nature] for commune in communes for activite in activites
    ]
    return rows[:LIGNES]


def _take_over(epci: Epci, octets: bytes) -> None:
    with transaction.atomic():
        acteur = Personne.objects.filter(
            habilitations__epci=epci, habilitations__role=Role.DIRECTION_TERRITOIRES
        ).order_by("pk")[0]
        fichier = SimpleUploadedFile("adhesions.xlsx", octets)
        reprise = deposit(epci=epci, type=Type.ADHESIONS, acteur=acteur, fichier=fichier)
        confirm(reprise=reprise, acteur=acteur)
        run_reprise(Tache.objects.get(type=TACHE_REPRISE, cle__endswith=f":{reprise.pk}"))
        written = Reprise.objects.get(pk=reprise.pk).bilan["ecrites"]
        if written != LIGNES:
            raise RuntimeError(f"{written} lignes écrites, au lieu de {LIGNES}")
        transaction.set_rollback(True)


def _read(octets: bytes) -> int:
    sheet = load_workbook(io.BytesIO(octets), read_only=True, data_only=True)[FEUILLE]
    return sum(1 for _ in sheet.iter_rows(values_only=True))
