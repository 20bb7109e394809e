"""autopep8 ``--diff``."""

from fairlead.model import Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.reformatting import changes


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What autopep8 would change."""
    hunks = changes("autopep8", lines_of(data), marks=("original/", ""))
    return Violations(tool="autopep8", items=tuple(hunks))
