"""The embedded PostgreSQL: made, started, kept running, stopped, saved and restored."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from fairlead.server.postgres import archive
from fairlead.server.postgres.account import Account, account_for
from fairlead.server.postgres.address import Address
from fairlead.server.postgres.cluster import check_version, initialise
from fairlead.server.postgres.copying import reachable
from fairlead.server.postgres.errors import PostgresFailed
from fairlead.server.postgres.keeper import Ending, Keeper
from fairlead.server.postgres.launch import ourselves
from fairlead.server.postgres.layout import (
    Layout,
    address_of,
    clusters_in,
    make_root,
    prepare,
)
from fairlead.server.postgres.lock import Lock
from fairlead.server.postgres.programs import Programs, available, choose
from fairlead.server.postgres.server import keeper_of


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
            self._keeper = keeper_of(layout, usable, account, self._told)
            self._keeper.start()
        except BaseException:
            self.stop()
            raise
        return self.address

    def stop(self, patience: float = 30.0) -> Ending:
        """Stop it in good order, or by force after ``patience`` seconds; fine if it never ran."""
        keeper, self._keeper = self._keeper, None
        lock, self._lock = self._lock, None
        try:
            return keeper.stop(patience) if keeper else Ending.CLEAN
        finally:
            if lock:
                lock.release()

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
