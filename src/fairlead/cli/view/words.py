"""Numbers and lists in words, the same ones in every view."""

from collections.abc import Sequence

from fairlead.model import TestOutcome, TestReport

_MINUTE = 60
_HOUR = 3600
_SHORT = 9.95


def duration(seconds: float) -> str:
    """``0.4 s``, ``48 s``, ``3 min 05 s``, ``1 h 02 min``."""
    if seconds < _SHORT:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def clock(seconds: float) -> str:
    """``0:07``, ``12:40``, ``1:02:03``: a time that keeps changing and must not jump about."""
    whole = max(int(seconds), 0)
    minutes, rest = whole // 60, whole % 60
    if minutes < _MINUTE:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 test``, ``2,400 tests``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def listing(names: Sequence[str], limit: int = 4) -> str:
    """``a, b, c and 5 more``."""
    if len(names) <= limit + 1:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def percent(value: float) -> str:
    """``83 %``, ``99.6 %``: never rounded up to a whole that was not reached."""
    shown = f"{int(value * 10 + 1e-9) / 10:.1f}".removesuffix(".0")
    return f"{shown} %"


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
