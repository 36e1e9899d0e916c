"""Minutes: one page, one document, once; nothing typed is lost."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from documents.controle import check_pdf
from documents.models import Document, DocumentContenu
from journal.models import Courriel
from journal.workflows.tache import run_due
from revues.models import CompteRendu, Point, Revue
from revues.workflows.compte_rendu import issue_minutes, observation_end, write_minutes
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from territoire.models import JourFerie
from tests.concurrence import failures, together
from tests.factories import RevueFactory, SiegeFactory, domaine

TODAY = date(2027, 2, 10)
HEAD = {"tenue_on": TODAY, "lieu": "Mairie", "presents": "Hélène Œuvrard\n\nPaul Duprat"}
INFORMATION = {"nature": "information", "texte": "Rien à signaler.", "responsable": "", "echeance_on": None}
ACTION = {
    "nature": "action",
    "texte": "Reprendre le trottoir.",
    "responsable": "Voirie",
    "echeance_on": date(2027, 3, 1),
}


@pytest.fixture
def revue(monde: Any) -> Revue:
    return Revue.objects.get(pk=monde.a.revue.pk)


def other_domain(monde: Any, **kwargs: Any) -> Revue:
    """A review of DB in the same commune, at the same hour."""
    values = {"epci": monde.epci, "commune": monde.a.commune, "domaine": domaine(monde.epci, "DB")}
    return RevueFactory(**{**values, "prevue_at": monde.a.revue.prevue_at, **kwargs})


def write(
    revue: Revue, acteur: Any, *, points: Any = (INFORMATION,), version: int | None = None, **kwargs: Any
) -> CompteRendu:
    values = {**HEAD, **kwargs.pop("valeurs", {})}
    return write_minutes(revue=revue, acteur=acteur, valeurs=values, points=points, version=version, **kwargs)


# The draft


def test_a_draft_is_saved_and_saved_again(monde: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable)
    again = write(
        revue, monde.direction, points=[ACTION, INFORMATION], version=1, valeurs={"lieu": "Salle du conseil"}
    )
    assert again.pk == minutes.pk
    assert (again.version, again.lieu, again.redige_par) == (2, "Salle du conseil", monde.direction)
    assert list(again.points.order_by("ordre").values_list("nature", flat=True)) == ["action", "information"]


def test_reviews_of_one_visit_share_their_minutes(monde: Any, revue: Revue) -> None:
    other = other_domain(monde)
    minutes = write(revue, monde.direction, groupees=[other])
    assert set(minutes.revues.order_by("pk")) == {revue, other}
    write(revue, monde.direction, version=1)
    assert list(minutes.revues.order_by("pk")) == [revue]


def test_a_review_of_another_commune_cannot_be_grouped(monde: Any, revue: Revue) -> None:
    with pytest.raises(Refus, match="même commune"):
        write(revue, monde.direction, groupees=[monde.b.revue])
    assert not CompteRendu.objects.filter(etat="brouillon").exists()


def test_a_review_that_has_its_own_draft_is_not_taken(monde: Any, revue: Revue) -> None:
    other = other_domain(monde)
    own = write(other, monde.direction)
    with pytest.raises(Refus, match="déjà son propre compte rendu"):
        write(revue, monde.direction, groupees=[other])
    other.refresh_from_db()
    assert other.compte_rendu == own


def test_a_responsable_groups_only_what_he_answers_for(monde: Any, revue: Revue) -> None:
    with pytest.raises(ActionInterdite):
        write(revue, monde.responsable, groupees=[other_domain(monde)])


def test_an_old_page_is_told_who_was_faster(monde: Any, revue: Revue) -> None:
    write(revue, monde.direction)
    write(revue, monde.direction, version=1)
    with pytest.raises(Conflit, match=str(monde.direction)):
        write(revue, monde.responsable, version=1)
    with pytest.raises(Conflit):
        write(revue, monde.responsable, version=None)


def test_tomorrow_is_refused(monde: Any, revue: Revue) -> None:
    with pytest.raises(Refus, match="dans l'avenir"):
        write(revue, monde.responsable, valeurs={"tenue_on": TODAY + timedelta(days=1)})


@pytest.mark.parametrize("missing", ["responsable", "echeance_on"])
def test_an_action_has_an_owner_and_a_day(monde: Any, revue: Revue, missing: str) -> None:
    point = {**ACTION, missing: "" if missing == "responsable" else None}
    with pytest.raises(Refus, match="Une action dit qui la fait"):
        write(revue, monde.responsable, points=[INFORMATION, point])
    assert not Point.objects.filter(compte_rendu__etat="brouillon").exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_saves_in_the_same_second(monde: Any) -> None:
    revue = monde.a.revue
    results = together(lambda: write(revue, monde.direction), lambda: write(revue, monde.responsable))
    assert [type(error) for error in failures(results)] == [Conflit]
    assert CompteRendu.objects.filter(etat="brouillon").count() == 1


@pytest.mark.django_db(transaction=True)
def test_each_grouping_the_other_s_review(monde: Any) -> None:
    first, second = monde.a.revue, other_domain(monde)
    results = together(
        lambda: write(first, monde.direction, groupees=[second]),
        lambda: write(second, monde.direction, groupees=[first]),
    )
    errors = failures(results)
    assert all(isinstance(error, Conflit | Refus) for error in errors) and len(errors) == 1
    assert CompteRendu.objects.filter(etat="brouillon").count() == 1


# Issuing


def test_issued_with_its_document(monde: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable, points=[INFORMATION, ACTION], groupees=[])
    issued = issue_minutes(minutes=minutes, acteur=monde.responsable, version=1)
    revue.refresh_from_db()
    assert (revue.etat, revue.tenue_on, issued.etat) == ("tenue", TODAY, "emis")
    run_due()
    document = Document.objects.get(pk=issued.document_id)
    assert document.etat == "emis" and document.reference == "CR-2027-001"
    octets = bytes(DocumentContenu.objects.get(document=document).octets)
    assert check_pdf(octets) == []
    assert document.source["presents"] == ["Hélène Œuvrard", "Paul Duprat"]
    assert document.source["observation_until_on"] == issued.observation_until_on.isoformat()
    assert [point["nature"] for point in document.source["points"]] == ["information", "action"]


def test_issuing_twice_changes_nothing(monde: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable)
    first = issue_minutes(minutes=minutes, acteur=monde.responsable)
    second = issue_minutes(minutes=minutes, acteur=monde.responsable)
    assert first.document_id == second.document_id
    assert Document.objects.filter(type="compte_rendu", etat="reserve").count() == 1
    assert Courriel.objects.filter(type="compte_rendu_emis").count() == 3


@pytest.mark.django_db(transaction=True)
def test_issued_once_by_two_people_in_the_same_second(monde: Any) -> None:
    minutes = write(monde.a.revue, monde.responsable)
    results = together(*[lambda: issue_minutes(minutes=minutes, acteur=monde.direction)] * 3)
    assert not failures(results), results
    assert len({issued.document_id for issued in results}) == 1
    assert Document.objects.filter(type="compte_rendu", etat="reserve").count() == 1


def test_everyone_expected_and_the_dgs_are_told(monde: Any, revue: Revue) -> None:
    issue_minutes(minutes=write(revue, monde.responsable), acteur=monde.responsable)
    rows = Courriel.objects.filter(type="compte_rendu_emis")
    assert {row.destinataire for row in rows} == {monde.a.referent, monde.responsable, monde.a.dgs}
    assert all("jeudi 18 février 2027" in row.corps.replace("\u00a0", " ") for row in rows)


def test_nothing_written_is_not_issued(monde: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable, points=[])
    with pytest.raises(Refus, match="au moins un point"):
        issue_minutes(minutes=minutes, acteur=monde.responsable)
    minutes.refresh_from_db()
    assert (minutes.etat, minutes.document) == ("brouillon", None)


def test_what_was_not_read_again_is_not_issued(monde: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable)
    write(revue, monde.direction, version=1, points=[ACTION])
    with pytest.raises(Conflit):
        issue_minutes(minutes=minutes, acteur=monde.responsable, version=1)


def test_issued_minutes_are_not_written_again(monde: Any, revue: Revue) -> None:
    issue_minutes(minutes=write(revue, monde.responsable), acteur=monde.responsable)
    with pytest.raises(ActionInterdite):
        write(revue, monde.responsable, version=2)


@pytest.mark.parametrize(
    ("instant", "last"),
    [
        ("2027-02-10 10:00", date(2027, 2, 18)),
        ("2027-02-05 10:00", date(2027, 2, 15)),
        ("2027-04-23 10:00", date(2027, 5, 3)),
    ],
)
def test_the_observation_ends_on_a_working_day(monde: Any, at_time: Any, instant: str, last: date) -> None:
    JourFerie.objects.create(epci=monde.epci, jour=date(2027, 5, 1), nom="Fête du Travail")
    at_time(instant)
    assert observation_end(monde.epci) == last


def test_a_holiday_moves_the_last_day(monde: Any) -> None:
    JourFerie.objects.create(epci=monde.epci, jour=date(2027, 2, 18), nom="férié")
    assert observation_end(monde.epci) == date(2027, 2, 19)


# The pages


def form(*points: dict[str, Any], version: Any = "", **head: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "tenue_on": "2027-02-10",
        "lieu": "Mairie",
        "presents": "Moi",
        "version": version,
        **head,
    }
    data |= {"points-TOTAL_FORMS": "5", "points-INITIAL_FORMS": "0"}
    for rank in range(5):
        row = points[rank] if rank < len(points) else {"nature": "decision"}
        data |= {f"points-{rank}-{name}": value or "" for name, value in row.items()}
    return data


def test_the_page_is_prefilled(monde: Any, client: Any, revue: Revue) -> None:
    other = other_domain(monde)
    RevueFactory(
        epci=monde.epci,
        commune=monde.a.commune,
        domaine=domaine(monde.epci, "DC"),
        prevue_at=revue.prevue_at + timedelta(days=1),
    )
    client.force_login(monde.direction)
    page = unescape(client.get(reverse("revues:rediger", args=[revue.pk])).content.decode())
    assert f"{monde.a.referent}, agent" in page and f"{monde.responsable}, agent" in page
    assert f'value="{other.pk}"' in page
    assert "Espaces verts" not in page
    assert "Ne nommez aucun agent" in page


def test_from_the_page_to_the_pdf(monde: Any, client: Any, revue: Revue) -> None:
    other = other_domain(monde)
    client.force_login(monde.direction)
    url = reverse("revues:rediger", args=[revue.pk])
    response = client.post(
        url, form(INFORMATION, ACTION | {"echeance_on": "2027-03-01"}, groupees=[other.pk], suite="relire")
    )
    confirm = reverse("revues:emettre", args=[revue.pk])
    assert response["Location"] == confirm
    page = client.get(confirm).content.decode().replace("\u00a0", " ")
    assert "Reprendre le trottoir." in page and "jeudi 18 février 2027" in page
    assert Revue.objects.get(pk=revue.pk).etat == "prevue"
    assert client.post(confirm, {"version": 1})["Location"] == reverse("revues:revue", args=[revue.pk])
    assert client.post(confirm, {"version": 1}).status_code == 302
    other.refresh_from_db()
    assert other.etat == "tenue"
    page = client.get(reverse("revues:revue", args=[other.pk])).content.decode().replace("\u00a0", " ")
    assert "Observations jusqu’au jeudi 18 février 2027" in page
    pdf = reverse("revues:compte_rendu_pdf", args=[other.compte_rendu_id])
    assert client.get(pdf).status_code == 202
    run_due()
    response = client.get(pdf)
    assert response.status_code == 200 and response.content.startswith(b"%PDF")


def test_a_conflict_keeps_what_was_typed(monde: Any, client: Any, revue: Revue) -> None:
    write(revue, monde.direction, points=[ACTION])
    client.force_login(monde.responsable)
    typed = {**INFORMATION, "texte": "Texte <b>que je tiens</b> à garder"}
    response = client.post(reverse("revues:rediger", args=[revue.pk]), form(typed, suite="enregistrer"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "Texte &lt;b&gt;que je tiens&lt;/b&gt; à garder" in page
    assert "Reprendre le trottoir." in page and str(monde.direction) in page
    assert 'name="version" value="1"' in page
    assert client.post(reverse("revues:rediger", args=[revue.pk]), form(typed, version=1)).status_code == 302


def test_one_s_own_other_tab_is_not_told_as_somebody(monde: Any, revue: Revue) -> None:
    write(revue, monde.responsable)
    with pytest.raises(
        Conflit, match=r"^Vous avez enregistré ce compte rendu entre-temps, dans un autre onglet"
    ):
        write(revue, monde.responsable, version=None)


def test_text_typed_after_issue_is_shown_to_copy(monde: Any, client: Any, revue: Revue) -> None:
    issue_minutes(minutes=write(revue, monde.direction), acteur=monde.direction)
    client.force_login(monde.responsable)
    response = client.post(
        reverse("revues:rediger", args=[revue.pk]), form({**INFORMATION, "texte": "Trop tard"}, version=1)
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "Trop tard" in page and "Relire et émettre" not in page


def test_faults_are_said_on_their_row(monde: Any, client: Any, revue: Revue) -> None:
    client.force_login(monde.responsable)
    url = reverse("revues:rediger", args=[revue.pk])
    page = client.post(url, form({**ACTION, "responsable": "", "echeance_on": ""}, tenue_on="2027-02-11"))
    assert page.status_code == 422
    text = page.content.decode()
    assert (
        "Une action dit qui la fait" in text
        and "Une action dit pour quand" in text
        and "dans l’avenir" in text
    )
    assert not CompteRendu.objects.filter(etat="brouillon").exists()


def test_an_action_due_before_the_review_is_refused_at_its_field(
    monde: Any, client: Any, revue: Revue
) -> None:
    client.force_login(monde.responsable)
    url = reverse("revues:rediger", args=[revue.pk])
    late = {**ACTION, "echeance_on": "2027-02-09"}
    response = client.post(url, form(INFORMATION, late))
    faults = response.context["formset"].forms[1].errors
    assert response.status_code == 422
    assert faults == {"echeance_on": ["Une action est à faire au plus tôt le jour de la revue."]}
    assert client.post(url, form({**ACTION, "echeance_on": "2027-02-10"})).status_code == 302
    with pytest.raises(Refus, match=r"Point 1 : .*au plus tôt le jour de la revue"):
        write(revue, monde.responsable, version=1, points=[{**ACTION, "echeance_on": date(2027, 2, 9)}])


def test_ten_thousand_characters_are_refused_and_kept(monde: Any, client: Any, revue: Revue) -> None:
    client.force_login(monde.responsable)
    long = "é" * 10_000
    response = client.post(reverse("revues:rediger", args=[revue.pk]), form({**INFORMATION, "texte": long}))
    assert response.status_code == 422 and long in response.content.decode()


def test_confirming_an_empty_draft_says_what_to_do(monde: Any, client: Any, revue: Revue) -> None:
    write(revue, monde.responsable, points=[])
    client.force_login(monde.responsable)
    url = reverse("revues:emettre", args=[revue.pk])
    assert "Aucun point n’est écrit" in client.get(url).content.decode()
    assert client.post(url, {"version": 1}).status_code == 422
    assert Revue.objects.get(pk=revue.pk).etat == "prevue"


RIGHTS = [
    ("direction", 200),
    ("responsable", 200),
    ("directeur", 200),
    ("a.referent", 403),
    ("a.dgs", 403),
    ("a.maire", 403),
    ("a.lecteur", 403),
    ("administrateur", 403),
    ("responsable_autre", 404),
    ("b.dgs", 404),
    ("b.referent", 404),
    ("direction_voisine", 404),
]


@pytest.mark.parametrize(("who", "status"), RIGHTS)
def test_who_may_write(monde: Any, client: Any, revue: Revue, who: str, status: int) -> None:
    user = monde
    for name in who.split("."):
        user = getattr(user, name)
    Revue.objects.filter(pk=revue.pk).update(prevue_at=revue.prevue_at - timedelta(days=10))
    client.force_login(user)
    read = client.get(reverse("revues:revue", args=[revue.pk]))
    assert read.status_code == (404 if status == 404 else 200)
    assert (b"crire le compte rendu" in read.content) == (status == 200)
    for name in ("rediger", "non_tenue"):
        assert client.get(reverse(f"revues:{name}", args=[revue.pk])).status_code == status
    assert client.post(reverse("revues:emettre", args=[revue.pk])).status_code in (
        {200: {302}}.get(status, {status})
    )
    assert not CompteRendu.objects.filter(etat="brouillon").exists()


def test_a_contract_review_is_run_by_the_direction(monde: Any, client: Any) -> None:
    revue = RevueFactory(epci=monde.epci, commune=monde.a.commune, contrat=True)
    for who, status in (
        (monde.direction, 200),
        (monde.directeur, 200),
        (monde.responsable, 404),
        (monde.a.referent, 404),
    ):
        client.force_login(who)
        assert client.get(reverse("revues:rediger", args=[revue.pk])).status_code == status


def test_the_pdf_of_another_commune_does_not_exist(monde: Any, client: Any) -> None:
    url = reverse("revues:compte_rendu_pdf", args=[monde.b.revue_tenue.compte_rendu_id])
    for who, status in ((monde.a.dgs, 404), (monde.b.dgs, 200), (monde.direction_voisine, 404)):
        client.force_login(who)
        assert client.get(url).status_code == status


def test_a_draft_has_no_pdf(monde: Any, client: Any, revue: Revue) -> None:
    minutes = write(revue, monde.responsable)
    client.force_login(monde.direction)
    assert client.get(reverse("revues:compte_rendu_pdf", args=[minutes.pk])).status_code == 404


def test_the_last_minutes_are_read_before_the_next(monde: Any, client: Any, revue: Revue) -> None:
    Point.objects.create(
        compte_rendu=monde.a.revue_tenue.compte_rendu, ordre=1, nature="decision", texte="Laver le jeudi."
    )
    Point.objects.create(
        compte_rendu=monde.b.revue_tenue.compte_rendu, ordre=1, nature="decision", texte="Secret d'Œuilly."
    )
    client.force_login(monde.a.referent)
    page = client.get(reverse("revues:revue", args=[revue.pk])).content.decode()
    assert "Laver le jeudi." in page and "Œuilly" not in page


def test_midnight_of_the_epci_groups_the_day(monde: Any, client: Any) -> None:
    monde.epci.fuseau = "America/Martinique"
    monde.epci.save()
    values = {"epci": monde.epci, "commune": monde.a.commune}
    late = RevueFactory(
        **values, domaine=domaine(monde.epci, "DB"), prevue_at=datetime(2027, 3, 3, 21, tzinfo=UTC)
    )
    same = RevueFactory(
        **values, domaine=domaine(monde.epci, "DC"), prevue_at=datetime(2027, 3, 4, 2, tzinfo=UTC)
    )
    client.force_login(monde.direction)
    assert f'value="{same.pk}"' in client.get(reverse("revues:rediger", args=[late.pk])).content.decode()


def test_a_vacant_pair_of_seats_is_said(monde: Any, client: Any) -> None:
    revue = RevueFactory(epci=monde.epci, commune=monde.a.commune, domaine=domaine(monde.epci, "DC"))
    SiegeFactory(epci=monde.epci, responsable=True, domaine=domaine(monde.epci, "DC"))
    client.force_login(monde.direction)
    assert (
        "les deux sièges du domaine sont vacants"
        in client.get(reverse("revues:revue", args=[revue.pk])).content.decode()
    )
