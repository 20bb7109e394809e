"""Where the server of this machine is to be reached: told in its data folder while it runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from fairlead.util.decoding import from_json
from fairlead.util.fs import write_atomic

MACHINES_DATA = Path("/var/lib/fairlead")
"""Root's: not below root's home, which is closed to the user as whom PostgreSQL runs."""

_NAME = "serving.json"
_STARTED = 19  # index of the field "starttime" after the name in /proc/PID/stat, see proc(5)


class Serving(msgspec.Struct, frozen=True):
    """A server: ``url`` without a slash at the end; ``started`` tells its ``pid`` from another's.

    ``started`` is in clock ticks since the machine was.
    """

    url: str
    pid: int
    started: int


def data_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the server's data: as told, else the machine's for root, else the user's."""
    if own := environ.get("FAIRLEAD_DATA"):
        return Path(own).absolute()
    if base := environ.get("XDG_DATA_HOME"):
        return Path(base) / "fairlead"
    if os.geteuid() == 0:
        return MACHINES_DATA
    return Path(environ.get("HOME") or "/nonexistent") / ".local/share/fairlead"


@contextmanager
def served(data: Path, url: str) -> Iterator[None]:
    """Tell where this process serves, for as long as it does. Raises ``StoreError``."""
    path = data / _NAME
    pid = os.getpid()
    write_atomic(path, msgspec.json.encode(Serving(url, pid, _started(pid))) + b"\n")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def serving(data: Path) -> Serving | None:
    """The server that runs on this folder, where one does and we may know."""
    try:
        found = from_json((data / _NAME).read_bytes(), Serving)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.started and _started(found.pid) == found.started else None


def serving_here(environ: Mapping[str, str]) -> Serving | None:
    """The server of this machine: our own, else the one that root runs for all.

    Where a folder was named, nothing but the one on that.
    """
    own = data_folder(environ)
    folders = (own,) if environ.get("FAIRLEAD_DATA") else (own, MACHINES_DATA)
    return next((found for folder in folders if (found := serving(folder))), None)


def _started(pid: int) -> int:
    """When a process began; 0 where there is none, or nothing but its exit code is left of it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[_STARTED])
