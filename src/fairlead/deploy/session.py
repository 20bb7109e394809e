"""One script on a host while it runs: what it writes, how it ends, how it is fed."""

import asyncio
import re
import signal as signals
from collections.abc import Callable
from typing import NoReturn

from fairlead.deploy.base import Done, Tell
from fairlead.deploy.lines import Lines
from fairlead.deploy.loading import asyncssh
from fairlead.deploy.shell import BEGUN, command_for, wrapped
from fairlead.errors import HostError, HostFailed, HostLost, HostRefused, SudoMissing

_MARK = re.compile(re.escape(BEGUN) + rb"(\d+)\n")
_NOISE = 1 << 16
"""Bytes that a host may write on its own account before a script begins."""

_LAST_LINES = 12
_LINGER = 1.0
"""Seconds that the output of an ended script may still be held open by what it left behind."""

Write = Callable[[int, bytes], None]


class Script(asyncssh.SSHClientSession[bytes]):
    """The channel of one script, which is run as ``become`` makes us.

    ``size`` is that of its input in bytes, ``timeout`` in seconds, none for one that stays. Output
    is gathered with ``keep``, told by ``tell``, both streams alike but for ``tell_errors``, and
    given to ``write`` as it comes, with the number of the stream (1 or 2).
    """

    def __init__(
        self,
        host: str,
        script: str,
        become: tuple[str, ...],
        size: int,
        timeout: float | None,
        *,
        tell: Tell | None = None,
        write: Write | None = None,
        tell_errors: bool = True,
        keep: bool = True,
    ) -> None:
        self.script = wrapped(script)
        self.become = become
        self.command = command_for(become, script=len(self.script), data=size, timeout=timeout)
        self.channel: asyncssh.SSHClientChannel[bytes] | None = None
        self.process: int | None = None
        self._host = host
        self._lost = ""
        self._write = write
        self._keep = keep
        self._code: int | None = None
        self._out = bytearray()
        self._err = bytearray()
        self._early = b""
        self._lines = (Lines(tell), Lines(tell if tell_errors else _nobody)) if tell else None
        self._ended = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def begun(self) -> bool:
        """Whether a shell ran as whom it had to."""
        return self.process is not None

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._ended.is_set()

    def outcome(self, *, check: bool) -> Done:
        """What came of it; raises as ``Connection.run`` does."""
        out, err = bytes(self._out), bytes(self._err)
        if self._code is None:
            raise HostLost(f"{self._host}: {self._lost or 'the connection ended'}")
        if not self.begun:
            raise self._never_begun(self._early or out)
        if check and self._code:
            raise HostFailed(
                f"{self._host}: a script ended with code {self._code}{_last(err or out)}"
            )
        return Done(code=self._code, out=out, err=err)

    def silence(self) -> NoReturn:
        """Raise what it means that one which had to stay said nothing and ended."""
        self.outcome(check=True)
        raise HostFailed(f"{self._host}: a script that has to stay ended without a word")

    def _never_begun(self, said: bytes) -> HostError:
        if not self.become:
            return HostRefused(f"{self._host} gives us no shell{_last(said)}")
        whom = self.become[self.become.index("-u") + 1] if "-u" in self.become else self.become[2]
        if b"no such user" in said or b"unknown user" in said:
            return SudoMissing(
                f"{self._host} has no user {whom}", hint="fairlead provision makes that user"
            )
        return SudoMissing(
            f"{self._host}: we may not become {whom}{_last(said)}",
            hint="who signs in needs sudo without a password, such as by a line"
            " `NAME ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d",
        )

    async def wait(self) -> None:
        """Wait until it is over."""
        await self._ended.wait()

    async def write(self, data: bytes) -> None:
        """Send bytes once there is room for them; nothing where nobody reads any more."""
        await self._room.wait()
        if self.channel is not None and not self.ended and not self.channel.is_closing():
            self.channel.write(data)

    def pause(self, *, paused: bool) -> None:
        """Have the host wait with its output, or go on."""
        if self.channel is not None:
            (self.channel.pause_reading if paused else self.channel.resume_reading)()

    def connection_made(self, chan: "asyncssh.SSHClientChannel[bytes]") -> None:
        """The host let it in."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """It wrote something."""
        if self._timer is not None:
            self._linger()
        if datatype is not None and not self.begun:
            self._early = (self._early + data)[-_NOISE:]
        elif datatype is not None:
            self._take(data, self._err, 1)
        elif self.begun:
            self._take(data, self._out, 0)
        else:
            self._begin(data)

    def exit_status_received(self, status: int) -> None:
        """It ended by itself."""
        self._code = status
        self._linger()

    def exit_signal_received(
        self,
        signal: str,
        core_dumped: bool,  # noqa: FBT001 — asyncssh's
        msg: str,
        lang: str,
    ) -> None:
        """It was killed."""
        del core_dumped, msg, lang
        self._code = 128 + getattr(signals, f"SIG{signal}", 0)
        self._linger()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing comes any more, from it or from the host at all."""
        if self._code is None:
            self._lost = str(exc or "")
        self._end()

    def pause_writing(self) -> None:
        """It does not read as fast as we write."""
        self._room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()

    def _linger(self) -> None:
        """Wait a while for output: a daemon it left may hold that open for ever."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_LINGER, self._end)

    def _begin(self, data: bytes) -> None:
        """Leave out what the person's start-up files or the host's banner write."""
        self._out += data
        if found := _MARK.search(self._out):
            self.process = int(found[1])
            rest = bytes(self._out[found.end() :])
            self._out.clear()
            self._take(rest, self._out, 0)
            self._take(self._early, self._err, 1)
        elif len(self._out) > _NOISE:
            del self._out[: -_NOISE // 2]

    def _take(self, data: bytes, stream: bytearray, number: int) -> None:
        if self._keep:
            stream += data
        if self._lines and data:
            self._lines[number].feed(data)
        if self._write and data:
            self._write(number + 1, data)

    def _end(self) -> None:
        if self._ended.is_set():
            return
        if self._timer is not None:
            self._timer.cancel()
        if self._lines:
            for lines in self._lines:
                lines.flush()
        self._ended.set()
        self._room.set()


def _nobody(line: str) -> None:
    """Tell nobody."""
    del line


def _last(written: bytes) -> str:
    """The last lines of what was written, each on a line of its own."""
    lines = written.decode("utf-8", "replace").rstrip().splitlines()[-_LAST_LINES:]
    return "".join(f"\n  {line}" for line in lines)
