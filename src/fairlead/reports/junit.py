"""JUnit XML, which every test runner writes a little differently, to tests and back.

Read are the files of pytest, unittest-xml-reporting, behave, nose and pynose, surefire (with its
reruns and flaky tests), Robot Framework (its xunit file and its own ``output.xml``) and whatever
else keeps to the common ground: https://github.com/testmoapp/junitxml.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fairlead.model import TestCase, TestOutcome, TestReport
from fairlead.reports import robot
from fairlead.reports.junitwrite import write
from fairlead.reports.raw import LIMIT, unreadable
from fairlead.reports.xmltree import parse, tag_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read", "write"]

_STAMP = re.compile(r"-\d{14}$")  # unittest-xml-reporting's behind a suite's name
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_EXPECTED = frozenset({"pytest.xfail", "XFAIL"})
_FAILED = frozenset({"failure", "rerunFailure"})
_ERRORED = frozenset({"error", "rerunError"})
_FLAKY = frozenset({"flakyFailure", "flakyError"})
_OUTPUT = frozenset({"system-out", "system-err"})
# ``status`` (behave, gtest, and us) where no element says how the test ended.
_STATUS = {
    "failed": TestOutcome.FAILED,
    "undefined": TestOutcome.FAILED,
    "error": TestOutcome.ERRORED,
    "errored": TestOutcome.ERRORED,
    "xpassed": TestOutcome.XPASSED,
    "skipped": TestOutcome.SKIPPED,
    "untested": TestOutcome.SKIPPED,
    "notrun": TestOutcome.SKIPPED,
    "disabled": TestOutcome.SKIPPED,
    "pending": TestOutcome.SKIPPED,
}


def read(data: bytes, file: str, *, limit: int = LIMIT) -> TestReport:
    """The tests of one report ``file`` of at most ``limit`` bytes, in its order.

    A test's ``suite`` is its ``classname``, or where that is absent the name of its test suite.
    Raises ``ReportUnreadable`` for a file that is broken, hostile, too large or not JUnit.
    """
    root = parse(data, file, limit=limit)
    kind = tag_of(root)
    if kind == "robot":
        return TestReport(cases=tuple(robot.cases(root)))
    if kind not in ("testsuites", "testsuite"):
        raise unreadable(file, f"not a JUnit report: it begins with <{kind}>")
    return TestReport(cases=tuple(_cases(root)))


def _cases(root: "Element") -> Iterator[TestCase]:
    """All test cases in the order of the file. Suites nest, as deep as a hostile file likes."""
    open_suites = [(iter([root]), "")]
    while open_suites:
        children, suite = open_suites[-1]
        element = next(children, None)
        if element is None:
            open_suites.pop()
            continue
        kind = tag_of(element)
        if kind == "testcase":
            yield _case(element, suite)
        elif kind in ("testsuite", "testsuites"):
            name = _STAMP.sub("", element.get("name", ""))
            open_suites.append((iter(element), name or suite))
        elif kind in ("error", "failure"):  # a suite that broke before its first test
            yield _broken_suite(element, suite)


def _case(element: "Element", suite: str) -> TestCase:
    get = element.get
    name, classname, file = (
        get("name") or "(without a name)",
        get("classname") or suite,
        get("file"),
    )
    common: dict[str, Any] = {
        "name": name,
        "suite": classname,
        "id": _id(name, classname, file, suite) if file else "",
        "file": file or "",
        "line": _number(get("line")),
        "seconds": _seconds(get("time")),
    }
    if not len(element) and "status" not in element.attrib:
        return TestCase(outcome=TestOutcome.PASSED, **common)
    outcome, message, details = _ending(element)
    given = _properties(element)
    return TestCase(
        **(common | {"id": given.get("fairlead.id", common["id"])}),
        outcome=outcome,
        message=given.get("fairlead.message", message),
        details=given.get("fairlead.details", details),
        output="\n".join(filter(None, (_text(e) for e in element if tag_of(e) in _OUTPUT))),
    )


def _broken_suite(element: "Element", suite: str) -> TestCase:
    return TestCase(
        name=suite or "(test suite)",
        suite=suite,
        outcome=TestOutcome.ERRORED,
        message=_message(element),
        details=_text(element),
    )


def _ending(element: "Element") -> tuple[TestOutcome, str, str]:
    """How a test ended, its message and its details; the worst of several elements counts."""
    children = {tag_of(child): child for child in reversed(element)}
    bad = [child for child in element if tag_of(child) in _FAILED | _ERRORED]
    if bad:
        details = "\n".join(filter(None, (_details(child) for child in bad)))
        return _badness(bad, children), _message(bad[0]), details
    for name in ("skipped", "skip", "ignored"):
        if name in children:
            child = children[name]
            expected = child.get("type") in _EXPECTED
            outcome = TestOutcome.XFAILED if expected else TestOutcome.SKIPPED
            return outcome, _message(child), _text(child)
    flaky = [child for child in element if tag_of(child) in _FLAKY]
    if flaky:
        details = "\n".join(filter(None, (_details(child) for child in flaky)))
        return TestOutcome.PASSED, f"passed after failing: {_message(flaky[0])}", details
    return _STATUS.get(element.get("status", "").lower(), TestOutcome.PASSED), "", ""


def _badness(bad: "list[Element]", children: "dict[str, Element]") -> TestOutcome:
    # A test that passes although it should not is a failed check, not a broken test.
    unexpected = all(child.get("type") == "UnexpectedSuccess" for child in bad)
    failed = "failure" in children or ("error" not in children and tag_of(bad[0]) in _FAILED)
    return TestOutcome.FAILED if failed or unexpected else TestOutcome.ERRORED


def _message(element: "Element") -> str:
    message = element.get("message")
    if message is not None and not (message == "None" and element.get("type") == "NoneType"):
        return message
    text = (_details(element).strip() or element.get("type") or "").partition("\n")
    return text[0].strip()


def _details(element: "Element") -> str:
    """The text of a failure; surefire's reruns have it in a ``stackTrace`` of their own."""
    inner = next((child for child in element if tag_of(child) == "stackTrace"), None)
    return _text(element if inner is None else inner)


def _text(element: "Element") -> str:
    return element.text if element.text and not element.text.isspace() else ""


def _properties(element: "Element") -> dict[str, str]:
    return {
        item.get("name", ""): item.get("value", "")
        for child in element
        if tag_of(child) == "properties"
        for item in child
    }


def _id(name: str, classname: str, file: str, suite: str) -> str:
    """What runs one test alone: pytest's where it names the file, unittest's dotted name."""
    if not file.endswith(".py"):
        return ""
    module = file.removesuffix(".py").replace("/", ".")
    if classname != module and not classname.startswith(f"{module}."):
        return ""
    if suite != "pytest":
        return f"{classname}.{name.partition(' ')[0]}"
    classes = classname[len(module) + 1 :].split(".") if classname != module else []
    return "::".join([file, *classes, name])


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004


def _seconds(text: str | None) -> float:
    """Seconds as ``0.25``, ``1,234.5`` (surefire) or ``0,25`` (some locales)."""
    if not text:
        return 0.0
    if "," in text:
        grouped = _GROUPED.fullmatch(text) and not text.startswith("0")
        text = text.replace(",", "" if grouped else ".")
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if 0.0 <= seconds < float("inf") else 0.0
