"""The library of reference fiches: read by all, written by the Direction, a conflict said, never a text lost."""

from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contrats.models import Fiche, FicheActivite
from contrats.workflows.fiche import save_reference
from journal.models import Evenement
from socle.droits import ActionInterdite
from socle.erreurs import Conflit
from tests.concurrence import failures, together
from tests.contrats.gestes_fiche import DELAY, row_at
from tests.factories import FicheActiviteFactory, FicheFactory, activite, domaine

TEXTS = {"missions": "Entretenir.", "niveau_attendu": "Cinq jours."}
STORED = {"libelle": "Délai", "unite": "jours", "reference": 9, "cible": 5, "tolerance": 1, "sens": "baisse"}


def said(response: Any) -> str:
    text: str = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def form(version: int = 1, **texts: str) -> dict[str, Any]:
    data: dict[str, Any] = {"version": version, "indicateurs-TOTAL_FORMS": 1, "indicateurs-INITIAL_FORMS": 0}
    return data | row_at(0, **DELAY) | texts


def write(monde: Any, client: Any, who: Any, data: dict[str, Any]) -> Any:
    client.force_login(who)
    return client.post(reverse("contrats:fiche_modifier", args=[monde.domaine.pk]), data)


def test_a_fiche_nobody_wrote_is_begun_by_writing_it(monde: Any, client: Any) -> None:
    response = write(monde, client, monde.direction, form(**TEXTS, engagements_epci="Prévenir la veille."))
    assert response["Location"] == reverse("contrats:fiche", args=[monde.domaine.pk])
    fiche = Fiche.objects.get(domaine=monde.domaine)
    assert (fiche.missions, fiche.engagements_epci, fiche.version) == (
        "Entretenir.",
        "Prévenir la veille.",
        2,
    )
    assert fiche.indicateurs == [STORED] and fiche.etat == ("v", "complète")
    event = Evenement.objects.about(fiche).get()
    assert event.type == "fiche.modifiee" and event.acteur == monde.direction
    assert "missions, niveau de service attendu" in event.libelle
    page = said(client.get(response["Location"]))
    assert "Prévenir la veille." in page and "Historique de la fiche" in page and "promis 5," in page


def test_the_same_page_sent_twice_is_written_once(monde: Any, client: Any) -> None:
    for _ in range(2):
        assert write(monde, client, monde.direction, form(**TEXTS)).status_code == 302
    fiche = Fiche.objects.get()
    assert fiche.version == 2 and Evenement.objects.about(fiche).count() == 1


def test_a_conflict_shows_what_the_other_wrote_and_keeps_what_was_typed(monde: Any, client: Any) -> None:
    write(monde, client, monde.direction, form(**TEXTS))
    response = write(monde, client, monde.direction, form(missions="Autrement <b>"))
    page = said(response)
    assert response.status_code == 409 and f"{monde.direction} a modifié cette page" in page
    assert "Entretenir." in page and "Autrement &lt;b&gt;" in response.content.decode()
    assert 'name="version" value="2"' in page
    assert write(monde, client, monde.direction, form(2, missions="Autrement")).status_code == 302


def test_what_an_activity_adds(monde: Any, client: Any) -> None:
    client.force_login(monde.direction)
    own = activite(monde.epci)
    url = reverse("contrats:fiche_activite", args=[own.pk])
    assert client.post(url, form(missions="Reboucher.", niveau_attendu="En cinq jours.")).status_code == 302
    fiche = FicheActivite.objects.get()
    assert (fiche.activite, fiche.missions, fiche.indicateurs) == (own, "Reboucher.", [STORED])
    assert "Historique de cette fiche" in said(client.get(url))
    page = said(client.get(reverse("contrats:fiche", args=[monde.domaine.pk])))
    assert "Reboucher." in page and "En cinq jours." in page
    page = said(client.get(reverse("contrats:fiches")))
    assert "1 sur 3 ont leur fiche" in page


def test_a_text_too_long_stays_on_the_page(monde: Any, client: Any) -> None:
    response = write(monde, client, monde.direction, form(missions="é" * 20_001))
    assert response.status_code == 422 and "é" * 20_001 in response.content.decode()
    assert not Fiche.objects.filter(version__gt=1).exists()


def test_an_activity_offered_no_more_has_no_page(monde: Any, client: Any) -> None:
    from tests.factories import ActiviteFactory

    client.force_login(monde.direction)
    gone = ActiviteFactory(epci=monde.epci)
    assert client.get(reverse("contrats:fiche_activite", args=[gone.pk])).status_code == 404


def test_only_the_direction_writes(monde: Any) -> None:
    fiche = FicheFactory(epci=monde.epci)
    with pytest.raises(ActionInterdite):
        save_reference(fiche=fiche, acteur=monde.a.dgs, version=1, valeurs={"missions": "x"}, indicateurs=[])


def test_the_list_counts_contracts_and_is_exported(monde: Any, client: Any) -> None:
    FicheFactory(epci=monde.epci, indicateurs=[STORED])
    FicheActiviteFactory(epci=monde.epci)
    client.force_login(monde.a.lecteur)
    page = said(client.get(reverse("contrats:fiches")))
    assert "complète" in page and "à écrire" in page
    assert '<td data-label="Contrats" class="nombre">2</td>' in page
    sheet = client.get(reverse("contrats:fiches") + "?format=csv").content.decode("utf-8-sig")
    assert "Reboucher les nids-de-poule." in sheet and "Délai (jours)" in sheet
    assert len(sheet.splitlines()) == 1 + 3 + 1


def test_the_list_asks_the_same_questions_however_long(monde: Any, client: Any) -> None:
    client.force_login(monde.direction)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("contrats:fiches"))
        return len(queries)

    count()
    before = count()
    for code in ("DA", "DB", "DC"):
        FicheFactory(epci=monde.epci, domaine=domaine(monde.epci, code))
    assert count() == before


def test_an_epci_without_catalogue_is_told_so(monde: Any, client: Any) -> None:
    from comptes.roles import Role
    from tests.factories import EpciFactory, holder

    client.force_login(holder(Role.DIRECTION_TERRITOIRES, EpciFactory()))
    assert "Aucun catalogue n'est en vigueur" in said(client.get(reverse("contrats:fiches")))


@pytest.mark.django_db(transaction=True)
def test_two_people_writing_at_the_same_instant(monde: Any) -> None:
    """The row is begun once; the second is told, whoever comes first."""
    blank = Fiche(epci=monde.epci, domaine=monde.domaine)

    def writes(text: str) -> Any:
        return lambda: save_reference(
            fiche=blank, acteur=monde.direction, version=1, valeurs={"missions": text}, indicateurs=[]
        )

    results = together(writes("Un"), writes("Deux"))
    assert [type(error) for error in failures(results)] == [Conflit]
    assert Fiche.objects.get().missions in ("Un", "Deux")
