"""What git calls around a push: one small script that asks the web process by inherited pipes.

The web process starts ``git http-backend`` with two pipes and names them in the environment.
The script writes what git told it and shows what comes back, until it is told its exit code; it
is run by ``sh``, since even a bare Python takes five times as long to start.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from io import FileIO
from pathlib import Path

import msgspec

from fairlead.server.configuration import Configuration
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic

TO_US = "FAIRLEAD_HOOK_ASKS"
FROM_US = "FAIRLEAD_HOOK_HEARS"
NAMES = ("pre-receive", "post-receive")

LONGEST = 32 << 20
"""Bytes a hook may say: some 200,000 refs."""

_OPTIONS = 20
"""Push options that are looked at; each costs the script a little."""

_SCRIPT = f"""\
#!/bin/sh
# Written by Fairlead. Hands the refs of a push to the web process and shows what it says.
exec 3>"/dev/fd/${TO_US}" 4<"/dev/fd/${FROM_US}" || exit 1
count=${{GIT_PUSH_OPTION_COUNT:-0}}
[ "$count" -le {_OPTIONS} ] || count={_OPTIONS}
{{
  printf '%s\\0' "${{0##*/}}" "$GIT_QUARANTINE_PATH" "$count"
  number=0
  while [ "$number" -lt "$count" ]; do
    eval "printf '%s\\\\0' \\"\\$GIT_PUSH_OPTION_$number\\""
    number=$((number + 1))
  done
  cat
  printf '\\0'
}} >&3
while IFS= read -r line <&4; do
  case $line in
    exit:*) exit "${{line#exit:}}" ;;
    *) printf '%s\\n' "${{line#:}}" ;;
  esac
done
exit 1
"""
# Everything that would move a terminal's cursor or its colours; C1 controls as well.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a hook: ``quarantine`` is where a push's objects wait, empty afterwards.

    ``refs`` are lines as githooks(5) has them.
    """

    hook: str
    quarantine: str
    options: tuple[str, ...]
    refs: bytes


def folder(told: Configuration) -> Path:
    """The folder for git's ``core.hooksPath``, made where it is not there yet.

    It is outside of all repositories, and another one for another version of the script.
    """
    place = told.data / "hooks" / sha256(_SCRIPT.encode()).hexdigest()[:12]
    for name in NAMES:
        if not os.path.exists(place / name):
            write_atomic(place / name, _SCRIPT.encode(), mode=0o755)
    return place


class Ends:
    """The ends of two pipes that git inherits, and by which names its hooks find them."""

    def __init__(self, asks: FileIO, hears: FileIO) -> None:
        self._asks, self._hears = asks, hears

    @property
    def descriptors(self) -> tuple[int, int]:
        """To be kept open in the child."""
        return self._asks.fileno(), self._hears.fileno()

    @property
    def variables(self) -> dict[str, str]:
        """To be set for the child."""
        return {TO_US: str(self._asks.fileno()), FROM_US: str(self._hears.fileno())}

    def close(self) -> None:
        """The child has them."""
        self._asks.close()
        self._hears.close()


class Line:
    """Our side: reads what hooks ask and writes what they hear."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> Asked | None:
        """The next call of a hook, ``None`` when there will be none."""
        try:
            hook = await self._word()
            quarantine = await self._word()
            options = [await self._word() for _ in range(int(await self._word()))]
            refs = await self._reader.readuntil(b"\0")
        except (asyncio.IncompleteReadError, ValueError):
            return None
        except asyncio.LimitOverrunError:
            while (data := await self._reader.read(1 << 16)) and b"\0" not in data:
                pass
            self.say("this push moves too many refs: push some of them")
            self.end(1)
            return None
        return Asked(hook=hook, quarantine=quarantine, options=tuple(options), refs=refs[:-1])

    def say(self, text: str) -> None:
        """Show a line to whoever pushes; nothing in it can move a cursor."""
        shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
        self._writer.write(b":" + shown.encode("utf-8", "backslashreplace") + b"\n")

    def end(self, code: int) -> None:
        """End the hook with an exit code."""
        self._writer.write(f"exit:{code}\n".encode())

    async def _word(self) -> str:
        return os.fsdecode((await self._reader.readuntil(b"\0"))[:-1])


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Line, Ends]]:
    """Two pipes, our ends of them and git's; all are closed at the end."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        hear, ask = (stack.enter_context(_file(end)) for end in os.pipe())
        heard, tell = (stack.enter_context(_file(end)) for end in os.pipe())
        reader = asyncio.StreamReader(limit=LONGEST)
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), hear
        )
        stack.callback(reading.close)
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, tell)
        stack.callback(lambda: None if writer.is_closing() else writer.abort())
        yield Line(reader, writer), Ends(ask, heard)


def _file(descriptor: int) -> FileIO:
    return FileIO(descriptor, "r+")
