"""Rows that a run changes, gathered for one batch and sent in two round trips.

A build of a moment changes a dozen rows; through the ORM most of a worker's time went into making
and sending those statements one by one. Here a batch names each row once, whatever happened to it,
and all statements go out together, prepared.
"""

import threading
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, cast

from django.db import connection
from django.db.models import JSONField, Model
from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composed, Identifier, Placeholder
from psycopg.types.json import Jsonb

from fairlead.server.store.models import Artifact, Attempt, Build, Job, LogChunk, Step, Test

Values = Mapping[str, Any]
Key = tuple[str, int]
"""A table and a row's id."""

_BLOCK = 64
"""Ids that are fetched at once."""


class Table:
    """A model's table; with ``numbered`` ids come from ``Ids``, else from PostgreSQL."""

    def __init__(self, model: type[Model], *, numbered: bool) -> None:
        meta = model._meta  # noqa: SLF001 — documented, whatever its name says
        self.name = meta.db_table
        fields = [f for f in meta.concrete_fields if numbered or not f.primary_key]
        self._columns = tuple(str(f.column) for f in fields)
        self.json = frozenset(str(f.column) for f in fields if isinstance(f, JSONField))
        self._defaults = {
            str(f.column): _plain(f.get_default()) for f in fields if f.has_default() or f.null
        }
        names = SQL(", ").join(map(Identifier, self._columns))
        marks = SQL(", ").join([Placeholder()] * len(fields))
        text = SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(self.name), names, marks)
        self.insert = text.as_bytes()

    def row(self, values: Values) -> tuple[Any, ...]:
        """All columns of a new row, defaults for those that are not told."""
        whole = {**self._defaults, **values}
        return tuple(self.dumped(column, whole[column]) for column in self._columns)

    def dumped(self, column: str, value: Any) -> Any:
        """A value as PostgreSQL takes it in that column."""
        return Jsonb(value) if column in self.json else value


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


# Children after their parents.
TABLES = {
    table.name: table
    for table in (
        Table(Job, numbered=True),
        Table(Attempt, numbered=True),
        Table(Step, numbered=True),
        Table(Test, numbered=False),
        Table(Artifact, numbered=False),
        Table(LogChunk, numbered=False),
    )
}
JOB, ATTEMPT, STEP, TEST, ARTIFACT, CHUNK = TABLES
BUILD = Table(Build, numbered=False)

_WIPE = (
    (
        "DELETE FROM store_logchunk c USING store_attempt a, store_job j"
        " WHERE c.attempt_id = a.id AND a.job_id = j.id AND j.build_id = %s"
    ),
    "DELETE FROM store_test WHERE build_id = %s",
    (
        "DELETE FROM store_step s USING store_attempt a, store_job j"
        " WHERE s.attempt_id = a.id AND a.job_id = j.id AND j.build_id = %s"
    ),
    "DELETE FROM store_artifact f USING store_job j WHERE f.job_id = j.id AND j.build_id = %s",
    "DELETE FROM store_attempt a USING store_job j WHERE a.job_id = j.id AND j.build_id = %s",
    "DELETE FROM store_job WHERE build_id = %s",
)


class Changes:
    """What a batch changes below a build, and in ``build`` of the build's own row.

    ``wiped`` says that everything below the build goes first.
    """

    def __init__(self) -> None:
        self.build: dict[str, Any] = {}
        self.wiped = False
        self._new: dict[Key, dict[str, Any]] = {}
        self._changed: dict[Key, dict[str, Any]] = {}
        self._added: dict[str, list[tuple[Any, ...]]] = {}

    def insert(self, table: str, row_id: int, **values: Any) -> None:
        """A new row with an id of ours."""
        self._new[table, row_id] = {"id": row_id, **values}

    def update(self, table: str, row_id: int, values: Values) -> None:
        """Other values for columns of a row, which may be new in this batch."""
        row = self._new.get((table, row_id))
        if row is None:
            row = self._changed.setdefault((table, row_id), {})
        row.update(values)

    def add(self, table: str, **values: Any) -> None:
        """A new row that nothing refers to."""
        self._added.setdefault(table, []).append(TABLES[table].row(values))

    def send(self, cursor: Cursor[Any], build_id: int) -> None:
        """Queue all statements but the one about the build, inside a pipeline."""
        for sql in _WIPE if self.wiped else ():
            cursor.execute(sql, (build_id,))
        for name, table in TABLES.items():
            rows = [table.row(row) for (of, _), row in self._new.items() if of == name]
            _insert(cursor, table, rows + self._added.get(name, []))
        for (name, row_id), values in self._changed.items():
            table = TABLES[name]
            dumped = [table.dumped(column, value) for column, value in values.items()]
            cursor.execute(_update(name, tuple(values)), (*dumped, row_id), prepare=True)


def _insert(cursor: Cursor[Any], table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    if len(rows) == 1:
        cursor.execute(table.insert, rows[0], prepare=True)
    elif rows:
        cursor.executemany(table.insert, rows)


@cache
def _update(table: str, columns: tuple[str, ...]) -> bytes:
    text = SQL("UPDATE {} SET {} WHERE id = %s")
    return text.format(Identifier(table), assigned(columns)).as_bytes()


def assigned(columns: tuple[str, ...]) -> Composed:
    """Columns as they stand behind SET, with a place for each value."""
    return SQL(", ").join(SQL("{} = %s").format(Identifier(column)) for column in columns)


class Ids:
    """Ids for rows to come, taken from PostgreSQL a block at a time; shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[str, list[int]] = {}

    def take(self, table: str, count: int) -> list[int]:
        """``count`` ids, ascending within the call as far as they come from one block."""
        if not count:
            return []
        with self._lock:
            free = self._free.setdefault(table, [])
            if len(free) < count:
                free += _fetch(table, max(_BLOCK, count - len(free)))
            taken, self._free[table] = free[:count], free[count:]
        return taken


def _fetch(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            (table, count),
        )
        return [row[0] for row in cursor.fetchall()]


IDS = Ids()


def direct() -> Connection[Any]:
    """The thread's connection of Django, for statements without it.

    Django's own cursors put values into the text of a statement, which can neither be prepared nor
    sent together with others.
    """
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)
