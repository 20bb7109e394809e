"""pycodestyle (once called pep8): its default lines, the same as flake8's."""

from fairlead.model import Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.common import coded
from fairlead.reports.violations.flake8 import GRAVER, LINE


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What pycodestyle said."""
    items = coded("pycodestyle", lines_of(data), LINE, GRAVER)
    return Violations(tool="pycodestyle", items=tuple(items))
