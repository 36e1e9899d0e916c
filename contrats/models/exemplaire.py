"""The signed copy of a contract, as it came back: what it is beside the one issued, and who signed it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from comptes.models import Personne
from comptes.roles import Role
from contrats.models.contrat import Contrat, VersionContrat
from documents.models import Document, Piece
from socle.models import Abilities


class ExemplaireQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "ExemplaireQuerySet":
        """To whoever reads the contract from cover to cover."""
        return self.filter(version_contrat__contrat__in=Contrat.objects.whole_for(user))


class ExemplaireSigne(Abilities, models.Model):
    """A file deposited as the signed copy of a version; it counts once confirmed, one at most for a version.

    `document` is the copy issued that it was examined beside: once refused, it is confirmed no more. `constat` is
    documents.signature.Examen.data: the signatures read, and what the file adds to ours. `motif` says why it was confirmed
    without the signature of somebody awaited.
    """

    class Nature(models.TextChoices):
        OCTETS = "octets", "notre exemplaire, et des signatures"
        TEXTE = "texte", "le même texte, réécrit par le parapheur"
        COPIE = "copie", "une copie, que rien ne permet de vérifier"

    QUI_PEUT: ClassVar = {
        "confirmer": "La Direction des territoires confirme l'exemplaire signé, tant que cet exemplaire est à signer."
    }

    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, related_name="exemplaires", verbose_name="version"
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="+", verbose_name="exemplaire à signer"
    )
    piece = models.OneToOneField(Piece, models.PROTECT, related_name="+", verbose_name="fichier")
    nature = models.CharField("nature", max_length=6, choices=Nature)
    constat = models.JSONField("constat", default=dict, blank=True)
    signe_on = models.DateField("signé le", null=True, blank=True)
    motif = models.CharField("confirmé malgré une signature qui manque", max_length=500, blank=True)
    confirme_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="confirmé par"
    )
    confirme_at = models.DateTimeField("confirmé le", null=True, blank=True)

    objects = ExemplaireQuerySet.as_manager()

    class Meta:
        verbose_name = "exemplaire signé"
        verbose_name_plural = "exemplaires signés"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version_contrat"],
                condition=Q(confirme_at__isnull=False),
                name="exemplairesigne_once",
                violation_error_message="Un exemplaire signé est déjà confirmé.",
            ),
            models.CheckConstraint(
                name="exemplairesigne_facts",
                condition=Q(confirme_at=None, confirme_par=None, signe_on=None)
                | Q(confirme_at__isnull=False, confirme_par__isnull=False, signe_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.piece}, {self.get_nature_display()}"

    @property
    def confirme(self) -> bool:
        return self.confirme_at is not None

    @property
    def a_confirmer(self) -> bool:
        """Whether it may still become the signed copy: the one it was examined beside is the one to sign."""
        version = self.version_contrat
        to_sign = version.etat == VersionContrat.Etat.A_SIGNER and version.a_signer_id == self.document_id
        return to_sign and not self.confirme

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.version_contrat.epci_id, Role.DIRECTION_TERRITOIRES)
        return {"confirmer": directs and self.a_confirmer}
