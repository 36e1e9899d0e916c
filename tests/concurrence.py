"""Two or more people in the same second: real threads, real transactions."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from django.db import connection

PATIENCE = 20


def together(*functions: Callable[[], Any]) -> list[Any]:
    """Run functions at the same instant, one thread and one connection each, under the clock of the caller.

    Returns what each returned, or the exception it raised, in order. Needs `@pytest.mark.django_db(transaction=True)`.
    """
    results: list[Any] = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def run(rank: int, function: Callable[[], Any]) -> None:
        try:
            barrier.wait(PATIENCE)
            results[rank] = function()
        except Exception as error:  # handed to the test, which decides whether it was expected
            results[rank] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=copy_context().run, args=(run, rank, function))
        for rank, function in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a thread waits for ever: deadlock"
    return results


def failures(results: list[Any]) -> list[Exception]:
    """The exceptions among the results of `together`."""
    return [result for result in results if isinstance(result, Exception)]
