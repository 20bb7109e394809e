"""The folder of the embedded PostgreSQL: what is where in it, and who may enter."""

import os
import re
from pathlib import Path

import msgspec

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.address import Address
from fairlead.server.postgres.errors import PostgresFailed, unwritable
from fairlead.server.postgres.launch import finish
from fairlead.util.fs import write_atomic

_LONGEST_SOCKET = 107  # bytes, see unix(7)
_SHORTER = "name a folder with a shorter path, for example /var/lib/fairlead"


class Layout(msgspec.Struct, frozen=True):
    """Everything below one folder; ``major`` is the version whose data is used."""

    root: Path
    major: int

    @property
    def data(self) -> Path:
        """The cluster, in a folder of its own for every major version."""
        return self.root / f"pg{self.major}"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.root / "postgres.log"

    @property
    def programs(self) -> Path:
        """Copies of programs that could not be run where they are."""
        return self.root / "programs"

    @property
    def hba(self) -> Path:
        """Who may log in, and how (manual, "The pg_hba.conf File")."""
        return self.root / "pg_hba.conf"

    @property
    def ident(self) -> Path:
        """Which system user is which database user."""
        return self.root / "pg_ident.conf"


def address_of(root: Path) -> Address:
    """Where the database in ``root`` is to be reached, running or not."""
    return Address(folder=root.absolute() / "run")


def clusters_in(root: Path) -> tuple[int, ...]:
    """The major versions whose data is in ``root``."""
    names = (re.fullmatch(r"pg(\d+)", path.name) for path in root.glob("pg*"))
    return tuple(
        int(name[1]) for name in names if name and (root / name[0] / "PG_VERSION").exists()
    )


def make_root(root: Path) -> None:
    """Make the folder itself. Raises ``PostgresFailed`` where it cannot be ours alone."""
    socket = address_of(root).socket
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise PostgresFailed(
            f"{socket} is too long for a socket (at most {_LONGEST_SOCKET} bytes)", hint=_SHORTER
        )
    if {",", "\n"} & set(str(root)):
        raise PostgresFailed(
            f"{str(root)!r} has a comma or a line break in it, which separate addresses",
            hint="name another folder",
        )
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = root.stat().st_uid
    except OSError as error:
        raise unwritable(root, error) from error
    if owner != os.geteuid():
        raise PostgresFailed(
            f"{root} belongs to user {owner}, and Fairlead runs as {os.geteuid()}",
            hint="run it as the user whose folder it is, or give it to yours with chown -R",
        )


def prepare(layout: Layout, account: Account) -> None:
    """Make what a start needs: modes, the folder for the socket, and the rules of logging in.

    The server's user may pass through ``root`` (by its group) and own only what is its own.
    Raises ``PostgresFailed`` where it cannot get there.
    """
    sockets = address_of(layout.root).folder
    try:
        if account.dropped:
            os.chown(layout.root, -1, account.gid)
        layout.root.chmod(0o710 if account.dropped else 0o700)
        sockets.mkdir(exist_ok=True)
        sockets.chmod(0o700)
        account.give(sockets)
        write_atomic(layout.hba, b"local all all peer map=fairlead\n", mode=0o640)
        write_atomic(layout.ident, _ident(account.caller).encode(), mode=0o640)
        for path in (layout.hba, layout.ident):
            os.chown(path, -1, account.gid if account.dropped else -1)
    except OSError as error:
        raise unwritable(layout.root, error) from error
    if account.dropped and finish(("/bin/sh", "-c", 'cd "$1"', "sh", sockets), account).code:
        raise PostgresFailed(
            f"user {account.name}, as whom PostgreSQL runs, cannot get to {layout.root}",
            hint="a folder above it is closed: chmod o+x it, or use one like /var/lib/fairlead",
        )


def _ident(caller: str) -> str:
    quoted = caller.replace('"', '""')
    return f'fairlead "{quoted}" fairlead\n'
