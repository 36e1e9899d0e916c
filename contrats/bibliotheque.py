"""The library of reference fiches as people read it: each domain of the catalogue, its fiche, its activities, who uses it."""

from dataclasses import dataclass
from typing import ClassVar

from django.db.models import Count

from contrats.fusion import describe
from contrats.models import Engagement, Fiche, FicheActivite
from mutualisation.models import Catalogue
from mutualisation.models.catalogue import ActiviteLue, DomaineLu
from socle.tableur import Valeur

ABSENT = ("n", "à écrire")


@dataclass(frozen=True)
class FicheLue:
    """A domain of the catalogue: its reference fiche or None, those of its activities, how many contracts hold the domain."""

    domaine: DomaineLu
    fiche: Fiche | None
    activites: tuple[tuple[ActiviteLue, FicheActivite | None], ...]
    contrats: int

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, word)."""
        return self.fiche.etat if self.fiche else ABSENT

    @property
    def ecrites(self) -> int:
        """How many activities have a fiche of their own."""
        return sum(fiche is not None for _, fiche in self.activites)


def read_library(edition: Catalogue) -> list[FicheLue]:
    """Every domain of an edition, in its order; in a constant number of queries."""
    epci = edition.epci
    fiches = {row.domaine_id: row for row in Fiche.objects.filter(epci=epci).order_by("pk")}
    of_activites = {row.activite_id: row for row in FicheActivite.objects.filter(epci=epci).order_by("pk")}
    rows = Engagement.objects.filter(epci=epci).order_by().values("domaine")
    used = dict(rows.annotate(nombre=Count("contrat", distinct=True)).values_list("domaine", "nombre"))
    return [
        FicheLue(
            domaine,
            fiches.get(domaine.id),
            tuple((activite, of_activites.get(activite.id)) for activite in domaine.activites),
            used.get(domaine.id, 0),
        )
        for domaine in edition.read().domaines
    ]


class Export:
    """The columns of the library as a sheet: a row for each domain, then one for each of its activities that has a fiche."""

    ENTETE: ClassVar = (
        *("Code", "Domaine", "Activité", "État", "Ce que fait le service", "Ce qu'il ne fait pas"),
        *("Niveau de service", "L'EPCI s'engage", "La commune s'engage", "Fonctionnement normal"),
        *("Exemple d'évaluation préalable", "Indicateurs proposés", "Contrats"),
    )
    TEXTES: ClassVar = (
        *("missions", "limites", "niveau_attendu", "engagements_epci", "engagements_commune"),
        *("conditions_normales", "evaluation_exemple"),
    )

    @classmethod
    def rows(cls, lues: list[FicheLue]) -> list[list[Valeur]]:
        return [row for lue in lues for row in cls._of(lue)]

    @classmethod
    def _of(cls, lue: FicheLue) -> list[list[Valeur]]:
        domaine = lue.domaine
        first = [domaine.code, domaine.libelle, "", lue.etat[1], *cls._texts(lue.fiche), lue.contrats]
        return [
            first,
            *(
                [activite.code, domaine.libelle, activite.libelle, "", *cls._texts(fiche), None]
                for activite, fiche in lue.activites
                if fiche
            ),
        ]

    @classmethod
    def _texts(cls, fiche: Fiche | FicheActivite | None) -> list[Valeur]:
        texts = [str(getattr(fiche, name, "")) for name in cls.TEXTES]
        return [*texts, "\n".join(describe(row) for row in fiche.indicateurs) if fiche else ""]
