"""What every sandbox offers: a box for one job, in which commands run and from which none escape.

A ``Sandbox`` is chosen once a run (``choose``); ``open`` makes a ``Box`` for one attempt at a job;
``start`` runs a command in it. Closing the box ends everything that was started in it, however it
was detached, and so does the death of Fairlead itself, by any signal.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import msgspec

from fairlead.model import Limits, Network

if TYPE_CHECKING:
    from socket import socket


class BoxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a box may see and use. All paths are absolute paths of the host.

    ``name`` is the job's, for messages. ``workspace`` is writable and appears as ``inside`` where
    the sandbox can move folders, else as itself. ``scratch`` is a folder private to the attempt,
    emptied by its owner, for the job's home and temporary files where those are not in memory.
    ``readable`` and ``writable`` appear at their own paths.
    """

    name: str
    workspace: Path
    scratch: Path
    inside: str = "/ws"
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: Network = Network()
    limits: Limits = Limits()


class Running(Protocol):
    """A command that was started. ``output`` is the read end of a pipe: stdout and stderr."""

    output: int

    def poll(self) -> int | None:
        """The exit code (negative for a signal), or ``None`` while it runs. Never blocks."""
        ...

    def wait_fd(self) -> int:
        """A file descriptor that becomes readable when the command has ended."""
        ...

    def kill(self) -> None:
        """End the command and all it started, at once; returns when none is left."""
        ...

    def close(self) -> None:
        """Free descriptors, after ending whatever the command left running. Idempotent."""
        ...


class Box(Protocol):
    """The inside of a sandbox for one attempt at one job."""

    root: str
    """The workspace's path as commands in the box see it."""
    home: str
    """The home folder as commands in the box see it."""
    tmp: str
    """The folder for temporary files as commands in the box see it."""
    uid: int
    """The user that commands in the box believe to be; 0 only where nothing isolates root."""
    own_network: bool
    """Whether the box has a network, and so a loopback with all its ports, to itself."""
    unmet: tuple[str, ...]
    """What of the spec this box cannot hold commands to: sentences for a notice."""

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        cwd: str | None = None,
        interactive: bool = False,
        detached: bool = False,
    ) -> Running:
        """Start ``argv`` with exactly ``env`` (plus HOME, TMPDIR and a PATH where absent).

        ``interactive`` keeps the terminal as it is (``output`` is then -1); ``detached`` marks a
        service: it outlives the command that waits for it and ends with the box. Raises
        ``SandboxFailed`` where it cannot be started. In a box whose network is a list of hosts,
        the proxy variables are set to what leads there.
        """
        ...

    def tcp_socket(self) -> "socket":
        """A new TCP socket in the box's network, whose loopback may be its own."""
        ...

    def denied(self) -> tuple[str, ...]:
        """Hosts that commands asked for in vain (network ``hosts``), each once, in order."""
        ...

    def exceeded(self) -> str:
        """A sentence when a limit (processes, memory, disk) was hit since opening, else empty."""
        ...

    def close(self) -> None:
        """End all that still runs in the box, and free what it held. Idempotent."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Sandbox(Protocol):
    """A way to isolate. ``isolated`` is false for the process fallback, and must be said."""

    name: str
    isolated: bool
    moves: bool
    """Whether a box can show the workspace at another path (``BoxSpec.inside``)."""
    reason: str
    """Why there is no isolation, where there is none; else empty."""

    def warm(self, limits: Limits, network: str, most: int = 1) -> None:
        """Begin with a box that a job with these limits and network mode will soon want.

        Nothing happens where ``most`` such boxes are waiting already.
        """
        ...

    def open(self, spec: BoxSpec) -> Box:
        """Make a box. Raises ``SandboxFailed``."""
        ...
