import os

import pytest

from fairlead.errors import StoreError
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import FolderStorage


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_written_read_replaced_and_removed(tmp_path):
    storage = FolderStorage(tmp_path)
    assert storage.write("a/b/log", [b"one ", b"two"]) == 7
    assert (storage.size("a/b/log"), storage.read("a/b/log", 2, 3)) == (7, b"e t")
    assert storage.read("a/b/log", 5, 100) == b"wo"
    storage.write("a/b/log", [b"new"])
    assert storage.read("a/b/log", 0, 9) == b"new"
    assert files(tmp_path) == ["a/b/log"]
    storage.remove("a/b/log")
    storage.remove("a/b/log")
    with pytest.raises(LogMissing, match="no stored file a/b/log"):
        storage.size("a/b/log")
    with pytest.raises(LogMissing):
        storage.read("a/b/log/c", 0, 1)


def test_a_failing_write_leaves_what_was_there(tmp_path):
    def broken():
        yield b"half"
        raise RuntimeError

    storage = FolderStorage(tmp_path)
    storage.write("log", [b"old"])
    with pytest.raises(RuntimeError):
        storage.write("log", broken())
    assert files(tmp_path) == ["log"]
    assert storage.read("log", 0, 9) == b"old"


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        FolderStorage(tmp_path).write("log", [b"data"])
    assert "free some space" in caught.value.hint
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a\0b", "."])
def test_names_stay_inside(tmp_path, name):
    storage = FolderStorage(tmp_path / "in")
    for action in (
        lambda: storage.write(name, [b""]),
        lambda: storage.read(name, 0, 1),
        lambda: storage.size(name),
        lambda: storage.remove(name),
    ):
        with pytest.raises(StoreError, match="not a name"):
            action()


def test_what_killed_writers_left_is_swept(tmp_path):
    storage = FolderStorage(tmp_path)
    storage.write("a/log", [b"x"])
    for name, when in (("old", 100), ("new", 300)):
        path = tmp_path / "a" / f".aside-{name}"
        path.write_bytes(b"half")
        os.utime(path, (when, when))
    assert storage.sweep(before=200) == 1
    assert files(tmp_path) == ["a/.aside-new", "a/log"]


def test_writers_may_end_while_it_is_swept(tmp_path, monkeypatch):
    storage = FolderStorage(tmp_path)
    old = tmp_path / ".aside-old"
    old.write_bytes(b"half")
    os.utime(old, (100, 100))
    found = [tmp_path / ".aside-gone", old]
    monkeypatch.setattr(type(tmp_path), "rglob", lambda *_: iter(found))
    assert storage.sweep(before=200) == 1
    assert not old.exists()


def test_a_folder_in_place_of_a_file_is_no_traceback(tmp_path):
    (tmp_path / "log").mkdir()
    with pytest.raises(StoreError, match="cannot read the stored file log"):
        FolderStorage(tmp_path).read("log", 0, 1)
