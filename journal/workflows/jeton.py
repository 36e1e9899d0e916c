"""Machine accounts and their tokens."""

from datetime import timedelta

from comptes.models import Jeton, Personne
from comptes.models.jeton import digest
from comptes.roles import Role
from journal.workflows.personne import Identite, Mandat, find_personne, refuse_closed, welcome
from journal.workflows.unite import record, unite
from socle import horloge
from socle.erreurs import Refus
from socle.typographie import sort_key
from territoire.models import Epci

HOST = "service.invalid"  # RFC 2606: no mail can ever leave for it


def service_address(epci: Epci, nom: str) -> str:
    """The address that stands for a machine account: « intranet.243300316@service.invalid »."""
    return f"{sort_key(nom).replace(' ', '-')}.{epci.siren}@{HOST}"


@unite
def issue_token(*, epci: Epci, nom: str, jours: int, revoquer: bool = False) -> str:
    """Give the machine account `nom` of the EPCI (opened when needed) a new token; return its secret.

    `revoquer` ends the account's earlier tokens at once; otherwise they live until they expire. Raises Refus
    for a name without letters, a duration outside 1 to 3,650 days, a closed account.
    """
    if not sort_key(nom) or len(nom) > 100:
        raise Refus("Donnez à ce compte un nom lisible, de 100 caractères au plus.")
    if not 1 <= jours <= 3650:
        raise Refus("Un jeton dure de 1 à 3650 jours.")
    personne = _account(epci, nom)
    if revoquer:
        Jeton.objects.filter(personne=personne, revoque_at=None).update(revoque_at=horloge.real_now())
    secret = Jeton.new_secret()
    expire_at = horloge.real_now() + timedelta(days=jours)
    Jeton.objects.create(personne=personne, nom=nom, empreinte=digest(secret), expire_at=expire_at)
    record(
        type="jeton.cree",
        objet=personne,
        epci=epci,
        acteur=None,
        libelle=f"Jeton d'accès créé, valable {jours} jours",
        contenu={"expire_at": expire_at.isoformat(), "autres_revoques": revoquer},
    )
    return secret


def _account(epci: Epci, nom: str) -> Personne:
    email = service_address(epci, nom)
    existing = find_personne(email)
    if existing:
        refuse_closed(existing, epci)
        return existing
    mandat = Mandat(role=Role.SERVICE, debut=epci.today)
    return welcome(epci=epci, acteur=None, identite=Identite(email=email, nom=nom), mandat=mandat)
