"""Reading where things are mounted."""

import pytest

from fairlead.runner.sandbox.keeper import furnish


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (b"/plain", "/plain"),
        (rb"/a\040blank", "/a blank"),
        (rb"/two\011\012ends\134", "/two\t\nends\\"),
        (rb"/1\0401", "/1 1"),
        (b"/caf\xe9", "/caf\udce9"),
    ],
)
def test_names_of_mount_points(monkeypatch, tmp_path, field, path):
    (tmp_path / "mountinfo").write_bytes(
        b"36 35 98:0 / " + field + b" rw,noatime - ext3 /dev/x rw\n"
    )
    monkeypatch.setattr(
        furnish, "open", lambda _path, mode: (tmp_path / "mountinfo").open(mode), raising=False
    )
    assert furnish._mount_points() == [path]


@pytest.mark.parametrize(
    ("place", "found"),
    [("/a", "/a"), ("/a/b/c", "/a/b"), ("/a/x", "/a"), ("/ab", ""), ("/", "")],
)
def test_the_innermost_mount_decides(place, found):
    assert furnish._nearest(place, {"/a": True, "/a/b": False}) == found
