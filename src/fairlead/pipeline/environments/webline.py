"""What a Procfile's web line says of an application: its server, its target, how many."""

import posixpath
import re
import shlex
from typing import Any, Final

from fairlead.pipeline.environments.words import TARGET_PATTERN

_NUMBERS: Final = {
    "gunicorn": {
        "-w": "processes", "--workers": "processes", "--threads": "threads",
        "-t": "timeout", "--timeout": "timeout",
    },
    "uvicorn": {"--workers": "processes"},
    "uwsgi": {
        "-p": "processes", "--processes": "processes", "--workers": "processes",
        "--threads": "threads", "--http-timeout": "timeout",
    },
}  # fmt: skip
_PLACES: Final = frozenset(
    {"-b", "--bind", "--host", "--port", "--uds", "--http", "--http-socket", "--socket", "-s"}
    | {"--log-file", "--access-logfile", "--error-logfile"}
)
"""Where to listen and to write: a slot has its own socket and logs."""
_VALUED: Final = frozenset(
    {"-c", "--config", "--chdir", "--pythonpath", "-e", "--env", "-n", "--name", "-p", "--pid"}
    | {"--max-requests", "--max-requests-jitter", "--keep-alive", "--graceful-timeout"}
    | {"--worker-connections", "--worker-tmp-dir", "--log-level", "--log-config", "--backlog"}
    | {"--forwarded-allow-ips", "-u", "--user", "-g", "--group", "--access-logformat"}
    | {"--root-path", "--loop", "--ws", "--limit-concurrency", "--timeout-keep-alive"}
)
"""Options that take a value and have no place in an ``App``."""
_FLAGS: Final = frozenset({"--master", "--die-on-term", "--vacuum", "--need-app"})
_TARGETS: Final = frozenset({"--module", "-w", "--wsgi"})
_CLASSES: Final = frozenset({"-k", "--worker-class"})


def read_web(command: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Values of ``App`` by name, and the options that had no place among them.

    Empty where the command is not one of a server that we start ourselves.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return {}, ()
    words = [word for word in words if not re.fullmatch(r"[A-Za-z_]\w*=.*|exec|env", word)]
    if words[:1] in (["python"], ["python3"]) and words[1:2] == ["-m"]:
        words = words[2:]
    server = posixpath.basename(words[0]) if words else ""
    if server not in _NUMBERS:
        return {}, ()
    found, left = _options(server, words[1:])
    return (found, tuple(left)) if "target" in found else ({}, ())


def _options(server: str, words: list[str]) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {"server": server, "interface": _interface(server)}
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            target = _target(word, server) if "target" not in found else {}
            found |= target
            left += [] if target else [word]
        elif name in _FLAGS:
            pass
        elif key := _meaning(server, name):
            value = value if equals else next(rest, "")
            taken = _value(server, key, value)
            found |= taken or {}
            left += [f"{name} {value}"] if taken is None else []
        else:
            left.append(word)
    return found, left


def _interface(server: str) -> str:
    return "asgi" if server == "uvicorn" else "wsgi"


def _target(word: str, server: str) -> dict[str, Any]:
    if re.fullmatch(TARGET_PATTERN, word):
        return {"target": word}
    if server == "gunicorn" and re.fullmatch(r"[A-Za-z_][\w.]*", word):
        return {"target": f"{word}:application"}
    return {}


def _meaning(server: str, name: str) -> str:
    """A field of ``App``, or ``target``, ``class``, ``place``, ``other``; empty for an unknown."""
    if server == "uwsgi" and name in _TARGETS:
        return "target"
    if server == "gunicorn" and name in _CLASSES:
        return "class"
    if known := _NUMBERS[server].get(name):
        return known
    return "place" if name in _PLACES else "other" if name in _VALUED else ""


def _value(server: str, key: str, value: str) -> dict[str, Any] | None:
    """The values that an option gives; ``None`` where it has no place in an ``App``."""
    if key == "place":
        return {}
    if key == "other":
        return None
    if key == "target":
        return _target(value, server) or None
    if key == "class":
        known = {"sync": {}, "gthread": {}, "uvicorn": {"server": "uvicorn", "interface": "asgi"}}
        return known.get(value.partition(".")[0].partition("_")[0])
    if not value.isascii() or not value.isdecimal() or not int(value):
        return {}  # such as $WEB_CONCURRENCY: what is told elsewhere, or the default, stands
    return {key: float(value) if key == "timeout" else int(value)}
