"""A token for the intranet: `manage.py jeton --siren 243300316 --nom Intranet`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from journal.workflows.jeton import issue_token
from socle.erreurs import Refus
from territoire.models import Epci


class Command(BaseCommand):
    help = "Donne à un compte de service un jeton d'accès à l'API ; le secret n'est montré qu'une fois."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--siren", required=True, help="SIREN de l'EPCI déjà installé")
        parser.add_argument("--nom", default="Intranet", help="ce qui se servira du jeton")
        parser.add_argument("--jours", type=int, default=365, help="durée de validité, en jours")
        parser.add_argument(
            "--revoquer", action="store_true", help="révoque les jetons précédents de ce compte"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        epci = Epci.objects.filter(siren="".join(options["siren"].split())).first()
        if epci is None:
            raise CommandError("Aucun EPCI installé ne porte ce SIREN : voyez la commande « installer ».")
        try:
            secret = issue_token(
                epci=epci, nom=options["nom"], jours=options["jours"], revoquer=options["revoquer"]
            )
        except Refus as refus:
            raise CommandError(refus.message) from refus
        self.stderr.write(
            f"Jeton de « {options['nom']} » pour {epci}, valable {options['jours']} jours. "
            "Gardez-le maintenant :"
        )
        self.stdout.write(secret)
