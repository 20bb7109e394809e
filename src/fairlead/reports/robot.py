"""Robot Framework's own ``output.xml``, versions 3 to 7."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from fairlead.model import TestCase, TestOutcome

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_OUTCOMES = {"PASS": TestOutcome.PASSED, "FAIL": TestOutcome.FAILED}
_STAMP = "%Y%m%d %H:%M:%S.%f"


def cases(root: "Element") -> Iterator[TestCase]:
    """The tests below ``<robot>``, in the order they ran; a suite's name has its parents'."""
    open_suites = [(iter(root), "", "")]
    while open_suites:
        children, suite, source = open_suites[-1]
        element = next(children, None)
        if element is None:
            open_suites.pop()
        elif element.tag == "suite":
            name = ".".join(filter(None, (suite, element.get("name"))))
            open_suites.append((iter(element), name, element.get("source") or source))
        elif element.tag == "test":
            yield _case(element, suite, source)


def _case(element: "Element", suite: str, source: str) -> TestCase:
    status = element.find("status")
    ended = status.attrib if status is not None else {}
    line = element.get("line", "")
    return TestCase(
        name=element.get("name") or "(without a name)",
        suite=suite,
        outcome=_OUTCOMES.get(ended.get("status", ""), TestOutcome.SKIPPED),
        file=source,
        line=int(line) if line.isascii() and line.isdecimal() and len(line) < 10 else 0,  # noqa: PLR2004
        seconds=_seconds(ended),
        message=(status.text or "").strip() if status is not None else "",
    )


def _seconds(ended: dict[str, str]) -> float:
    """``elapsed`` (7 and later), or the time between two stamps (before)."""
    try:
        if "elapsed" in ended:
            seconds = float(ended["elapsed"])
        else:
            start = datetime.strptime(ended["starttime"], _STAMP)  # noqa: DTZ007 — a difference
            end = datetime.strptime(ended["endtime"], _STAMP)  # noqa: DTZ007
            seconds = (end - start).total_seconds()
    except (KeyError, ValueError):
        return 0.0
    return seconds if 0.0 <= seconds < float("inf") else 0.0
