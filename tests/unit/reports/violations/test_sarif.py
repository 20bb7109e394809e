import json

import pytest

from fairlead.errors import ReportUnreadable
from fairlead.model import Level
from fairlead.reports.violations import sarif

LOG = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "ESLint",
                    "rules": [
                        {
                            "id": "no-x",
                            "defaultConfiguration": {"level": "error"},
                            "messageStrings": {"default": {"text": "'{0}' is no {1} {2}"}},
                        }
                    ],
                }
            },
            "results": [
                {
                    "ruleIndex": 0,
                    "message": {"id": "default", "arguments": ["a", "b"]},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "file:///ws/src/my%20file.js"},
                                "region": {"startLine": 3, "startColumn": 2, "endColumn": 9},
                            }
                        }
                    ],
                },
                {"rule": {"id": "other"}, "level": "none", "message": {"text": "t"}},
                {"ruleId": "gone", "baselineState": "absent", "message": {"text": "t"}},
                {"ruleId": "quiet", "suppressions": [{"kind": "inSource"}], "message": {}},
                {"ruleId": "loud", "suppressions": [{"status": "rejected"}], "message": {}},
                {"ruleId": "fine", "kind": "pass", "message": {}},
            ],
        },
        {"tool": {"driver": {"name": "second"}}, "results": [{"ruleId": "x", "level": "warning"}]},
        {},
    ],
}


def test_read():
    first, second, empty = sarif.read_runs(json.dumps(LOG).encode(), "x.sarif")
    assert (first.tool, second.tool, empty.items) == ("eslint", "second", ())
    found = first.items[0]
    assert (found.rule, found.message, found.level) == ("no-x", "'a' is no b {2}", Level.ERROR)
    assert (found.path, found.line, found.column, found.end_column) == (
        "file:///ws/src/my%20file.js",
        3,
        2,
        9,
    )
    assert [(v.rule, v.level) for v in first.items[1:]] == [
        ("other", Level.NOTE),
        ("loud", Level.WARNING),
    ]


def test_all_runs_together():
    found = sarif.read(json.dumps(LOG).encode(), "x.sarif")
    assert (found.tool, len(found.items)) == ("eslint", 4)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"runs": 1}', b"[" * 100_000, b"{" * 9, b"\xff"])
def test_not_sarif(data):
    with pytest.raises(ReportUnreadable, match=r"^x\.sarif"):
        sarif.read(data, "x.sarif")


@pytest.mark.parametrize(
    "runs",
    [
        [1, None, {"results": {}}],
        [{"tool": [], "results": [1, {"locations": [2], "message": []}]}],
        [{"results": [{"ruleIndex": -1, "locations": [{"physicalLocation": {"region": 3}}]}]}],
        [{"results": [{"message": {"text": "{9}", "arguments": "no"}}]}],
        [{"results": [{"locations": [{"physicalLocation": {"region": {"startLine": 1e400}}}]}]}],
    ],
)
def test_fields_of_other_kinds_are_passed_over(runs):
    found = sarif.read(json.dumps({"runs": runs}).encode(), "x.sarif")
    assert all(item.line == 0 for item in found.items)
