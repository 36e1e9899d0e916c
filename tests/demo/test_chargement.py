"""Loading the demonstration: a real EPCI, invented and labelled choices, no hole in what people see."""

from datetime import UTC, date, datetime
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command

from comptes.models import Role
from contrats.avenant import changes_of
from contrats.changements import CHAMPS
from contrats.donnees import contract_data
from contrats.models import LigneProgramme, Remarque, Signataire, VersionContrat
from demo.chargement.gens import Gens
from demo.chargement.noms import FEMININS, Registre
from demo.models import Visiteur
from documents.models import Document
from journal.models import Evenement, Tache
from mutualisation.models import (
    Absence,
    Adhesion,
    Convention,
    Cycle,
    Declaration,
    DemandeComplement,
    Etude,
    Seance,
    Titulaire,
)
from revues.models import Revue
from socle import horloge
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays
from tests.factories import EpciFactory

MARTINIQUE = "249720053"
ROLES = {
    Role.DGS, Role.MAIRE, Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE, Role.DIRECTEUR_POLE,
    Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR,
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """A small real EPCI, loaded once, on a day of the campaign, then taken away."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        output = StringIO()
        call_command("charger_demo", epci=MARTINIQUE, date="2027-02-10", stdout=output)
        yield output.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def epci(loaded, django_db_blocker):
    with django_db_blocker.unblock(), horloge.at(datetime(2027, 2, 10, 13, tzinfo=UTC)):
        yield Epci.objects.get(siren=MARTINIQUE)


def test_the_campaign_is_open_that_day(epci):
    cycle = Cycle.objects.get(epci=epci, clos_at=None, annee=2028)

    assert cycle.phase == Cycle.Phase.DECLARATION
    assert (
        Declaration.objects.filter(cycle=cycle).count()
        == Commune.objects.members_of(epci, epci.today).count()
    )


def test_two_communes_in_three_have_said_when_their_council_sits(epci):
    coming = Seance.objects.coming(epci)
    days = WorkingDays(epci)
    members = Commune.objects.members_of(epci, epci.today).count()
    assert coming.exclude(commune=None).values("commune").distinct().order_by().count() == -(
        -members * 2 // 3
    )
    assert coming.filter(commune=None).exists() and all(days.works(one.jour) for one in coming)


def test_three_years_of_choices_are_labelled_as_invented(epci):
    years = set(Adhesion.objects.filter(epci=epci).values_list("debut__year", flat=True))

    assert years == {2025, 2026, 2027}
    assert not Adhesion.objects.exclude(origine=Adhesion.Origine.DEMONSTRATION).exists()


def test_each_sharing_commune_has_its_convention_then_avenants(epci):
    for commune in {adhesion.commune for adhesion in Adhesion.objects.filter(epci=epci)}:
        rows = Convention.objects.filter(commune=commune).order_by("cycle__annee")
        assert [row.rang for row in rows] == list(range(len(rows))) and rows
        assert {row.etat for row in rows} == {Convention.Etat.TRANSMISE}


def test_nothing_ends_in_the_future_without_a_retrait(epci):
    assert not Adhesion.objects.filter(epci=epci, fin__gt=epci.today).exists()


def test_the_president_is_called_as_she_or_he_is(epci):
    signataire = Signataire.objects.get(epci=epci, commune=None)
    feminin = signataire.personne.prenom in FEMININS

    assert signataire.qualite == ("présidente" if feminin else "président")


@pytest.mark.django_db
@pytest.mark.parametrize(("prenom", "fonction"), [("Claire", "Directrice"), ("Marc", "Directeur")])
def test_an_office_agrees_with_who_holds_it(prenom, fonction):
    class Un(Registre):
        def take(self) -> tuple[str, str]:
            return prenom, "Maurin"

    gens = Gens(EpciFactory(), date(2027, 1, 1), Un(Random(1)))

    assert gens.new("Directeur", "Directrice").fonction == fonction


def test_no_visitor_is_presented_by_the_office_of_the_other_sex(epci):
    """« Hélène Œuvrard – Directeur de pôle » is not French: an office that names both is not needed."""
    said = " ".join(Visiteur.objects.values_list("presentation", flat=True))
    assert "Direction de pôle" in said and "Administration de l'outil" in said
    assert "Directeur" not in said and "Administrateur" not in said


def test_each_role_can_be_entered(epci):
    assert {
        titre.role for visiteur in Visiteur.objects.all() for titre in visiteur.personne.acces.titres
    } >= ROLES


def test_every_shared_domain_has_a_referent_on_both_sides(epci):
    shared = Adhesion.objects.on(epci.today).filter(epci=epci)
    pairs = set(shared.values_list("commune", "activite__versions__domaine"))
    holders = Titulaire.objects.on(epci.today).filter(rang="titulaire")
    communal = set(holders.filter(siege__cote="commune").values_list("siege__commune", "siege__domaine"))
    serving = set(holders.filter(siege__cote="epci").values_list("siege__domaine", flat=True))

    assert pairs and pairs <= communal
    assert {domaine for _, domaine in pairs} <= serving


def test_somebody_is_away_and_somebody_else_is_called(epci):
    away = Absence.objects.on(epci.today).get(epci=epci)
    coming = Absence.objects.filter(epci=epci, debut__gt=epci.today).get()

    assert away.suppleant and away.suppleant.sieges.exists()
    assert not coming.suppleant and coming.personne.sieges.filter(siege__cote="epci").exists()


def test_the_reviews_of_january_were_created_and_most_held(epci):
    january = Revue.objects.filter(epci=epci, periode_on__month=1, type="domaine")

    assert january.filter(etat=Revue.Etat.TENUE).count() > january.count() / 2
    assert not Tache.objects.exclude(erreur="").exists()


def test_the_commune_that_is_entered_has_signed_a_past_contract(epci):
    version = VersionContrat.objects.get(epci=epci, etat="signe")
    exemplaire = version.exemplaires.get()
    dgs = Visiteur.objects.get(presentation__contains="qui partage déjà").personne

    assert dgs.acces.acts_for_commune(version.commune_id, Role.DGS)
    assert (version.numero, version.effective_on) == (0, date(2026, 1, 1))
    assert exemplaire.confirme and exemplaire.nature == "copie" and "Démonstration" in exemplaire.motif
    assert version.arrete.emis_at < version.a_signer.emis_at < exemplaire.confirme_at
    assert exemplaire.confirme_at.year == 2025


def test_each_act_of_the_signed_contract_has_its_day(epci):
    version = VersionContrat.objects.get(epci=epci, etat="signe")
    lived = Evenement.objects.about(version).order_by("numero").values_list("type", "survenu_at")

    assert [type for type, _ in lived] == [
        "contrat.prepare", "contrat.relecture", "contrat.arrete", "contrat.approuve", "contrat.approuve",
        "contrat.a_signer", "contrat.exemplaire", "contrat.signe",
    ]  # fmt: skip
    assert len({at.date() for _, at in lived}) == 6


def test_its_avenant_is_under_review_with_values_to_compare(epci):
    avenant = VersionContrat.objects.get(epci=epci, numero=1)
    remarque = Remarque.objects.get(version_contrat=avenant)
    found = changes_of(avenant, contract_data(avenant))

    assert (avenant.etat, avenant.effective_on) == ("en_relecture", date(2028, 1, 1))
    assert {"Niveau de service promis", "Décision d'une urgence"} <= {one.quoi for one in found if one.signe}
    assert any(one.signe is None for one in found if one.section == CHAMPS), "a domain has come in"
    assert remarque.reponse and not remarque.close


def test_the_programme_of_the_year_has_lines_done_and_to_do(epci):
    lines = LigneProgramme.objects.filter(epci=epci, annee=2027)

    assert {line.etat for line in lines} == {"prevu", "fait"}
    assert len({(line.commune_id, line.domaine_id, line.ordre) for line in lines}) == lines.count()
    shared = Adhesion.objects.on(date(2027, 1, 1)).filter(epci=epci)
    assert set(lines.values_list("commune", "domaine")) <= set(
        shared.values_list("commune", "activite__versions__domaine")
    )
    assert not lines.filter(fait_on__gt=epci.today).exists()


def test_its_last_documents_wait_for_the_worker(epci):
    waiting = Document.objects.filter(etat=Document.Etat.RESERVE)

    assert waiting.filter(type="compte_rendu").exists()
    assert not Document.objects.filter(type="accuse", etat=Document.Etat.RESERVE).exists(), "issued meanwhile"


def test_loading_again_changes_nothing(epci):
    before = Adhesion.objects.count()
    output = StringIO()

    call_command("charger_demo", stdout=output)

    assert "Données déjà présentes" in output.getvalue()
    assert Adhesion.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "words"),
    [({"epci": "000000000"}, "Aucun EPCI"), ({"date": "10/02/2027"}, "n'est pas une date : écrivez")],
)
def test_bad_arguments_are_said_in_french(options, words):
    with pytest.raises(CommandError) as error:
        call_command("charger_demo", **options)

    assert words in str(error.value)


def test_the_instruction_has_begun(epci):
    demande = DemandeComplement.objects.get(ligne__epci=epci)
    etude = Etude.objects.get(epci=epci)

    assert (demande.ligne.etape, demande.repondue_at) == ("a_completer", None)
    assert etude.avis == "reserve" and etude.declaration != demande.ligne.declaration
    studied = etude.declaration.lignes.changing().filter(domaine=etude.domaine)
    assert set(studied.values_list("etape", flat=True)) == {"etudiee"}
