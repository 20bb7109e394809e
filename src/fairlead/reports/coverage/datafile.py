"""coverage.py's own data file (version 5 and newer): an SQLite database of lines that ran.

The schema: https://coverage.readthedocs.io/en/latest/dbschema.html. A line set is kept as
*numbits*: bit ``n % 8`` of byte ``n // 8`` is set where line ``n`` ran.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from fairlead.reports.coverage.lines import Lines
from fairlead.reports.raw import LIMIT, unreadable

_TABLES = ("file", "line_bits", "arc")
_LONGEST = 1 << 20  # bytes of one numbits: eight million lines
_MOST = 5_000_000  # lines of all files together
_WORK = 1 << 28  # bytes of numbits to go through: the same files in very many contexts
_STEPS = 50_000_000  # instructions of SQLite's machine; a hostile schema may ask for more
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))

_BLOBS = "SELECT path, numbits FROM line_bits JOIN file ON file.id = file_id"
# An arc goes from line to line; negative numbers stand for entering and leaving.
_ARCS = (
    "SELECT path, fromno FROM arc JOIN file ON file.id = file_id WHERE fromno > 0"
    " UNION SELECT path, tono FROM arc JOIN file ON file.id = file_id WHERE tono > 0"
)


def fill(lines: Lines, data: bytes, file: str) -> None:
    """Add the executed lines of every file; no others are known. Raises ``ReportUnreadable``."""
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(data)
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIMIT)
            database.execute("PRAGMA trusted_schema = OFF")
            database.set_progress_handler(lambda: 1, _STEPS)
            _check_tables(database)
            found = _executed(database)
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
        raise unreadable(file, f"not a data file of coverage.py: {error}") from error
    for name, ran in found.items():
        lines.add_executed(name, ran)


def _check_tables(database: sqlite3.Connection) -> None:
    """Only plain tables and columns: anything else would run a stranger's SQL."""
    for table in _TABLES:
        kind = database.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
        if kind is None or str(kind[0]).upper().startswith("CREATE VIRTUAL"):
            raise ValueError(f"no table {table!r}")
        columns = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", (table,))
        if any(hidden for (hidden,) in columns):
            raise ValueError(f"table {table!r} has computed columns")


def _executed(database: sqlite3.Connection) -> dict[str, set[int]]:
    """Lines that ran by path as it was recorded. ``ValueError`` for what cannot be lines."""
    # Files that were measured and never ran a line are there too: they count as not covered.
    bits = {str(path): 0 for (path,) in database.execute("SELECT path FROM file")}
    work = 0
    for path, numbits in database.execute(_BLOBS):
        if not isinstance(numbits, bytes) or len(numbits) > _LONGEST:
            raise ValueError("not a set of lines")
        merged = bits[str(path)] | int.from_bytes(numbits, "little")
        bits[str(path)] = merged
        work += merged.bit_length() // 8 + len(numbits)
        if work > _WORK:
            raise ValueError("too many sets of lines")
    if sum(merged.bit_count() for merged in bits.values()) > _MOST:
        raise ValueError("too many lines")
    found = {path: set(_lines(merged)) for path, merged in bits.items()}
    for count, (path, line) in enumerate(database.execute(_ARCS)):
        if not isinstance(line, int) or count > _MOST:
            raise ValueError("too many lines, or not numbers of lines")
        found[str(path)].add(line)
    return found


def _lines(bits: int) -> Iterator[int]:
    numbits = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return (8 * place + bit for place, byte in enumerate(numbits) if byte for bit in _BITS[byte])
