import pytest

from fairlead.errors import ReportUnreadable
from fairlead.model import Level
from fairlead.reports.violations import checkstyle

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<checkstyle version="4.3">
<file name="/ws/a.js"><error line="1" column="2" severity="error" message="no &lt;b&gt;" source="eslint.no-b"/>
<error line="0" severity="info" message="i" source="s"/><error line="4" severity="ignore" message="x"/></file>
<file name="b.js"><error line="3" severity="warning" message="w"/></file>
</checkstyle>"""


def test_read():
    found = checkstyle.read(REPORT, "c.xml")
    assert [(v.path, v.line, v.column, v.rule, v.message, v.level) for v in found.items] == [
        ("/ws/a.js", 1, 2, "eslint.no-b", "no <b>", Level.ERROR),
        ("/ws/a.js", 0, 0, "s", "i", Level.NOTE),
        ("b.js", 3, 0, "", "w", Level.WARNING),
    ]


@pytest.mark.parametrize("data", [b"", b"<x/>", REPORT[:200], b"plain"])
def test_not_checkstyle(data):
    with pytest.raises(ReportUnreadable, match=r"^c\.xml"):
        checkstyle.read(data, "c.xml")
