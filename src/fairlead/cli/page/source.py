"""Annotated source: the lines that no test ran, each with a few lines around it."""

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli.view.clean import clean, shorten
from fairlead.model import Comparison, Coverage, FileCoverage
from fairlead.model.plan import Value

ReadSource = Callable[[str], bytes | None]
"""Gives the bytes of a file of the project by its path, or ``None`` where there is none."""

_AROUND = 3
_LINES = 6000
_FILES = 60
_LONGEST_LINE = 240
_LARGEST = 2 << 20


class Line(Value, frozen=True, kw_only=True):
    """A line of source. ``state`` is ``ran``, ``missed`` or empty for one that cannot run."""

    number: int
    text: str
    state: str = ""
    changed: bool = False


class Annotated(Value, frozen=True, kw_only=True):
    """A file's coverage and its hunks of source, empty where it is not shown.

    ``changed`` counts the changed lines that no test ran; ``why`` says why nothing is shown.
    """

    path: str
    covered: int
    total: int
    changed: int = 0
    hunks: tuple[tuple[Line, ...], ...] = ()
    why: str = ""

    @property
    def missing(self) -> int:
        """How many lines no test ran."""
        return self.total - self.covered

    @property
    def percent(self) -> float:
        """Share of the lines that ran, 0-100."""
        return 100.0 * self.covered / self.total if self.total else 100.0


def annotate(
    coverage: Coverage, comparison: Comparison | None, read: ReadSource
) -> tuple[Annotated, ...]:
    """All files: those with untested changes first, then by the number of lines missed."""
    changed = _changed(comparison.changed_missing if comparison else ())

    def order(file: FileCoverage) -> tuple[int, int, str]:
        return -len(changed.get(file.path, ())), -len(file.missing), file.path

    return tuple(_annotated(sorted(coverage.files, key=order), changed, read))


def _changed(places: Sequence[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for place in places:
        path, _, number = place.rpartition(":")
        if number.isdecimal():
            found.setdefault(path, set()).add(int(number))
    return found


def _annotated(
    files: Sequence[FileCoverage], changed: dict[str, set[int]], read: ReadSource
) -> Iterator[Annotated]:
    room, shown = _LINES, 0
    for file in files:
        lines = changed.get(file.path, set())
        hunks: tuple[tuple[Line, ...], ...] = ()
        why = ""
        if file.missing:
            hunks, why = _shown(file, lines, read) if shown < _FILES else ((), "left out for size")
        taken = sum(map(len, hunks))
        if taken > room:
            hunks, why = _first(hunks, room), "cut for size"
        room -= min(taken, room)
        shown += bool(hunks)
        yield Annotated(
            path=file.path,
            covered=len(file.executed),
            total=len(file.executed) + len(file.missing),
            changed=len(lines),
            hunks=hunks,
            why=why,
        )


def _first(hunks: tuple[tuple[Line, ...], ...], room: int) -> tuple[tuple[Line, ...], ...]:
    kept = []
    for hunk in hunks:
        if room <= 0:
            break
        kept.append(hunk[:room])
        room -= len(hunk)
    return tuple(kept)


def _shown(
    file: FileCoverage, changed: set[int], read: ReadSource
) -> tuple[tuple[tuple[Line, ...], ...], str]:
    data = read(file.path)
    if data is None:
        return (), "its source is not there any more"
    if len(data) > _LARGEST:
        return (), "its source is too large to show"
    text = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    ran, missed = frozenset(file.executed), frozenset(file.missing)
    numbers = [n for n in file.missing if n <= len(text)]

    def line(number: int) -> Line:
        state = "missed" if number in missed else "ran" if number in ran else ""
        written = shorten(clean(text[number - 1].rstrip("\r")), _LONGEST_LINE)
        return Line(number=number, text=written, state=state, changed=number in changed)

    spans = _spans(numbers, len(text))
    return tuple(tuple(line(n) for n in range(a, b + 1)) for a, b in spans), ""


def _spans(numbers: Sequence[int], last: int) -> list[tuple[int, int]]:
    """First and last lines of the hunks around ``numbers``, merged where they touch."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        first, end = max(number - _AROUND, 1), min(number + _AROUND, last)
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((first, end))
    return spans
