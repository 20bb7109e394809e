"""What the commands that serve have in common."""

import os
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def listening(command: Command) -> Command:
    """The option ``--listen``."""
    return click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Where to take connections, instead of FAIRLEAD_LISTEN (127.0.0.1:8600).",
    )(command)


def prepared(**options: object) -> None:
    """Make sure that this installation can serve; ``options`` stand for variables.

    Raises ``FairleadError`` where the server's packages are absent.
    """
    from fairlead.server.serving.extra import need_server

    need_server()
    for name, value in options.items():
        if value is not None:
            os.environ[f"FAIRLEAD_{name.upper()}"] = str(value)
