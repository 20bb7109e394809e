import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import ReportUnreadable
from fairlead.reports import violations

LOG = b"/ws/src/a.py:2:1: F401 'os' imported but unused\n./b.py:1:1: E501 long\n"


def test_paths_become_relative_and_fingerprints_are_made():
    asked = []

    def source(path):
        asked.append(path)
        return b"x\nimport os\n"

    found = violations.read("flake8", LOG, "log", source, root="/ws")
    assert [v.path for v in found.items] == ["src/a.py", "b.py"]
    assert sorted(asked) == ["b.py", "src/a.py"]
    assert all(len(v.fingerprint) == 32 for v in found.items)


def test_a_fingerprint_needs_no_sources():
    found = violations.read("flake8", LOG, "log")
    assert all(v.fingerprint for v in found.items)


@pytest.mark.parametrize("data", [
    b'{"runs": [{"tool": {"driver": {"name": "ESLint"}}, "results": [{"ruleId": "x"}]}]}',
    b'\n<checkstyle><file name="a.js"><error line="1" message="m" source="x"/></file></checkstyle>',
])  # fmt: skip
def test_an_unknown_tool_is_read_where_it_writes_a_common_format(data):
    found = violations.read("eslint", data, "report")
    assert [(v.tool, v.rule) for v in found.items] == [("eslint", "x")]


def test_an_unknown_tool_with_lines_of_its_own():
    with pytest.raises(ReportUnreadable, match="no reader for the output of 'eslint'"):
        violations.read("eslint", b"a.js: 1 problem", "log")


@pytest.mark.parametrize("tool", violations.TOOLS)
def test_too_large(tool):
    with pytest.raises(ReportUnreadable, match="too large"):
        violations.read(tool, bytes((64 << 20) + 1), "log")


PIECES = [
    b"a.py:1:2: E501 x", b"a.py:3: error: y  [z]", b">> Issue: [B1:x] m", b"   Location: a.py:1:2",
    b"--- a.py", b"+++ a.py", b"@@ -1 +1 @@", b"-x", b"would reformat a.py", b"F401 [*] x",
    b" --> a.py:1:2", b"Your code has been rated at 9.00/10", b"\x1b[1m", b"[", b"{", b"}", b"]",
    b'{"runs": [{"results": [{}]}]}', b'[{"symbol": 1, "line": 1e999}]', b'{"file": 3}', b"\r",
    b'{"messages": [[], {}], "statistics": 3}', b'{"results": [3], "errors": 0}', b"<checkstyle>",
    b"a.py:" + b"9" * 5000 + b":1: E501 x", b"Your code has been rated at 9e9/10", b"\0", b"\xff\xfe",
    b"a.py:1:0: C0114: m (s)", b"E:  1, 1: m", b"************* Module \0",
]  # fmt: skip


@given(
    st.sampled_from(violations.TOOLS),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=8),
    st.sampled_from([b"", b"\n", b"\r\n", b" "]),
)
def test_any_bytes_are_unreadable_or_read(tool, pieces, between):
    with contextlib.suppress(ReportUnreadable):
        found = violations.read(tool, between.join(pieces), "log", {"a.py": b"x"}.get, root="/ws")
        assert all(v.fingerprint and v.line >= 0 and v.column >= 0 for v in found.items)
        assert len({v.fingerprint for v in found.items}) == len(found.items)
