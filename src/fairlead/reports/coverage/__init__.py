"""Coverage files to line numbers: coverage.py's data and JSON, and Cobertura XML."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from fairlead.model import Coverage, FileCoverage
from fairlead.reports.coverage.lines import Lines
from fairlead.reports.raw import LIMIT, check_size, unreadable

__all__ = ["combine", "read"]


def read(
    data: bytes,
    file: str,
    *,
    prefixes: Iterable[str] = (),
    sources: Callable[[str], bytes | None] | None = None,
    limit: int = LIMIT,
) -> Coverage:
    """The lines of one coverage ``file``, whichever of the three kinds it is.

    ``prefixes`` are the folders that were the project's root where the tests ran; paths become
    relative to it. ``sources`` gives a project file's bytes, or ``None`` where it is not there:
    with it a bare data file, which knows only what ran, is completed with the lines that did
    not, and files named ambiguously or below ``site-packages`` are found. Raises
    ``ReportUnreadable``.
    """
    check_size(data, file, limit)
    lines = Lines(prefixes, sources)
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"SQLite format 3\0"):
        from fairlead.reports.coverage.datafile import fill
    elif head.startswith(b"{"):
        from fairlead.reports.coverage.jsonfile import fill
    elif head.startswith(b"<") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        from fairlead.reports.coverage.cobertura import fill
    else:
        raise unreadable(
            file,
            "not a coverage file" if data else "the file is empty",
            hint="known are coverage.py's data file (version 5 or newer), its JSON and XML reports",
        )
    fill(lines, data, file)
    return lines.coverage()


def combine(parts: Iterable[Coverage]) -> Coverage:
    """One coverage of all parts: a line is missing only where no part ran it."""
    executed: defaultdict[str, set[int]] = defaultdict(set)
    missing: defaultdict[str, set[int]] = defaultdict(set)
    for part in parts:
        for file in part.files:
            executed[file.path].update(file.executed)
            missing[file.path].update(file.missing)
    return Coverage(
        files=tuple(
            FileCoverage(
                path=path,
                executed=tuple(sorted(executed[path])),
                missing=tuple(sorted(missing[path] - executed[path])),
            )
            for path in sorted(executed)
        )
    )
