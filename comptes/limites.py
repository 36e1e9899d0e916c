"""What throttles sign-in: failures counted by address and origin, and beyond, more widely.

django-axes counts in several ways but against one limit (AXES_FAILURE_LIMIT), low for an account tried from one place. Here two
wider counts have limits of their own: all the tries of an account, and all those of an origin. They lock out those who come from
where the account has not signed in of late, and nobody else: whoever tries the passwords of somebody from elsewhere, even
without end, does not keep her out of her office.
"""

from datetime import timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_failure_limit
from axes.models import AccessAttempt, AccessLog
from django.db.models import Sum
from django.http import HttpRequest

from socle import horloge

COMPTE_MAX = 50  # failures of an account, wherever they come from, within the cool-off time
ORIGINE_MAX = 100  # failures from an origin, whatever the account: a town hall often shares one
CONNU_JOURS = 30  # for how long a sign-in makes its origin known; sign-ins are forgotten afterwards


class LimitesHandler(AxesDatabaseHandler):
    """AXES_HANDLER: the count of django-axes, raised to its limit when a wider one has reached its own."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """How many failures count against AXES_FAILURE_LIMIT."""
        failures: int = super().get_failures(request, credentials)
        limit: int = get_failure_limit(request, credentials)
        compte = get_client_username(request, credentials)
        if failures >= limit or not _widely_tried(request, compte) or _known_here(request, compte):
            return failures
        return limit


def _widely_tried(request: Any, compte: str) -> bool:
    by_account = _failures(request, username=compte) >= COMPTE_MAX
    return by_account or _failures(request, ip_address=request.axes_ip_address) >= ORIGINE_MAX


def _failures(request: Any, **which: str) -> int:
    recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request), **which)
    return recent.aggregate(total=Sum("failures_since_start", default=0))["total"]


def _known_here(request: Any, compte: str) -> bool:
    """Whether the account signed in from this origin of late; addresses are compared without case."""
    since = horloge.real_now() - timedelta(days=CONNU_JOURS)
    here = AccessLog.objects.filter(ip_address=request.axes_ip_address, attempt_time__gte=since)
    return here.filter(username__iexact=compte).exists()
