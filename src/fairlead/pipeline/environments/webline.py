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
)
"""Where to listen: in a slot that is the slot's own socket."""
_FLAGS: Final = frozenset({"--master", "--die-on-term", "--vacuum", "--need-app", "--log-file"})
_TARGETS: Final = frozenset({"--module", "-w"})


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
        if not name.startswith("-"):
            if re.fullmatch(TARGET_PATTERN, word):
                found["target"] = word
            elif re.fullmatch(r"[A-Za-z_][\w.]*", word) and server == "gunicorn":
                found["target"] = f"{word}:application"
            else:
                left.append(word)
            continue
        takes = name in _PLACES or name in _NUMBERS[server] or name in _TARGETS
        value = value if equals or not takes else next(rest, "")
        if server == "uwsgi" and name in _TARGETS:
            found["target"] = value
        elif key := _NUMBERS[server].get(name):
            found |= _number(key, value)
        elif name in ("-k", "--worker-class"):
            found |= _class(value or next(rest, ""), found)
        elif name not in _PLACES | _FLAGS:
            left.append(word)
        elif name == "--log-file" and not equals:
            next(rest, "")
    return found, left


def _interface(server: str) -> str:
    return "asgi" if server == "uvicorn" else "wsgi"


def _number(key: str, value: str) -> dict[str, Any]:
    if not value.isascii() or not value.isdecimal() or not int(value):
        return {}  # such as $WEB_CONCURRENCY: what is told elsewhere, or the default, stands
    return {key: float(value) if key == "timeout" else int(value)}


def _class(value: str, found: dict[str, Any]) -> dict[str, Any]:
    del found
    return {"server": "uvicorn", "interface": "asgi"} if "uvicorn" in value.lower() else {}
