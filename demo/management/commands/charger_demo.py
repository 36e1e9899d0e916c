"""Load the demonstration, once."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from demo.chargement.epci import load
from socle import horloge
from socle.dates import long_day
from territoire.models import Epci
from territoire.reference import EpciInconnu

BORDEAUX_METROPOLE = "243300316"
CAMPAIGN_DAY = (2, 10)


class Command(BaseCommand):
    help = "Charge un EPCI réel avec des personnes et des choix inventés ; ne fait rien s'il y a déjà des données."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--epci", default=BORDEAUX_METROPOLE, help="SIREN de l'EPCI")
        parser.add_argument("--date", default="", help="jour de la démonstration, AAAA-MM-JJ")

    def handle(self, *args: Any, **options: Any) -> None:
        present = Epci.objects.first()
        if present:
            self.stdout.write(
                f"Données déjà présentes ({present.nom}) : rien n'est rechargé. « make demo-reset » repart de zéro."
            )
            return
        try:
            with transaction.atomic():
                epci = load(options["epci"] or BORDEAUX_METROPOLE, _day(options["date"]), self.stdout.write)
        except EpciInconnu as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{epci.nom}, le {long_day(epci.today)}.")


def _day(text: str) -> date:
    """The wanted day, or the next day on which a campaign is open."""
    if not text:
        today = horloge.today("Europe/Paris")
        this_year = date(today.year, *CAMPAIGN_DAY)
        return this_year if today < this_year else date(today.year + 1, *CAMPAIGN_DAY)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"« {text} » n'est pas une date : écrivez par exemple 2027-02-10.") from error
