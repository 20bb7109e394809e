"""The lines that plugins and a session's shell append to their file, as values.

One JSON object a line, its kind in ``t``:

- ``collected``: ``n`` tests are about to run.
- ``start``: a test begins; ``suite``, ``name``, ``id``, ``file``, ``line`` say which.
- ``test``: it ended; besides these ``outcome``, ``seconds``, ``message``, ``details``, ``output``.
- ``step``: a session's step ``index`` begins or ends (``op``), at its end with exit ``code``.

Whatever runs in a job may write to that file, so nothing in it is trusted: a line that is broken,
too long or of no known kind is dropped and counted.
"""

from typing import Annotated, Literal

import msgspec

from fairlead.model import TestCase, TestOutcome
from fairlead.util.decoding import json_decoder

LINE_LIMIT = 1 << 20
"""Bytes of the longest line that is read."""

_MOST_UNDER_WAY = 10_000

_Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Collected(msgspec.Struct, frozen=True):
    """A runner is about to run ``count`` tests."""

    count: int


class Finished(msgspec.Struct, frozen=True):
    """A test ended."""

    case: TestCase


class StepMark(msgspec.Struct, frozen=True):
    """A session's step ``index`` starts or ends (``op``); ``code`` is its exit code."""

    op: str
    index: int
    code: int | None = None


Message = Collected | Finished | StepMark


class _Line(msgspec.Struct, tag_field="t"):
    pass


class _Collected(_Line, tag="collected"):
    n: _Count


class _Identity(_Line):
    name: str
    suite: str = ""
    id: str = ""
    file: str = ""
    line: _Count = 0


class _Start(_Identity, tag="start"):
    pass


class _Test(_Identity, tag="test", kw_only=True):
    outcome: TestOutcome
    seconds: _Seconds = 0.0
    message: str = ""
    details: str = ""
    output: str = ""


class _Step(_Line, tag="step"):
    op: Literal["start", "end"]
    index: _Count
    code: int | None = None


_decoder = json_decoder(_Collected | _Start | _Test | _Step)


class Reader:
    """Turns bytes into messages as they come, cut anywhere. ``dropped`` counts unusable lines."""

    def __init__(self) -> None:
        self.dropped = 0
        self._rest = b""
        self._skipping = False
        self._under_way: dict[tuple[str, str], _Start] = {}

    def feed(self, data: bytes) -> tuple[Message, ...]:
        """The messages of all lines that ``data`` completes, in their order."""
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0], self._rest = self._rest + lines[0], b""
        self._rest += rest
        messages = [message for line in lines if (message := self._line(line))]
        if len(self._rest) > LINE_LIMIT:
            self._rest, self._skipping = b"", True
        return tuple(messages)

    def lost(self) -> tuple[TestCase, ...]:
        """Errored cases for the tests that began and of whose end nothing was said, once each.

        To be asked when the processes have ended: such a test took its process along, or its
        run was stopped.
        """
        message = "the test process ended while this test was running"
        lost = tuple(
            _case(start, outcome=TestOutcome.ERRORED, message=message)
            for start in self._under_way.values()
        )
        self._under_way.clear()
        return lost

    def _line(self, line: bytes) -> Message | None:
        if self._skipping or len(line) > LINE_LIMIT:
            self._skipping = False
            self.dropped += 1
            return None
        if not line.strip():
            return None
        try:
            return self._message(_decoder.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.dropped += 1
            return None

    def _message(self, line: _Collected | _Start | _Test | _Step) -> Message | None:
        match line:
            case _Collected(n=count):
                return Collected(count)
            case _Step(op=op, index=index, code=code):
                return StepMark(op, index, code)
            case _Test():
                self._under_way.pop((line.suite, line.name), None)
                return Finished(_ended(line))
            case _Start():
                if len(self._under_way) >= _MOST_UNDER_WAY:
                    self._under_way.pop(next(iter(self._under_way)))
                self._under_way[line.suite, line.name] = line
        return None


def _ended(line: _Test) -> TestCase:
    return _case(
        line,
        outcome=line.outcome,
        seconds=line.seconds,
        message=line.message,
        details=line.details,
        output=line.output,
    )


def _case(
    line: _Identity,
    *,
    outcome: TestOutcome,
    message: str,
    seconds: float = 0.0,
    details: str = "",
    output: str = "",
) -> TestCase:
    return TestCase(
        name=line.name,
        suite=line.suite,
        id=line.id,
        file=line.file,
        line=line.line,
        outcome=outcome,
        seconds=seconds,
        message=message,
        details=details,
        output=output,
    )
