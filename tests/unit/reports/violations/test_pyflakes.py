from fairlead.model import Level
from fairlead.reports.violations import pyflakes

LOG = b"""12:30:45 starting
2026-01-31 12:30:45 INFO src/a.py:3: nothing
INFO 12:30:45 done
pkg/a.py:1:1: 'os' imported but unused
pkg/a.py:6:15: undefined name 'z'
pkg/a.py:7: redefinition of unused 'f' from line 4
pkg/b.py:1:7: invalid syntax
def g(:
      ^
"""


def test_lines_with_and_without_columns():
    found = pyflakes.read(LOG, "log")
    assert [(v.path, v.line, v.column, v.rule, v.level) for v in found.items] == [
        ("pkg/a.py", 1, 1, "imported-but-unused", Level.WARNING),
        ("pkg/a.py", 6, 15, "undefined-name", Level.ERROR),
        ("pkg/a.py", 7, 0, "redefinition-of-unused-from-line", Level.WARNING),
        ("pkg/b.py", 1, 7, "invalid-syntax", Level.ERROR),
    ]
    assert found.items[0].message == "'os' imported but unused"
