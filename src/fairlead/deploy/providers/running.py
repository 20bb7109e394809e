"""A command of the person's on this machine: line by line, ended with all it has started."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from fairlead.errors import FairleadError, HostFailed
from fairlead.runner.variables import PASSED_ON

_KEPT = (*PASSED_ON, "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SSH_AUTH_SOCK")
_GRACE = 3.0
_LINGER = 1.0
"""Seconds that output may still be held open by what an ended command left behind."""
_LONGEST = 1 << 20
_TOLD = 3


def own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of ours that a command gets: none that could hold a secret of somebody else."""
    return {name: environ[name] for name in _KEPT if name in environ}


async def run_lines(
    argv: tuple[str, ...],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,  # noqa: ASYNC109 — the command's own processes end with it
    say: Callable[[str], None],
    what: str,
) -> None:
    """Run a command to its end, each line told. Raises ``HostFailed`` where it does not succeed.

    When the time is over, or we are cancelled, its whole process group is ended.
    """
    last: list[str] = []

    def tell(line: str) -> None:
        last[:] = [*last[1 - _TOLD :], line]
        say(line)

    # A pipe of our own: asyncio waits for the end of a process until nobody holds its output,
    # and something it started may hold that for ever.
    reader, writer = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=dict(env), stdin=asyncio.subprocess.DEVNULL,
            stdout=writer, stderr=writer, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(reader)
        raise FairleadError(f"{argv[0]} cannot be run: {error.strerror}") from error
    finally:
        os.close(writer)
    reading = asyncio.ensure_future(_read(reader, tell))
    try:
        async with asyncio.timeout(timeout):
            code = await process.wait()
        await asyncio.wait((reading,), timeout=_LINGER)
    except TimeoutError as error:
        raise HostFailed(f"{what} took longer than {timeout:g} s and was ended") from error
    finally:
        await _end(process)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    if code:
        ending = f": {' | '.join(last)}" if last else ""
        raise HostFailed(f"{what} ended with code {code}{ending}")


async def _read(descriptor: int, tell: Callable[[str], None]) -> None:
    """Tell the lines of a pipe until nobody holds its other end, or we are cancelled."""
    stream = asyncio.StreamReader(limit=_LONGEST)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", 0)
    )
    rest = b""
    try:
        while data := await stream.read(1 << 16):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _LONGEST:
                lines, rest = [*lines, rest], b""
            for line in lines:
                tell(line.decode("utf-8", "replace").rstrip("\r"))
    finally:
        transport.close()
        if rest:
            tell(rest.decode("utf-8", "replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End whatever is left of its process group, first by asking."""
    group = process.pid
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
    if process.returncode is None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    if process.returncode is None:
        await process.wait()
