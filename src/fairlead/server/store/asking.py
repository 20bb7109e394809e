"""Questions that are put very often: their text is made once, and PostgreSQL plans each once.

Making the text of such a question anew took the ORM ten times as long as PostgreSQL its answer.
Django's own cursors put values into the text, which cannot be planned ahead then.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import connection
from django.db.models import Model
from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composable, Identifier

M = TypeVar("M", bound=Model)


def direct() -> Connection[Any]:
    """The thread's connection of Django, for statements without it."""
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def ask(text: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows that a statement gives, in the transaction that Django has begun, if any.

    Raises Django's errors.
    """
    raw = direct()
    with connection.wrap_database_errors:
        return Cursor(raw).execute(text.encode(), values, prepare=True).fetchall()


def add(row: Model) -> None:
    """Store a new row and give it its id, as ``save`` does, but without signals."""
    text, fields = _addition(type(row))
    values = (field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields)
    row.pk = ask(text, *values)[0][0]
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 — documented


@cache
def _addition(model: type[Model]) -> tuple[str, tuple[Any, ...]]:
    meta = model._meta  # noqa: SLF001 — documented, whatever its name says
    fields: tuple[Any, ...] = tuple(f for f in meta.concrete_fields if not f.primary_key)
    text = SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        Identifier(meta.db_table),
        SQL(", ").join(Identifier(field.column) for field in fields),
        SQL(", ").join(SQL("%s") for _ in fields),
    )
    return text.as_string(), fields


class Rows(Generic[M]):
    """A model's columns in the text of a statement, and its rows; ``only`` some fields."""

    def __init__(self, model: type[M], *only: str) -> None:
        self._model = model
        self._only = only

    @cached_property
    def _fields(self) -> list[Any]:
        every = self._model._meta.concrete_fields  # noqa: SLF001 — documented, whatever its name
        return [f for f in every if not self._only or f.attname in self._only]

    @cached_property
    def _names(self) -> list[str]:
        return [field.attname for field in self._fields]

    @cached_property
    def _converters(self) -> list[tuple[int, Any, Any]]:
        return [
            (place, field, convert)
            for place, field in enumerate(self._fields)
            for convert in field.get_db_converters(connection)
        ]

    @property
    def columns(self) -> Composable:
        """What stands between SELECT and FROM, or behind RETURNING."""
        table = self._model._meta.db_table  # noqa: SLF001
        return SQL(", ").join(Identifier(table, field.column) for field in self._fields)

    def made(self, values: Sequence[Any]) -> M:
        """A row from as many values as there are columns; what follows them is left."""
        known = list(values[: len(self._names)])
        for place, field, convert in self._converters:
            known[place] = convert(known[place], field, connection)
        return self._model.from_db(connection.alias, self._names, known)

    def __len__(self) -> int:
        return len(self._names)
