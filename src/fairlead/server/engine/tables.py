"""Rows that a run changes, gathered for one batch and sent as one statement.

A build of a moment changes a dozen rows; through the ORM most of a worker's time went into making
and sending those statements one by one. One statement is also one transaction, during which
PostgreSQL waits for nobody: a worker that is frozen never holds a build's row.

Rows travel as JSON, so that the statement is the same for one row and for a thousand, and is
prepared once for each set of tables and columns.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import psycopg
from django.db import InterfaceError, OperationalError, connection
from django.db.models import JSONField, Model
from psycopg.sql import SQL, Composable, Identifier
from psycopg.types.json import Jsonb

from fairlead.server.logs.chunks import Chunk
from fairlead.server.store.models import Artifact, Attempt, Build, Job, Step, Test

Values = Mapping[str, Any]
Key = tuple[str, int]
"""A table and a row's id."""

AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
"""What is raised while the database cannot be reached."""

_BLOCK = 64
"""Ids that are fetched at once."""


class Table:
    """A model's table; with ``numbered`` ids come from ``Ids``, else from PostgreSQL."""

    def __init__(self, model: type[Model], *, numbered: bool) -> None:
        meta = model._meta  # noqa: SLF001 — documented, whatever its name says
        self.name = meta.db_table
        fields = [f for f in meta.concrete_fields if numbered or not f.primary_key]
        self.columns = tuple(str(f.column) for f in fields)
        self.json = frozenset(str(f.column) for f in fields if isinstance(f, JSONField))
        self.defaults = {str(f.column): f.get_default() for f in fields if f.has_default()}


# Children after their parents.
TABLES = {
    table.name: table
    for table in (
        Table(Job, numbered=True),
        Table(Attempt, numbered=True),
        Table(Step, numbered=True),
        Table(Test, numbered=False),
        Table(Artifact, numbered=False),
    )
}
JOB, ATTEMPT, STEP, TEST, ARTIFACT = TABLES
_BUILD = Table(Build, numbered=False)

WIPE = (
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
"""What removes everything below a build."""


class Changes:
    """What a batch changes below a build, and in ``build`` of the build's own row.

    ``wiped`` says that everything below the build goes first.
    """

    def __init__(self) -> None:
        self.build: dict[str, Any] = {}
        self.wiped = False
        self._new: dict[Key, dict[str, Any]] = {}
        self._changed: dict[Key, dict[str, Any]] = {}
        self._added: dict[str, list[dict[str, Any]]] = {}
        self._chunks: list[tuple[int, Chunk]] = []

    def insert(self, table: str, row_id: int, **values: Any) -> None:
        """A new row with an id of ours."""
        self._new[table, row_id] = {**TABLES[table].defaults, "id": row_id, **values}

    def update(self, table: str, row_id: int, values: Values) -> None:
        """Other values for columns of a row, which may be new in this batch."""
        row = self._new.get((table, row_id))
        if row is None:
            row = self._changed.setdefault((table, row_id), {"id": row_id})
        row.update(values)

    def add(self, table: str, **values: Any) -> None:
        """A new row that nothing refers to."""
        self._added.setdefault(table, []).append({**TABLES[table].defaults, **values})

    def log(self, attempt: int, chunk: Chunk) -> None:
        """More of an attempt's log."""
        self._chunks.append((attempt, chunk))

    def statement(self, fence: Values) -> tuple[bytes, list[Any]]:
        """One statement for all of it, and its values.

        ``fence`` are a build's columns and what they must hold, its ``id`` among them; it gives a
        row, and changes something, only where they do. Who listens is told.
        """
        shapes: list[_Shape] = []
        values: list[Any] = [*map(_dumped, self.build, self.build.values()), *fence.values()]
        for name in TABLES:
            rows = [row for (of, _), row in self._new.items() if of == name]
            if rows := rows + self._added.get(name, []):
                shapes.append((name, None))
                values.append(_json(rows))
        for (name, columns), rows in self._updates().items():
            shapes.append((name, columns))
            values += (_json(rows), [row["id"] for row in rows])
        if self._chunks:
            values += _arrays(self._chunks)
        logs = bool(self._chunks)
        return _compose(tuple(self.build), tuple(fence), tuple(shapes), logs=logs), values

    def _updates(self) -> dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]]:
        """Changed rows by their tables and by what is changed."""
        found: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
        for (name, _), row in self._changed.items():
            found.setdefault((name, tuple(row)), []).append(row)
        return found


_Shape = tuple[str, tuple[str, ...] | None]
"""A table, and the columns that are changed; none for new rows."""


@cache
def _compose(
    build: tuple[str, ...], fence: tuple[str, ...], shapes: tuple[_Shape, ...], *, logs: bool
) -> bytes:
    parts = [_fenced(build, fence), *(_part(*shape) for shape in shapes)]
    if logs:
        parts.append(_LOGS)
    named = (
        SQL("{} AS ({})").format(Identifier(f"part{number}"), part)
        for number, part in enumerate(parts)
    )
    told = SQL(" SELECT pg_notify('fairlead_build', id::text) FROM part0")
    return (SQL("WITH ") + SQL(", ").join(named) + told).as_bytes()


def _fenced(build: tuple[str, ...], fence: tuple[str, ...]) -> Composable:
    changed = SQL(", ").join(SQL("{} = %s").format(Identifier(name)) for name in build)
    held = SQL(" AND ").join(SQL("{} = %s").format(Identifier(name)) for name in fence)
    return SQL("UPDATE store_build SET {} WHERE {} RETURNING id").format(changed, held)


def _part(name: str, columns: tuple[str, ...] | None) -> Composable:
    rows = SQL("json_populate_recordset(NULL::{}, %s::json)").format(Identifier(name))
    if columns is None:
        names = SQL(", ").join(map(Identifier, TABLES[name].columns))
        text = SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE EXISTS (SELECT FROM part0)")
        return text.format(Identifier(name), names, names, rows)
    told = SQL(", ").join(SQL("{0} = new.{0}").format(Identifier(c)) for c in columns if c != "id")
    # The ids beside the rows: else PostgreSQL counts on a hundred, and may read the whole table.
    text = SQL(
        "UPDATE {} row SET {} FROM {} new WHERE row.id = new.id AND row.id = ANY(%s::bigint[])"
        " AND EXISTS (SELECT FROM part0)"
    )
    return text.format(Identifier(name), told, rows)


# Their bytes are not put into JSON.
_LOGS = SQL(
    'INSERT INTO store_logchunk (attempt_id, "start", size, head, data) SELECT * FROM'
    " unnest(%s::bigint[], %s::bigint[], %s::integer[], %b::bytea[], %b::bytea[])"
    " WHERE EXISTS (SELECT FROM part0)"
)


def _arrays(chunks: Sequence[tuple[int, Chunk]]) -> list[list[Any]]:
    return [
        [attempt for attempt, _ in chunks],
        [chunk.offset for _, chunk in chunks],
        [chunk.size for _, chunk in chunks],
        [chunk.head for _, chunk in chunks],
        [chunk.data for _, chunk in chunks],
    ]


def _json(rows: Sequence[Values]) -> str:
    plain = [
        {c: f"\\x{v.hex()}" if isinstance(v, bytes) else v for c, v in row.items()} for row in rows
    ]
    return msgspec.json.encode(plain).decode()


def _dumped(column: str, value: Any) -> Any:
    return Jsonb(value) if column in _BUILD.json else value


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
