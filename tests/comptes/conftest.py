"""True time, moved."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def time_machine_at() -> Iterator[Callable[[datetime], None]]:
    """`time_machine_at(instant)` makes true time stand there until the test ends."""
    traveller: list[time_machine.travel] = []

    def move(instant: datetime) -> None:
        while traveller:
            traveller.pop().stop()
        traveller.append(time_machine.travel(instant, tick=False))
        traveller[0].start()

    yield move
    while traveller:
        traveller.pop().stop()
