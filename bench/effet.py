"""What the effect of a whole EPCI costs, beside the bare writing of the same rows."""

import time
from collections.abc import Callable
from datetime import date

from django.db import connection, transaction

from bench.banc import Banc
from bench.harnais import Releve, mesure
from comptes.models import Personne
from journal.models import Tache
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne
from mutualisation.models.cycle import default_dates
from mutualisation.workflows.effet import run_effect
from socle import horloge
from territoire.models import Commune, Epci

EFFET = date(2027, 2, 1)
INSERT = """
    INSERT INTO mutualisation_adhesion (epci_id, commune_id, activite_id, debut, origine, nature, ligne_id)
    SELECT epci_id, commune_id, activite_id, %s, 'cycle', 'mutualisation', id
    FROM mutualisation_ligne WHERE declaration_id IN (SELECT id FROM mutualisation_declaration WHERE cycle_id = %s)
"""


def _voted_cycle(epci: Epci) -> Cycle:
    """A cycle in which every commune enters every activity, accepted and dated; nothing is shared before."""
    Adhesion.objects.filter(epci=epci).delete()
    cycle = Cycle.objects.create(
        epci=epci, annee=2060, catalogue=epci.catalogues.get(), **default_dates(epci, 2060)
    )
    communes = Commune.objects.members_of(epci, epci.today)
    declarations = Declaration.objects.bulk_create(
        Declaration(epci=epci, cycle=cycle, commune=commune) for commune in communes
    )
    offered = list(cycle.catalogue.activites.values_list("domaine_id", "activite_id"))
    someone = Personne.objects.order_by("pk")[0]
    Ligne.objects.bulk_create(
        Ligne(
            declaration=declaration, epci=epci, commune_id=declaration.commune_id, domaine_id=domaine,
            activite_id=activite, nature=Ligne.Nature.ENTREE, arbitrage=Ligne.Arbitrage.ACCEPTEE,
            arbitree_at=horloge.now(), arbitree_par=someone, effet_on=EFFET,
        )
        for declaration in declarations
        for domaine, activite in offered
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mutualisation_adhesion, mutualisation_declaration, mutualisation_ligne")
    return cycle


def _seconds(epci: Epci, act: Callable[[Cycle], object]) -> float:
    """Seconds of clock of an act over the whole EPCI, undone afterwards."""
    with transaction.atomic():
        cycle = _voted_cycle(epci)
        start = time.perf_counter()
        act(cycle)
        elapsed = time.perf_counter() - start
        assert Adhesion.objects.filter(epci=epci, fin=None).count() == 158 * 130
        transaction.set_rollback(True)
    return elapsed


def _effect(cycle: Cycle) -> None:
    run_effect(Tache(epci=cycle.epci, parametres={"cycle": cycle.pk, "jour": EFFET.isoformat()}))


def _bare_insert(cycle: Cycle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [EFFET, cycle.pk])


@mesure(
    "Effet d'un cycle – 158 communes × 130 activités",
    unite="s",
    reference="l'écriture des mêmes lignes en une seule commande SQL",
    objectif=10,
)
def effect(banc: Banc) -> Releve:
    epci = banc.grand.epci
    return Releve(_seconds(epci, _effect), _seconds(epci, _bare_insert))
