"""The single values of the pipeline file: texts, numbers, durations, paths, and their spelling."""

import re
from typing import Any

from fairlead.pipeline.durations import parse_duration, parse_size
from fairlead.pipeline.native.kinds import TEXT_SCHEMA, Choice, Placed, Word

JOB_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,59}"
AXIS_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,39}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
PYTHON = r"(?:pypy-?)?[0-9]+(?:\.[0-9]+){0,2}t?(?:-dev)?"
HOST = r"(?:\*|(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]+)?"
TOOL = r"[a-z][a-z0-9_-]*"

_LONGEST_GLOB = 300
_FLAGS = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_PERCENT = r"(?a)(\d{1,3}(?:\.\d+)?)\s*%?"
_HUNDRED = 100


def _filled(text: str) -> str | None:
    return text if text.strip() else None


def _glob(text: str) -> str | None:
    """A path or glob that stays inside the project."""
    parts = text.split("/")
    inside = bool(text.strip()) and not text.startswith(("/", "~")) and ".." not in parts
    return text.removeprefix("./") if inside and len(text) <= _LONGEST_GLOB else None


def _pattern(text: str) -> str | None:
    return text if text.removeprefix("!").strip() and len(text) <= _LONGEST_GLOB else None


def _percent(text: str) -> float | None:
    found = re.fullmatch(_PERCENT, text.strip())
    return float(found[1]) if found and float(found[1]) <= _HUNDRED else None


def number(least: int, most: int) -> Word[int]:
    """A whole number from ``least`` to ``most``."""

    def parse(text: str) -> int | None:
        found = int(text) if re.fullmatch(r"[0-9]{1,12}", text) else -1
        return found if least <= found <= most else None

    schema: dict[str, Any] = {
        "type": ["integer", "string"],
        "pattern": r"^\d{1,12}$",
        "minimum": least,
        "maximum": most,
    }
    return Word(f"a whole number from {least} to {most:,}", parse, schema)


TEXT = Word("a text", str, TEXT_SCHEMA, fill=True)
VALUE = Word(
    "a text", str, {"type": ["string", "number", "boolean", "null"]}, fill=True, empty=True
)
COMMAND = Word("a command", _filled, {"type": "string", "minLength": 1}, fill=True)
FLAG = Word(
    "true or false",
    lambda text: _FLAGS.get(text.lower()),
    {"enum": [True, False, *_FLAGS]},
)
DURATION = Word(
    "a duration such as `90 s`, `10 min` or `1h30m`",
    parse_duration,
    {
        "type": ["number", "string"],
        "exclusiveMinimum": 0,
        "pattern": r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?\s*[A-Za-z]+\s*)+)\s*$",
    },
)
SILENCE = Word(
    "a duration such as `10 min`, or `none`",
    lambda text: 0.0 if text == "none" else parse_duration(text),
    DURATION.schema() | {"pattern": r"^\s*(none|\d+(\.\d+)?|(\d+(\.\d+)?\s*[A-Za-z]+\s*)+)\s*$"},
)
SIZE = Word(
    "a size such as `512 MB` or `2 GiB`",
    parse_size,
    {"type": ["integer", "string"], "minimum": 1, "pattern": r"^\s*\d+(\.\d+)?\s*[A-Za-z]*\s*$"},
)
PERCENT = Word(
    "a percentage from 0 to 100",
    _percent,
    {
        "type": ["number", "string"],
        "minimum": 0,
        "maximum": 100,
        "pattern": r"^\s*\d{1,3}(\.\d+)?\s*%?\s*$",
    },
)
GLOB = Word("a path or glob inside the project", _glob, fill=True)
PATTERN = Word("a glob, or `!` and a glob", _pattern)
NAME = Placed("a name")
FILE = Placed("a file of the project", r"(?!/|~)(?!(?:.*/)?\.\.(?:/|$)).+", fill=True)
FILLED_NAME = Placed("a name", fill=True)
STAGE = Placed("a stage's name", JOB_NAME)
JOB = Placed("a job's name", JOB_NAME)
VERSION = Placed("a Python version such as `3.12`", PYTHON)
AXIS_VALUE = Placed("a value", r"[^\n]{1,200}")
VARIABLE_NAME = Word(
    "a variable's name",
    lambda text: text if re.fullmatch(VARIABLE, text) else None,
    TEXT_SCHEMA | {"pattern": f"^{VARIABLE}$"},
)
HOST_NAME = Word(
    "a host's name",
    lambda text: text if re.fullmatch(HOST, text) else None,
    TEXT_SCHEMA | {"pattern": f"^{HOST}$"},
    hint="`*.example.org` means all below it, `example.org:443` one port, `*` every host",
)
TOOL_NAME = Word(
    "a tool's name, or `none`",
    lambda text: text if re.fullmatch(TOOL, text) else None,
    TEXT_SCHEMA | {"pattern": f"^{TOOL}$"},
)
EVENT = Choice(
    *("push", "pull_request", "tag", "cron", "manual", "api", "local"),
    *("!push", "!pull_request", "!tag", "!cron", "!manual", "!api", "!local"),
)
EVENT.words = "an event (push, pull_request, tag, cron, manual, api, local), or `!` and one"
ENDING = Choice("failed", "errored", "timeout")
