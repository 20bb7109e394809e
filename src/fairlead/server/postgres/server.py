"""The server's process: its settings, its log, and when it is ready."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.errors import PostgresFailed, refused, tail, unwritable
from fairlead.server.postgres.keeper import Keeper
from fairlead.server.postgres.launch import launch
from fairlead.server.postgres.layout import Layout, address_of
from fairlead.server.postgres.leftovers import end_leftovers
from fairlead.server.postgres.pidfile import read_pidfile
from fairlead.server.postgres.programs import Programs

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
    # It wakes five times a second otherwise, for what checkpoints do as well.
    ("bgwriter_delay", "10s"),
    # Every query here is short: compiling one would take longer, and memory that stays.
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    # systemd removes an ordinary user's POSIX shared memory when the user logs out.
    ("dynamic_shared_memory_type", "mmap"),
)


def keeper_of(
    layout: Layout, programs: Programs, account: Account, told: Callable[[str], None]
) -> Keeper:
    """What runs the server of a cluster, its output in the folder's log."""
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

    def clear() -> None:
        end_leftovers(layout.data, told)
        _forget(address_of(layout.root).socket)

    return Keeper(
        clear=clear,
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


def _forget(socket: Path) -> None:
    """Remove a socket nobody listens on; its lock has the number of a process in it, too."""
    for path in (socket, socket.with_name(f"{socket.name}.lock")):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error


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
