import json

from fairlead.model import Level
from fairlead.reports.violations import ruff

FULL = b"""$ ruff check pkg
F401 [*] `os` imported but unused
 --> pkg/a.py:1:8
  |
1 | import os
  |        ^^
  |
help: Remove unused import: `os`

\x1b[1m\x1b[91mF821\x1b[0m Undefined name `z`
  \x1b[94m-->\x1b[0m pkg/a.py:60:15
   |
60 |     return x+z
   |

invalid-syntax: Expected a parameter or the end of the parameter list
 --> pkg/b.py:1:7
  |

Found 3 errors.
[*] 1 fixable with the `--fix` option.
"""

CONCISE = b"""pkg/a.py:1:8: F401 [*] `os` imported but unused
pkg/a.py:60:15: F821 Undefined name `z`\r
pkg/b.py:1:7: invalid-syntax: Expected a parameter or the end of the parameter list
12:30:45: E501 is no path
Found 3 errors.
"""

# Before 0.13 the place came first in the full output too.
OLD_FULL = b"""pkg/a.py:1:8: F401 [*] `os` imported but unused
  |
1 | import os
  |        ^^ F401
  |
  = help: Remove unused import: `os`

pkg/a.py:60:15: F821 Undefined name `z`
pkg/b.py:1:7: SyntaxError: Expected a parameter or the end of the parameter list
"""

RECORD = {
    "cell": None,
    "code": "F401",
    "filename": "/ws/pkg/a.py",
    "location": {"row": 1, "column": 8},
    "end_location": {"row": 1, "column": 10},
    "message": "`os` imported but unused",
    "fix": {},
    "url": "x",
}
EXPECTED = [
    ("F401", "pkg/a.py", 1, 8, "`os` imported but unused", Level.WARNING),
    ("F821", "pkg/a.py", 60, 15, "Undefined name `z`", Level.ERROR),
    (
        "invalid-syntax",
        "pkg/b.py",
        1,
        7,
        "Expected a parameter or the end of the parameter list",
        Level.ERROR,
    ),
]


def said(found):
    return [(v.rule, v.path, v.line, v.column, v.message, v.level) for v in found.items]


def test_all_outputs_for_people_say_the_same():
    assert said(ruff.read(FULL, "log")) == EXPECTED
    assert said(ruff.read(CONCISE, "log")) == EXPECTED
    assert said(ruff.read(OLD_FULL, "log")) == EXPECTED


def test_json_is_found_in_a_log():
    data = b"+ ruff check\n[warn] not json\n" + json.dumps([RECORD], indent=2).encode() + b"\ndone"
    found = ruff.read(data, "log")
    assert said(found) == [("F401", "/ws/pkg/a.py", 1, 8, RECORD["message"], Level.WARNING)]
    assert (found.items[0].end_line, found.items[0].end_column) == (1, 10)


def test_a_syntax_error_has_no_code_in_older_versions():
    found = ruff.read(json.dumps([RECORD | {"code": None}]).encode(), "ruff.json")
    assert found.items[0].rule == "invalid-syntax"


def test_json_lines():
    line = json.dumps(RECORD).encode() + b"\n"
    found = ruff.read(line + b"warning: something\n" + line.replace(b"a.py", b"b.py"), "log")
    assert [v.path for v in found.items] == ["/ws/pkg/a.py", "/ws/pkg/b.py"]


def test_sarif():
    data = {"runs": [{"tool": {"driver": {"name": "Ruff"}}, "results": [{"ruleId": "F401"}]}]}
    found = ruff.read(json.dumps(data).encode(), "log")
    assert (found.tool, found.items[0].rule) == ("ruff", "F401")


def test_notebooks():
    found = ruff.read(b"a.ipynb:cell 2:3:1: E402 Module level import not at top\n", "log")
    assert said(found)[0][:4] == ("E402", "a.ipynb", 3, 1)


def test_nothing_found():
    assert ruff.read(b"All checks passed!\n", "log").items == ()
    assert ruff.read(b"[]", "ruff.json").items == ()
