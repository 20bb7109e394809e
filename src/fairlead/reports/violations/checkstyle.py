"""Checkstyle XML, which many tools can write: a file, and errors with line, severity, source."""

from typing import TYPE_CHECKING

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import unreadable
from fairlead.reports.violations.common import number
from fairlead.reports.xmltree import parse, tag_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LEVELS = {"error": Level.ERROR, "info": Level.NOTE}


def read(data: bytes, file: str, *, tool: str = "checkstyle") -> Violations:
    """The errors of a checkstyle report. Raises ``ReportUnreadable``."""
    root = parse(data, file)
    if tag_of(root) != "checkstyle":
        raise unreadable(file, f"not a checkstyle report: it begins with <{tag_of(root)}>")
    items = (
        _violation(tool, entry.get("name", ""), error)
        for entry in root
        if tag_of(entry) == "file"
        for error in entry
        if tag_of(error) == "error" and error.get("severity") != "ignore"
    )
    return Violations(tool=tool, items=tuple(items))


def _violation(tool: str, path: str, error: "Element") -> Violation:
    return Violation(
        tool=tool,
        rule=error.get("source", ""),
        path=path,
        message=error.get("message", ""),
        level=_LEVELS.get(error.get("severity", ""), Level.WARNING),
        line=number(error.get("line")),
        column=number(error.get("column")),
    )
