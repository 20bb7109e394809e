"""pyflakes: ``path:line:column: message``, without the column in versions before 2.2.

It has no rule names, so a rule is the message without what is quoted in it:
``'os' imported but unused`` is ``imported-but-unused``.
"""

import re

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import lines_of
from fairlead.reports.violations.common import number

_LINE = re.compile(
    r"(?P<path>[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):?)? (?P<message>[^\s].*)"
)
# Any words may follow, so the path must look like one: not "INFO 12" before a clock's 30:45.
_PATH = re.compile(r".*\.\w+|.*/.*[^\d]|<stdin>")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|\d+""")
_GRAVER = re.compile(r"undefined-name|invalid-syntax|.*syntax|unexpected-|unterminated-|unindent")


def read(data: bytes, file: str) -> Violations:  # noqa: ARG001 — a log without lines is no error
    """What pyflakes said."""
    found = (_LINE.match(line) for line in lines_of(data))
    items = tuple(_violation(match) for match in found if match and _PATH.fullmatch(match["path"]))
    return Violations(tool="pyflakes", items=items)


def _violation(found: re.Match[str]) -> Violation:
    message = found["message"].strip()
    words = re.findall(r"[a-z]+", _QUOTED.sub(" ", message).lower())
    rule = "-".join(words[:6])
    return Violation(
        tool="pyflakes",
        rule=rule,
        path=found["path"],
        message=message,
        level=Level.ERROR if _GRAVER.match(rule) else Level.WARNING,
        line=number(found["line"]),
        column=number(found["column"]),
    )
