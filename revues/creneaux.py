"""Where the reviews of a month stand: a simple, deterministic rule on working days.

Each commune has its own days in the month, so that its domains are grouped on few visits of the town hall.
"""

from datetime import date, time

SLOTS = (time(9, 30), time(10, 15), time(11), time(11, 45), time(14), time(14, 45), time(15, 30), time(16, 15))
FIRST_WORKING_DAY = 5  # invitations leave on the first of the month: a week of notice
CONTRACT_SLOT = time(9)


def place(working_days: list[date], commune_rank: int, count: int) -> list[tuple[date, time]]:
    """Place `count` reviews of the commune of a rank on the working days of a month: days and local hours."""
    usable = working_days[FIRST_WORKING_DAY:]
    first = commune_rank % len(usable)
    return [(usable[(first + n // len(SLOTS)) % len(usable)], SLOTS[n % len(SLOTS)]) for n in range(count)]


def place_contract(working_days: list[date], commune_rank: int) -> tuple[date, time]:
    """Place the half-yearly review of a contract, one commune a day over the usable days."""
    usable = working_days[FIRST_WORKING_DAY:]
    return usable[commune_rank % len(usable)], CONTRACT_SLOT
