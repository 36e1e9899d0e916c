"""Print the people of the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand

from demo.models import Visiteur


class Command(BaseCommand):
    help = "Affiche les personnes de la démonstration."

    def handle(self, *args: Any, **options: Any) -> None:
        for visiteur in Visiteur.objects.select_related("personne").order_by("ordre"):
            self.stdout.write(f"  {visiteur.personne} – {visiteur.presentation}")
