"""What git calls around a push: one small script that asks the web process by inherited pipes.

The web process starts ``git http-backend`` with two pipes and names them in the environment.
The script writes what git told it and shows what comes back, until it is told its exit code; it
is run by ``sh``, since even a bare Python takes five times as long to start.
"""

import asyncio
import os
import re
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
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


async def read_asked(reader: asyncio.StreamReader) -> Asked | None:
    """The next call of a hook, ``None`` when there will be none.

    Raises ``FairleadError`` for one that says too much.
    """
    try:
        hook = await _word(reader)
        quarantine = await _word(reader)
        options = [await _word(reader) for _ in range(int(await _word(reader)))]
        refs = await reader.readuntil(b"\0")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise FairleadError("this push moves too many refs", hint="push some of them") from error
    return Asked(hook=hook, quarantine=quarantine, options=tuple(options), refs=refs[:-1])


async def _word(reader: asyncio.StreamReader) -> str:
    return os.fsdecode((await reader.readuntil(b"\0"))[:-1])


def line(text: str) -> bytes:
    """One line for people, as the script takes it; nothing in it can move a cursor."""
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return b":" + shown.encode("utf-8", "backslashreplace") + b"\n"


def ending(code: int) -> bytes:
    """What ends the script."""
    return f"exit:{code}\n".encode()
