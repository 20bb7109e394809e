import json

from fairlead.model import Level
from fairlead.reports.violations import bandit

SCREEN = b"""[main]\tINFO\tprofile include tests: None
Run started:2026-11-21 10:49:56

Test results:
\x1b[93m>> Issue: [B404:blacklist] Consider possible security implications.\x1b[0m
   Severity: Low   Confidence: High
   CWE: CWE-78 (https://cwe.mitre.org/data/definitions/78.html)
   Location: ./pkg/a.py:2:0
1\timport os
2\timport subprocess
--------------------------------------------------
>> Issue: [B602:subprocess_popen_with_shell_equals_true] shell=True identified.
   Severity: High   Confidence: High
   Location: ./pkg/a.py:5
4\tdef f(x, y):

Code scanned:
\tTotal lines of code: 11
"""


def test_screen():
    found = bandit.read(SCREEN, "log")
    assert [(v.rule, v.path, v.line, v.column, v.level) for v in found.items] == [
        ("B404", "./pkg/a.py", 2, 1, Level.WARNING),
        ("B602", "./pkg/a.py", 5, 0, Level.ERROR),
    ]
    assert found.items[1].message == "shell=True identified."


def test_json_behind_its_log():
    result = {
        "filename": "./pkg/a.py",
        "issue_severity": "HIGH",
        "issue_text": "shell=True identified.",
        "line_number": 5,
        "col_offset": 4,
        "test_id": "B602",
    }
    data = b"[main]\tINFO\tx\n" + json.dumps({"errors": [], "results": [result]}, indent=2).encode()
    (item,) = bandit.read(data, "log").items
    assert (item.rule, item.line, item.column, item.level) == ("B602", 5, 5, Level.ERROR)


def test_sarif():
    data = {"runs": [{"tool": {"driver": {"name": "Bandit"}}, "results": [{"ruleId": "B602"}]}]}
    assert bandit.read(json.dumps(data).encode(), "x").items[0].tool == "bandit"
