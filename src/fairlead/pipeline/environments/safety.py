"""The keys of what makes a deployment safe: health, watching, migrations, hooks."""

from typing import Any, Final

import msgspec

from fairlead.model.deployment import DeployPhase
from fairlead.model.environment import Health, Hook, Migrations, Watch
from fairlead.model.plan import Location
from fairlead.pipeline.document import Node, Scalar
from fairlead.pipeline.durations import parse_duration
from fairlead.pipeline.environments import words
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    ListOf,
    MapOf,
    Mapped,
    OneOf,
    Word,
    unplaced,
)
from fairlead.pipeline.native.parts import GLOBS
from fairlead.pipeline.native.reader import Reader, known_or_close
from fairlead.pipeline.native.words import DURATION, number

HOOKED: Final = tuple(
    phase.value for phase in DeployPhase if phase not in {DeployPhase.CONNECT, DeployPhase.BACK}
)
"""Phases that can have hooks: before signing in and while going back there is no release to ask."""

HEALTH: Kind[Health] = OneOf(
    "a path such as `/health`, or a mapping",
    scalar=Mapped(words.URL_PATH, lambda path: Health(path=path)),
    mapping=Keys(
        "health",
        (
            Key("path", words.URL_PATH, "What is asked.", default="/health"),
            Key("status", number(100, 599), "The status of a good answer.", default="200"),
            Key("body", words.FOUND, "What a good answer holds.", default="anything"),
            Key(
                "version",
                words.VERSION_PLACE,
                "Where the application itself tells `RELEASE_VERSION`.",
                default="not asked; Fairlead's own header is",
            ),
            Key("timeout", DURATION, "How long one answer may take.", default="5 s"),
            Key("patience", DURATION, "How long a release may take to be well.", default="30 s"),
            Key("successes", number(1, 100), "Good answers in a row that it takes.", default="2"),
        ),
        unplaced(Health),
    ),
)


def _watch(location: Location, **values: Any) -> Watch:
    del location
    if "for" in values:
        values["seconds"] = values.pop("for")
    return Watch(**values)


_TIME = Word(
    "a duration such as `30 s`, or `none`",
    lambda text: 0.0 if text == "none" else parse_duration(text),
    DURATION.schema() | {"pattern": r"^\s*(none|\d+(\.\d+)?|(\d+(\.\d+)?\s*[A-Za-z]+\s*)+)\s*$"},
)
WATCH: Kind[Watch] = OneOf(
    "a duration, `none`, or a mapping",
    scalar=Mapped(_TIME, lambda seconds: Watch(seconds=seconds)),
    mapping=Keys(
        "watch",
        (
            Key("for", _TIME, "How long a new release is looked at.", default="30 s"),
            Key(
                "errors",
                words.SHARE,
                "The share of answers above 499 that is allowed; clearly more send it back.",
                default="5 %",
            ),
            Key("requests", number(1, 1_000_000), "Answers that it takes to judge.", default="20"),
        ),
        _watch,
        familiar={"seconds": "write `for`", "time": "write `for`"},
    ),
)


def _migrations(location: Location, **values: Any) -> Migrations:
    del location
    if "run" in values:
        values["command"] = values.pop("run")
    return Migrations(**values)


NO_MIGRATIONS: Final = Migrations(files=())
MIGRATIONS: Kind[Migrations] = OneOf(
    "a command, `none`, or a mapping",
    scalar=Mapped(
        words.LINE,
        lambda line: NO_MIGRATIONS if line == "none" else Migrations(command=line),
    ),
    mapping=Keys(
        "migrations",
        (
            Key("run", words.LINE, "Brings the database up to date; runs once, on the first host.",
                default="told from the files"),
            Key("pending", words.LINE, "Tells what `run` would do.", default="told from the files"),
            Key("files", GLOBS, "All migration files.",
                default="`**/migrations/*.py`, `**/versions/*.py`, `migrations/*.sql`"),
            Key("irreversible", GLOBS, "Those that cannot be gone back over."),
            Key("maintenance", GLOBS, "Those that need the site closed."),
        ),
        _migrations,
        familiar={"command": "write `run`"},
    ),
)  # fmt: skip


def _hook(location: Location, run: str = "", on: str = "each") -> Hook:
    del location
    return Hook(phase="", when="", command=run, on=on)


_HOOK: Kind[Hook] = OneOf(
    "a command, or a mapping with `run` and `on`",
    scalar=Mapped(words.LINE, lambda line: Hook(phase="", when="", command=line)),
    mapping=Keys(
        "hook",
        (
            Key("run", words.LINE, "The command, in the new release.", required=True),
            Key("on", Choice("each", "first"), "On each host, or the first.", default="each"),
        ),
        _hook,
    ),
)


class _Hooks(MapOf[tuple[Hook, ...]]):
    """Commands by ``before PHASE`` or ``after PHASE``."""

    def entry(self, key: Scalar, node: Node, reader: Reader) -> tuple[Hook, ...] | None:
        when, _, phase = " ".join(key.text.split()).partition(" ")
        if when not in {"before", "after"} or phase not in HOOKED:
            wanted = f"{when} {phase}" if phase else f"before {when}"
            known = [f"{word} {name}" for name in HOOKED for word in ("before", "after")]
            hint = known_or_close(wanted, known, "such as")
            reader.error(key.location, f"there is no hook {key.text!r}", hint)
            return None
        hooks = super().entry(key, node, reader)
        if hooks is None:
            return None
        return tuple(msgspec.structs.replace(hook, when=when, phase=phase) for hook in hooks)


HOOKS: Kind[tuple[Hook, ...]] = Mapped(
    _Hooks(
        ListOf(_HOOK, "a command or a list of commands", single=True),
        "a mapping of hooks",
        key="a hook such as `after switch`",
        pattern=rf"(?:before|after) (?:{'|'.join(HOOKED)})",
    ),
    lambda pairs: tuple(hook for _, hooks in pairs for hook in hooks),
)
