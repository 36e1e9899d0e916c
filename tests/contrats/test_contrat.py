"""The draft of a contract: what it covers, what is kept, what it prints."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contrats.donnees import contract_data, digest
from contrats.faits import read_facts
from contrats.models import Contrat, Engagement, Fiche, Indicateur, VersionContrat
from contrats.workflows.contrat import prepare_contract, save_engagement
from documents.controle import check_pdf
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import CommuneVersion
from tests.concurrence import failures, together
from tests.documents import exemples
from tests.factories import (
    ActeFactory,
    AdhesionFactory,
    CycleFactory,
    DeclarationFactory,
    EngagementFactory,
    EpciFactory,
    HabilitationFactory,
    LigneFactory,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    activite,
    catalogue,
    domaine,
    member_commune,
)

EFFECT = date(2028, 1, 1)


def prepare(monde: Any, commune: Any, effective_on: date = EFFECT) -> VersionContrat:
    return prepare_contract(
        epci=monde.epci, commune=commune, effective_on=effective_on, acteur=monde.direction
    )


def codes(version: VersionContrat) -> list[str]:
    return list(version.engagements.order_by("domaine__ordre").values_list("domaine__code", flat=True))


def share(monde: Any, code: str, **kwargs: Any) -> None:
    AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci, code), **kwargs)


def line(monde: Any, code: str, **kwargs: Any) -> Any:
    """A line of the commune C in the open cycle, accepted unless said otherwise."""
    declaration = monde.cycle.declarations.filter(commune=monde.c).first()
    declaration = declaration or DeclarationFactory(cycle=monde.cycle, commune=monde.c, deposee=True)
    return LigneFactory(
        **{"declaration": declaration, "activite": activite(monde.epci, code), "acceptee": True, **kwargs}
    )


# What a draft covers


def test_what_is_shared_and_what_is_accepted(monde: Any) -> None:
    share(monde, "DA-01")
    line(monde, "DC-01")
    line(monde, "DB-01", acceptee=False, refusee=True)
    assert codes(prepare(monde, monde.c)) == ["DA", "DC"]


def test_an_accepted_choice_does_not_count_before_its_day(monde: Any) -> None:
    share(monde, "DA-01")
    line(monde, "DC-01")
    assert codes(prepare(monde, monde.c, date(2027, 1, 1))) == ["DA"]


def test_what_was_left_is_not_covered(monde: Any) -> None:
    share(monde, "DA-01")
    share(monde, "DB-01", fin=EFFECT)
    share(monde, "DC-01")
    line(monde, "DC-01", nature="retrait")
    assert codes(prepare(monde, monde.c)) == ["DA"]


def test_a_commune_that_shares_nothing_has_no_contract(monde: Any) -> None:
    with pytest.raises(Refus, match="ne partage rien"):
        prepare(monde, monde.c)
    assert not Contrat.objects.filter(commune=monde.c).exists()


def test_fiches_begin_from_the_reference(monde: Any) -> None:
    indicateur = {
        "libelle": "Délai",
        "unite": "jours",
        "reference": 9,
        "cible": 5,
        "tolerance": 1,
        "sens": "baisse",
    }
    Fiche.objects.create(
        epci=monde.epci,
        domaine=domaine(monde.epci, "DC"),
        missions="Tondre.",
        evaluation_exemple="Exemple",
        indicateurs=[indicateur],
    )
    share(monde, "DC-01")
    fiche = prepare(monde, monde.c).engagements.get()
    assert (fiche.missions, fiche.evaluation_prealable) == ("Tondre.", "")
    assert fiche.indicateurs.get().cible == 5


def test_refreshed_not_lost(monde: Any) -> None:
    share(monde, "DA-01")
    share(monde, "DB-01")
    share(monde, "DC-01")
    version = prepare(monde, monde.c)
    for code in ("DA", "DB"):
        fiche = version.engagements.get(domaine__code=code)
        save_engagement(
            engagement=fiche, acteur=monde.direction, version=1, valeurs={"missions": f"Écrit {code}"}
        )
    monde.c.adhesions.filter(activite__code__in=["DB-01", "DC-01"]).update(fin=EFFECT)
    assert prepare(monde, monde.c).pk == version.pk
    assert codes(version) == ["DA", "DB"], "the untouched fiche leaves, the written one stays"
    assert set(version.engagements.order_by("pk").values_list("missions", flat=True)) == {
        "Écrit DA",
        "Écrit DB",
    }


def test_a_draft_moves_to_the_day_it_is_prepared_for(monde: Any) -> None:
    share(monde, "DA-01")
    version = prepare(monde, monde.c, date(2027, 1, 1))
    moved = prepare(monde, monde.c)
    assert (moved.pk, moved.effective_on, moved.reference) == (version.pk, EFFECT, version.reference)


def test_only_the_direction_prepares(monde: Any) -> None:
    for who in (
        monde.a.dgs,
        monde.responsable,
        monde.directeur,
        monde.administrateur,
        monde.direction_voisine,
    ):
        with pytest.raises(ActionInterdite):
            prepare_contract(epci=monde.epci, commune=monde.a.commune, effective_on=EFFECT, acteur=who)


@pytest.mark.django_db(transaction=True)
def test_references_stay_unique_when_prepared_together(db: None) -> None:
    epci = EpciFactory()
    catalogue(epci)
    communes = [member_commune(epci) for _ in range(4)]
    for commune in communes:
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    calls = [
        lambda c=c: prepare_contract(epci=epci, commune=c, effective_on=EFFECT, acteur=None)
        for c in (*communes, communes[0])
    ]
    results = together(*calls)
    assert not failures(results), results
    references = sorted(VersionContrat.objects.values_list("reference", flat=True))
    assert references == [f"C-2028-00{n}" for n in range(1, 5)]


# What it prints


def keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else "…"


@pytest.fixture
def version(monde: Any) -> VersionContrat:
    """The draft of C: three domains, one of them accepted for 2028, both référents of DA, an indicator."""
    share(monde, "DA-01", debut=date(2021, 1, 1))
    share(monde, "DA-02", debut=date(2024, 1, 1))
    share(monde, "DB-01")
    line(monde, "DC-01")
    version = prepare(monde, monde.c)
    fiche = version.engagements.get(domaine__code="DA")
    Indicateur.objects.create(
        engagement=fiche, libelle="Délai", unite="jours", reference="6.50", cible=5, sens="baisse"
    )
    chief = SiegeFactory(
        epci=monde.epci,
        referent=True,
        commune=monde.c,
        domaine=monde.domaine,
        titulaire=PersonneFactory(nom="Titulaire"),
    )
    TitulaireFactory(siege=chief, personne=PersonneFactory(nom="Suppléante"), rang="suppleant")
    HabilitationFactory(epci=monde.epci, commune=monde.c, maire=True, personne=PersonneFactory(nom="Édile"))
    return version


def test_the_data_have_the_shape_the_template_reads(version: VersionContrat) -> None:
    data, example = contract_data(version), exemples.contrat()
    assert set(data) - {"edite_on"} == set(example)
    for name in ("epci", "commune", "deliberations", "signataires", "revues", "verification"):
        assert set(data[name]) == set(example[name]), name
    assert keys(data["familles"]) == keys(example["familles"])
    assert set(data["fiches"][0]) == set(example["fiches"][0])
    assert keys(data["fiches"][0]["indicateurs"]) == keys(example["fiches"][0]["indicateurs"])


def test_domains_and_their_dates(version: VersionContrat) -> None:
    data = contract_data(version)
    assert [f["libelle"] for f in data["familles"]] == ["Fonctions supports", "Fonctions opérationnelles"]
    voirie, espaces = data["familles"][1]["domaines"]
    assert voirie["depuis_on"] == "2021-01-01" and voirie["rattachement"] == "pôle Sud"
    assert [(a["code"], a["depuis_on"]) for a in voirie["activites"]] == [
        ("DA-01", "2021-01-01"),
        ("DA-02", "2024-01-01"),
    ]
    assert espaces["depuis_on"] == "2028-01-01"
    assert [fiche["code"] for fiche in data["fiches"]] == ["DA", "DB", "DC"]


def test_people_of_both_sides(monde: Any, version: VersionContrat) -> None:
    data = contract_data(version)
    assert data["signataires"]["commune"] == {"nom": "Claude Édile", "qualite": "maire"}
    referents = data["fiches"][0]["referents"]
    assert referents["commune"] == {
        "titulaire": "Claude Titulaire",
        "fonction": "agent",
        "suppleant": "Claude Suppléante",
    }
    assert referents["epci"]["titulaire"] == str(monde.responsable)
    assert data["fiches"][2]["referents"] == {"commune": None, "epci": None}


def test_the_commune_bears_the_name_and_code_of_the_day_of_effect(version: VersionContrat) -> None:
    commune = version.commune
    facts = {"commune": commune, "code_insee": "33901"}
    CommuneVersion.objects.create(nom="Le Bourg", debut=date(2020, 1, 1), fin=EFFECT, **facts)
    CommuneVersion.objects.create(nom="Montferrand", debut=EFFECT, **facts | {"code_insee": "33902"})
    data = contract_data(version)
    assert data["commune"] == {"nom": "Montferrand", "code_insee": "33902"}
    assert any("la commune de Montferrand" in visa for visa in data["visas"])
    version.effective_on = date(2027, 1, 1)
    data = contract_data(version)
    assert data["commune"] == {"nom": "Le Bourg", "code_insee": "33901"}
    assert any("la commune du Bourg" in visa for visa in data["visas"])


def test_deadlines_in_words(version: VersionContrat) -> None:
    fiche = version.engagements.get(domaine__code="DA")
    assert contract_data(version)["fiches"][0]["urgence"] == {
        "definition": "Événement imprévisible qui demande une réaction immédiate.",
        "accuse": "1 heure ouvrée",
        "decision": "4 heures ouvrées",
    }
    Engagement.objects.filter(pk=fiche.pk).update(urgence_jour_nuit=True, exceptionnel_decision_jours=10)
    printed = contract_data(version)["fiches"][0]
    assert printed["urgence"]["accuse"] == "1 heure, jour et nuit"
    assert printed["urgence"]["decision"] == "4 heures, jour et nuit"
    assert (printed["exceptionnel"]["accuse"], printed["exceptionnel"]["decision"]) == (
        "1 jour ouvré",
        "10 jours ouvrés",
    )


@pytest.mark.parametrize(
    ("rhythms", "said"),
    [
        ({"DA": "trimestriel", "DB": "trimestriel", "DC": "trimestriel"}, "chaque trimestre"),
        ({"DA": "trimestriel", "DB": "mensuel", "DC": "mensuel"}, "au rythme de chaque fiche"),
    ],
)
def test_the_contract_says_the_rhythm_of_its_fiches(
    version: VersionContrat, rhythms: dict[str, str], said: str
) -> None:
    for code, rhythm in rhythms.items():
        version.engagements.filter(domaine__code=code).update(rythme=rhythm)
    data = contract_data(version)
    assert data["revues"]["rythme"] == said
    assert f"l'annexe C ({said}, sauf mention contraire)" in data["articles"][6]["html"].replace("’", "'")
    assert read_facts(version.epci, [version])[version.pk].rythme == said


def test_a_fiche_of_a_domain_no_longer_shared_does_not_count(version: VersionContrat) -> None:
    version.engagements.exclude(domaine__code="DA").update(rythme="bimestriel")
    leaving = [activite(version.epci, code) for code in ("DA-01", "DA-02")]
    version.commune.adhesions.filter(activite__in=leaving).update(fin=EFFECT)
    assert [one["code"] for one in contract_data(version)["fiches"]] == ["DB", "DC"]
    assert read_facts(version.epci, [version])[version.pk].rythme == "tous les deux mois"


def test_numbers_are_json_numbers(version: VersionContrat) -> None:
    indicateur = contract_data(version)["fiches"][0]["indicateurs"][-1]
    assert (indicateur["reference"], indicateur["cible"], indicateur["tolerance"]) == (6.5, 5, 0)


def test_acts_to_come_then_recorded(monde: Any, version: VersionContrat) -> None:
    data = contract_data(version)
    assert data["deliberations"] == {"commune": None, "epci": None}
    assert data["visas"][-2:] == [
        "la délibération du conseil municipal, à venir",
        "la délibération du conseil de la Métropole, à venir",
    ]
    ligne = monde.cycle.declarations.get(commune=monde.c).lignes.get()
    values = {"cycle": monde.cycle, "epci": monde.epci, "lignes": [ligne]}
    ActeFactory(**values, commune=monde.c, numero="2027-14", adopte_on=date(2027, 2, 1))
    ActeFactory(**values, epci_side=True, numero="2027-612", adopte_on=date(2027, 2, 5))
    data = contract_data(version)
    assert data["deliberations"] == {
        "commune": "délibération n° 2027-14 du 1er février 2027",
        "epci": "délibération n° 2027-612 du 5 février 2027",
    }
    assert "la délibération n° 2027-612 du conseil de la Métropole, du 5 février 2027" in data["visas"]
    assert not any("à venir" in visa for visa in data["visas"])


def test_a_decision_of_the_president_is_said_one(monde: Any, version: VersionContrat) -> None:
    ligne = monde.cycle.declarations.get(commune=monde.c).lignes.get()
    values = {"cycle": monde.cycle, "epci": monde.epci, "lignes": [ligne], "adopte_on": date(2027, 2, 5)}
    ActeFactory(**values, epci_side=True, type="president", numero="D-7")
    assert contract_data(version)["deliberations"]["epci"] == "décision n° D-7 du 5 février 2027"


def test_acts_of_a_later_cycle_are_not_cited(monde: Any, version: VersionContrat) -> None:
    """A contract of 2028 has nothing to do with what is voted for 2029."""
    ligne = monde.cycle.declarations.get(commune=monde.c).lignes.get()
    later = monde.cycle_futur
    declaration = DeclarationFactory(cycle=later, commune=monde.c, deposee=True)
    other = LigneFactory(declaration=declaration, activite=ligne.activite, nature="revision")
    ActeFactory(cycle=later, epci=monde.epci, commune=monde.c, lignes=[other], numero="AUTRE")
    data = contract_data(version)
    assert data["deliberations"]["commune"] is None
    assert not any("AUTRE" in visa for visa in data["visas"])


def test_acts_of_another_commune_are_not_cited(monde: Any, version: VersionContrat) -> None:
    ActeFactory(
        cycle=monde.cycle, epci=monde.epci, commune=monde.a.commune, lignes=[monde.a.ligne], numero="AUTRE"
    )
    assert not any("AUTRE" in visa for visa in contract_data(version)["visas"])


def test_same_data_same_digest_and_another_when_it_changes(version: VersionContrat) -> None:
    before = digest(contract_data(version))
    assert digest(contract_data(VersionContrat.objects.get(pk=version.pk))) == before
    version.engagements.filter(domaine__code="DA").update(missions="Autre chose")
    assert digest(contract_data(version)) != before


def test_the_queries_do_not_depend_on_domains(monde: Any, version: VersionContrat) -> None:
    def queries(of: VersionContrat) -> int:
        fresh = VersionContrat.objects.select_related("epci", "commune").get(pk=of.pk)
        with CaptureQueriesContext(connection) as captured:
            contract_data(fresh)
        return len(captured)

    before = queries(version)
    monde.c.adhesions.filter(activite__code__startswith="DB").delete()
    version.engagements.exclude(domaine__code="DA").delete()
    assert len(contract_data(version)["fiches"]) == 1
    assert queries(version) == before


# The PDF


@pytest.fixture
def empty_cache() -> None:
    cache.clear()


def get_pdf(client: Any, user: Any, version: VersionContrat) -> Any:
    client.force_login(user)
    return client.get(reverse("contrats:projet_pdf", args=[version.pk]))


def test_the_draft_passes_the_checks(
    monde: Any, version: VersionContrat, client: Any, empty_cache: None
) -> None:
    response = get_pdf(client, monde.direction, version)
    assert response["Content-Type"] == "application/pdf"
    assert check_pdf(response.content) == []


def test_the_draft_is_rendered_once(
    monde: Any, version: VersionContrat, client: Any, empty_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    renders: list[str] = []

    def render(html: str, **kwargs: Any) -> bytes:
        renders.append(html)
        return f"%PDF {len(html)}".encode()

    monkeypatch.setattr("contrats.views.contrat.render_pdf", render)
    first = get_pdf(client, monde.direction, version).content
    assert get_pdf(client, monde.direction, version).content == first
    assert len(renders) == 1
    assert (
        "Édité le" in renders[0] and "10\u00a0février 2027" in renders[0] and 'class="projet"' in renders[0]
    )
    version.engagements.filter(domaine__code="DA").update(missions="Une mission toute neuve")
    get_pdf(client, monde.direction, version)
    assert len(renders) == 2 and "Une mission toute neuve" in renders[1]


def test_who_reads_the_draft(monde: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contrats.views.contrat.render_pdf", lambda html, **kwargs: b"%PDF")
    version = monde.a.version
    expected = {
        monde.direction: 200,
        monde.a.dgs: 200,
        monde.a.lecteur: 200,
        monde.responsable: 403,
        monde.directeur: 200,
        monde.b.dgs: 404,
        monde.responsable_autre: 404,
        monde.direction_voisine: 404,
    }
    for user, status in expected.items():
        assert get_pdf(client, user, version).status_code == status, user


# The pages


def page(client: Any, user: Any, url: str) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ")


def test_the_list_says_what_is_missing(monde: Any, client: Any, version: VersionContrat) -> None:
    html = page(client, monde.direction, reverse("contrats:contrats"))
    assert "3 communes sur 3" in html
    assert "3 fiches à compléter, dont 3 sans niveau attendu" in html and "3 sièges vacants" in html
    assert version.reference in html


def test_the_list_is_filtered(monde: Any, client: Any) -> None:
    url = reverse("contrats:contrats")
    html = page(client, monde.direction, url + "?q=oeuil")
    assert "Œuilly" in html and "L’Haÿ" not in html
    nord = monde.epci.poles.get(nom="Pôle Nord").pk
    html = page(client, monde.direction, url + f"?pole={nord}")
    assert "L’Haÿ-les-Roses" in html and "Œuilly" not in html
    assert "Aucune commune ne répond" in page(client, monde.direction, url + "?q=zzz")
    assert "Œuilly" in page(client, monde.direction, url + "?pole=abc&effet=hier")


def test_a_commune_goes_to_its_own(monde: Any, client: Any) -> None:
    for who in (monde.a.dgs, monde.a.maire, monde.a.referent):
        client.force_login(who)
        assert client.get(reverse("contrats:contrats"))["Location"] == reverse(
            "contrats:contrat", args=[monde.a.version.contrat_id]
        )


def test_a_commune_without_contract_is_told_so(monde: Any, client: Any) -> None:
    dgs = HabilitationFactory(epci=monde.epci, commune=monde.c, dgs=True).personne
    assert "pas encore de contrat" in page(client, dgs, reverse("contrats:contrats"))


def test_pole_and_responsable_see_their_communes(monde: Any, client: Any) -> None:
    html = page(client, monde.directeur, reverse("contrats:contrats"))
    assert "L’Haÿ-les-Roses" in html and "Œuilly" not in html
    html = page(client, monde.responsable, reverse("contrats:contrats"))
    assert "L’Haÿ-les-Roses" in html and "Œuilly" in html and "Montferrand" not in html
    assert "Aucune commune" in page(client, monde.responsable_autre, reverse("contrats:contrats"))


def test_the_list_costs_the_same_for_3_and_50_communes(monde: Any, client: Any) -> None:
    client.force_login(monde.direction)
    url = reverse("contrats:contrats")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(30):
        EngagementFactory(version_contrat__contrat__epci=monde.epci, domaine=monde.domaine)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(few) == len(many)


def test_preparing_from_the_list(monde: Any, client: Any) -> None:
    share(monde, "DA-01")
    client.force_login(monde.direction)
    url = reverse("contrats:preparer")
    data = {"commune": monde.c.pk, "effet": "2028-01-01"}
    response = client.post(url, data)
    contrat = Contrat.objects.get(commune=monde.c)
    assert response["Location"] == reverse("contrats:contrat", args=[contrat.pk])
    client.post(url, data)
    assert contrat.versions.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [({"effet": "2028-02-01"}, "1er janvier"), ({"effet": "x"}, "1er janvier"), ({}, "ne partage rien")],
)
def test_preparing_badly(monde: Any, client: Any, data: dict[str, str], words: str) -> None:
    client.force_login(monde.direction)
    response = client.post(
        reverse("contrats:preparer"), {"commune": monde.c.pk, "effet": "2028-01-01", **data}, follow=True
    )
    assert words.replace("1er", "1<sup>er</sup>") in response.content.decode().replace("\u00a0", " ")
    assert not Contrat.objects.filter(commune=monde.c).exists()


def test_preparing_is_for_the_direction_and_its_communes(monde: Any, client: Any) -> None:
    url, data = reverse("contrats:preparer"), {"commune": monde.a.commune.pk, "effet": "2028-01-01"}
    for who, status in ((monde.a.dgs, 403), (monde.responsable, 403), (monde.direction_voisine, 404)):
        client.force_login(who)
        assert client.post(url, data).status_code == status
    client.force_login(monde.direction)
    assert client.post(url, {**data, "commune": monde.commune_voisine.pk}).status_code == 404
    assert client.post(url, {**data, "commune": "9" * 40}).status_code == 404
    assert client.get(url).status_code == 405


def test_the_contract_page_says_what_changed_since(monde: Any, client: Any, version: VersionContrat) -> None:
    url = reverse("contrats:contrat", args=[version.contrat_id])
    assert "a changé depuis" not in page(client, monde.direction, url)
    monde.c.adhesions.filter(activite__code="DB-01").update(fin=EFFECT)
    html = page(client, monde.direction, url)
    assert "a changé depuis" in html and "Ressources humaines n’est plus partagé" in html


def test_a_referent_sees_his_domain_only(monde: Any, client: Any) -> None:
    EngagementFactory(version_contrat=monde.a.version, domaine=domaine(monde.epci, "DB"))
    url = reverse("contrats:contrat", args=[monde.a.version.contrat_id])
    html = page(client, monde.a.referent, url)
    assert "Voirie" in html and "Ressources humaines" not in html
    assert "Ressources humaines" in page(client, monde.a.dgs, url)
    for who in (monde.b.dgs, monde.responsable_autre, monde.direction_voisine):
        client.force_login(who)
        expected = 200 if who == monde.responsable_autre else 404
        assert client.get(url).status_code == expected


def test_waiting_lines_of_a_closed_cycle_no_longer_count(monde: Any) -> None:
    closed = CycleFactory(epci=monde.epci, annee=2025, clos=True, clos_at=datetime(2026, 1, 1, tzinfo=UTC))
    LigneFactory(
        declaration=DeclarationFactory(cycle=closed, commune=monde.c, deposee=True),
        activite=activite(monde.epci),
        acceptee=True,
    )
    with pytest.raises(Refus):
        prepare(monde, monde.c)
