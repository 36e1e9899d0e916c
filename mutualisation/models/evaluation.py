"""The évaluation préalable: what a service is worth in a commune before it is shared."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models.catalogue import Domaine
from mutualisation.models.declaration import Declaration
from mutualisation.models.ligne import Ligne
from mutualisation.visibilite import of_domaine
from socle.models import Abilities, Versioned
from territoire.models import Commune, Epci


class EvaluationQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "EvaluationQuerySet":
        """To both sides of the domain, and to the agent of the commune it was delegated to."""
        delegated = Q(
            pk__in=EvaluationDelegation.objects.filter(personne=user, retiree_at=None).values("evaluation"),
            epci__in=user.acces.epcis,
        )
        return self.filter(of_domaine(user) | delegated)

    def wanted(self) -> "EvaluationQuerySet":
        """Those handed over, and those whose domain is still asked for: nobody fills what was refused or withdrawn."""
        asked = Ligne.objects.filter(
            declaration=OuterRef("declaration"),
            domaine=OuterRef("domaine"),
            nature__in=Evaluation.NATURES,
            arbitrage__in=Evaluation.ARBITRAGES,
        )
        return self.filter(Q(transmise_at__isnull=False) | Exists(asked))


class Evaluation(Abilities, Versioned):
    """One per declaration and entering domain: service rendered today, ETP, budget, equipment.

    Filled by the commune, then confirmed by the EPCI. Never asked for a maintien (produit.md §3). Amounts in
    euros a year, ETP in full-time equivalents; no data about a named agent.
    """

    class Etat(models.TextChoices):
        A_RENSEIGNER = "a_renseigner", "à renseigner"
        TRANSMISE = "transmise", "transmise"
        VALIDEE = "validee", "validée"

    # Natures whose domain is evaluated before it is shared; never a maintien nor a retrait.
    NATURES: ClassVar = ("entree", "extension", "regularisation")
    ARBITRAGES: ClassVar = (Ligne.Arbitrage.A_INSTRUIRE, Ligne.Arbitrage.ACCEPTEE)

    QUI_PEUT: ClassVar = {
        "renseigner": "L'évaluation est renseignée par le DGS, ses collaborateurs et l'agent à qui il la délègue, "
        "tant qu'elle n'est pas validée.",
        "deleguer": "Seul le DGS de la commune délègue l'évaluation.",
        "observer": "Seules la Direction des territoires et le responsable du service commun observent l'évaluation.",
        "valider": "Seule la Direction des territoires valide une évaluation transmise.",
    }

    declaration = models.ForeignKey(
        Declaration, models.PROTECT, related_name="evaluations", verbose_name="déclaration"
    )
    epci = models.ForeignKey(Epci, models.PROTECT, related_name="+", verbose_name="EPCI")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="commune")
    domaine = models.ForeignKey(Domaine, models.PROTECT, related_name="+", verbose_name="domaine")
    service_rendu = models.TextField("service rendu aujourd'hui", max_length=10000, blank=True)
    etp = models.DecimalField("ETP", max_digits=8, decimal_places=2, null=True, blank=True)
    fonctionnement = models.DecimalField(
        "budget de fonctionnement, en euros par an", max_digits=14, decimal_places=2, null=True, blank=True
    )
    investissement = models.DecimalField(
        "budget d'investissement, en euros par an", max_digits=14, decimal_places=2, null=True, blank=True
    )
    equipement = models.TextField("équipement, locaux et contrats", max_length=10000, blank=True)
    observations = models.TextField("observations de l'EPCI", max_length=10000, blank=True)
    transmise_at = models.DateTimeField("transmise le", null=True, blank=True)
    transmise_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")
    validee_at = models.DateTimeField("validée le", null=True, blank=True)
    validee_par = models.ForeignKey(Personne, models.PROTECT, null=True, blank=True, related_name="+")

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = "évaluation préalable"
        verbose_name_plural = "évaluations préalables"
        ordering: ClassVar = ["commune__tri", "domaine__ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["declaration", "domaine"], name="evaluation_once"),
            models.CheckConstraint(
                name="evaluation_facts",
                condition=Q(transmise_at=None, transmise_par=None, validee_at=None, validee_par=None)
                | Q(
                    ~Q(service_rendu=""),
                    transmise_at__isnull=False,
                    transmise_par__isnull=False,
                    etp__isnull=False,
                    fonctionnement__isnull=False,
                    investissement__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="evaluation_validated_by_someone",
                condition=Q(validee_at=None, validee_par=None)
                | Q(validee_at__isnull=False, validee_par__isnull=False),
            ),
            models.CheckConstraint(
                name="evaluation_amounts_positive",
                condition=(Q(etp=None) | Q(etp__gte=0))
                & (Q(fonctionnement=None) | Q(fonctionnement__gte=0))
                & (Q(investissement=None) | Q(investissement__gte=0)),
                violation_error_message="Un montant ou un nombre d'ETP ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"Évaluation préalable : {self.domaine}, {self.commune}"

    @property
    def code(self) -> "Evaluation.Etat":
        """The state, from its two facts."""
        if self.validee_at:
            return self.Etat.VALIDEE
        return self.Etat.TRANSMISE if self.transmise_at else self.Etat.A_RENSEIGNER

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words) of the state pill."""
        tones = {self.Etat.VALIDEE: "v", self.Etat.TRANSMISE: "a", self.Etat.A_RENSEIGNER: "o"}
        return tones[self.code], str(self.code.label).capitalize()

    def abilities_for(self, user: Any) -> dict[str, bool]:
        directs = user.acces.acts_for_epci(self.epci_id, Role.DIRECTION_TERRITOIRES)
        dgs = user.acces.acts_for_commune(self.commune_id, Role.DGS)
        commune = dgs or user.acces.acts_for_commune(self.commune_id, Role.MAIRE, Role.COLLABORATEUR)
        open_ = not self.validee_at
        return {
            "renseigner": open_ and (commune or self._delegated_to(user)),
            "deleguer": open_ and dgs,
            "observer": open_ and (directs or self._serves(user)),
            "valider": open_ and bool(self.transmise_at) and directs,
        }

    def _delegated_to(self, user: Any) -> bool:
        return self.delegations.filter(personne=user, retiree_at=None).exists()

    def _serves(self, user: Any) -> bool:
        seats = user.acces.with_role(Role.RESPONSABLE_SERVICE)
        return any((t.epci_id, t.domaine_id) == (self.epci_id, self.domaine_id) for t in seats)


class EvaluationDelegation(models.Model):
    """The DGS asks an agent of his commune to fill an évaluation préalable."""

    evaluation = models.ForeignKey(
        Evaluation, models.PROTECT, related_name="delegations", verbose_name="évaluation"
    )
    personne = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="personne")
    deleguee_at = models.DateTimeField("déléguée le")
    deleguee_par = models.ForeignKey(Personne, models.PROTECT, related_name="+", verbose_name="déléguée par")
    retiree_at = models.DateTimeField("retirée le", null=True, blank=True)

    class Meta:
        verbose_name = "délégation d'une évaluation"
        verbose_name_plural = "délégations d'évaluations"
        ordering: ClassVar = ["evaluation", "deleguee_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["evaluation", "personne"],
                condition=Q(retiree_at=None),
                name="evaluationdelegation_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.evaluation} : {self.personne}"
