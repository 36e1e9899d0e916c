"""What this floor tells the ground floor."""

from comptes.destinataires import held
from socle import registres


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.destinataires.register("habilitations", held)
    registres.pages.register("comptes.personne", registres.at("comptes:personne"))
