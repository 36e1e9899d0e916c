"""Days that the factories count from."""

from datetime import date, timedelta

from socle import horloge

SINCE = date(2020, 1, 1)


def today() -> date:
    return horloge.today("Europe/Paris")


def in_days(count: int) -> date:
    return today() + timedelta(days=count)
