"""The roles of the trade; `responsable_service` and `referent_communal` derive from seats, the others from habilitations.

An `agent` may sign in and read what the whole EPCI reads; what else she may do comes from her seats.
"""

from django.db import models


class Role(models.TextChoices):
    ADMINISTRATEUR = "administrateur", "administrateur"
    DIRECTION_TERRITOIRES = "direction_territoires", "Direction des territoires"
    DIRECTEUR_POLE = "directeur_pole", "directeur de pôle"
    RESPONSABLE_SERVICE = "responsable_service", "responsable de service commun"
    DGS = "dgs", "DGS"
    MAIRE = "maire", "maire"
    REFERENT_COMMUNAL = "referent_communal", "référent communal"
    LECTEUR = "lecteur", "élu"
    COLLABORATEUR = "collaborateur", "collaborateur"
    AGENT = "agent", "agent"
    SERVICE = "service", "compte de service"


ROLES_EPCI = ("administrateur", "direction_territoires", "agent", "service")
ROLES_POLE = ("directeur_pole",)
ROLES_COMMUNE = ("dgs", "maire", "lecteur", "collaborateur")
