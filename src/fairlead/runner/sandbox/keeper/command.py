"""Starting one command as Fairlead ordered it, and saying so when that is impossible."""

from __future__ import annotations

import os
import resource

from .light import TYPE_CHECKING, signal, suppress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypedDict

    class Order(TypedDict):
        """What to start. ``limits`` are triples for ``setrlimit``: which, soft, hard."""

        argv: list[str]
        env: dict[str, str]
        cwd: str
        limits: list[tuple[int, int, int]]
        interactive: bool
        detached: bool


_TERMINAL = 3  # handles of an interactive command
_EXPENDABLE = b"500"  # when memory runs out on the machine, jobs go before Fairlead


def be_expendable() -> None:
    """Let the kernel end us, and all we start from here on, before it ends others."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "wb") as file:
        file.write(_EXPENDABLE)


def spawn(order: Order, handles: Sequence[int]) -> int:
    """Start the command, and hold ourselves to its limits; returns its process id.

    Returns when the program has been loaded. Raises ``OSError`` or ``ValueError`` (a NUL byte in
    an argument) where that cannot be.
    """
    os.chdir(order["cwd"])
    for which, soft, hard in order["limits"]:
        _limit(which, soft, hard)
    if order["interactive"]:
        # The group is ours, so that it is in front before the command looks at the terminal.
        os.setpgid(0, 0)
        with suppress(OSError):  # there may be no terminal, or not ours
            os.tcsetpgrp(handles[0], os.getpgrp())
    # Spawned, not forked: a fork of an interpreter costs three times as much.
    settings = {
        "file_actions": [
            (os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(_streams(handles))
        ],
        "setsid": not order["interactive"],
        "setsigmask": (),
        "setsigdef": signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
    }
    return _spawn(order["argv"], order["env"], settings)


def failure(error: OSError | ValueError) -> bytes:
    """An error as a line for a command's channel: ``-ERRNO sentence``."""
    if isinstance(error, ValueError):
        return f"-0 {error}\n".encode()
    named = f": {os.fsdecode(error.filename)}" if error.filename else ""
    text = f"-{error.errno or 0} {error.strerror or error}{named}\n"
    return text.encode("utf-8", "surrogateescape")


def _streams(handles: Sequence[int]) -> list[int]:
    if len(handles) == _TERMINAL:
        return list(handles)
    return [os.open(os.devnull, os.O_RDONLY), handles[0], handles[0]]


def _limit(which: int, soft: int, hard: int) -> None:
    """Set a limit, as far as what we were given ourselves allows."""
    most = resource.getrlimit(which)[1]
    if most != resource.RLIM_INFINITY:
        hard = most if hard == resource.RLIM_INFINITY else min(hard, most)
        soft = hard if soft == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(which, (soft, hard))


def _spawn(argv: list[str], env: dict[str, str], settings: dict[str, object]) -> int:
    """Look the program up in the command's own PATH, not in ours."""
    name = argv[0]
    error = OSError(2, "No such file or directory", name)
    if "/" in name:
        return os.posix_spawn(name, argv, env, **settings)  # type: ignore[arg-type]
    for folder in env.get("PATH", os.defpath).split(":"):
        path = f"{folder or '.'}/{name}"
        if not os.path.exists(path):  # a look costs a hundredth of an attempt to start it
            continue
        try:
            return os.posix_spawn(path, argv, env, **settings)  # type: ignore[arg-type]
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as refused:
            error = refused
    raise error
