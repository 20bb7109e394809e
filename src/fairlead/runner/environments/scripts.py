"""Console scripts: programs whose first line names the one Python they run in.

Installers write ``#!/path/python``, or for a path that is long or has blanks the three lines
``#!/bin/sh``, ``'''exec' /path/python "$0" "$@"`` and ``' '''`` (pip and uv alike).
"""

import os
from pathlib import Path

import msgspec

_LONGEST = 127
"""Bytes of a first line that every Linux kernel reads."""
_LARGEST = 1 << 20


class Scripts(msgspec.Struct, frozen=True):
    """The programs of an environment: texts behind their first line, and others by name."""

    python: dict[str, str] = {}
    other: tuple[str, ...] = ()


def read_scripts(folder: Path) -> Scripts:
    """The programs in a ``bin`` folder, without interpreters and activation scripts."""
    python: dict[str, str] = {}
    other: list[str] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(("python", "pypy", "activate", "deactivate")):
            continue
        path = Path(entry.path)
        if not path.is_file() or not os.access(path, os.X_OK):
            continue
        body = python_body(path, folder)
        if body is None:
            other.append(entry.name)
        else:
            python[entry.name] = body
    return Scripts(python, tuple(other))


def with_python(body: str, python: Path) -> bytes:
    """A script's text with the first line for ``python``."""
    return first_line(python) + body.encode("utf-8", "surrogateescape")


def first_line(python: Path) -> bytes:
    """What starts a script in ``python``, whatever its path is."""
    path = os.fsencode(python)
    if len(path) + 3 <= _LONGEST and not path.split()[1:]:
        return b"#!" + path + b"\n"
    quoted = b"'" + path.replace(b"'", b"'\"'\"'") + b"'" if b'"' in path else b'"' + path + b'"'
    return b"#!/bin/sh\n'''exec' " + quoted + b" \"$0\" \"$@\"\n' '''\n"


def python_body(path: Path, folder: Path) -> str | None:
    """What follows the first line of a script that runs in ``folder``'s Python, else ``None``."""
    if path.is_symlink() or path.stat().st_size > _LARGEST:
        return None
    data = path.read_bytes()
    ours = os.fsencode(folder) + b"/p"
    line, _, rest = data.partition(b"\n")
    if line == b"#!/bin/sh" and rest.startswith(b"'''exec'"):
        line, _, rest = rest.partition(b"\n")
        _, _, rest = rest.partition(b"\n")
    elif not line.startswith(b"#!"):
        return None
    return rest.decode("utf-8", "surrogateescape") if ours in line else None
