"""What a job of an earlier run, perhaps on another machine, ran on: to run it so again."""

from collections.abc import Iterable

import msgspec

from fairlead.errors import InterpreterNotFound
from fairlead.runner.pythons import Interpreter, choose


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The full version of the interpreter, and the environment's requirements one a line.

    They are the ``interpreter`` and ``resolution`` of a ``JobResult``.
    """

    interpreter: str
    resolution: str


def same_interpreter(found: Iterable[Interpreter], python: str, recorded: Recorded) -> Interpreter:
    """The interpreter of just that version, and of the kind that ``python`` asks for.

    Raises ``InterpreterNotFound`` that says which version is absent.
    """
    every = tuple(found)
    alike = [one for one in every if one.version == recorded.interpreter]
    try:
        return choose(alike, python)
    except InterpreterNotFound:
        names = ", ".join(dict.fromkeys(one.version for one in every)) or "none"
        raise InterpreterNotFound(
            f"the job ran on Python {recorded.interpreter}, which is not on this machine",
            hint=f"get just that version, for instance with `uv python install"
            f" {recorded.interpreter}` or `pyenv install {recorded.interpreter}`;"
            f" found here: {names}",
        ) from None
