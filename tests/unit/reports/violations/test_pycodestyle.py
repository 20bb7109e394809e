from fairlead.model import Level
from fairlead.reports.violations import pycodestyle


def test_lines():
    log = b"a.py:4:1: E302 expected 2 blank lines, found 1\na.py:9:1: E901 TokenError: EOF\n10\n"
    found = pycodestyle.read(log, "log")
    assert found.tool == "pycodestyle"
    assert [(v.rule, v.line, v.level) for v in found.items] == [
        ("E302", 4, Level.WARNING),
        ("E901", 9, Level.ERROR),
    ]
