from fairlead.model import Level
from fairlead.reports.violations import mypy

TEXT = b"""pkg/a.py:4: error: Function is missing a type annotation  [no-untyped-def]
pkg/a.py:6:15: error: Name "z" is not defined  [name-defined]
pkg/a.py:7:1:10:12: error: Name "f" already defined on line 4  [no-redef]
pkg/a.py:9: error: No overload variant matches  [call-overload]
pkg/a.py:9: note: Possible overload variants:
pkg/a.py:9: note:     def f(x: int) -> int
pkg/a.py:12: note: Revealed type is "builtins.int"
pkg/b.py:1: error: codes are hidden
Found 5 errors in 2 files (checked 3 source files)
"""

PRETTY = b"""pkg/a.py:4:1: error: Function is missing a type annotation
[no-untyped-def]
    def f(x, y):
    ^~~~~~~~~~~~
pkg/a.py:9: error: Incompatible types in assignment (expression has
type "str", variable has type
"int")  [assignment]
        v: int = "a"
                 ^~~
Found 2 errors in 1 file (checked 1 source file)
""".replace(b"annotation\n", b"annotation \n")

JSON = b"""some noise
{"file": "pkg/a.py", "line": 6, "column": 14, "end_line": 6, "end_column": 15, "message": "Name \\"z\\" is not defined", "hint": null, "code": "name-defined", "severity": "error"}
{"file": "pkg/a.py", "line": 9, "column": -1, "message": "No overload", "hint": "Possible:\\n  f", "code": null, "severity": "error"}
{"file": broken
Found 2 errors in 1 file
"""


def said(found):
    return [(v.rule, v.path, v.line, v.column, v.level) for v in found.items]


def test_text():
    found = mypy.read(TEXT, "log")
    assert said(found) == [
        ("no-untyped-def", "pkg/a.py", 4, 0, Level.ERROR),
        ("name-defined", "pkg/a.py", 6, 15, Level.ERROR),
        ("no-redef", "pkg/a.py", 7, 1, Level.ERROR),
        ("call-overload", "pkg/a.py", 9, 0, Level.ERROR),
        ("", "pkg/a.py", 12, 0, Level.NOTE),
        ("", "pkg/b.py", 1, 0, Level.ERROR),
    ]
    assert (found.items[2].end_line, found.items[2].end_column) == (10, 13)
    assert found.items[3].message == (
        "No overload variant matches\nPossible overload variants:\ndef f(x: int) -> int"
    )


def test_pretty_messages_are_joined_again():
    found = mypy.read(PRETTY, "log")
    assert [(v.rule, v.message) for v in found.items] == [
        ("no-untyped-def", "Function is missing a type annotation"),
        (
            "assignment",
            'Incompatible types in assignment (expression has type "str", variable has type "int")',
        ),
    ]


def test_json():
    found = mypy.read(JSON, "log")
    assert said(found) == [
        ("name-defined", "pkg/a.py", 6, 15, Level.ERROR),
        ("", "pkg/a.py", 9, 0, Level.ERROR),
    ]
    assert found.items[1].message == "No overload\nPossible:\n  f"


def test_nothing_found():
    assert mypy.read(b"Success: no issues found in 3 source files\n", "log").items == ()
