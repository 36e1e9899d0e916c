"""People, their teams and their habilitations."""

from comptes.models.equipe import Equipe
from comptes.models.habilitation import Habilitation, Role
from comptes.models.jeton import Jeton
from comptes.models.personne import Personne
from comptes.models.vue import Vue

__all__ = ["Equipe", "Habilitation", "Jeton", "Personne", "Role", "Vue"]
