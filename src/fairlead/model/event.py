"""What happens while a run goes on: one stream of events, read by every sink.

Written as JSON lines these are the documented, versioned format of ``fairlead run --events``:
each line is one object with its ``event`` name. ``time`` is Unix seconds, ``job`` a job id of
the plan, ``attempt`` counts from 1 and ``step`` from 0.
"""

import msgspec

from .encode import encode
from .plan import Plan, Value
from .report import TestCase
from .result import JobResult, Outcome, RunResult

EVENTS_VERSION = 1


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Event(Value, frozen=True, kw_only=True, tag_field="event", tag=_snake):
    """Base of all events."""

    time: float


class RunStarted(Event, frozen=True, kw_only=True, omit_defaults=False):
    """The first event: what will run. ``isolation`` names the sandbox in force.

    Its ``version`` is always written, since that is what a reader looks at first.
    """

    number: int
    plan: Plan
    isolation: str = ""
    version: int = EVENTS_VERSION


class JobStarted(Event, frozen=True, kw_only=True):
    """A job's attempt begins."""

    job: str
    attempt: int = 1


class PhaseFinished(Event, frozen=True, kw_only=True):
    """A part of an attempt (checkout, environment, services, steps, reports) is over."""

    job: str
    attempt: int
    phase: str
    seconds: float
    note: str = ""


class Progress(Event, frozen=True, kw_only=True):
    """A line about long work outside of any step, such as building an environment."""

    job: str
    text: str


class StepStarted(Event, frozen=True, kw_only=True):
    """A step begins."""

    job: str
    attempt: int
    step: int
    name: str
    phase: str = "script"


class Output(Event, frozen=True, kw_only=True):
    """Bytes a step wrote, in order, cut anywhere; in JSON lines they are text."""

    job: str
    attempt: int
    step: int
    data: bytes


class TestsCollected(Event, frozen=True, kw_only=True):
    """How many tests a step is about to run."""

    __test__ = False

    job: str
    attempt: int
    step: int
    count: int


class TestFinished(Event, frozen=True, kw_only=True):
    """One test ended."""

    __test__ = False

    job: str
    attempt: int
    step: int
    case: TestCase


class StepFinished(Event, frozen=True, kw_only=True):
    """A step ended; ``reused`` when its earlier success stood in for it."""

    job: str
    attempt: int
    step: int
    outcome: Outcome
    seconds: float
    code: int | None = None
    reused: bool = False
    reason: str = ""


class JobFinished(Event, frozen=True, kw_only=True):
    """A job ended for good, or an attempt that will be followed by another (``again``)."""

    job: str
    attempt: int
    outcome: Outcome
    seconds: float
    reason: str = ""
    again: bool = False
    result: JobResult | None = None


class Notice(Event, frozen=True, kw_only=True):
    """Something that must be said; ``job`` is empty for the whole run."""

    text: str
    job: str = ""


class RunFinished(Event, frozen=True, kw_only=True):
    """The last event, with all that is known."""

    result: RunResult


AnyEvent = (
    RunStarted
    | JobStarted
    | PhaseFinished
    | Progress
    | StepStarted
    | Output
    | TestsCollected
    | TestFinished
    | StepFinished
    | JobFinished
    | Notice
    | RunFinished
)


def encode_event(event: Event) -> bytes:
    """One JSON line, newline included; output is decoded as UTF-8 with replacements."""
    if isinstance(event, Output):
        text = event.data.decode("utf-8", "replace")
        fields = {"event": "output", "time": event.time, "job": event.job}
        rest = {"attempt": event.attempt, "step": event.step, "text": text}
        return msgspec.json.encode({**fields, **rest}) + b"\n"
    return encode(event) + b"\n"
