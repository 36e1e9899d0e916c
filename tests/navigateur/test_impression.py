"""Printing « qui partage quoi »: A3, landscape, every commune and every domain, nothing cut at the edges."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from comptes.models import Role
from demo.horloge import set_now
from mutualisation.models import Activite, Domaine
from mutualisation.workflows.catalogue import load_reference_catalogue
from socle import horloge
from tests.factories import AdhesionFactory, EpciFactory, holder, member_commune
from tests.navigateur.clavier import Clavier, plain

pytestmark = pytest.mark.django_db(transaction=True)
A3 = (1191, 842)  # points: 420 × 297 mm
DAY = datetime(2027, 2, 10, 9, tzinfo=UTC)
COMMUNES = [f"Saint-Jean-d'Illac-{n:02d}" for n in range(1, 29)]


def test_the_matrix_of_28_communes_prints_on_a3(moving_clock: None, clavier: Clavier) -> None:
    epci = EpciFactory(nom="Bordeaux Métropole", type="METRO")
    communes = [member_commune(epci, nom=nom) for nom in COMMUNES]
    with horloge.at(DAY):
        load_reference_catalogue(epci=epci, effective_on=date(2020, 1, 1))
        for rank, activite in enumerate(Activite.objects.order_by("code")[:120]):
            AdhesionFactory(epci=epci, commune=communes[rank % 28], activite=activite)
    set_now(DAY)
    clavier.sign_in(holder(Role.DIRECTION_TERRITOIRES, epci))
    clavier.open(reverse("mutualisation:matrice"))
    octets = clavier.page.pdf(prefer_css_page_size=True)
    pages = PdfReader(BytesIO(octets)).pages
    assert [tuple(round(side) for side in page.mediabox[2:]) for page in pages] == [A3]
    text = " ".join(plain(pages[0].extract_text()).split())
    missing = [nom for nom in COMMUNES if nom not in text]
    missing += [
        one for one in Domaine.objects.values_list("libelle_court", flat=True) if plain(one) not in text
    ]
    assert missing == []
