"""``fairlead restore``: an installation from the file of a backup, whole or not at all.

Everything is unpacked, checked and loaded in a folder beside; only then do folders take each
other's places, and the database's does so last, or in one transaction. Killed before that, it
has changed nothing; killed in the middle of that, there is no database, and so no installation:
the old one lies aside, and a restore can be done again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration, folder_mode
from fairlead.server.operating.bundle import (
    DUMP,
    KEY,
    REPOSITORIES,
    STORAGE,
    BackupUnusable,
    Manifest,
    unpack,
)
from fairlead.server.operating.clients import Client, newest_clients, unreachable
from fairlead.server.postgres import Postgres
from fairlead.server.postgres.layout import clusters_in
from fairlead.server.serving.data import Held, make_data
from fairlead.server.storage.opening import own_storage
from fairlead.util.fs import remove_tree, unusable

_NEW = ".new"  # short: the path of a socket in it has to be
_DATABASE = "postgres"
_PLACED = (STORAGE, REPOSITORIES, KEY, _DATABASE)
"""In the order in which they are put in place: the database decides what is there."""

_BLOCK = 1 << 20


def restore(told: Configuration, file: IO[bytes], *, force: bool = False) -> Manifest:
    """Make this installation what a backup holds; returns what the backup says of itself.

    ``file`` is read once, from the front. Raises ``FairleadError``, with nothing changed, where
    an installation is there (and not ``force``), where one runs, and where the backup cannot be
    used. With ``force`` what was in the data folder is put aside in it.
    """
    held = Held(make_data(told))
    try:
        _check_target(told, force=force)
        with _beside(told.data) as new:
            manifest = unpack(file, new)
            _check_steps(manifest)
            if told.database_url:
                _into_named(told, new, force=force)
            else:
                _into_own(told, new)
            return manifest
    except OSError as error:
        raise unusable(told.data, error) from error
    finally:
        held.release()


def _into_own(told: Configuration, new: Path) -> None:
    with Postgres(new / _DATABASE) as postgres:
        postgres.restore(new / DUMP)
    _store_elsewhere(told, new / STORAGE)
    os.sync()
    put_in_place(told.data, new)


def _into_named(told: Configuration, new: Path, *, force: bool) -> None:
    """The transaction that loads the database ends when everything else is in place."""
    client = Client(newest_clients(), told.database_url)
    _store_elsewhere(told, new / STORAGE)
    os.sync()
    client.load(new / DUMP, clear=force, between=lambda: put_in_place(told.data, new))


def put_in_place(data: Path, new: Path) -> None:
    """Exchange the parts of an installation for new ones; the old ones are put aside in ``data``.

    What is missing in ``new`` is missing afterwards, but an embedded database of another
    installation stays. An error undoes what was done.
    """
    parts = [name for name in _PLACED if name != _DATABASE or (new / name).exists()]
    before = data / f"before-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    moves = [(data / name, before / name) for name in reversed(parts) if _holds(data / name)]
    if moves:
        before.mkdir(mode=0o700)
    moves += [(new / name, data / name) for name in parts if (new / name).exists()]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            os.rename(source, target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            os.rename(target, source)
        raise


def _holds(path: Path) -> bool:
    """Whether anything is there; a folder can take the place of an empty one."""
    return any(path.iterdir()) if path.is_dir() else path.exists()


def _store_elsewhere(told: Configuration, folder: Path) -> None:
    """Where files lie outside of the data folder, each takes the place of the one of its name."""
    if not told.storage:
        return
    storage = own_storage(told)
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                storage.write(
                    path.relative_to(folder).as_posix(), iter(lambda: file.read(_BLOCK), b"")
                )
    remove_tree(folder)


def _check_target(told: Configuration, *, force: bool) -> None:
    if told.database_url:
        with _asked(told.database_url) as connection:
            row = connection.execute("SELECT to_regclass('store_build')").fetchone()
        place, there = "the database", bool(row and row[0])
    else:
        place, there = str(told.data), bool(clusters_in(told.data / _DATABASE))
    if there and not force:
        raise FairleadError(
            f"{place} holds an installation already",
            hint="name another folder with FAIRLEAD_DATA, or replace this one with --force",
        )


def _check_steps(manifest: Manifest) -> None:
    """A backup of older tables is brought up to date by the next start; not so a newer one."""
    from django.db.migrations.loader import MigrationLoader

    from fairlead.server.setup import setup

    setup()
    known = {name for app, name in MigrationLoader(None).disk_migrations or () if app == "store"}
    if unknown := sorted(set(manifest.steps) - known):
        raise BackupUnusable(
            f"the backup was made by a newer Fairlead ({manifest.fairlead}, with {unknown[-1]})",
            hint="restore it with that version, or a later one",
        )


@contextmanager
def _asked(url: str) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise unreachable(error) from error
    with connection:
        yield connection


@contextmanager
def _beside(data: Path) -> Iterator[Path]:
    """A folder for what is being made; what a killed restore left in it goes first."""
    new = data / _NEW
    remove_tree(new)
    new.mkdir(mode=folder_mode())
    for name in (STORAGE, REPOSITORIES):
        (new / name).mkdir(mode=0o700)
    try:
        yield new
    finally:
        remove_tree(new)
