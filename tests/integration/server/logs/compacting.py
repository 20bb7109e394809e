"""Compacts a log whose chunks are in SQLite, and kills itself with SIGKILL at a given point."""

import os
import signal
import sqlite3
import sys
from pathlib import Path

from fairlead.server.logs.chunks import Chunk, Stored
from fairlead.server.logs.compact import compact
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import FolderStorage


class Database:
    """Chunks in a database that survives a kill, as PostgreSQL does."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("CREATE TABLE IF NOT EXISTS chunk (offset, size, head, data)")
        self.connection.execute("CREATE TABLE IF NOT EXISTS stored (name, size, lines, packed)")

    def add(self, chunk: Chunk) -> int:
        end = self.connection.execute("SELECT coalesce(max(offset + size), 0) FROM chunk")
        if chunk.offset != (at := end.fetchone()[0]):
            return at
        values = (chunk.offset, chunk.size, chunk.head, chunk.data)
        self.connection.execute("INSERT INTO chunk VALUES (?, ?, ?, ?)", values)
        return at + chunk.size

    def heads(self, since=0):
        asked = "SELECT head FROM chunk WHERE offset + size > ? ORDER BY offset"
        return [row[0] for row in self.connection.execute(asked, (since,))]

    def read(self, offset):
        asked = "SELECT data FROM chunk WHERE offset = ?"
        row = self.connection.execute(asked, (offset,)).fetchone()
        if row is None:
            raise LogMissing(f"there is no chunk at {offset}")
        return row[0]

    def settle(self, stored):
        self.connection.execute("BEGIN IMMEDIATE")
        values = (stored.name, stored.size, stored.lines, stored.packed)
        self.connection.execute("INSERT INTO stored VALUES (?, ?, ?, ?)", values)
        reached("settling")
        self.connection.execute("DELETE FROM chunk")
        self.connection.execute("COMMIT")
        reached("settled")

    def settled(self):
        row = self.connection.execute("SELECT * FROM stored").fetchone()
        return row and Stored(**dict(zip(Stored.__struct_fields__, row, strict=True)))


def reached(point):
    if len(sys.argv) > 2 and sys.argv[2] == point:
        os.kill(os.getpid(), signal.SIGKILL)


class Watched(FolderStorage):
    def write(self, name, pieces):
        return super().write(name, self.counted(pieces))

    @staticmethod
    def counted(pieces):
        for number, piece in enumerate(pieces):
            reached(f"piece {number}")
            yield piece
        reached("last piece")


def watch(name):
    real = getattr(os, name)

    def watched(*given):
        reached(f"before {name}")
        result = real(*given)
        reached(f"after {name}")
        return result

    setattr(os, name, watched)


if __name__ == "__main__":
    watch("fsync")
    watch("replace")
    folder = Path(sys.argv[1])
    database = Database(folder / "db")
    compact(database, Watched(folder / "logs"), "1/2.log.gz", frame=4096)
