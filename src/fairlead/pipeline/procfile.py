"""Procfiles: which processes an application has, one a line, as Heroku and Foreman read them.

https://devcenter.heroku.com/articles/procfile
"""

import re

from fairlead.model import Location, Problem, Value

_LINE = re.compile(r"([A-Za-z0-9_-]{1,63})\s*:\s*(.*)")


class Entry(Value, frozen=True, kw_only=True):
    """A line of a Procfile: what is called ``name`` is started by ``command``."""

    name: str
    command: str
    location: Location


def read_procfile(
    data: bytes, file: str = "Procfile"
) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """The processes in the order of the lines, and what is wrong with others.

    Empty lines and those that begin with ``#`` are passed over. A name that is there twice is a
    problem: which of them would run is for nobody to guess.
    """
    found: dict[str, Entry] = {}
    problems = []
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        location = Location(file=file, line=number, column=raw.index(line[0]) + 1)
        entry, problem = _read(line, location, found)
        if entry:
            found[entry.name] = entry
        if problem:
            problems.append(problem)
    return tuple(found.values()), tuple(problems)


def _read(
    line: str, location: Location, known: dict[str, Entry]
) -> tuple[Entry | None, Problem | None]:
    match = _LINE.fullmatch(line)
    if not match:
        hint = "write `name: command`, such as `web: gunicorn shop.wsgi`"
        return None, Problem(location=location, message="this names no process", hint=hint)
    name, command = match[1], match[2].strip()
    if not command:
        return None, Problem(location=location, message=f"{name} has no command")
    if first := known.get(name):
        message = f"{name} is here twice"
        hint = f"first in line {first.location.line}; several of one are `count` in fairlead.yml"
        return None, Problem(location=location, message=message, hint=hint)
    return Entry(name=name, command=command, location=location), None
