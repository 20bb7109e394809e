"""A short command that only writes: run without ``subprocess``, which takes longer to load.

For git, which a run waits for before anything else is loaded, and which a server runs often.
"""

import os
import select
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from fairlead.util.proc import Completed

MOST = 4096
"""Bytes of input; every pipe has room for as many, so that they need nobody to write them."""

_CHUNK = 1 << 16
_USUAL = (signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python ignores, and other programs do not expect to be ignored."""


def spawn(argv: Sequence[str], env: Mapping[str, str], data: bytes = b"") -> Completed:
    """Run ``argv``, found on our own PATH, to its end with at most ``MOST`` bytes of input.

    Raises ``OSError`` where it cannot be started. It is killed where waiting for it is broken off.
    """
    with ExitStack() as ours:
        with ExitStack() as theirs:
            out, out_end = _pipe(ours, theirs)
            said, said_end = _pipe(ours, theirs)
            given, giving = _pipe(theirs, theirs)
            os.write(giving, data)
            # The input comes last: where ours is closed, one of the others may have its number.
            pairs = ((out_end, 1), (said_end, 2), (given, 0))
            streams = [(os.POSIX_SPAWN_DUP2, source, target) for source, target in pairs]
            process = os.posix_spawnp(
                argv[0], list(argv), env, file_actions=streams, setsigdef=_USUAL
            )
        try:
            written = _read(out, said)
        except BaseException:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            raise
        return Completed(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), *written)


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[int, int]:
    """A new pipe, whose ends are closed with those."""
    ends = os.pipe()
    for stack, end in zip((reading, writing), ends, strict=True):
        stack.callback(os.close, end)
    return ends


def _read(*handles: int) -> list[bytes]:
    """All that arrives by descriptors until their other ends are closed."""
    pieces: dict[int, list[bytes]] = {handle: [] for handle in handles}
    left = set(handles)
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    while left:
        for handle, _ in poll.poll():
            if piece := os.read(handle, _CHUNK):
                pieces[handle].append(piece)
            else:
                poll.unregister(handle)
                left.remove(handle)
    return [b"".join(pieces[handle]) for handle in handles]
