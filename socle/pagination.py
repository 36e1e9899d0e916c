"""Pages of the API: a cursor holds the last row read, so that writes between two pages change nothing."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

CURSOR, SIZE = "curseur", "taille"
MAX_BIGINT = 2**63 - 1
BAD_CURSOR = "Ce curseur n'est pas valable : suivez les adresses « suivant » et « precedent »."


@dataclass(frozen=True)
class Cursor:
    """A place between two rows: the values of the ordering of the row just passed, and which way to read."""

    values: tuple[int, ...]
    backwards: bool = False

    def encode(self) -> str:
        text = ("-" if self.backwards else "+") + ".".join(map(str, self.values))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, length: int) -> "Cursor":
        """Read a cursor of `length` values; raises ValidationError for anything this API did not make."""
        try:
            plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        except ValueError:
            plain = ""
        if not re.fullmatch(rf"[+-][0-9]{{1,19}}(\.[0-9]{{1,19}}){{{length - 1}}}", plain):
            raise ValidationError({CURSOR: [BAD_CURSOR]})
        values = tuple(map(int, plain[1:].split(".")))
        if max(values) > MAX_BIGINT:
            raise ValidationError({CURSOR: [BAD_CURSOR]})
        return cls(values, plain[0] == "-")


class CursorPages(BasePagination):
    """Pages of `taille` rows (50, at most 200) ordered by `ordering`: integer columns, unique together."""

    page_size = 50
    max_page_size = 200
    ordering: tuple[str, ...] = ("pk",)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        size = self._size(request)
        text = request.query_params.get(CURSOR)
        self.cursor = None if text is None else Cursor.decode(text, len(self.ordering))
        rows = list(self._rows(queryset)[: size + 1])
        self.more, self.page = len(rows) > size, rows[:size]
        if self._backwards:
            self.page.reverse()
        return self.page

    @property
    def _backwards(self) -> bool:
        return bool(self.cursor and self.cursor.backwards)

    def _size(self, request: Request) -> int:
        text = request.query_params.get(SIZE)
        if text is None:
            return self.page_size
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= self.max_page_size:
            raise ValidationError({SIZE: [f"Donnez un nombre entier de 1 à {self.max_page_size}."]})
        return int(text)

    def _rows(self, queryset: QuerySet) -> QuerySet:
        """The rows that follow the cursor, in the direction of reading."""
        if self.cursor:
            columns, beyond = (
                Tuple(*map(F, self.ordering)),
                TupleLessThan if self._backwards else TupleGreaterThan,
            )
            queryset = queryset.filter(beyond(columns, self.cursor.values))
        return queryset.order_by(*(f"-{name}" if self._backwards else name for name in self.ordering))

    def _link(self, row: Any, *, backwards: bool) -> str:
        values = attrgetter(*self.ordering)(row)
        cursor = Cursor(values if isinstance(values, tuple) else (values,), backwards)
        return replace_query_param(self.url, CURSOR, cursor.encode())

    def get_paginated_response(self, data: Any) -> Response:
        after = self.more or self._backwards
        before = self.more if self._backwards else self.cursor is not None
        return Response(
            {
                "suivant": self._link(self.page[-1], backwards=False) if self.page and after else None,
                "precedent": self._link(self.page[0], backwards=True) if self.page and before else None,
                "resultats": data,
            }
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter(
                CURSOR,
                "Place dans la liste : suivez les adresses `suivant` et `precedent` telles quelles.",
                {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
            ),
            _parameter(
                SIZE,
                "Nombre d'objets par page.",
                {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size},
            ),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["suivant", "precedent", "resultats"],
            "properties": {
                "suivant": {
                    **link,
                    "description": "Adresse de la page suivante ; `null` à la fin de la liste.",
                },
                "precedent": {
                    **link,
                    "description": "Adresse de la page précédente ; `null` au début de la liste.",
                },
                "resultats": {**schema, "description": "Les objets de la page."},
            },
        }


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
