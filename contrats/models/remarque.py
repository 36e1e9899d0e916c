"""Remarks of either side on a contract under review, anchored to an article or to a fiche, answered, closed."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from contrats.models.contrat import Contrat, Cote, VersionContrat
from contrats.models.engagement import Engagement
from socle.models import Abilities, Versioned

ARTICLES = 12


class RemarqueQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "RemarqueQuerySet":
        """To who reads the whole contract; on a fiche, to who reads that fiche too."""
        whole = Contrat.objects.whole_for(user).values("pk")
        fiches = Engagement.objects.visible_to(user).values("pk")
        return self.filter(Q(version_contrat__contrat__in=whole) | Q(engagement__in=fiches))


class Remarque(Abilities, Versioned):
    """What somebody asks to change, where, and what became of it. `article` 0: the fiche of `engagement`."""

    QUI_PEUT: ClassVar = {
        "repondre": "L'autre partie répond, tant que la remarque est ouverte et le contrat en relecture.",
        "clore": "Celui qui a fait la remarque, ou la Direction des territoires, la clôt.",
    }

    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, related_name="remarques", verbose_name="version"
    )
    article = models.PositiveSmallIntegerField("article", default=0)
    engagement = models.ForeignKey(
        Engagement, models.PROTECT, null=True, blank=True, related_name="remarques", verbose_name="fiche"
    )
    cote = models.CharField("de la part de", max_length=8, choices=Cote)
    texte = models.TextField("remarque", max_length=4000)
    auteur = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="auteur")
    faite_at = models.DateTimeField("faite le")
    reponse = models.TextField("réponse", max_length=4000, blank=True)
    repondue_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    repondue_at = models.DateTimeField("répondue le", null=True, blank=True)
    close_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    close_at = models.DateTimeField("close le", null=True, blank=True)

    objects = RemarqueQuerySet.as_manager()

    class Meta:
        verbose_name = "remarque"
        verbose_name_plural = "remarques"
        ordering: ClassVar = ["version_contrat", "faite_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="remarque_anchored",
                condition=Q(article=0, engagement__isnull=False)
                | Q(article__range=(1, ARTICLES), engagement=None),
            ),
            models.CheckConstraint(
                name="remarque_answer_facts",
                condition=Q(reponse="", repondue_par=None, repondue_at=None)
                | (~Q(reponse="") & Q(repondue_par__isnull=False, repondue_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="remarque_closed_facts",
                condition=Q(close_par=None, close_at=None)
                | Q(close_par__isnull=False, close_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Remarque sur {self.ou}"

    @property
    def ou(self) -> str:
        """« l'article 4 », « la fiche Voirie »."""
        return (
            f"l'article {self.article}"
            if self.engagement is None
            else f"la fiche « {self.engagement.domaine} »"
        )

    @property
    def close(self) -> bool:
        return self.close_at is not None

    def abilities_for(self, user: Any) -> dict[str, bool]:
        review = self.version_contrat.etat == VersionContrat.Etat.EN_RELECTURE and not self.close
        directs = user.acces.acts_for_epci(self.version_contrat.epci_id, Role.DIRECTION_TERRITOIRES)
        may = self.version_contrat.abilities_for(user)["remarquer"]
        return {
            "repondre": review and may and self.version_contrat.cote_de(user) != self.cote,
            "clore": review and (directs or user == self.auteur),
        }
