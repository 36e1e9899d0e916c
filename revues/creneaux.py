"""Where the reviews of a month stand: a simple, deterministic rule on working days.

Each commune has its own days in the month, so that its domains are grouped on few visits of the town hall. A domain keeps
its place in the catalogue: whoever answers for it in all communes is expected in one town hall at a time.
"""

from collections.abc import Iterable
from datetime import date, time

SLOTS = (
    time(9, 30),
    time(10, 15),
    time(11),
    time(11, 45),
    time(14),
    time(14, 45),
    time(15, 30),
    time(16, 15),
)
FIRST_WORKING_DAY = 5  # invitations leave on the first of the month: a week of notice
CONTRACT_SLOTS = (time(9), time(10, 30), time(14), time(15, 30), time(17))


def place(working_days: list[date], commune_rank: int, positions: Iterable[int]) -> list[tuple[date, time]]:
    """Place the reviews of the commune of a rank, by the position of their domain in the catalogue: days and local hours.

    For one domain, two communes share an instant only beyond eight communes per usable day.
    """
    usable = working_days[FIRST_WORKING_DAY:]
    turn, first = divmod(commune_rank, len(usable))
    return [
        (usable[(first + p // len(SLOTS)) % len(usable)], SLOTS[(p + turn) % len(SLOTS)]) for p in positions
    ]


def place_contract(working_days: list[date], commune_rank: int) -> tuple[date, time]:
    """Place the half-yearly review of a contract: one commune a day over the usable days, then a second turn later in the day."""
    usable = working_days[FIRST_WORKING_DAY:]
    turn, day = divmod(commune_rank, len(usable))
    return usable[day], CONTRACT_SLOTS[turn % len(CONTRACT_SLOTS)]
