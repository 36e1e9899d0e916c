"""First use: `manage.py installer --siren 243300316 --email alix@metropole.fr --nom Martin --prenom Alix`."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from journal.workflows.personne import Identite
from revues.workflows.installation import Installation, install
from socle.erreurs import Refus
from territoire.reference import EpciInconnu


class Command(BaseCommand):
    help = "Installe un EPCI : communes, catalogue et fiches de référence, premier administrateur."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--siren", required=True, help="SIREN de l'EPCI, neuf chiffres")
        parser.add_argument("--email", required=True, help="adresse électronique de l'administrateur")
        parser.add_argument("--nom", default="Administrateur", help="son nom")
        parser.add_argument("--prenom", default="", help="son prénom")

    def handle(self, *args: Any, **options: Any) -> None:
        identite = Identite(email=options["email"], nom=options["nom"], prenom=options["prenom"])
        try:
            done = install(siren=options["siren"], identite=identite)
        except EpciInconnu as error:
            raise CommandError(str(error)) from error
        except Refus as refus:
            raise CommandError(refus.message) from refus
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self._tell(done)

    def _tell(self, done: Installation) -> None:
        for phrase in done.phrases:
            self.stdout.write(phrase)
        if done.lien:
            self.stdout.write(
                "\nUn courriel d'invitation est écrit. Le même accès, valable sept jours et une seule fois :"
            )
            self.stdout.write(done.lien)
