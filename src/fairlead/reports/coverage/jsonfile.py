"""The report of ``coverage json``: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html."""

import msgspec

from fairlead.reports.coverage.lines import Lines
from fairlead.reports.raw import text_of, unreadable
from fairlead.util.decoding import from_json


class _File(msgspec.Struct):
    executed_lines: tuple[int, ...]
    missing_lines: tuple[int, ...] = ()


class _Report(msgspec.Struct):
    files: dict[str, _File]


def fill(lines: Lines, data: bytes, file: str) -> None:
    """Add the lines of a JSON report. Raises ``ReportUnreadable``."""
    try:
        report = from_json(text_of(data), _Report)
    except msgspec.ValidationError as error:
        raise unreadable(file, f"not a report of coverage json: {error}") from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise unreadable(file, f"broken JSON: {error}") from error
    for name, found in report.files.items():
        lines.add((name,), found.executed_lines, found.missing_lines)
