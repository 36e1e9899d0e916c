"""Dates and hours as French people write them, and the filters that write them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from socle import dates

DAY = date(2027, 2, 26)


class TestWords:
    def test_days(self):
        assert dates.short_day(DAY) == "26 février"
        assert dates.short_day(date(2027, 1, 1)) == "1er janvier"
        assert dates.day_and_year(DAY) == "26 février 2027"
        assert dates.long_day(DAY) == "vendredi 26 février 2027"

    @pytest.mark.parametrize(
        "value", [DAY, "2027-02-26", datetime(2027, 2, 26, 23, tzinfo=UTC), "2027-02-26T23:00:00+00:00"]
    )
    def test_a_day_from_anything_that_holds_one(self, value: object):
        assert dates.as_date(value) == DAY  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("day", "year", "same"),
        [
            (date(2028, 1, 1), 2029, date(2029, 1, 1)),  # 366 days later
            (date(2028, 2, 29), 2029, date(2029, 2, 28)),
            (date(2028, 2, 29), 2032, date(2032, 2, 29)),
        ],
    )
    def test_the_same_day_in_another_year(self, day: date, year: int, same: date):
        assert dates.in_year(day, year) == same

    @pytest.mark.parametrize(
        ("day", "words"),
        [
            (date(2027, 2, 23), "En retard de 3 jours"),
            (date(2027, 2, 25), "En retard de 1 jour"),
            (DAY, "Aujourd'hui"),
            (date(2027, 2, 27), "Demain"),
            (date(2027, 3, 13), "Dans 15 jours"),
            (date(2027, 3, 14), "14 mars"),
        ],
    )
    def test_how_far_a_day_is(self, day: date, words: str):
        assert dates.distance(day, DAY) == words


def render(source: str, **context: object) -> str:
    return Template("{% load typographie %}" + source).render(Context(context))


class TestFilters:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("{{ d|jour }}", "vendredi 26 février 2027"),
            ("{{ d|jour_annee }}", "26 février 2027"),
            ("{{ d|jour_court }}", "26 février"),
            ("{{ d|mois }}", "février 2027"),
            ("{{ d|veille|jour_court }}", "25 février"),
            (
                "{{ rien|jour }}{{ rien|jour_annee }}{{ rien|jour_court }}{{ rien|mois }}{{ rien|heure }}{{ rien|instant }}",
                "",
            ),
        ],
    )
    def test_days(self, source: str, text: str):
        assert render(source, d=DAY, rien=None) == text

    def test_instants_are_told_in_the_active_zone(self):
        instant = datetime(2027, 2, 26, 23, 30, tzinfo=UTC)
        with timezone.override(ZoneInfo("Europe/Paris")):
            assert render("{{ i|heure }}, {{ i|jour_court }}", i=instant) == "0 h 30, 27 février"
        with timezone.override(ZoneInfo("America/Martinique")):
            assert render("{{ i|instant }}", i=instant) == "26 février 2027 à 19 h 30"

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (1234.5, "1 234,5"),
            ("12.00", "12"),
            (0, "0"),
            (None, ""),
            ("", ""),
            (1200000, "1 200 000"),
            (-1.25, "-1,25"),
        ],
    )
    def test_numbers(self, value: object, text: str):
        assert render("{{ v|nombre }}", v=value) == text.replace(" ", "\N{NARROW NO-BREAK SPACE}")

    def test_what_a_user_typed_stays_escaped(self):
        html = render("{% filter fr_html %}<p>{{ t }}</p>{% endfilter %}", t="<b>l'eau</b> : 1er")
        assert html == "<p>&lt;b&gt;l’eau&lt;/b&gt;\N{NO-BREAK SPACE}: 1<sup>er</sup></p>"

    def test_plain_text(self):
        assert render("{{ t|fr_texte }}", t="Voir : là") == "Voir\N{NO-BREAK SPACE}: là"
