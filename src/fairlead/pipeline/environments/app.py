"""The keys of an application: what is started, and what goes by the clock."""

from typing import Any, Final, TypeAlias

from fairlead.model.environment import Process
from fairlead.model.plan import Location, Pairs
from fairlead.pipeline.document import Scalar
from fairlead.pipeline.environments import words
from fairlead.pipeline.native.kinds import Choice, Key, Keys, Kind, ListOf, MapOf, Mapped, OneOf
from fairlead.pipeline.native.words import DURATION, GLOB, number

Written: TypeAlias = dict[str, Any]
"""Values by key, as far as they were written: what is absent may come from elsewhere."""

SERVERS: Final = ("gunicorn", "uvicorn", "uwsgi")


def written(location: Location, **values: Any) -> Written:
    """What a mapping says, and its place."""
    return values | {"location": location}


def _process(location: Location, run: str = "", count: int = 1) -> Process:
    del location
    return Process(name="", command=run, count=count)


def _processes(pairs: tuple[tuple[Scalar, Process], ...]) -> tuple[Process, ...]:
    return tuple(
        Process(name=name.text, command=process.command, count=process.count)
        for name, process in pairs
    )


_PROCESS: Kind[Process] = OneOf(
    "a command, or a mapping with `run` and `count`",
    scalar=Mapped(words.LINE, lambda line: Process(name="", command=line)),
    mapping=Keys(
        "process",
        (
            Key("run", words.LINE, "The command.", default="the Procfile's"),
            Key("count", number(0, 100), "How many of them each worker host has.", default="1"),
        ),
        _process,
        familiar={"command": "write `run`", "number": "write `count`"},
    ),
)


def _clock(location: Location, at: str = "", run: str = "") -> tuple[str, str]:
    del location
    return at, run


_CRON: Kind[Pairs] = ListOf(
    Keys(
        "cron",
        (
            Key("at", words.CRON, "When, on the host's clock.", required=True),
            Key("run", words.LINE, "The command, in the live release.", required=True),
        ),
        _clock,
    ),
    "a list of mappings with `at` and `run`",
)


def _texts(pairs: tuple[tuple[Scalar, str], ...]) -> Pairs:
    return tuple((name.text, value) for name, value in pairs)


_APP = Keys(
    "app",
    (
        Key(
            "name",
            words.NAME,
            "What it is called on the hosts: its folder, its user, its units.",
            default="the project's name",
        ),
        Key("target", words.TARGET, "What the server loads.", default="told from the files"),
        Key(
            "interface",
            Choice("wsgi", "asgi"),
            "How it is spoken to.",
            default="told from the files",
        ),
        Key(
            "server",
            Choice(*SERVERS),
            "Which program serves it; it must be among the requirements.",
            default="gunicorn; uvicorn for asgi",
        ),
        Key(
            "run",
            words.LINE,
            "A command instead of what would be made of these. It must listen on `$SOCKET`.",
            default="made of the keys above",
        ),
        Key("processes", number(1, 256), "Processes of the server.", default="2"),
        Key("threads", number(1, 256), "Threads of each process.", default="8"),
        Key(
            "timeout",
            DURATION,
            "The longest a request may take, and so how long an old release may finish its own.",
            default="30 s",
        ),
        Key(
            "workers",
            Mapped(
                MapOf(
                    _PROCESS,
                    "a mapping of processes",
                    key="a process's name",
                    pattern=words.PROCESS_NAME,
                ),
                _processes,
            ),
            "Processes beside the server.",
            default="those of the Procfile",
        ),
        Key("cron", _CRON, "What runs by the clock.", default="none"),
        Key(
            "static",
            Mapped(
                MapOf(
                    GLOB,
                    "a mapping of paths such as `/static/` to folders",
                    key="a path such as `/static/`",
                    pattern=r"/(?:[A-Za-z0-9._~-]+/)+",
                ),
                _texts,
            ),
            "Folders of the release that nginx serves by itself, by their address.",
            default="told from the files",
        ),
        Key(
            "manager", Choice(*words.MANAGERS), "What starts it and keeps it up.", default="systemd"
        ),
    ),
    written,
    familiar={
        "command": "write `run`",
        "wsgi": "write `target`",
        "asgi": "write `target` and `interface: asgi`",
        "port": "a release listens on a socket, and nginx on `domain`",
        "user": "write `user` beside `app`",
        "bind": "a release listens on a socket that Fairlead names",
    },
)
APP: Kind[Written] = OneOf(
    "a target such as `shop.wsgi:application`, or a mapping",
    scalar=Mapped(words.TARGET, lambda target: {"target": target}),
    mapping=_APP,
)
