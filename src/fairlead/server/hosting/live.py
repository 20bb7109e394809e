"""A build as growing lines for whoever pushed it: steps, failing tests, the verdict."""

import msgspec

_MOST_JOBS = 12
"""Jobs up to which single steps are told."""

_MOST_TESTS = 20
_WIDTH = 160
_QUIET = frozenset({"passed", "cancelled"})


class StepSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A step that ended."""

    job: str
    name: str
    state: str
    seconds: float = 0.0
    reason: str = ""


class JobSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A job in whatever state."""

    name: str
    state: str
    seconds: float = 0.0
    reason: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A build at one moment. ``steps`` are those that ended and ``bad`` failed tests, in order.

    ``bad`` is cut after some; ``bad_tests`` counts all of them.
    """

    number: int
    state: str
    ended: bool = False
    sentence: str = ""
    reason: str = ""
    waiting: str = ""
    jobs: tuple[JobSeen, ...] = ()
    steps: tuple[tuple[int, StepSeen], ...] = ()
    bad: tuple[tuple[int, str], ...] = ()
    bad_tests: int = 0

    @property
    def passed(self) -> bool:
        """Whether its verdict is good."""
        return self.state == "passed"


class Telling:
    """Remembers of one build what was told, so that each thing is told once."""

    def __init__(self) -> None:
        self._said: set[object] = set()
        self._waiting = ""

    def lines(self, now: Seen) -> list[str]:
        """What is new since the last time."""
        found: list[str] = []
        # Not at the first look: it may be taken any moment.
        if now.waiting and now.waiting == self._waiting and self._new(("waiting", now.waiting)):
            found.append(f"  waiting: {now.waiting}")
        self._waiting = now.waiting
        if len(now.jobs) <= _MOST_JOBS:
            found += [_step(step) for key, step in now.steps if self._new(("step", key))]
        found += self._tests(now)
        found += [_job(job) for job in now.jobs if self._ended(job)]
        if now.ended and self._new("verdict"):
            found.append(verdict(now))
        return [_short(line) for line in found]

    def _tests(self, now: Seen) -> list[str]:
        found = [f"  failed: {text}" for key, text in now.bad[:_MOST_TESTS] if self._new(key)]
        if now.ended and now.bad_tests > _MOST_TESTS and self._new("more tests"):
            found.append(f"  and {now.bad_tests - _MOST_TESTS:,} more tests failed")
        return found

    def _ended(self, job: JobSeen) -> bool:
        return job.state not in {"queued", "running", "held"} and self._new(("job", job.name))

    def _new(self, thing: object) -> bool:
        if thing in self._said:
            return False
        self._said.add(thing)
        return True


def verdict(now: Seen) -> str:
    """The last line."""
    said = now.reason or now.sentence
    return f"build {now.number} {now.state}{': ' if said else ''}{said}"


def _step(step: StepSeen) -> str:
    why = f": {step.reason}" if step.reason and step.state not in _QUIET else ""
    name = step.name.strip().partition("\n")[0]
    return f"  {step.job}: {name}: {step.state} after {step.seconds:.1f} s{why}"


def _job(job: JobSeen) -> str:
    why = f": {job.reason}" if job.reason else ""
    return f"  {job.name} {job.state} after {job.seconds:.1f} s{why}"


def _short(line: str) -> str:
    line = line.partition("\n")[0]
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
