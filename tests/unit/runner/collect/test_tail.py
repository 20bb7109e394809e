import os

import pytest

from fairlead.runner.collect.tail import Tail


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events"


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def test_a_file_that_appears_and_grows(path):
    tail = Tail(path)
    assert tail.read() == b""
    append(path, b"one")
    assert tail.read() == b"one"
    assert tail.read() == b""
    append(path, b"two")
    append(path, b"three")
    assert tail.read() == b"twothree"


def test_a_large_file_comes_in_parts(path):
    data = os.urandom(1 << 20) * 9
    path.write_bytes(data)
    tail, parts = Tail(path), []
    while part := tail.read():
        parts.append(part)
    assert [len(part) >> 20 for part in parts] == [4, 4, 1]
    assert b"".join(parts) == data


def test_nothing_is_read_again_when_nothing_changed(path, monkeypatch):
    append(path, b"one")
    tail = Tail(path)
    tail.read()
    monkeypatch.setattr(os, "pread", None)
    monkeypatch.setattr(os, "open", None)
    assert tail.read() == b""


def test_a_file_that_was_cut_is_read_from_its_beginning(path):
    path.write_bytes(b"long line\n")
    tail = Tail(path)
    tail.read()
    path.write_bytes(b"new\n")
    assert tail.read() == b"new\n"


def test_links_folders_and_pipes_are_not_opened(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        assert Tail(tmp_path / name).read() == b""


def test_goes_on_where_it_was_after_closing(path):
    append(path, b"one")
    tail = Tail(path)
    tail.read()
    tail.close()
    tail.close()
    append(path, b"two")
    assert tail.read() == b"two"
