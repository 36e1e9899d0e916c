"""Guards of every test: what must never happen, whatever the test looks at.

Installed once per process by tests/conftest.py. Each raises an error that says what to do about it.
"""

import random
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import DateField, DateTimeField, QuerySet
from django.template.base import Variable, VariableDoesNotExist

ROOT = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost", "", None})


class GuardFailure(AssertionError):
    """A guard of tests/gardes.py was crossed."""


# Unknown template variables, as (template, variable): `{% if a and b %}` swallows exceptions, so they are also kept here.
unknown_variables: list[tuple[str, str]] = []


def install() -> None:
    """Put every guard in place, for the life of the process."""
    forbid_unknown_variables()
    shuffle_unordered_querysets()
    forbid_datetimes_as_dates()
    forbid_network()


def forbid_unknown_variables() -> None:
    """A template of the project that reads a variable absent from its context fails, even in `{% if %}`."""
    resolve = Variable._resolve_lookup

    def strict(self: Variable, context: Any) -> Any:
        try:
            return resolve(self, context)
        except VariableDoesNotExist as error:
            name = template_name(context)
            if is_third_party(name):
                raise
            unknown_variables.append((name, str(self.var)))
            raise GuardFailure(
                f"{name}: unknown variable {{{{ {self.var} }}}}; pass it in the context"
            ) from error

    Variable._resolve_lookup = strict  # type: ignore[method-assign]


def template_name(context: Any) -> str:
    """The file of the template being rendered, « <unknown source> » for one made from a string."""
    template = getattr(getattr(context, "render_context", None), "template", None)
    return str(getattr(getattr(template, "origin", None), "name", "<no template>"))


def is_third_party(name: str) -> bool:
    """Whether a template belongs to a library: Django's own widgets read absent variables."""
    if name.startswith("<"):
        return name == "<no template>"
    return "site-packages" in name or not Path(name).is_relative_to(ROOT)


def shuffle_unordered_querysets() -> None:
    """Rows nobody ordered come in an order nobody expects; locking rows through a join must say which table."""
    fetch = QuerySet._fetch_all

    def shuffled(self: Any) -> None:
        fresh = self._result_cache is None
        if fresh:
            check_lock(self.query)
        fetch(self)
        if fresh and len(self._result_cache) > 1 and not self.ordered and not self.query.is_sliced:
            self._result_cache = disorder(self._result_cache)

    QuerySet._fetch_all = shuffled  # type: ignore[method-assign]


def disorder(rows: list[Any]) -> list[Any]:
    """The same rows in another order, always another one: with two rows chance alone would hide half of the faults."""
    mixed = random.sample(rows, len(rows))
    return mixed[::-1] if all(a is b for a, b in zip(mixed, rows, strict=True)) else mixed


def check_lock(query: Any) -> None:
    if query.select_for_update and query.select_related and not query.select_for_update_of:
        raise GuardFailure(
            "select_for_update() with select_related() locks the joined rows too: say of=('self',)"
        )
    referred = query.model and ours(query.model) and query.model._meta.related_objects
    if query.select_for_update and referred and not query.select_for_no_key_update:
        raise GuardFailure(
            "select_for_update() stops whoever writes a row that refers to this one: say no_key=True"
        )


def ours(model: Any) -> bool:
    """Not of a library: how axes locks its own rows is its own business."""
    return "site-packages" not in getattr(model._meta.app_config, "path", "")


def forbid_datetimes_as_dates() -> None:
    """A datetime given to a DateField loses its zone in silence: ask horloge for the day instead."""
    prepare = DateField.get_prep_value

    def strict(self: DateField, value: Any) -> Any:
        if isinstance(value, datetime) and not isinstance(self, DateTimeField):
            raise GuardFailure(f"{self}: a datetime ({value}) stands where a date is expected")
        return prepare(self, value)

    DateField.get_prep_value = strict  # type: ignore[method-assign]


def forbid_network() -> None:
    """Only this machine answers: a test that needs the Internet is wrong (libpq and child processes are not covered)."""
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _local_only(getattr(socket.socket, name)))
    lookup = socket.getaddrinfo

    def local_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_remote(host)
        return lookup(host, *args, **kwargs)

    socket.getaddrinfo = local_lookup


def _local_only(method: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            refuse_remote(address[0])
        return method(self, address)

    return connect


def refuse_remote(host: Any) -> None:
    """Raise for a host that is not this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name not in LOCAL_HOSTS:
        raise GuardFailure(f"the test tries to reach {name}: no network in tests")
