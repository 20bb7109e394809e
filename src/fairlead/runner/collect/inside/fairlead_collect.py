"""The wire: one JSON line for each test, appended to the file that $FAIRLEAD_EVENTS names.

Only the process that claims the file writes to it; its children, however they were made, see
its number in $FAIRLEAD_OWNER and stay silent, and so does a runner started inside a test. The
file is opened for each line (a test may close descriptors that it does not know), and the
functions of ``os`` are bound at import (a test may replace them). No error leaves this module.
"""

import json
import os
import re
import sys

LINE = 1 << 20  # bytes of a line the reader takes
TEXT = 64 << 10  # characters of a traceback, or of captured output
SHORT = 4 << 10  # characters of everything else

unicode_type = type(b"".decode("ascii"))
# Surrogates without a partner, which no reader of JSON takes.
_LONE = b"[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]".decode(
    "unicode_escape" if sys.version_info[0] < 3 else "ascii"
)

events = os.path.abspath(os.environ["FAIRLEAD_EVENTS"]) if os.environ.get("FAIRLEAD_EVENTS") else ""
folder = os.environ.get("FAIRLEAD_COVERAGE") and os.path.abspath(os.environ["FAIRLEAD_COVERAGE"])
root = os.path.realpath(os.environ.get("FAIRLEAD_WORKSPACE") or os.getcwd())

_owner = [0]  # the process that may write
_kind = [""]  # the runner whose run is under way
_broken = [False]  # the last line could not be written whole
_held = []  # a line to be written with the next one
_relative = {}


def claim(getpid=os.getpid, environ=os.environ):
    """Whether this process is the one that reports; the first to ask is."""
    pid = getpid()
    if _owner[0] == pid:
        return True
    if environ.get("FAIRLEAD_OWNER", str(pid)) != str(pid):
        return False
    environ["FAIRLEAD_OWNER"] = str(pid)
    _owner[0] = pid
    return True


def inherited(getpid=os.getpid, environ=os.environ):
    """The number of the process above us that reports, or 0."""
    owner = environ.get("FAIRLEAD_OWNER", "")
    return int(owner) if owner.isdigit() and int(owner) != getpid() else 0


def enter(kind):
    """Begin a run of ``kind``; false inside another run, or where another process reports."""
    if _kind[0] or not claim():
        return False
    _kind[0] = kind
    return True


def leave():
    flush()
    _kind[0] = ""


def active():
    """The runner whose run is under way, or nothing."""
    return _kind[0]


def text(value):
    """Any value as text."""
    try:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif not isinstance(value, unicode_type):
            value = unicode_type(value)
    except Exception:
        value = unicode_type(type(value).__name__)
    return value


def escaped(value):
    """Text without what JSON cannot hold."""
    return re.sub(_LONE, lambda found: unicode_type("\\u%04x" % ord(found.group())), value)


def cut(value, size):
    """The beginning and the end of a long text, saying how much is missing between them."""
    if len(value) <= size:
        return value
    half = size // 2
    left_out = len(value) - 2 * half
    mark = unicode_type("\n[... %d characters left out ...]\n" % left_out)
    return value[:half] + mark + value[-half:]


def relative(path, realpath=os.path.realpath):
    """``path`` as seen from the workspace, or as it is where it lies outside."""
    if path not in _relative:
        real = realpath(path)
        inside = real.startswith(root + os.sep)
        _relative[path] = real[len(root) + 1 :] if inside else path
    return _relative[path]


def collected(count):
    emit("collected", '"n": %d' % count)


def case(**identity):
    """A test's name and place, as the part of a line that its beginning and its end share."""
    return _json(identity, SHORT)


def started(which):
    """Say which test runs now, so that one that takes its process along is known by name."""
    emit("start", which)


def finished(which, hold=False, **fields):
    """Say how a test ended; with ``hold``, only when the next line is written."""
    emit("test", which + ", " + _json(fields, TEXT), hold)


def flush(getpid=os.getpid):
    """Write what was held back."""
    try:
        if _held and _owner[0] == getpid():
            _append(_held.pop())
    except Exception:
        pass


def emit(kind, content, hold=False, getpid=os.getpid):
    try:
        if events and _owner[0] == getpid():
            line = '{"t": "%s", "pid": %d, %s}\n' % (kind, _owner[0], content)
            if _held:
                line = _held.pop() + line
            if hold:
                _held.append(line)
            else:
                _append(line)
    except Exception:
        pass


def _json(fields, limit, dumps=json.dumps):
    """The fields of a JSON object, without its braces; texts are cut where that is needed."""
    try:
        line = dumps(fields)
        if len(line) < SHORT and "\\ud" not in line:
            return line[1:-1]
    except Exception:
        pass  # bytes, or something that is no text at all
    while True:
        line = dumps(_fit(fields, limit))[1:-1]
        if len(line) <= LINE // 2:
            return line
        limit //= 2


def _fit(record, limit):
    """The record with its texts cut: the long ones to ``limit`` characters."""
    fit = {}
    for name, value in record.items():
        if not isinstance(value, (int, float)):
            size = limit if name in ("details", "output") else min(SHORT, limit)
            value = escaped(cut(text(value), size))
        fit[name] = value
    return fit


def _append(
    line,
    open=os.open,
    write=os.write,
    close=os.close,
    flags=os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0),
):
    handle = open(events, flags, 0o644)
    try:
        line = line.encode("ascii")
        if _broken[0]:
            line = b"\n" + line
        _broken[0] = True
        _broken[0] = write(handle, line) != len(line)
    finally:
        close(handle)
