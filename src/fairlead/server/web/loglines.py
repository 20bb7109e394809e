"""Logs as pages show them: which lines at first, step by step, never more than a page takes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from msgspec import structs

from fairlead.model import Value
from fairlead.server.logs.blocks import Log, Section, count_lines, sections, size
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.read import line_start, rendered
from fairlead.server.logs.render import Rendered
from fairlead.server.storage import open_storage
from fairlead.server.store.livelogs import open_log
from fairlead.server.store.models import State, Step
from fairlead.server.streams.rows import row

MOST = 1000
"""Lines that one answer gives."""

TAIL = 200
FAILING = 100
_BYTES = {TAIL: 36_000, FAILING: 18_000}  # of HTML: a page stays below 100 KB
_FRAGMENT = 1 << 20
_OPEN = (State.FAILED, State.ERRORED, State.RUNNING)


class Shown(Value, frozen=True, kw_only=True):
    """Lines ``first`` to ``last`` as rows."""

    first: int
    last: int
    html: SafeString


class Part(Value, frozen=True, kw_only=True):
    """What one step wrote in one go: lines ``first`` to ``last`` (0: nothing), some of them shown.

    ``earlier`` and ``later`` are the lines before and behind those that are not.
    """

    step: Step | None
    number: int
    first: int
    last: int
    shown: Shown | None
    open: bool
    earlier: tuple[int, int] | None = None
    later: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """Lines."""
        return self.last - self.first + 1 if self.last else 0

    @property
    def load_to(self) -> int:
        """The last line of what is shown first of a part that shows nothing yet."""
        return min(self.last, self.first + MOST // 2 - 1)


class View(Value, frozen=True, kw_only=True):
    """A log on a page. ``offset`` is where the line begins that has no end yet, or all ends.

    From there on a stream goes on. ``size`` is in bytes; ``lines`` are the whole ones.
    """

    parts: tuple[Part, ...]
    lines: int
    size: int
    offset: int


def attempt_log(attempt_id: int) -> Log:
    """An attempt's log wherever it lies. Raises ``StoreError``."""
    storage = open_storage(settings.FAIRLEAD)
    try:
        return open_log(attempt_id, storage)
    except LogMissing:
        return open_log(attempt_id, storage)


def look_at(
    log: Log, steps: Sequence[Step], wanted: tuple[int, int] | None = None, *, live: bool = False
) -> View:
    """The tail and what failed, or the lines ``wanted``.

    The last line of a ``live`` log is left out while it has no end.
    """
    total = count_lines(log)
    offset = size(log)
    if live and log.blocks and log.blocks[-1].open:
        start = line_start(log, offset)
        total, offset = start.number - 1, start.offset
    found = [section for section in sections(log) if section.first <= total]
    ranges = [_bounded(wanted, total)] if wanted else _at_first(found, steps, total)
    by_number = {step.number: step for step in steps}
    parts = [
        _part(log, section, by_number.get(section.step), ranges, min(section.last, total))
        for section in found
    ]
    parts = _with_silent(parts, steps)
    return View(parts=tuple(_opened(parts)), lines=total, size=size(log), offset=offset)


def fragment(log: Log, first: int, last: int) -> Shown:
    """Lines for a page that shows others already; fewer than asked for where they are long."""
    lines = _budgeted(rendered(log, first, min(last, first + MOST - 1)), _FRAGMENT)
    return _shown(lines, first)


def _at_first(found: list[Section], steps: Sequence[Step], total: int) -> list[tuple[int, int]]:
    """The tail of the log, and of each step that failed (of one, if they are many)."""
    ranges = [(max(1, total - TAIL + 1), total)]
    bad = {step.number for step in steps if step.state in (State.FAILED, State.ERRORED)}
    failing = [section for section in found if section.step in bad][:1]
    ranges += [(max(part.first, part.last - FAILING + 1), part.last) for part in failing]
    return ranges


def _part(
    log: Log, section: Section, step: Step | None, ranges: list[tuple[int, int]], last: int
) -> Part:
    first = section.first
    inside = [(max(first, begin), min(last, end)) for begin, end in ranges]
    inside = [(begin, end) for begin, end in inside if begin <= end]
    shown = None
    if inside:
        shown = _rows(log, min(begin for begin, _ in inside), max(end for _, end in inside), last)
    return Part(
        step=step,
        number=section.step,
        first=first,
        last=last,
        shown=shown,
        open=bool(step and step.state in _OPEN),
        earlier=_earlier(shown, first),
        later=_later(shown, last),
    )


def _rows(log: Log, begin: int, end: int, last: int) -> Shown:
    """Rows within the budget: the last ones where they reach to the end, else the first ones."""
    lines = rendered(log, begin, end)
    if end < last:
        return _shown(_budgeted(lines, _BYTES[TAIL] * 2), begin)
    most = _BYTES[TAIL if end - begin >= FAILING else FAILING]
    return _shown(_budgeted(reversed(list(lines)), most)[::-1], begin)


def _earlier(shown: Shown | None, first: int) -> tuple[int, int] | None:
    if shown is None or shown.first <= first:
        return None
    return max(first, shown.first - MOST // 2), shown.first - 1


def _later(shown: Shown | None, last: int) -> tuple[int, int] | None:
    if shown is None or shown.last >= last:
        return None
    return shown.last + 1, min(last, shown.last + MOST // 2)


def _with_silent(parts: list[Part], steps: Sequence[Step]) -> list[Part]:
    """With the steps that wrote nothing, in order."""
    heard = {part.number for part in parts}
    for step in steps:
        if step.number not in heard:
            behind = [at for at, part in enumerate(parts) if part.number > step.number]
            silent = Part(
                step=step,
                number=step.number,
                first=0,
                last=0,
                shown=None,
                open=step.state == State.RUNNING,
            )
            parts.insert(behind[0] if behind else len(parts), silent)
    return parts


def _opened(parts: list[Part]) -> Iterator[Part]:
    """Where no step is of interest by itself, the last one that wrote something is open."""
    last = max((at for at, part in enumerate(parts) if part.shown), default=-1)
    if any(part.open for part in parts):
        last = -1
    for at, part in enumerate(parts):
        yield structs.replace(part, open=True) if at == last else part


def _bounded(wanted: tuple[int, int], total: int) -> tuple[int, int]:
    first = min(max(1, wanted[0]), max(1, total))
    return first, min(wanted[1], first + MOST - 1, total)


def _budgeted(lines: Iterable[Rendered], most: int) -> list[Rendered]:
    """As many lines as ``most`` bytes of HTML hold, one at least."""
    used = 0

    def fits(line: Rendered) -> bool:
        nonlocal used
        before, used = used, used + len(line.html) + 60
        return used <= most or not before

    return list(takewhile(fits, lines))


def _shown(lines: Sequence[Rendered], first: int) -> Shown:
    html = mark_safe("".join(map(row, lines)))  # noqa: S308 — what logs.render makes is escaped
    if not lines:
        return Shown(first=first, last=first - 1, html=html)
    return Shown(first=lines[0].number, last=lines[-1].number, html=html)
