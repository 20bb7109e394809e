"""The embedded PostgreSQL: made, started, kept running, stopped, saved and restored."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from fairlead.server.postgres import archive
from fairlead.server.postgres.account import Account, account_for
from fairlead.server.postgres.address import Address
from fairlead.server.postgres.cluster import check_version, initialise
from fairlead.server.postgres.copying import reachable
from fairlead.server.postgres.errors import PostgresFailed, refused, tail, unwritable
from fairlead.server.postgres.keeper import Ending, Keeper
from fairlead.server.postgres.launch import launch, ourselves
from fairlead.server.postgres.layout import (
    Layout,
    address_of,
    clusters_in,
    make_root,
    prepare,
)
from fairlead.server.postgres.leftovers import end_leftovers
from fairlead.server.postgres.lock import Lock
from fairlead.server.postgres.pidfile import read_pidfile
from fairlead.server.postgres.programs import Programs, available, choose

_LARGEST_LOG = 8 << 20  # bytes; an older log is kept beside a new one
_IN_PROCESS = 18  # the first version that otherwise starts processes of their own for reading
_SETTINGS = (
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("shared_buffers", "32MB"),
    ("max_connections", "100"),
    ("max_wal_size", "256MB"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("max_logical_replication_workers", "0"),
    ("log_checkpoints", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    # systemd removes an ordinary user's POSIX shared memory when the user logs out.
    ("dynamic_shared_memory_type", "mmap"),
)


def silent(_sentence: str) -> None:
    """Who wants to hear nothing."""


class Postgres:
    """The PostgreSQL in the folder ``root``, which belongs to whoever runs Fairlead.

    ``found`` are the programs to choose from, by default the wheel's and the system's. ``told``
    gets a sentence about what is out of the ordinary: a crash, a restart, a forced stop. It is
    called from another thread.
    """

    def __init__(
        self,
        root: Path,
        *,
        found: tuple[Programs, ...] | None = None,
        told: Callable[[str], None] = silent,
    ) -> None:
        self._root = root.absolute()
        self._found = found
        self._told = told
        self._keeper: Keeper | None = None
        self._lock: Lock | None = None

    @property
    def address(self) -> Address:
        """Where the database is, or will be."""
        return address_of(self._root)

    @property
    def ready(self) -> bool:
        """Whether the server that we started takes connections now."""
        return self._keeper is not None and self._keeper.ready

    @property
    def pid(self) -> int:
        """The process of the server that we started, or 0."""
        return self._keeper.pid if self._keeper else 0

    def start(self) -> Address:
        """Start it, with a new cluster where there is none, and wait until it can be used.

        Raises ``PostgresFailed``; then nothing runs, and the folder is free again.
        """
        if self._keeper:
            raise PostgresFailed(f"the database in {self._root} has already been started")
        make_root(self._root)
        self._lock = Lock(self._root)
        try:
            layout, programs, account = self._chosen()
            prepare(layout, account)
            usable = reachable(programs, account, layout.programs) if account.dropped else programs
            initialise(layout, usable, account)
            check_version(layout)
            self._keeper = _keeper(layout, usable, account, self._told)
            self._keeper.start()
        except BaseException:
            self.stop()
            raise
        return self.address

    def stop(self, patience: float = 30.0) -> Ending:
        """Stop it in good order, or by force after ``patience`` seconds; fine if it never ran."""
        ending = self._keeper.stop(patience) if self._keeper else Ending.CLEAN
        self._keeper = None
        if self._lock:
            self._lock.release()
            self._lock = None
        return ending

    def dump(self, file: Path) -> None:
        """Save the database to ``file``; also while another Fairlead runs it.

        Raises ``PostgresFailed`` with the reason; ``file`` is then as it was.
        """
        _, programs, account = self._chosen()
        archive.dump(file, address=self.address, programs=programs, account=ourselves(account))

    def restore(self, file: Path) -> None:
        """Replace the database with what ``dump`` saved. Nobody else may be connected to it.

        Raises ``PostgresFailed`` with the reason; the database is then as it was.
        """
        _, programs, account = self._chosen()
        archive.restore(file, address=self.address, programs=programs, account=ourselves(account))

    def _chosen(self) -> tuple[Layout, Programs, Account]:
        found = available() if self._found is None else self._found
        programs = choose(found, clusters_in(self._root), self._root)
        layout = Layout(self._root, programs.major)
        return layout, programs, account_for(layout.data)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _keeper(
    layout: Layout, programs: Programs, account: Account, told: Callable[[str], None]
) -> Keeper:
    begins = 0

    def start() -> subprocess.Popen[bytes]:
        nonlocal begins
        begins = _make_room(layout.log)
        with layout.log.open("ab") as log:
            argv = _server(layout, programs)
            return launch(argv, account, log=log, death=signal.SIGINT)

    def ready(pid: int) -> bool:
        file = read_pidfile(layout.data)
        return file is not None and file.pid == pid and file.ready

    def why() -> PostgresFailed:
        hint = f"its log is {layout.log}"
        words = tail(layout.log, begins)
        return refused("PostgreSQL did not start", words, place=layout.root, hint=hint)

    return Keeper(
        clear=lambda: end_leftovers(layout.data, told),
        launch=start,
        ready=ready,
        why=why,
        told=told,
    )


def _server(layout: Layout, programs: Programs) -> tuple[str | Path, ...]:
    settings = [
        *_SETTINGS,
        ("hba_file", str(layout.hba)),
        ("ident_file", str(layout.ident)),
        ("unix_socket_directories", _listed(address_of(layout.root).folder)),
    ]
    if programs.major >= _IN_PROCESS:
        settings.append(("io_method", "sync"))
    options = [part for name, value in settings for part in ("-c", f"{name}={value}")]
    return (programs.program("postgres"), "-D", layout.data, *options)


def _listed(folder: Path) -> str:
    """A folder as an element of a list of them."""
    quoted = str(folder).replace('"', '""')
    return f'"{quoted}"'


def _make_room(log: Path) -> int:
    """Put a large log aside; returns the bytes that are in the one to be written to."""
    try:
        size = log.stat().st_size if log.exists() else 0
        if size < _LARGEST_LOG:
            log.touch(0o600)
            return size
        os.replace(log, log.with_suffix(".log.1"))
        log.touch(0o600)
    except OSError as error:
        raise unwritable(log, error) from error
    return 0
