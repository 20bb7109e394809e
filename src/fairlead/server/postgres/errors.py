"""What cannot be done with the embedded PostgreSQL, and what to do about it."""

import errno
import re
from pathlib import Path

from fairlead.errors import FairleadError

ELSEWHERE = "or name a PostgreSQL server of your own with FAIRLEAD_DATABASE_URL"
_FULL = ("No space left on device", "Disk quota exceeded")
_LAST_BYTES = 4000
_PREFIX = re.compile(r"^[\d-]+ [\d:.]+ UTC \[\d+\] ")
_TELLING = ("PANIC", "FATAL", "fatal", "error:", "ERROR", "could not")


class PostgresFailed(FairleadError):
    """The embedded PostgreSQL cannot be made, started, dumped or restored."""


def unwritable(path: Path, error: OSError) -> PostgresFailed:
    """The error to show where a folder or file of the database refuses us."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "free some space there" if full else "make it writable for you"
    return PostgresFailed(f"cannot write {path}: {error.strerror or error}", hint=hint)


def refused(what: str, words: str, *, place: Path, hint: str = "") -> PostgresFailed:
    """The error to show where a program of PostgreSQL failed, with its own reason.

    ``words`` is all it wrote; ``place`` is where it writes, for what a full disk asks of us.
    """
    if any(full in words for full in _FULL):
        hint = f"free some space in {place}"
    return PostgresFailed(f"{what}: {reason(words) or 'it did not say why'}", hint=hint)


def reason(words: str) -> str:
    """The last line of PostgreSQL's output that says what is wrong, or else the last one."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    return _PREFIX.sub("", (telling or lines or [""])[-1])


def tail(log: Path, since: int = 0) -> str:
    """The end of a log, from byte ``since`` at most; empty where it cannot be read."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(min(end, max(since, end - _LAST_BYTES)))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
