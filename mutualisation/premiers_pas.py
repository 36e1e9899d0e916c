"""The first steps of an EPCI: what is to be done before its first cycle, each step as the data say it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Habilitation
from comptes.roles import Role
from mutualisation.models import ActiviteVersion, Adhesion, Catalogue, Cycle, DomaineVersion, Siege, Titulaire
from socle.registres import Carte, Lien
from socle.typographie import plural
from territoire.models import Appartenance, Epci, JourFerie

DIRECTION, ADMINISTRATEUR = Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR


@dataclass(frozen=True)
class Pas:
    """A step: what it is for, where it stands, where it is done and by whom; `facultatif` holds nothing back."""

    titre: str
    raison: str
    etat: str
    fait: bool
    lien: Lien
    roles: tuple[Role, ...]
    facultatif: bool = False

    @property
    def par(self) -> str:
        """Who does it."""
        return " ou ".join(str(role.label) for role in self.roles)

    def open_to(self, user: Any, epci: Epci) -> bool:
        """Whether the person may do it herself."""
        return bool(user.acces.acts_for_epci(epci.pk, *self.roles))


@dataclass(frozen=True)
class PremiersPas:
    """The steps of an EPCI, read in a fixed number of queries."""

    epci: Epci
    QUI_PEUT: ClassVar[dict[str, str]] = {
        "suivre": "Les premiers pas de l'EPCI sont suivis par l'administrateur et la Direction des territoires.",
    }

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"suivre": user.acces.acts_for_epci(self.epci.pk, DIRECTION, ADMINISTRATEUR)}

    def read(self) -> list[Pas]:
        """The steps in the order in which they are best done."""
        makers = (_catalogue, _calendrier, _poles, _personnes, _referents, _adhesions, _cycle)
        return [make(self.epci) for make in makers]


def remaining(steps: Iterable[Pas]) -> int:
    """How many steps still hold back the first cycle."""
    return sum(not step.fait and not step.facultatif for step in steps)


def cards(user: Any, contexte: Titre, today: object) -> Iterable[Carte]:
    """On the home page of the administrator and of the Direction, until every step is done."""
    if contexte.role not in (DIRECTION, ADMINISTRATEUR):
        return
    steps = PremiersPas(Epci.objects.get(pk=contexte.epci_id)).read()
    needed = [step for step in steps if not step.facultatif]
    done = sum(step.fait for step in needed)
    if done == len(needed):
        return
    following = next(step for step in needed if not step.fait)
    phrases = (
        f"{done} sur {len(needed)} faits.",
        f"À faire ensuite : {following.titre.lower()}. {following.etat}",
    )
    link = Lien("Voir les premiers pas", reverse("mutualisation:premiers_pas"))
    yield Carte("Premiers pas", phrases, (done, len(needed)), link)


def _link(texte: str, route: str) -> Lien:
    return Lien(texte, reverse(route))


def _catalogue(epci: Epci) -> Pas:
    frozen = Catalogue.objects.frozen(epci).filter(effective_on__lte=epci.today).first()
    domaines = DomaineVersion.objects.filter(catalogue=frozen).count()
    activites = ActiviteVersion.objects.filter(catalogue=frozen).count()
    said = (
        f"{plural(domaines, 'domaine')} et {plural(activites, 'activité')} en vigueur."
        if frozen
        else "Aucune édition en vigueur."
    )
    return Pas(
        "Le catalogue",
        "Ce que l'EPCI propose de partager. Le catalogue de référence est chargé à l'installation : relisez-le, "
        "adaptez-le avant le premier cycle.",
        said,
        activites > 0,
        _link("Lire le catalogue", "mutualisation:catalogue"),
        (DIRECTION,),
    )


def _calendrier(epci: Epci) -> Pas:
    year = epci.today.year
    known = JourFerie.objects.filter(epci=epci, jour__year__gte=year, jour__year__lte=year + 1)
    years = {day.year for day in known.order_by("jour").values_list("jour", flat=True)}
    lacking = [str(y) for y in (year, year + 1) if y not in years]
    said = (
        f"Aucun jour férié en {' et '.join(lacking)}."
        if lacking
        else f"Jours fériés connus pour {year} et {year + 1}."
    )
    return Pas(
        "Le calendrier",
        "Aucune date ne tombe un samedi, un dimanche ou un jour férié. Ajoutez ceux de chez vous, retirez les autres.",
        said,
        not lacking,
        _link("Voir les jours fériés", "mutualisation:jours_feries"),
        (DIRECTION,),
    )


def _poles(epci: Epci) -> Pas:
    members = Appartenance.objects.on(epci.today).filter(epci=epci)
    total, placed = members.count(), members.filter(pole__isnull=False).count()
    drawn = epci.poles.count()
    said = (
        f"{plural(drawn, 'pôle')}, {placed} communes sur {total} placées." if drawn else "Aucun pôle dessiné."
    )
    return Pas(
        "Les pôles territoriaux",
        "Les communes que suit une même équipe de proximité. À passer si l'EPCI n'en a pas.",
        said,
        bool(drawn) and placed == total,
        _link("Dessiner les pôles", "mutualisation:poles"),
        (DIRECTION,),
        facultatif=True,
    )


def _personnes(epci: Epci) -> Pas:
    held = Habilitation.objects.filter(epci=epci, personne__is_active=True)
    current = held.filter(Q(fin=None) | Q(fin__gt=epci.today))
    members = set(Appartenance.objects.on(epci.today).filter(epci=epci).values_list("commune_id", flat=True))
    with_dgs = set(current.filter(role=Role.DGS).values_list("commune_id", flat=True)) & members
    direction = current.filter(role=DIRECTION).exists()
    said = f"{plural(len(with_dgs), 'commune a son DGS', 'communes ont leur DGS')}, sur {len(members)}."
    if not direction:
        said += " Personne n'est encore à la Direction des territoires."
    return Pas(
        "Les personnes",
        "Chacun entre avec son rôle : la Direction des territoires d'abord, puis un DGS par commune.",
        said,
        direction and with_dgs == members,
        _link("Reprendre une feuille de personnes", "mutualisation:reprises"),
        (ADMINISTRATEUR,),
    )


def _referents(epci: Epci) -> Pas:
    edition = Catalogue.objects.frozen(epci).filter(effective_on__lte=epci.today).first()
    wanted = set(DomaineVersion.objects.filter(catalogue=edition).values_list("domaine_id", flat=True))
    seated = Titulaire.objects.filter(siege__epci=epci, siege__cote=Siege.Cote.EPCI)
    current = seated.filter(Q(fin=None) | Q(fin__gt=epci.today))
    found = set(current.values_list("siege__domaine_id", flat=True)) & wanted
    said = f"{plural(len(found), 'domaine a son responsable', 'domaines ont leur responsable')}, sur {len(wanted)}."
    return Pas(
        "Les référents et responsables",
        "Qui répond de chaque domaine, de chaque côté : sans eux, nul ne sait qui appeler.",
        said,
        bool(wanted) and found == wanted,
        _link("Reprendre une feuille de référents", "mutualisation:reprises"),
        (DIRECTION,),
    )


def _adhesions(epci: Epci) -> Pas:
    """Done once something is recorded; beside the point once a first cycle has opened without anything."""
    rows = Adhesion.objects.filter(epci=epci)
    communes = rows.order_by().values("commune").distinct().count()
    opened = Cycle.objects.filter(epci=epci, ouvert_at__isnull=False).exists()
    said = f"{plural(communes, 'commune partage', 'communes partagent')} déjà au moins une activité."
    if not communes:
        said = "Rien n'est repris."
    return Pas(
        "Les adhésions existantes",
        "Ce que les communes partagent déjà : leur première déclaration en part, au lieu d'une page blanche.",
        said,
        communes > 0 or opened,
        _link("Reprendre une feuille d'adhésions", "mutualisation:reprises"),
        (DIRECTION, ADMINISTRATEUR),
    )


def _cycle(epci: Epci) -> Pas:
    first = Cycle.objects.filter(epci=epci).order_by("annee").first()
    opened = Cycle.objects.filter(epci=epci, ouvert_at__isnull=False).exists()
    said, link = (
        "Aucun cycle n'est préparé.",
        _link("Préparer le premier cycle", "mutualisation:cycle_nouveau"),
    )
    if first:
        link = _link("Voir la campagne", "mutualisation:campagne")
    if opened:
        said = "Un cycle est ouvert."
    elif first:
        said = f"Le cycle {first.annee} est préparé ; il reste à l'ouvrir."
    return Pas(
        "Le premier cycle",
        "Les dates de l'année ; à son ouverture, chaque commune reçoit sa déclaration, déjà remplie.",
        said,
        opened,
        link,
        (DIRECTION,),
    )
