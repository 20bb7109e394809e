"""Numbers and lists in words, the same ones in every view."""

from collections.abc import Sequence

from fairlead.model import TestOutcome, TestReport
from fairlead.reports.words import duration, listing, percent, plural

__all__ = ["clock", "counts_of", "duration", "line_ranges", "listing", "percent", "plural"]

_HOUR = 3600


def clock(seconds: float) -> str:
    """``0:07``, ``12:40``, ``1:02:03``: a time that keeps changing and must not jump about."""
    whole = max(int(seconds), 0)
    minutes, rest = whole // 60, whole % 60
    if whole < _HOUR:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def counts_of(tests: TestReport) -> str:
    """``2 of 240 tests failed, 3 skipped``; empty for a report without tests."""
    total = len(tests.cases)
    if not total:
        return ""
    failed = tests.count(TestOutcome.FAILED, TestOutcome.ERRORED)
    skipped = tests.count(TestOutcome.SKIPPED)
    first = f"{failed:,} of {plural(total, 'test')} failed" if failed else plural(total, "test")
    return f"{first}, {skipped:,} skipped" if skipped else first


def line_ranges(places: Sequence[str]) -> list[str]:
    """``("a.py:3", "a.py:4", "b.py:9")`` as ``["a.py:3-4", "b.py:9"]``."""
    found: list[tuple[str, int, int]] = []
    for place in places:
        path, _, number = place.rpartition(":")
        line = int(number) if number.isdecimal() else 0
        if found and found[-1][0] == path and found[-1][2] == line - 1:
            found[-1] = (path, found[-1][1], line)
        else:
            found.append((path, line, line))
    return [f"{path}:{first}" + (f"-{last}" if last > first else "") for path, first, last in found]
