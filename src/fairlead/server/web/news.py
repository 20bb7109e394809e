"""What is new in a build: failures that were not there before, and what else its result tells."""

from collections.abc import Mapping, Sequence

import msgspec

from fairlead.server.store.models import Build, Test
from fairlead.server.store.tests import BAD
from fairlead.server.web.jobs import JobLine
from fairlead.server.web.words import one_line, percent, plain, plural
from fairlead.util.decoding import from_json

_COUNT = 20


class _Case(msgspec.Struct, frozen=True):
    name: str
    suite: str = ""
    id: str = ""
    message: str = ""


class _Change(msgspec.Struct, frozen=True):
    job: str
    case: _Case


class _Comparison(msgspec.Struct, frozen=True):
    new_failures: tuple[_Change, ...] = ()
    still_failing: tuple[_Change, ...] = ()
    fixed: tuple[_Change, ...] = ()
    coverage: float | None = None
    coverage_before: float | None = None
    changed_coverage: float | None = None
    new_violations: tuple[msgspec.Raw, ...] = ()


class _Skipped(msgspec.Struct, frozen=True):
    job: str
    reason: str


class Told(msgspec.Struct, frozen=True):
    """The part of a stored ``RunResult`` that the page shows; the rest is not even decoded."""

    comparison: _Comparison | None = None
    skipped: tuple[_Skipped, ...] = ()


class Failure(msgspec.Struct, frozen=True):
    """A test that failed: ``jobs`` are the places (from 1) and names of those it failed in."""

    name: str
    message: str
    jobs: tuple[tuple[int, str], ...]
    more_jobs: int


class News(msgspec.Struct, frozen=True):
    """``new`` says whether ``failures`` are known to be; ``others`` says what else is."""

    failures: tuple[Failure, ...]
    more: int
    new: bool
    others: str
    coverage: str
    violations: int


def read_told(build: Build) -> Told:
    """What the stored result tells; nothing before the end."""
    return from_json(bytes(build.result), Told) if build.result else Told()


def make_news(build: Build, told: Told, lines: Sequence[JobLine]) -> News:
    """From the comparison with the build before, or (without one) the tests that failed so far."""
    places = {line.key: line for line in lines}
    beside = told.comparison
    if beside is not None and (beside.new_failures or build.ended):
        found = [(change.job, change.case) for change in beside.new_failures]
        failures = _gather(found, places)
        still, fixed = len(beside.still_failing), len(beside.fixed)
        words = [f"{still:,} still failing"] * bool(still) + [f"{fixed:,} fixed"] * bool(fixed)
        return News(
            tuple(failures[:_COUNT]),
            max(0, len(failures) - _COUNT),
            new=True,
            others=", ".join(words),
            coverage=_coverage(beside),
            violations=len(beside.new_violations),
        )
    rows = Test.objects.filter(build=build, outcome__in=BAD).order_by("id") if lines else ()
    columns = "attempt__job__key", "suite", "name", "node", "message"
    cases = [
        (key, _Case(name, suite, node, message[:1000]))
        for key, suite, name, node, message in (
            rows.values_list(*columns)[: _COUNT * 4] if not isinstance(rows, tuple) else ()
        )
    ]
    failures = _gather(cases, places)
    return News(tuple(failures[:_COUNT]), 0, new=False, others="", coverage="", violations=0)


def _gather(found: Sequence[tuple[str, _Case]], places: Mapping[str, JobLine]) -> list[Failure]:
    cases: dict[str, _Case] = {}
    jobs: dict[str, dict[int, str]] = {}
    for key, case in found:
        name = case.id or (f"{case.suite}::{case.name}" if case.suite else case.name)
        cases.setdefault(name, case)
        if line := places.get(key):
            jobs.setdefault(name, {})[line.place] = one_line(line.key, 60)
    return [
        Failure(
            one_line(name, 300),
            plain(case.message)[:400],
            tuple(jobs.get(name, {}).items())[:4],
            max(0, len(jobs.get(name, {})) - 4),
        )
        for name, case in cases.items()
    ]


def _coverage(beside: _Comparison) -> str:
    parts = []
    if beside.coverage is not None and beside.coverage_before is not None:
        parts.append(f"{beside.coverage - beside.coverage_before:+.1f} points")
    if beside.changed_coverage is not None:
        parts.append(f"{percent(beside.changed_coverage)} of the change")
    return ", ".join(parts)


def tests_of(build: Build) -> tuple[str, str]:
    """How many tests, and how many of them failed or were skipped."""
    total = build.passed_tests + build.bad_tests + build.skipped_tests
    if not total:
        return "", ""
    words = [f"{build.bad_tests:,} failed" if build.bad_tests else "all passed"]
    if build.skipped_tests:
        words.append(f"{build.skipped_tests:,} skipped")
    return plural(total, "test"), ", ".join(words)
