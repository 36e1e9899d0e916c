"""Bearer tokens of the API."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from comptes.models import Jeton, Personne
from comptes.models.jeton import digest
from socle import horloge

REFUSED = "Ce jeton est inconnu, expiré ou révoqué."


class JetonAuthentication(BaseAuthentication):
    """`Authorization: Bearer mac_…`; the digest is looked up, so a stolen database gives no token."""

    def authenticate(self, request: Request) -> tuple[Personne, Jeton] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        valid = Jeton.objects.filter(
            empreinte=digest(secret.strip()),
            revoque_at=None,
            expire_at__gt=horloge.real_now(),
            personne__is_active=True,
        )
        jeton = valid.select_related("personne").first()
        if jeton is None:
            raise AuthenticationFailed(REFUSED)
        return jeton.personne, jeton

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class JetonScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI schema tells the tokens."""

    target_class = "comptes.api.authentication.JetonAuthentication"
    name = "jeton"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Jeton du compte de service, montré une seule fois.",
        }
