"""``fairlead backup``: all that an installation holds in one file, while it runs.

The order is what makes it whole. First, one transaction fixes what the rows say, and pg_dump and
the list of files both see exactly that. Then files are copied. Each was in storage before the row
that names it was written, is not changed after, and goes before its row does, which retention is
kept from meanwhile. So every file that a saved row names is there to be copied, unless a
person removes its build at this moment. Repositories come last: a row names a commit only after
it was pushed, and what is pushed stays for weeks even when no ref leads to it any more.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import msgspec
import psycopg

import fairlead
from fairlead.errors import FairleadError, StoreError
from fairlead.server.configuration import Configuration
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import Storage
from fairlead.server.operating.bundle import DUMP, FORMAT, KEY, STORAGE, Manifest, Packer
from fairlead.server.operating.clients import Client, clients_for, major_of, unreachable
from fairlead.server.operating.locks import LOCK
from fairlead.server.operating.repositories import save_repositories
from fairlead.server.postgres.layout import clusters_in
from fairlead.server.serving.database import some_database
from fairlead.server.storage.opening import own_storage

_BLOCK = 1 << 20
_COUNTS = {
    "projects": "SELECT count(*) FROM store_project",
    "builds": "SELECT count(*) FROM store_build",
    "tests": "SELECT count(*) FROM store_test",
    "artifacts": "SELECT count(*) FROM store_artifact",
}
_NAMES = """
SELECT log FROM store_attempt WHERE log <> '' UNION ALL SELECT key FROM store_artifact
UNION ALL SELECT key FROM store_release WHERE key <> ''
"""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """``files`` of storage and ``repositories`` that were saved, ``size`` bytes in all.

    ``missing`` are names of files that rows name and storage does not have.
    """

    manifest: Manifest
    files: int
    repositories: int
    size: int
    missing: tuple[str, ...]


def save(told: Configuration, file: Path) -> Saved:
    """Write a backup to ``file``, mode 0600; what was there stays until the new one is whole.

    Raises ``FairleadError`` where there is nothing to save or something cannot be read or
    written.
    """
    aside = file.with_name(f".{file.name}.{uuid4().hex[:8]}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as output:
                saved = save_to(told, output, file.parent)
                output.flush()
                os.fsync(handle)
            os.replace(aside, file)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
    except OSError as error:
        raise StoreError(
            f"cannot write {file}: {error.strerror or error}",
            hint="name a file in a folder that is there, with space, and that you may write to",
        ) from error
    return saved


def save_to(told: Configuration, output: IO[bytes], beside: Path | None = None) -> Saved:
    """Write a backup to an open file, which may be a pipe; the dump lies in ``beside`` first."""
    if not told.database_url and not clusters_in(told.data / "postgres"):
        raise FairleadError(
            f"there is nothing to save in {told.data}",
            hint="name the data folder with FAIRLEAD_DATA, or the database with"
            " FAIRLEAD_DATABASE_URL",
        )
    with ExitStack() as stack:
        url = stack.enter_context(some_database(told))
        seen = stack.enter_context(_seen(url))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=".dump-", dir=beside))
        dump = Path(folder) / DUMP
        seen.client.dump(dump, seen.snapshot)
        packer = Packer(output, seen.manifest)
        with dump.open("rb") as opened:
            packer.add_file(DUMP, opened)
        dump.unlink()
        _save_key(packer, told.data / KEY)
        files, missing = _save_files(packer, own_storage(told), seen.names())
        repositories = save_repositories(packer, told.data / "repositories")
        packer.close()
    return Saved(
        manifest=seen.manifest,
        files=files,
        repositories=repositories,
        size=packer.size,
        missing=missing,
    )


class _Seen:
    """The database as one transaction sees it."""

    def __init__(self, connection: "psycopg.Connection[Any]", url: str) -> None:
        self._connection = connection
        version = connection.info.server_version
        self.client = Client(clients_for(major_of(version)), url)
        self.snapshot = self._one("SELECT pg_export_snapshot()")
        steps = connection.execute(
            "SELECT name FROM django_migrations WHERE app = 'store' ORDER BY name"
        )
        self.manifest = Manifest(
            format=FORMAT,
            fairlead=fairlead.__version__,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            postgres=self._one("SHOW server_version"),
            steps=tuple(name for (name,) in steps.fetchall()),
            counts={what: self._one(statement) for what, statement in _COUNTS.items()},
        )

    def names(self) -> Iterator[str]:
        """Files that rows name, some at a time."""
        with self._connection.cursor("names") as cursor:
            for (name,) in cursor.execute(_NAMES):
                yield name

    def _one(self, statement: str) -> Any:
        row = self._connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


@contextmanager
def _seen(url: str) -> Iterator[_Seen]:
    """A transaction over everything, while nothing is swept from storage."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise unreachable(error) from error
    with connection:
        try:
            # Before the snapshot: whoever sweeps now has to end first.
            connection.execute("SELECT pg_advisory_lock_shared(%s)", (LOCK,))
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            seen = _Seen(connection, url)
        except psycopg.errors.UndefinedTable as error:
            raise FairleadError(
                "the database holds no tables of Fairlead", hint="start fairlead serve once"
            ) from error
        yield seen


def _save_key(packer: Packer, path: Path) -> None:
    """An installation that was told its key, or that signed nothing yet, has none."""
    with suppress(FileNotFoundError):
        packer.add_bytes(KEY, path.read_bytes())


def _save_files(
    packer: Packer, storage: Storage, names: Iterator[str]
) -> tuple[int, tuple[str, ...]]:
    missing: list[str] = []
    count = 0
    for name in names:
        try:
            size = storage.size(name)
        except LogMissing:
            missing.append(name)
            continue
        packer.add_pieces(f"{STORAGE}/{name}", size, _pieces(storage, name, size))
        count += 1
    return count, tuple(missing)


def _pieces(storage: Storage, name: str, size: int) -> Iterator[bytes]:
    offset = 0
    while offset < size and (piece := storage.read(name, offset, min(_BLOCK, size - offset))):
        offset += len(piece)
        yield piece
