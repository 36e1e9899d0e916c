"""Links by mail to choose a password: invitations, and passwords forgotten."""

from datetime import timedelta

from axes.utils import reset as forget_failures
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from comptes.annuaire import Annuaire
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel
from journal.workflows.courriel import write_mail
from journal.workflows.personne import find_personne
from journal.workflows.unite import record, unite
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Epci

INVITATION = "invitation"
OUBLI = "mot_de_passe"
# A second request within this delay is the same one: a double click, or somebody flooding a mailbox.
SAME_REQUEST = {INVITATION: timedelta(minutes=2), OUBLI: timedelta(minutes=10)}
VALIDITY = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def password_link(personne: Personne) -> str:
    """A full address that lets this person, once and for seven days, choose a password."""
    uid = urlsafe_base64_encode(force_bytes(personne.pk))
    token = default_token_generator.make_token(personne)
    return settings.SITE_URL + reverse("comptes:invitation", args=[uid, token])


@unite
def invite(*, personne: Personne, epci: Epci, acteur: Personne | None) -> None:
    """Mail an invitation to a person of the EPCI; `acteur` is None for the installation.

    Raises ActionInterdite unless `acteur` administers the EPCI, Refus for a closed account or a machine.
    """
    if acteur is not None:
        require(Annuaire(epci), acteur, "administrer")
    if not _may_sign_in(personne):
        raise Refus(
            "Ce compte ne peut pas recevoir d'invitation : il est fermé, ou c'est un compte de service."
        )
    if _send_link(personne, epci, INVITATION, f"Votre accès à {settings.SITE_NAME}"):
        record(
            type="personne.invitee",
            objet=personne,
            epci=epci,
            acteur=acteur,
            libelle="Invitation envoyée par courriel",
        )


@unite
def help_forgetful(*, email: str) -> None:
    """Mail a link to the holder of an address, if any; the caller must answer the same in every case."""
    personne = find_personne(email)
    if personne is None or not _may_sign_in(personne):
        return
    epci = epci_of(personne)
    if epci:
        _send_link(personne, epci, OUBLI, f"Votre mot de passe pour {settings.SITE_NAME}")


def _may_sign_in(personne: Personne) -> bool:
    roles = set(personne.habilitations.order_by("pk").values_list("role", flat=True))
    return personne.is_active and roles != {Role.SERVICE}


def epci_of(personne: Personne) -> Epci | None:
    """The EPCI that answers for an account: that of its first title today, else of its first habilitation."""
    titre = next(iter(personne.acces.titres), None)
    if titre:
        return Epci.objects.get(pk=titre.epci_id)
    habilitation = personne.habilitations.select_related("epci").order_by("debut", "pk").first()
    return habilitation.epci if habilitation else None


def outdate_links(personne: Personne) -> None:
    """Say of the links already written that they are of no use: not sent any more, and no reason to refuse a new one."""
    now = horloge.now()
    links = Courriel.objects.filter(destinataire=personne, type__in=SAME_REQUEST)
    links.filter(perime_at__gt=now).update(perime_at=now)


def _send_link(personne: Personne, epci: Epci, type: str, sujet: str) -> bool:
    """Write the mail unless the same request was just made; returns whether it was written."""
    Personne.objects.select_for_update(of=("self",), no_key=True).get(pk=personne.pk)
    now = horloge.now()
    previous = Courriel.objects.filter(
        destinataire=personne, type=type, objet_type=personne._meta.label_lower
    )
    if previous.filter(ecrit_at__gt=now - SAME_REQUEST[type], perime_at__gt=now).exists():
        return False
    write_mail(
        destinataire=personne,
        epci=epci,
        type=type,
        objet=personne,
        occurrence=horloge.real_now().isoformat(timespec="milliseconds"),
        sujet=sujet,
        contexte={"lien": password_link(personne), "epci": epci, "jours": VALIDITY.days},
        perime_at=now + VALIDITY,
    )
    return True


@unite
def choose_password(*, personne: Personne, mot_de_passe: str) -> None:
    """Set a password already validated; failed sign-ins are forgotten, links sent before no longer work."""
    personne.set_password(mot_de_passe)
    personne.save(update_fields=["password"])
    forget_failures(username=personne.email.lower())
    epci = epci_of(personne)
    if epci:
        record(
            type="personne.mot_de_passe",
            objet=personne,
            epci=epci,
            acteur=personne,
            libelle="Mot de passe choisi",
        )
