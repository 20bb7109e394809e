"""Backups of the database by PostgreSQL's own programs, written whole and restored whole."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from msgspec.structs import replace

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.address import Address
from fairlead.server.postgres.errors import PostgresFailed, refused, unwritable
from fairlead.server.postgres.launch import finish
from fairlead.server.postgres.programs import Programs

_RESTORED, _BEFORE = "fairlead_restored", "fairlead_before"
_MAINTENANCE = "postgres"
_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND backend_type = 'client backend'"
)


def dump(file: Path, *, address: Address, programs: Programs, account: Account) -> None:
    """Write the database to ``file`` in pg_dump's custom format, mode 0600.

    What was in ``file`` before stays there until all of the new is on disk. Raises
    ``PostgresFailed`` with pg_dump's reason.
    """
    aside = file.with_name(f".{file.name}.{uuid4().hex[:8]}")
    try:
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            argv = (programs.program("pg_dump"), "--format=custom", f"--file={aside}")
            done = finish((*argv, f"--dbname={address.conninfo}"), account)
            if done.code:
                raise refused("the database was not saved", done.text, place=file.parent)
            _sync(aside)
            os.replace(aside, file)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
    except OSError as error:
        raise unwritable(file, error) from error


def restore(file: Path, *, address: Address, programs: Programs, account: Account) -> None:
    """Put what ``dump`` wrote in the place of the database, or change nothing at all.

    It is loaded into a database of its own first, which takes the old one's name in one
    transaction. Raises ``PostgresFailed`` where the file cannot be loaded, or where somebody is
    connected to the database.
    """
    if not os.access(file, os.R_OK):
        raise PostgresFailed(f"{file} cannot be read", hint="name a file that a backup has written")
    maintenance = replace(address, database=_MAINTENANCE)
    client = _Client(programs, account, maintenance)
    if client.sql(_SESSIONS.format(address.database)) != "0":
        raise PostgresFailed("somebody is connected to the database", hint="stop it first")
    for left_over in (_RESTORED, _BEFORE):
        client.sql(f"DROP DATABASE IF EXISTS {left_over}")
    client.sql(f"CREATE DATABASE {_RESTORED} TEMPLATE template0")
    try:
        _load(file, replace(address, database=_RESTORED), programs, account)
        client.sql(
            f"ALTER DATABASE {address.database} RENAME TO {_BEFORE}",
            f"ALTER DATABASE {_RESTORED} RENAME TO {address.database}",
        )
    except BaseException:
        client.sql(f"DROP DATABASE IF EXISTS {_RESTORED}")
        raise
    client.sql(f"DROP DATABASE {_BEFORE}")


class _Client:
    def __init__(self, programs: Programs, account: Account, address: Address) -> None:
        self._psql = (
            programs.program("psql"), "--no-psqlrc", "-qAt", "--set=ON_ERROR_STOP=1",
            f"--dbname={address.conninfo}",
        )  # fmt: skip
        self._account = account
        self._place = address.folder.parent

    def sql(self, *statements: str) -> str:
        """Run statements, several of them in one transaction; returns what they give."""
        together = ("--single-transaction",) if len(statements) > 1 else ()
        commands = (f"--command={statement}" for statement in statements)
        done = finish((*self._psql, *together, *commands), self._account)
        if done.code:
            hint = "stop whatever is connected to the database, and try again"
            what = "the database was not replaced"
            raise refused(what, done.text, place=self._place, hint=hint)
        return done.text.strip()


def _load(file: Path, address: Address, programs: Programs, account: Account) -> None:
    # Another installation's roles need not exist here.
    argv = (programs.program("pg_restore"), "--exit-on-error", "--no-owner", "--no-privileges")
    done = finish((*argv, f"--dbname={address.conninfo}", file.absolute()), account)
    if done.code:
        raise refused(
            f"{file} was not restored, and the database is as it was",
            done.text,
            place=address.folder.parent,
            hint="it must be a whole backup, made by this or an older version of PostgreSQL",
        )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
