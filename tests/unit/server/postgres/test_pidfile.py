import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.postgres.pidfile import PidFile, disown, read_pidfile

_WHOLE = "{pid}\n/srv/pg18\n1700000000\n5432\n/srv/run\n\n  123456    789\n{state}\n"


def write(data, content):
    (data / "postmaster.pid").write_bytes(content)


@pytest.mark.parametrize(
    ("state", "ready"), [("ready   ", True), ("starting", False), ("stopping", False), ("", False)]
)
def test_states(tmp_path, state, ready):
    write(tmp_path, _WHOLE.format(pid=42, state=state).encode())
    assert read_pidfile(tmp_path) == PidFile(pid=42, ready=ready)


def test_a_single_user_s(tmp_path):
    write(tmp_path, b"-42\n/srv/pg18\n")
    assert read_pidfile(tmp_path) == PidFile(pid=-42, ready=False)


@pytest.mark.parametrize("content", [b"", b"\n", b"x\n", b"\xff\n", b"4 2\n"])
def test_what_is_none(tmp_path, content):
    write(tmp_path, content)
    assert read_pidfile(tmp_path) is None


def test_absent(tmp_path):
    assert read_pidfile(tmp_path) is None
    disown(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pid", [1, 4194304])
def test_disowned_all_but_the_number_stays(tmp_path, pid):
    write(tmp_path, _WHOLE.format(pid=pid, state="ready").encode())
    disown(tmp_path)
    content = (tmp_path / "postmaster.pid").read_text()
    assert content == _WHOLE.format(pid=os.getpid(), state="ready")


def test_no_link_is_followed(tmp_path):
    (tmp_path / "precious").write_text("1\n2\n")
    (tmp_path / "postmaster.pid").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic links"):
        disown(tmp_path)
    assert (tmp_path / "precious").read_text() == "1\n2\n"


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_whatever_is_in_it(tmp_path_factory, content):
    data = tmp_path_factory.mktemp("data")
    write(data, content)
    read_pidfile(data)
    disown(data)
    left = read_pidfile(data)
    assert left is None or left.pid == os.getpid()
