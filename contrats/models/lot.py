"""One act asked for many contracts at once: what was asked, by whom, and what became of each contract."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, Q

from comptes.models import Personne
from comptes.roles import Role
from comptes.visibilite import of_commune
from contrats.models.contrat import VersionContrat
from documents.models import Document
from mutualisation.campagne import READERS
from socle.dates import day_and_year
from socle.models import Abilities
from territoire.models import Commune, Epci


class LotQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "LotQuerySet":
        """To the Direction, the administrators and the directors of pôle; each reads the lines of the communes he sees."""
        return self.filter(epci__in=user.acces.epcis_with(*READERS))

    def running(self) -> "LotQuerySet":
        """Lots neither ended nor cancelled."""
        return self.filter(termine_at=None, annule_at=None)


class LotContrats(Abilities, models.Model):
    """An act of the circuit on many contracts of an EPCI, one transaction per contract, in the name of who asked it.

    `passage` counts the times it was launched: what was refused may be taken up again once mended. `cle` comes from the page
    that launches it: a second press finds the same lot.
    """

    class Acte(models.TextChoices):
        PREPARER = "preparer", "préparer ou mettre à jour les projets"
        RELECTURE = "relecture", "envoyer en relecture"
        ARRETER = "arreter", "arrêter pour le vote"
        A_SIGNER = "a_signer", "émettre les exemplaires à signer"

    class Etat(models.TextChoices):
        """Where it stands: computed from its facts."""

        EN_COURS = "en_cours", "en cours"
        TERMINE = "termine", "terminé"
        ANNULE = "annule", "annulé"

    # The acts that reserve a document.
    EMETTENT: ClassVar = (Acte.ARRETER, Acte.A_SIGNER)
    QUI_PEUT: ClassVar = {
        "lancer": "Seule la Direction des territoires agit sur plusieurs contrats à la fois.",
        "annuler": "La Direction des territoires annule ce qui reste d'un lot, tant qu'il est en cours.",
        "reprendre": "La Direction des territoires reprend un lot terminé ou annulé.",
    }

    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    acte = models.CharField("acte", max_length=12, choices=Acte)
    effective_on = models.DateField("contrats à effet du")
    cle = models.UUIDField("clé de l'envoi")
    passage = models.PositiveSmallIntegerField("passage", default=1)
    lance_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="lancé par")
    lance_at = models.DateTimeField("lancé le")
    repris_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="repris par"
    )
    repris_at = models.DateTimeField("repris le", null=True, blank=True)
    termine_at = models.DateTimeField("terminé le", null=True, blank=True)
    annule_par = models.ForeignKey(
        Personne, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="annulé par"
    )
    annule_at = models.DateTimeField("annulé le", null=True, blank=True)

    objects = LotQuerySet.as_manager()

    class Meta:
        verbose_name = "lot de contrats"
        verbose_name_plural = "lots de contrats"
        ordering: ClassVar = ["-lance_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epci", "cle"], name="lotcontrats_once"),
            models.UniqueConstraint(
                fields=["epci"],
                condition=Q(termine_at=None, annule_at=None),
                name="lotcontrats_one_running",
                violation_error_message="Un lot est déjà en cours.",
            ),
            models.CheckConstraint(
                name="lotcontrats_facts",
                condition=Q(annule_at=None, annule_par=None)
                | Q(annule_at__isnull=False, annule_par__isnull=False, termine_at=None),
            ),
            models.CheckConstraint(
                name="lotcontrats_passage",
                condition=Q(passage=1, repris_at=None, repris_par=None)
                | Q(passage__gt=1, repris_at__isnull=False, repris_par__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_acte_display()}, {day_and_year(self.effective_on)}"

    @property
    def etat(self) -> "LotContrats.Etat":
        if self.annule_at:
            return self.Etat.ANNULE
        return self.Etat.TERMINE if self.termine_at else self.Etat.EN_COURS

    @property
    def en_cours(self) -> bool:
        return self.etat == self.Etat.EN_COURS

    @property
    def acteur(self) -> Personne:
        """In whose name it acts: who took it up last, else who launched it."""
        return self.repris_par or self.lance_par

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        return {
            "lancer": directs,
            "annuler": directs and self.en_cours,
            "reprendre": directs and not self.en_cours,
        }


class LigneLotQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "LigneLotQuerySet":
        """Those of the communes the user sees as a whole."""
        return self.filter(of_commune(user, "lot__epci_id"))

    def counts(self) -> dict[str, int]:
        """How many lines in each state."""
        rows = self.order_by().values("etat").annotate(nombre=Count("pk")).order_by("etat")
        found = {row["etat"]: row["nombre"] for row in rows}
        return {etat: found.get(etat, 0) for etat in LigneLot.Etat.values}


class LigneLot(models.Model):
    """One contract of a lot: `lue` is the version of the row that the person read, None where no contract existed."""

    class Etat(models.TextChoices):
        A_FAIRE = "a_faire", "à faire"
        FAIT = "fait", "fait"
        REFUSE = "refuse", "refusé"
        LAISSE = "laisse", "laissé"

    # What may be taken up again.
    RESTE: ClassVar = (Etat.REFUSE, Etat.LAISSE)

    lot = models.ForeignKey(LotContrats, models.PROTECT, related_name="lignes", verbose_name="lot")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    version_contrat = models.ForeignKey(
        VersionContrat, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="version"
    )
    lue = models.PositiveIntegerField("version lue", null=True, blank=True)
    etat = models.CharField("résultat", max_length=8, choices=Etat, default=Etat.A_FAIRE)
    motif = models.TextField("pourquoi", blank=True)
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="document"
    )
    traite_at = models.DateTimeField("traité le", null=True, blank=True)

    objects = LigneLotQuerySet.as_manager()

    class Meta:
        verbose_name = "contrat d'un lot"
        verbose_name_plural = "contrats d'un lot"
        ordering: ClassVar = ["lot", "commune__tri", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lot", "commune"], name="lignelot_once"),
            models.CheckConstraint(
                name="lignelot_facts",
                condition=Q(etat="a_faire", motif="", document=None, traite_at=None)
                | Q(etat="fait", motif="", version_contrat__isnull=False, traite_at__isnull=False)
                | Q(Q(etat__in=["refuse", "laisse"], document=None, traite_at__isnull=False), ~Q(motif="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commune} : {self.get_etat_display()}"
