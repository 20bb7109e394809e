import json

import pytest

from fairlead.model import Level
from fairlead.reports.violations import pylint

TEXT = b"""************* Module pkg.a
pkg/a.py:1:0: C0114: Missing module docstring (missing-module-docstring)
pkg/a.py:6:14: E0602: Undefined variable 'z' (undefined-variable)
\x1b[7;33mpkg/a.py:9:4: I0011: Locally disabling x (locally-disabled)\x1b[0m
pkg/b.py:1:0: R0801: Similar lines in 2 files
==pkg.a:[1:12]
==pkg.b:[3:14]
def f():
    return 1 (duplicate-code)

-----------------------------------
Your code has been rated at 8.75/10 (previous run: 8.50/10, +0.25)

"""

PARSEABLE = b"""************* Module pkg.a
pkg/a.py:6: [E0602(undefined-variable), A.f] Undefined variable 'z'
"""

VERSION_1 = b"""************* Module pkg.a
C:  1, 0: Missing module docstring (missing-docstring)
E: 10,12: Undefined variable 'z' (undefined-variable)
Your code has been rated at -2.50/10
"""

MESSAGE = {
    "type": "error",
    "symbol": "undefined-variable",
    "message": "Undefined variable 'z'",
    "module": "pkg.a",
    "obj": "",
    "line": 6,
    "column": 14,
    "endLine": 6,
    "endColumn": 15,
    "path": "pkg/a.py",
}


def said(found):
    return [(v.rule, v.path, v.line, v.column, v.message, v.level) for v in found.items]


def test_text_and_its_score():
    found = pylint.read(TEXT, "log")
    assert found.score == 8.75
    assert said(found) == [
        (
            "C0114",
            "pkg/a.py",
            1,
            1,
            "Missing module docstring (missing-module-docstring)",
            Level.WARNING,
        ),
        ("E0602", "pkg/a.py", 6, 15, "Undefined variable 'z' (undefined-variable)", Level.ERROR),
        ("I0011", "pkg/a.py", 9, 5, "Locally disabling x (locally-disabled)", Level.NOTE),
        ("R0801", "pkg/b.py", 1, 1, "Similar lines in 2 files (duplicate-code)", Level.WARNING),
    ]


def test_parseable():
    found = pylint.read(PARSEABLE, "log")
    assert said(found)[0][:5] == (
        "E0602",
        "pkg/a.py",
        6,
        0,
        "Undefined variable 'z' (undefined-variable)",
    )


def test_versions_for_python_2_name_only_the_module():
    found = pylint.read(VERSION_1, "log")
    assert found.score == -2.5
    assert [(v.rule, v.path, v.line, v.column) for v in found.items] == [
        ("missing-docstring", "pkg/a.py", 1, 1),
        ("undefined-variable", "pkg/a.py", 10, 13),
    ]


@pytest.mark.parametrize("score", [8.75, 0, None])
def test_json2_has_the_score(score):
    data = {"messages": [MESSAGE | {"messageId": "E0602"}], "statistics": {"score": score}}
    found = pylint.read(json.dumps(data, indent=4).encode(), "pylint.json")
    assert found.score == score
    assert said(found) == [
        ("E0602", "pkg/a.py", 6, 15, "Undefined variable 'z' (undefined-variable)", Level.ERROR)
    ]


def test_json_in_a_log():
    data = json.dumps([MESSAGE | {"message-id": "E0602"}]).encode()
    found = pylint.read(b"************* Module x\n" + data + b"\n", "log")
    assert said(found)[0][0] == "E0602"
    assert (found.items[0].end_line, found.items[0].end_column) == (6, 16)
    assert found.score is None


def test_a_message_of_several_lines_is_the_same_in_both_forms():
    text = "Similar lines in 2 files\n==a:[1:12]\n==b:[3:14]\ncode"
    item = {"message": text, "symbol": "duplicate-code", "message-id": "R0801", "path": "pkg/b.py"}
    found = pylint.read(json.dumps([MESSAGE | item]).encode(), "log")
    assert found.items[0].message == "Similar lines in 2 files (duplicate-code)"
