"""Lines of a log as HTML rows: alike in pages, in fragments of finished logs, in live streams."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from fairlead.server.logs.folds import Fold
from fairlead.server.logs.render import Rendered


def row(line: Rendered) -> str:
    """One line with its number as a link to itself; where folds begin and end is in an attribute.

    What ``line.html`` holds is escaped already; all else is of our making.
    """
    number = line.number
    text = line.html or _title(line.folds)
    if line.missing:
        text += f"<i>… {line.missing:,} more bytes: see the raw log</i>"
    folds = f' data-fold="{" ".join(map(_mark, line.folds))}"' if line.folds else ""
    return f'<p id="L{number}"{folds}><a href="#L{number}">{number}</a><span>{text}</span></p>'


def grouped(lines: Iterable[tuple[int, Rendered]]) -> Iterator[tuple[int, list[Rendered]]]:
    """Lines that come with their step, step by step."""
    for step, pairs in groupby(lines, key=lambda pair: pair[0]):
        yield step, [line for _, line in pairs]


def steps_html(lines: Iterable[tuple[int, Rendered]]) -> str:
    """Rows within one element for each step: ``<div data-step="3">...</div>``; no line ends."""
    return "".join(
        f'<div data-step="{step}">{"".join(map(row, rows))}</div>' for step, rows in grouped(lines)
    )


def _mark(fold: Fold) -> str:
    return ("+" if fold.begins else "-") + fold.name


def _title(folds: tuple[Fold, ...]) -> str:
    return next((fold.name for fold in folds if fold.begins), "")
