"""``python fill.py PROJECT NUMBER COUNT``: builds like that one, with ten tests each, by SQL.

Runs in the environment and with the variables of the server whose database it fills.
"""

import os
import sys
from typing import Any

import psycopg

from fairlead.server.configuration import load_configuration
from fairlead.server.serving.database import running_database

# From the table above: which row belongs to which is told by its number alone.
_BELOW = {"store_job": "build_id", "store_attempt": "job_id", "store_step": "attempt_id"}
_BUILD = """
SELECT b.id, p.id, p.counted
FROM store_build b JOIN store_project p ON p.id = b.project_id
WHERE p.name = %s AND b.number = %s"""
_TESTS = """
INSERT INTO store_test (project_id, build_id, attempt_id, step, digest, suite, name, node, file,
  line, outcome, seconds, message, details, output)
SELECT %(project)s, %(build)s + n, %(attempt)s + n, 0, t, 'tests.test_app',
  'test_square[' || t || ']', 'tests/test_app.py::test_square[' || t || ']', 'tests/test_app.py',
  10, 'passed', 0.01, '', '', ''
FROM generate_series(1, %(count)s) n, generate_series(1, 10) t
"""


def main(project: str, number: int, count: int) -> None:
    """Copy the rows of one build ``count`` times."""
    with psycopg.connect(running_database(load_configuration(os.environ))) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")  # what we insert is consistent
        like = one(cursor, _BUILD, (project, number))
        key, base = like[0], reserve(cursor, "store_build", count)
        bases = {"build": base, "project": like[1]}
        changes = {"number": f"{like[2]} + n", "passed_tests": "10"}
        ago = f"({count} - n) * interval '5 minutes'"
        changes |= {time: f"{time} - {ago}" for time in ("created", "started", "finished")}
        copy(cursor, "store_build", key=key, base=base, count=count, changes=changes)
        for table, parent in _BELOW.items():
            key = one(cursor, f"SELECT min(id) FROM {table} WHERE {parent} = %s", (key,))[0]
            above, base = base, reserve(cursor, table, count)
            changes = {parent: f"{above} + n"}
            copy(cursor, table, key=key, base=base, count=count, changes=changes)
            bases[table.removeprefix("store_")] = base
        made_again = drop_indexes(cursor, "store_test")
        cursor.execute(_TESTS, bases | {"count": count})
        for index in made_again:
            cursor.execute(index)
        cursor.execute(
            "UPDATE store_project SET counted = counted + %s WHERE name = %s", (count, project)
        )
        cursor.execute("ANALYZE")


def copy(
    cursor: psycopg.Cursor[Any],
    table: str,
    *,
    key: int,
    base: int,
    count: int,
    changes: dict[str, str],
) -> None:
    """``count`` rows like the one with ``key``, with numbers from ``base`` on."""
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")
    names = [column.name for column in cursor.description or ()]
    changes = {"id": f"{base} + n"} | changes
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changes.get(name, f'"{name}"') for name in names)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, "
        "generate_series(1, %s) n WHERE id = %s",
        (count, key),
    )


def drop_indexes(cursor: psycopg.Cursor[Any], table: str) -> list[str]:
    """Drop all but the key; what makes them again, sooner than a million rows are put in each."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (table,),
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [made for _, made in found]


def reserve(cursor: psycopg.Cursor[Any], table: str, count: int) -> int:
    """The number before the first of ``count`` that nobody has: workers hold some for later."""
    sequence = "pg_get_serial_sequence(%s, 'id')"
    (base,) = one(cursor, f"SELECT nextval({sequence})", (table,))
    cursor.execute(f"SELECT setval({sequence}, %s)", (table, base + count))
    return int(base)


def one(cursor: psycopg.Cursor[Any], query: str, values: tuple[object, ...]) -> Any:
    """The only row."""
    return cursor.execute(query, values).fetchone()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
