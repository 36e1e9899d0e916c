"""Preparing the draft of a contract from what is shared and what was accepted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Max

from comptes.models import Personne
from comptes.roles import Role
from contrats.fiche import LIBELLES, shown
from contrats.fusion import (
    Divergence,
    FicheChangee,
    LigneIndicateur,
    Tri,
    clashing,
    fingerprint,
    sort_rows,
    to_write,
)
from contrats.models import Contrat, Engagement, Fiche, Indicateur, VersionContrat
from contrats.models.engagement import Textes
from contrats.partages import domaines_on
from contrats.revisions import outdated
from journal.models import Evenement
from journal.workflows.unite import record, unite
from mutualisation.models import Domaine
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.typographie import of
from territoire.models import Commune, Epci

URGENT = "Événement imprévisible qui demande une réaction immédiate."
EXCEPTIONAL = "Action ponctuelle, non prévue au contrat."
HOURS = "Du lundi au vendredi, de 8 h 30 à 17 h 30, hors jours fériés."
WHO = "Seule la Direction des territoires prépare le contrat d'une commune."


@unite
def prepare_contract(
    *, epci: Epci, commune: Commune, effective_on: date, acteur: Personne | None
) -> VersionContrat:
    """Open the draft of a commune's contract, or bring the one already open up to date with what is shared.

    A contract already signed gets an avenant, begun from the text last signed. Fiches already written are kept; a domain that
    is no longer covered leaves only if nobody has written in it, nor remarked on it. Raises Refus when the commune shares
    nothing on that day, or just what the signed text says, or on a day before the effect of that text.
    """
    if acteur and not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    domaines = domaines_on(epci, commune, effective_on)
    if not domaines:
        raise Refus(f"{commune} ne partage rien à cette date : il n'y a pas de contrat à préparer.")
    # Contracts of an EPCI are opened one at a time: their ranks make the references.
    epci = Epci.objects.select_for_update(of=("self",), no_key=True).get(pk=epci.pk)
    contrat = locked(Contrat, _contract_of(epci, commune, effective_on).pk, select=("epci", "commune"))
    if not contrat.bound_on(effective_on):
        raise Refus("La fin de ce contrat vient d'être enregistrée : recommencez.")
    _refuse_before(contrat, effective_on)
    opened = _opened(contrat)
    if opened is None:
        _refuse_unchanged(contrat, effective_on)
    elif not opened.en_preparation:
        raise Refus(f"{opened} est {opened.get_etat_display()} : il ne se prépare plus.")
    version = (
        _move_draft(opened, effective_on, acteur) if opened else open_draft(contrat, effective_on, acteur)
    )
    cover(version, domaines)
    return version


def _opened(contrat: Contrat) -> VersionContrat | None:
    """The version being written, voted or signed, locked so that it does not move along its circuit meanwhile."""
    rows = contrat.versions.exclude(etat__in=VersionContrat.CLOSES)
    found = rows.order_by("pk").values_list("pk", flat=True).first()
    return locked(VersionContrat, found, select=("contrat", "epci", "commune")) if found else None


def _contract_of(epci: Epci, commune: Commune, effective_on: date) -> Contrat:
    """The contract that binds a commune, or a new one once the last has ended by that day."""
    last = Contrat.objects.filter(epci=epci, commune=commune).order_by("pk").last()
    if last and not last.bound_on(effective_on):
        last = None
    if last and last.fin_on:
        raise Refus(
            f"Le contrat de cette commune lie jusqu'au {day_and_year(last.fin_on - timedelta(days=1))}."
        )
    return last or Contrat.objects.create(epci=epci, commune=commune)


def _refuse_before(contrat: Contrat, effective_on: date) -> None:
    """Refuse an avenant, to open or open already, before the effect of the text it changes."""
    last = last_signed(contrat)
    if last and effective_on < last.effective_on:
        raise Refus(
            f"{last} prend effet le {day_and_year(last.effective_on)} : un avenant ne le précède pas."
        )


def _refuse_unchanged(contrat: Contrat, effective_on: date) -> None:
    """Refuse to open an avenant for a day when the commune shares just what the signed text says."""
    last = last_signed(contrat)
    if last and not outdated(contrat.epci, [last], effective_on)[last.pk]:
        day = day_and_year(effective_on)
        raise Refus(
            f"{last} dit déjà ce que la commune partage le {day}. Pour changer autre chose, ouvrez un avenant."
        )


def last_signed(contrat: Contrat) -> VersionContrat | None:
    """The text that binds both sides, whatever its day of effect; None while nothing is signed."""
    signed = contrat.versions.filter(etat=VersionContrat.Etat.SIGNE).select_related("a_signer")
    return signed.order_by("-numero").first()


def open_draft(
    contrat: Contrat,
    effective_on: date,
    acteur: Personne | None,
    *,
    objet: str = "",
) -> VersionContrat:
    """Open the next version of a contract that has none open: its first text, or an avenant."""
    numero = contrat.versions.filter(etat=VersionContrat.Etat.SIGNE).count()
    version = VersionContrat.objects.create(
        contrat=contrat,
        epci=contrat.epci,
        commune=contrat.commune,
        numero=numero,
        reference=_reference(contrat, numero, effective_on),
        effective_on=effective_on,
        objet=objet or (f"Choix de la commune au {day_and_year(effective_on)}" if numero else ""),
    )
    what = f"Projet d'avenant n° {numero}" if numero else "Projet de contrat"
    record(
        type="contrat.prepare",
        objet=version,
        epci=contrat.epci,
        commune=contrat.commune,
        acteur=acteur,
        libelle=f"{what} {version.reference} ouvert pour la commune {of(contrat.commune.nom)}",
        contenu={"reference": version.reference, "numero": numero},
    )
    return version


def _reference(contrat: Contrat, numero: int, effective_on: date) -> str:
    """« C-2028-003 », the rank of the contract in its EPCI; « C-2028-003-A2 » for its second avenant."""
    if numero:
        return f"{contrat.premiere.reference}-A{numero}"
    rank = Contrat.objects.filter(epci=contrat.epci, pk__lte=contrat.pk).count()
    return f"C-{effective_on.year}-{rank:03d}"


def _move_draft(version: VersionContrat, effective_on: date, acteur: Personne | None) -> VersionContrat:
    """A draft covers what is shared on one day: preparing it for another day moves it there."""
    if version.effective_on == effective_on:
        return version
    version.effective_on = effective_on
    version.version += 1
    version.save(update_fields=["effective_on", "version"])
    record(
        type="contrat.date",
        objet=version,
        epci=version.epci,
        commune=version.commune,
        acteur=acteur,
        libelle=f"Projet {version.reference} préparé pour le {day_and_year(effective_on)}",
        contenu={"reference": version.reference, "effective_on": effective_on.isoformat()},
    )
    return version


def cover(version: VersionContrat, domaines: list[Domaine]) -> None:
    """Give a draft a fiche for each of its domains: as last signed, else from the reference fiche, else blank."""
    present = set(version.engagements.values_list("domaine_id", flat=True))
    fiches = Fiche.objects.in_bulk([d.pk for d in domaines], field_name="domaine_id")
    before = version.precedente
    signed = {row.domaine_id: row for row in before.engagements.order_by("pk")} if before else {}
    for domaine in domaines:
        if domaine.pk in present:
            continue
        if domaine.pk in signed:
            _carry_over(version, signed[domaine.pk])
        else:
            _begin(version, domaine, fiches.get(domaine.pk))
    gone = version.engagements.exclude(domaine__in=domaines).filter(version=1, remarques=None)
    Indicateur.objects.filter(engagement__in=gone).delete()
    gone.delete()


def _carry_over(version: VersionContrat, signed: Engagement) -> None:
    """Begin the fiche of an avenant from the one last signed, its indicators with it."""
    indicators = list(signed.indicateurs.all())
    signed.pk, signed._state.adding = None, True
    signed.version_contrat, signed.version = version, 1
    signed.save()
    for one in indicators:
        one.pk, one.engagement = None, signed
    Indicateur.objects.bulk_create(indicators)


def _begin(version: VersionContrat, domaine: Domaine, fiche: Fiche | None) -> None:
    """Begin the fiche of a domain from the reference one."""
    engagement = Engagement.objects.create(
        version_contrat=version,
        contrat=version.contrat,
        epci=version.epci,
        commune=version.commune,
        domaine=domaine,
        urgence_definition=URGENT,
        exceptionnel_definition=EXCEPTIONAL,
        horaires=HOURS,
        **(texts := _texts(fiche)),
        adoptees={name: fingerprint(text) for name, text in texts.items() if text},
    )
    proposed = fiche.indicateurs if fiche else []
    Indicateur.objects.bulk_create(
        Indicateur(engagement=engagement, ordre=ordre, **item) for ordre, item in enumerate(proposed, start=1)
    )


def _texts(fiche: Fiche | None) -> dict[str, str]:
    if not fiche:
        return {}
    return {field.name: getattr(fiche, field.name) for field in Textes._meta.get_fields()}


@unite
def save_engagement(
    *,
    engagement: Engagement,
    acteur: Personne,
    version: int,
    valeurs: Mapping[str, Any],
    vues: Mapping[str, str] | None = None,
    indicateurs: Sequence[LigneIndicateur] = (),
) -> Engagement:
    """Write what a page changed in a fiche, and only that; what others changed elsewhere in it since stays.

    `valeurs` are fields and `vues` the fingerprints of what the page showed of them (unsaid: what `version` held); `indicateurs`
    are the rows it sent. Nothing to write: nothing moves. Raises FicheChangee for what both sides changed, ActionInterdite,
    Refus past the number of indicators, ValidationError.
    """
    # The text is not settled between what is read here and what is written.
    locked(VersionContrat, engagement.version_contrat_id)
    engagement = locked(Engagement, engagement.pk, select=("version_contrat", "epci", "commune", "domaine"))
    require(engagement, acteur, "modifier")
    present = {name: getattr(engagement, name) for name in valeurs}
    unchanged = present if engagement.version == version else {}
    seen = {name: fingerprint(value) for name, value in unchanged.items()} | dict(vues or {})
    wanted = to_write(present, valeurs, seen)
    rows = sort_rows(list(engagement.indicateurs.order_by("ordre", "pk")), indicateurs)
    clashes = list(_clashes(engagement, clashing(present, wanted, seen), rows))
    if clashes:
        raise FicheChangee(clashes)
    if wanted or rows.moves:
        changed = _changes(present, wanted) | rows.told()
        _write_fields(engagement, wanted)
        _write_indicators(engagement, rows)
        _record_saved(engagement, acteur, changed, [*wanted, *rows.cles])
    return engagement


def _clashes(engagement: Engagement, names: list[str], rows: Tri) -> Iterator[Divergence]:
    found = [Divergence(name, LIBELLES[name], shown(engagement, name)) for name in names]
    for one in (*found, *rows.divergents):
        yield replace(one, qui=_last_author(engagement, one.cle))


def _last_author(engagement: Engagement, name: str) -> str:
    """Who last wrote a rubric, as the journal tells."""
    about = Evenement.objects.about(engagement).filter(contenu__rubriques__contains=name)
    last = about.select_related("acteur").first()
    return str(last.acteur) if last and last.acteur else ""


def _write_fields(engagement: Engagement, wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        setattr(engagement, name, value)
    engagement.clean_fields()
    engagement.validate_constraints()
    engagement.version += 1
    engagement.save(update_fields=["version", *wanted])


def _write_indicators(engagement: Engagement, rows: Tri) -> None:
    for gone in rows.retires:
        gone.delete()
    last = engagement.indicateurs.aggregate(last=Max("ordre"))["last"] or 0
    made = [
        Indicateur(engagement=engagement, ordre=ordre, **values)
        for ordre, values in enumerate(rows.nouveaux, start=last + 1)
    ]
    for changed, values in rows.changes:
        for name, value in values.items():
            setattr(changed, name, value)
    for one in (*made, *(changed for changed, _ in rows.changes)):
        one.full_clean(exclude=["engagement"])
        one.save()


def _changes(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {"avant": str(present[name]), "apres": str(value)} for name, value in wanted.items()}


def _record_saved(
    engagement: Engagement, acteur: Personne, changed: dict[str, dict[str, str]], rubriques: list[str]
) -> None:
    names = dict.fromkeys(LIBELLES.get(name, "Indicateurs") for name in changed)
    record(
        type="engagement.modifie",
        objet=engagement,
        epci=engagement.epci,
        commune=engagement.commune,
        acteur=acteur,
        libelle=f"Fiche {engagement.domaine} modifiée : {', '.join(names)}",
        contenu={"domaine": engagement.domaine.code, "rubriques": rubriques},
        detail=changed,
    )
