"""The end of a server's build, for people: what failed, each job, the verdict, where to look."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from fairlead.cli.view import Look, look_of
from fairlead.cli.view.blocks import heading
from fairlead.cli.view.clean import clean, clean_lines, one_line
from fairlead.cli.view.look import cells
from fairlead.cli.view.words import duration, plural
from fairlead.errors import FairleadError

if TYPE_CHECKING:
    from fairlead.client.api import Api
    from fairlead.client.values import Build, Job, Step, TestCase

Failing = Mapping[str, Sequence["TestCase"]]

_TESTS = 10
_STEPS = 3
_LINES = 30
_BYTES = 32 << 10
_MANY = 20
_LONGEST_NAME = 32


def ending(api: "Api", build: "Build", failing: Failing, stream: IO[str]) -> str:
    """The whole end as text for a stream; the verdict comes last."""
    look = look_of(stream, os.environ)
    lines = [
        *_tests(failing, look),
        *_steps(api, build, look),
        *_jobs(build, look),
        "",
        *_verdict(build, look),
    ]
    text = clean("\n".join(lines).strip("\n"), colour=look.colour)
    return look.plain(text) + "\n"


def _tests(failing: Failing, look: Look) -> Iterator[str]:
    found = [(job, test) for job, tests in failing.items() for test in tests]
    if not found:
        return
    yield from (heading(plural(len(found), "failing test"), look), "")
    for job, test in found[:_TESTS]:
        name = one_line(test.node or test.name)
        yield f"{look.symbol('failed')} {name}  {look.style(one_line(job), 'dim')}"
        if message := one_line(test.message or ""):
            yield f"    {look.clip(message, max(look.width - 4, 40))}"
    if len(found) > _TESTS:
        yield f"… and {len(found) - _TESTS} more"
    yield ""


def _steps(api: "Api", build: "Build", look: Look) -> Iterator[str]:
    """The end of what failing steps wrote, where no test says what is wrong."""
    shown = 0
    for job in build.jobs:
        step = _failed_step(job)
        if step is None or shown == _STEPS:
            continue
        shown += 1
        yield from (heading(f"{one_line(job.key)}: {one_line(step.name)}", look), "")
        yield from (f"  {line}" for line in _output(api, build, job, step))
        yield ""


def _failed_step(job: "Job") -> "Step | None":
    if job.state not in ("failed", "errored") or job.tests.bad or not job.attempts:
        return None
    bad = (step for step in job.attempts[-1].steps if step.state in ("failed", "errored"))
    return next(bad, None)


def _output(api: "Api", build: "Build", job: "Job", step: "Step") -> list[str]:
    from fairlead.client.logs import LogReader

    length = min(step.length, _BYTES)
    if not length:
        return []
    start = step.offset + step.length - length
    data = b""
    try:
        for piece in LogReader(api, build, job.place, job.attempts[-1].number, start).once():
            data += piece
            if len(data) >= length:
                break
    except FairleadError as error:
        return [f"(its log cannot be read: {one_line(str(error))})"]
    return clean_lines(data[:length], last=_LINES, cut=length < step.length)


def _jobs(build: "Build", look: Look) -> Iterator[str]:
    shown = [job for job in build.jobs if job.state != "passed"]
    shown = list(build.jobs) if len(build.jobs) <= _MANY else shown
    if not shown:
        return
    yield heading("Jobs", look)
    if dull := len(build.jobs) - len(shown):
        yield f"{look.symbol('passed')} {plural(dull, 'job')} passed"
    width = min(max(cells(one_line(job.key)) for job in shown), _LONGEST_NAME)
    yield from (_job(job, width, look) for job in shown)


def _job(job: "Job", width: int, look: Look) -> str:
    allowed = job.allow_failure and job.state in ("failed", "errored")
    state = "allowed" if allowed else job.state
    if state in ("queued", "held"):
        state = "waiting"
    name = look.clip(one_line(job.key), width)
    words = [duration(job.seconds or 0.0) if job.attempts else ""]
    if job.tests.bad:
        total = job.tests.bad + job.tests.passed + job.tests.skipped
        words.append(f"{job.tests.bad:,} of {plural(total, 'test')} failed")
    elif job.reason:
        words.append(one_line(job.reason))
    if allowed:
        words.append("allowed to fail")
    rest = look.clip(", ".join(word for word in words if word), max(look.width - width - 14, 20))
    word = look.style(f"{job.state:<9}", state)
    return f"{look.symbol(state)} {name}{' ' * (width - cells(name))}  {word} {rest}".rstrip()


def _verdict(build: "Build", look: Look) -> Iterator[str]:
    words = one_line(build.sentence or build.reason or "")
    took = f" — {duration(build.seconds or 0.0)}" if not build.sentence and build.seconds else ""
    word = look.style(look.style(build.state, build.state), "bold")
    yield f"{look.symbol(build.state)} {word}{f': {words}' if words else ''}{took}"
    yield look.style(f"  build {build.name}: {build.url}", "dim")
    if build.state in ("failed", "errored") and build.jobs:
        yield look.style(f"  run it here: fairlead reproduce {build.name}", "dim")
