"""What a lot would do, said before anything is written."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contrats.lots import foresee
from contrats.manques import missing_to_settle, missing_to_sign
from contrats.models import LotContrats, VersionContrat
from contrats.workflows.lot import run_lot
from journal.models import Evenement
from tests.contrats.gestes import present, settled
from tests.contrats.lots import (
    DAY,
    Acte,
    approved,
    done,
    job,
    launched,
    three,
    versions,
    voted_all,
)
from tests.factories import (
    AdhesionFactory,
    Monde,
    RemarqueFactory,
    VersionContratFactory,
    activite,
    domaine,
    member_commune,
)

pytestmark = pytest.mark.django_db
ISSUING = ("contrat_arrete", "contrat")


def said(monde: Monde, acte: str) -> dict[str, tuple[bool, str]]:
    """What the page foresees, by commune."""
    return {one.commune.nom: (one.possible, " ".join(one.phrases)) for one in foresee(monde.epci, acte, DAY)}


class TestForesee:
    def test_drafts_to_open_to_bring_up_to_date_or_left_alone(self, monde: Monde):
        for commune, code in ((monde.b.commune, "DB-01"), (monde.c, "DA-01"), (monde.c, "DC-01")):
            AdhesionFactory(epci=monde.epci, commune=commune, activite=activite(monde.epci, code))
        assert said(monde, Acte.PREPARER) == {
            "L'Haÿ-les-Roses": (False, "Le projet est à jour : rien à faire."),
            "Œuilly": (True, "Projet à mettre à jour : 1 fiche à ajouter."),
            "Saint-Louis-de-Montferrand": (True, "Projet à ouvrir : 2 domaines partagés."),
        }
        monde.a.version.engagements.update(domaine=domaine(monde.epci, "DC"))
        VersionContrat.objects.filter(pk=monde.a.version.pk).update(effective_on=date(2027, 1, 1))
        assert said(monde, Acte.PREPARER)["L'Haÿ-les-Roses"][1] == (
            "Projet à mettre à jour : il passe au 1er janvier 2028, 1 fiche à ajouter, 1 fiche jamais écrite à retirer."
        )

    def test_a_commune_that_shares_nothing_is_not_there(self, monde: Monde):
        assert monde.c.nom not in said(monde, Acte.PREPARER)
        assert foresee(monde.epci_voisin, Acte.PREPARER, DAY) == []

    def test_a_contract_further_on_is_not_prepared(self, monde: Monde):
        settled(monde)
        assert said(monde, Acte.PREPARER)["L'Haÿ-les-Roses"] == (
            False,
            "Le contrat est « arrêté pour vote » : il ne se prépare plus.",
        )

    def test_a_draft_of_a_later_year_is_not_moved_back(self, monde: Monde):
        lot = launched(monde, Acte.PREPARER, monde.a.commune)
        LotContrats.objects.filter(pk=lot.pk).update(effective_on=date(2027, 1, 1))
        (first, _) = foresee(monde.epci, Acte.PREPARER, date(2027, 1, 1))
        run_lot(job(lot))
        said = "Le contrat est déjà préparé pour le 1er janvier 2028."
        assert (first.possible, first.phrases, lot.lignes.get().motif) == (False, (said,), said)
        assert present(monde.a.version).effective_on == DAY

    def test_the_reasons_are_those_of_the_page_of_each_contract(self, monde: Monde):
        three(monde)
        RemarqueFactory(version_contrat=monde.a.version, auteur=monde.a.dgs)
        monde.b.version.engagements.update(niveau_attendu=" ")
        AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci, "DB-01"))
        assert said(monde, Acte.ARRETER)["Œuilly"] == (False, "Le contrat est « projet ».")
        done(monde, Acte.RELECTURE)
        told = said(monde, Acte.ARRETER)
        for version in versions(monde):
            assert told[version.commune.nom] == (
                False,
                " ".join(["Il manque encore :", *missing_to_settle(version)]),
            )
        assert len({words for _, words in told.values()}) == 3

    def test_what_is_missing_to_sign(self, monde: Monde):
        approved(monde)
        monde.a.maire.habilitations.update(debut=date(2029, 1, 1))
        version = versions(monde)[0]
        assert said(monde, Acte.A_SIGNER)["L'Haÿ-les-Roses"] == (
            False,
            "Il manque encore : " + " ".join(missing_to_sign(version)),
        )
        assert said(monde, Acte.A_SIGNER)["Œuilly"] == (True, "Exemplaire à signer émis, numéroté « CE ».")

    def test_nothing_is_written(self, monde: Monde):
        three(monde)
        before = Evenement.objects.count()
        for acte in Acte.values:
            foresee(monde.epci, acte, DAY)
        assert (Evenement.objects.count(), LotContrats.objects.count()) == (before, 0)

    @pytest.mark.parametrize("acte", Acte.values)
    def test_twelve_contracts_ask_no_more_queries_than_three(self, monde: Monde, acte: str):
        three(monde)
        if acte == Acte.ARRETER:
            done(monde, Acte.RELECTURE)
        if acte == Acte.A_SIGNER:
            done(monde, Acte.RELECTURE)
            done(monde, Acte.ARRETER)
            voted_all(monde)
        state = versions(monde)[0]
        with CaptureQueriesContext(connection) as few:
            assert len(foresee(monde.epci, acte, DAY)) == 3
        for number in range(9):
            commune = member_commune(monde.epci, nom=f"Commune {number}")
            AdhesionFactory(epci=monde.epci, commune=commune, activite=activite(monde.epci))
            if acte in (Acte.RELECTURE, Acte.ARRETER):
                VersionContratFactory(contrat__epci=monde.epci, contrat__commune=commune, etat=state.etat)
        with CaptureQueriesContext(connection) as many:
            assert len(foresee(monde.epci, acte, DAY)) >= 3
        assert len(many) == len(few)
