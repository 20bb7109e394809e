"""Bytes of a report file as text, lines or JSON, with the errors that all readers share."""

import codecs
import re
from collections.abc import Callable, Iterator

from fairlead.errors import ReportUnreadable
from fairlead.model import Location

LIMIT = 64 << 20
"""Bytes that a report file may have where nothing else is said."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Colours and cursor movements (CSI), hyperlinks and titles (OSC), and other two-character escapes.
_ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])"
_LINE_END = r"\r\n?|\n"
_JSON_START = r"(?m)^[ \t]*(?=[\[{])"


def unreadable(
    file: str, message: str, *, line: int = 0, column: int = 0, hint: str = ""
) -> ReportUnreadable:
    """The error for a report ``file`` that says nothing we understand."""
    location = Location(file=file, line=line, column=column)
    return ReportUnreadable(message, location=location, hint=hint)


def check_size(data: bytes, file: str, limit: int = LIMIT) -> None:
    """Raise ``ReportUnreadable`` for more than ``limit`` bytes."""
    if len(data) > limit:
        shown = f"{limit / (1 << 20):g} MiB" if limit >= 1 << 20 else f"{limit:,} bytes"
        raise unreadable(
            file, f"too large: more than {shown}", hint="write one report a job, or narrow its glob"
        )


def text_of(data: bytes) -> str:
    """The text, by its byte order mark or as UTF-8; what is not decodable is replaced."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def lines_of(data: bytes) -> list[str]:
    """The lines of a log, without terminal escapes and line ends."""
    text = text_of(data)
    if "\x1b" in text:
        text = re.sub(_ESCAPES, "", text)
    return re.split(_LINE_END, text)


def json_of(data: bytes, file: str) -> object:
    """The whole of ``data`` as JSON. Raises ``ReportUnreadable`` with the place of the error."""
    import json

    try:
        return json.loads(text_of(data))
    except json.JSONDecodeError as error:
        raise unreadable(
            file, f"not JSON: {error.msg}", line=error.lineno, column=error.colno
        ) from error
    except (ValueError, RecursionError) as error:
        raise unreadable(
            file, "not JSON that can be read: too deep, or too long a number"
        ) from error


def json_in(data: bytes, wanted: Callable[[object], bool]) -> object | None:
    """The first JSON value that is ``wanted``: all of ``data``, or from some line of a log on."""
    for value in _json_values(text_of(data)):
        if wanted(value):
            return value
    return None


def _json_values(text: str) -> Iterator[object]:
    """The JSON values that begin a line. No part of the text is read twice."""
    import json

    decoder = json.JSONDecoder()
    start = re.compile(_JSON_START)
    position = 0
    while found := start.search(text, position):
        position = found.end()
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            position = max(error.pos, position + 1)
        except (ValueError, RecursionError):
            return
        else:
            yield value
