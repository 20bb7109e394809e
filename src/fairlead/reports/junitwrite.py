"""Tests to JUnit XML that Jenkins, GitLab and our own reader understand.

What JUnit has no place for (our id of a test, a message beside a passed one) goes into the
test's properties, which other readers pass over.
"""

import re
from collections.abc import Iterator

from fairlead.model import TestCase, TestOutcome, TestReport

# What XML 1.0 cannot hold, not even as a reference: https://www.w3.org/TR/xml/#charsets
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))
_QUOTED = (('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;"))
_ELEMENT = {
    TestOutcome.FAILED: "failure",
    TestOutcome.ERRORED: "error",
    TestOutcome.SKIPPED: 'skipped type="pytest.skip"',
    TestOutcome.XFAILED: 'skipped type="pytest.xfail"',
}


def write(report: TestReport, *, suite: str) -> bytes:
    """One test suite named ``suite``, UTF-8. Characters XML cannot hold become ``#x1B``."""
    count = report.count
    totals = {
        "name": suite,
        "tests": str(len(report.cases)),
        "failures": str(count(TestOutcome.FAILED)),
        "errors": str(count(TestOutcome.ERRORED)),
        "skipped": str(count(TestOutcome.SKIPPED, TestOutcome.XFAILED)),
        "time": f"{sum(case.seconds for case in report.cases):.6f}",
    }
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<testsuites>",
        f"<testsuite{_attributes(totals)}>",
        *("".join(_case(case)) for case in report.cases),
        "</testsuite>",
        "</testsuites>\n",
    ]
    return "\n".join(lines).encode()


def _case(case: TestCase) -> Iterator[str]:
    given = {"name": case.name, "classname": case.suite, "file": case.file}
    given["line"] = str(case.line) if case.line else ""
    given["status"] = "xpassed" if case.outcome is TestOutcome.XPASSED else ""
    present = {name: value for name, value in given.items() if value}
    yield f"<testcase{_attributes(present)}"
    yield f' time="{case.seconds:.6f}">'
    element = _ELEMENT.get(case.outcome)
    yield from _properties(case, all_told=element is not None)
    if element:
        yield f"<{element}{_attributes({'message': case.message})}>{_text(case.details)}"
        yield f"</{element.partition(' ')[0]}>"
    if case.output:
        yield f"<system-out>{_text(case.output)}</system-out>"
    yield "</testcase>"


def _properties(case: TestCase, *, all_told: bool) -> Iterator[str]:
    given = {"fairlead.id": case.id}
    if not all_told:
        given |= {"fairlead.message": case.message, "fairlead.details": case.details}
    present = [(name, value) for name, value in given.items() if value]
    if present:
        yield "<properties>"
        for name, value in present:
            yield f"<property{_attributes({'name': name, 'value': value})}/>"
        yield "</properties>"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{_replaced(_text(v), _QUOTED)}"' for name, v in values.items())


def _text(text: str) -> str:
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub(lambda found: f"#x{ord(found[0]):02X}", text)
    return _replaced(text, _SPECIAL)


def _replaced(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for character, reference in pairs:
        if character in text:
            text = text.replace(character, reference)
    return text
