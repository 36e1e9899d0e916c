"""Who reads mails and jobs."""

import re
from typing import Any

from django.db.models import Q, QuerySet

from comptes.roles import Role
from journal.models import Courriel, Tache
from journal.workflows.invitation import INVITATION, OUBLI

_LINK = re.compile(r"https?://\S+/invitation/\S+")


def mails_for(user: Any, epci_id: int | None) -> QuerySet[Courriel]:
    """An administrator reads all mails of the EPCI of his hat; everyone reads his own, of every EPCI."""
    condition = Q(destinataire=user)
    if epci_id in user.acces.epcis_with(Role.ADMINISTRATEUR):
        condition |= Q(epci=epci_id)
    return Courriel.objects.filter(condition)


def jobs_for(user: Any, epci_id: int) -> QuerySet[Tache]:
    """Jobs of the EPCI, for its administrators."""
    return Tache.objects.filter(epci__in=user.acces.epcis_with(Role.ADMINISTRATEUR), epci=epci_id)


def readable_body(courriel: Courriel, *, secrets: bool) -> str:
    """The text of a mail; without `secrets`, a link that would open somebody's account is left out."""
    if secrets or courriel.type not in (INVITATION, OUBLI):
        return courriel.corps
    return _LINK.sub("[lien personnel, lisible par son seul destinataire]", courriel.corps)
