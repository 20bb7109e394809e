"""Readers of linters' output, one module a tool.

To add a tool, write a module with ``read(data, file) -> Violations`` that understands the tool's
structured output and its lines in a step's log, and name it in ``_READERS``.
"""

from collections.abc import Callable, Iterator
from importlib import import_module

import msgspec

from fairlead.model import Violation, Violations
from fairlead.reports.paths import relative
from fairlead.reports.raw import check_size, unreadable
from fairlead.reports.violations.command import tool_of
from fairlead.reports.violations.fingerprint import fingerprinted

__all__ = ["TOOLS", "read", "tool_of"]

_READERS = {
    "autopep8": "autopep8",
    "bandit": "bandit",
    "black": "black",
    "checkstyle": "checkstyle",
    "flake8": "flake8",
    "isort": "isort",
    "mypy": "mypy",
    "pycodestyle": "pycodestyle",
    "pyflakes": "pyflakes",
    "pylint": "pylint",
    "ruff": "ruff",
    "ruff-format": "ruff_format",
    "sarif": "sarif",
}
TOOLS = tuple(_READERS)
"""The names of the tools whose output can be read."""


def read(
    tool: str,
    data: bytes,
    file: str,
    sources: Callable[[str], bytes | None] | None = None,
    *,
    root: str = "",
) -> Violations:
    """What ``tool`` said in ``data``: the log of a step, or a report ``file`` of its own.

    Paths become relative to ``root``, the project's folder where the tool ran; each violation
    gets its fingerprint, for which ``sources`` gives the bytes of a project file. A tool that
    is not known here is read where its report is SARIF or checkstyle XML. Raises
    ``ReportUnreadable``.
    """
    check_size(data, file)
    found = _reader(tool, data, file)(data, file)
    items = fingerprinted(_normal(found, root), sources or _nothing)
    return Violations(tool=found.tool, items=tuple(items), score=found.score)


def _reader(tool: str, data: bytes, file: str) -> Callable[[bytes, str], Violations]:
    if tool in _READERS:
        module = import_module(f"{__name__}.{_READERS[tool]}")
        reader: Callable[[bytes, str], Violations] = module.read
        return reader
    from fairlead.reports.violations import checkstyle, sarif

    head = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head == b"{":
        return lambda data, file: sarif.read(data, file, tool=tool)
    if head == b"<":
        return lambda data, file: checkstyle.read(data, file, tool=tool)
    raise unreadable(
        file,
        f"there is no reader for the output of {tool!r}",
        hint=f"known are {', '.join(TOOLS)}; other tools by SARIF or checkstyle XML",
    )


def _normal(found: Violations, root: str) -> Iterator[Violation]:
    prefixes = (root,) if root else ()
    for item in found.items:
        path = relative(item.path, prefixes)
        if path != item.path or item.tool != found.tool:
            item = msgspec.structs.replace(item, path=path, tool=found.tool)  # noqa: PLW2901
        yield item


def _nothing(_path: str) -> None:
    return None
