import json

from fairlead.model import Level
from fairlead.reports.violations import flake8

LOG = b"""+ flake8 pkg
\x1b[1mpkg/a.py\x1b[m:1:1: F401 'os' imported but unused
./pkg/my file.py:70:80: E501 line too long (95 > 79 characters)
    some source that --show-source prints
    ^
pkg/b.py:1:8: E999 SyntaxError: invalid syntax
pkg/b.py:3: [WPS123] Found something
10:30:15: E501 is a clock
[2026-01-31 10:30:15: E501 is a clock
1     E999 SyntaxError: invalid syntax
"""


def test_default_lines():
    found = flake8.read(LOG, "log")
    assert [(v.path, v.line, v.column, v.rule, v.level) for v in found.items] == [
        ("pkg/a.py", 1, 1, "F401", Level.WARNING),
        ("./pkg/my file.py", 70, 80, "E501", Level.WARNING),
        ("pkg/b.py", 1, 8, "E999", Level.ERROR),
        ("pkg/b.py", 3, 0, "WPS123", Level.WARNING),
    ]
    assert found.items[0].message == "'os' imported but unused"
    assert found.tool == "flake8"


def test_json_of_its_plugin():
    item = {"code": "F821", "filename": "a.py", "line_number": 3, "column_number": 5, "text": "x"}
    found = flake8.read(json.dumps({"./a.py": [item], "b.py": []}).encode(), "flake8.json")
    assert [(v.path, v.line, v.rule, v.level) for v in found.items] == [
        ("a.py", 3, "F821", Level.ERROR)
    ]


def test_nothing_found():
    assert flake8.read(b"", "log").items == ()
