"""isort ``--check-only`` and ``--diff``."""

import re

from fairlead.model import Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.reformatting import changes, whole

_FILE = re.compile(r"ERROR: (.+?) Imports are incorrectly sorted.*")


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What isort would change."""
    lines = lines_of(data)
    hunks = changes("isort", lines, marks=("", ":before"))
    named = (found[1] for line in lines if (found := _FILE.fullmatch(line)))
    return Violations(tool="isort", items=(*hunks, *whole("isort", named, hunks)))
