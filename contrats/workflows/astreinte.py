"""The duty number of a fiche in use: changed without avenant, told to the commune (article 11.2 of the contract)."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from comptes.destinataires import heads_of, recipients
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Contrat, Engagement, VersionContrat
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import check_version, locked
from socle.droits import require
from socle.erreurs import Refus
from socle.saisie import phone_number

FIELD = "telephone_astreinte"
RELATED = ("version_contrat__epci", "contrat", "epci", "commune", "domaine")
NOTHING_TO_CALL = "Écrivez le numéro à appeler : le supprimer demande un avenant."


@unite
def change_duty_number(*, engagement: Engagement, acteur: Personne, lue: int, telephone: str) -> Engagement:
    """Change the duty number of a fiche in use, and that alone; the commune is told, issued documents keep what they print.

    Later texts of the contract that hold the old number (an avenant open, or signed for a day to come) take the new one, so
    that none brings it back. The same number again changes nothing. Raises ActionInterdite, Refus for what is no number,
    Conflit when somebody changed the fiche since the page read `lue`.
    """
    # No avenant begins from the old number, and none is settled, between what is read here and what is written.
    locked(Contrat, engagement.contrat_id)
    locked(VersionContrat, engagement.version_contrat_id)
    row = locked(Engagement, engagement.pk, select=RELATED)
    require(row, acteur, "changer_astreinte")
    number, before = _checked(telephone), row.telephone_astreinte
    if number == before:
        return row
    check_version(row, lue)
    _write(row, acteur, number, "numéro d'astreinte changé sans avenant")
    for later in _later(row, before):
        _write(
            later, acteur, number, f"numéro d'astreinte changé, comme dans {row.version_contrat.reference}"
        )
    _tell(row, acteur, before)
    return row


def _checked(telephone: str) -> str:
    """The number as it is kept. Raises Refus for letters, and for nothing to dial."""
    number = telephone.strip()
    try:
        phone_number(number)
    except ValidationError as fault:
        raise Refus(str(fault.message), field=FIELD) from fault
    if not any(sign.isdigit() for sign in number):
        raise Refus(NOTHING_TO_CALL, field=FIELD)
    return number


def _later(row: Engagement, before: str) -> Iterator[Engagement]:
    """The fiches of the domain in later texts of the contract that still hold the old number, each locked with its text."""
    texts = row.contrat.versions.filter(numero__gt=row.version_contrat.numero)
    for version in texts.exclude(etat=VersionContrat.Etat.ABANDONNE).order_by("numero"):
        locked(VersionContrat, version.pk)
        for pk in version.engagements.filter(domaine=row.domaine_id).values_list("pk", flat=True):
            later = locked(Engagement, pk, select=RELATED)
            if later.telephone_astreinte == before:
                yield later


def _write(row: Engagement, acteur: Personne, number: str, said: str) -> None:
    before, row.telephone_astreinte = row.telephone_astreinte, number
    row.version += 1
    row.save(update_fields=["version", FIELD])
    record(
        type="engagement.astreinte",
        objet=row,
        epci=row.epci,
        commune=row.commune,
        acteur=acteur,
        libelle=f"Fiche {row.domaine} : {said}",
        contenu={"domaine": row.domaine.code, "rubriques": [FIELD]},
        detail={FIELD: {"avant": before, "apres": number}},
    )


def _tell(row: Engagement, acteur: Personne, before: str) -> None:
    """To the other side: the référent of the domain, and who answers for the commune."""
    epci, commune, day = row.epci, row.commune, row.epci.today
    seats = recipients(epci, Role.REFERENT_COMMUNAL, on=day, commune=commune, domaine=row.domaine_id)
    people = dict.fromkeys([*seats, *heads_of(epci, commune, day)])
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type="astreinte_changee",
            objet=row,
            occurrence=str(row.version),
            sujet=f"{row.domaine} : le numéro d'astreinte change",
            contexte={"engagement": row, "avant": before, "acteur": acteur},
        )
        for personne in people
        if personne != acteur
    )
