"""What the server's processes say of themselves: one line an event, for people or as JSON."""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration

FORMATS = ("text", "json")

_HIDDEN = "***"
_SHORTEST = 6  # characters; hiding anything shorter would garble other words
# A token of ours, a link that signs in, the password in a URL, and libpq's way to write one.
_SECRETS = (
    (re.compile(r"\bfl_[\w-]{16,}"), _HIDDEN),
    (re.compile(r"/welcome/[^/\s]+/[^/\s]+"), f"/welcome/{_HIDDEN}"),
    (re.compile(r"(\w+://[^/\s:@]*):[^@\s/]+@"), rf"\1:{_HIDDEN}@"),
    (re.compile(r"\bpassword=('(?:[^'\\]|\\.)*'|\S+)"), f"password={_HIDDEN}"),
)


def keep_journal(told: Configuration, part: str) -> None:
    """Send what the process ``part`` logs to standard error, in the form that was told.

    Quiet: our own events, and only warnings of others. Raises ``FairleadError`` for a form that
    does not exist.
    """
    if told.log_format not in FORMATS:
        raise FairleadError(
            f"FAIRLEAD_LOG_FORMAT is {told.log_format!r}", hint=f"one of: {', '.join(FORMATS)}"
        )
    handler = logging.StreamHandler(sys.stderr)
    hide = hiding((told.secret_key, told.worker_token))
    kind = JsonLines if told.log_format == "json" else TextLines
    handler.setFormatter(kind(part, hide))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("fairlead").setLevel(logging.INFO)
    # They tell of every request that was refused; whoever sent it was told.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    logging.captureWarnings(True)


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """What masks ``secrets``, and whatever else looks like one, in a text."""
    known = [secret for secret in secrets if len(secret) >= _SHORTEST]

    def hide(text: str) -> str:
        for secret in known:
            text = text.replace(secret, _HIDDEN)
        for pattern, instead in _SECRETS:
            text = pattern.sub(instead, text)
        return text

    return hide


class TextLines(logging.Formatter):
    """``2026-01-31T12:00:00Z warning web: what happened``, whatever is in the event."""

    def __init__(self, part: str, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._part, self._hide = part, hide

    def format(self, record: logging.LogRecord) -> str:
        """One line; line breaks in it are shown as such."""
        lines = [record.getMessage(), *_trace(self, record).splitlines()]
        text = " | ".join(line for line in lines if line.strip())
        head = f"{_time(record)} {record.levelname.lower()} {self._part}: "
        return head + _plain(self._hide(text))


class JsonLines(logging.Formatter):
    """An object a line: time, level, part, logger, process, message, and a traceback's text."""

    def __init__(self, part: str, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._part, self._hide = part, hide

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        fields: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "part": self._part,
            "logger": record.name,
            "process": record.process,
            "message": self._hide(record.getMessage()),
        }
        if trace := _trace(self, record):
            fields["trace"] = self._hide(trace)
        try:
            return msgspec.json.encode(fields).decode()
        except UnicodeEncodeError:  # half a character, out of some file's name
            clean = {name: _plain(str(value)) for name, value in fields.items()}
            return msgspec.json.encode(clean).decode()


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


def _plain(text: str) -> str:
    """Nothing that a terminal would obey, nor a line that nobody wrote."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in text
    )
