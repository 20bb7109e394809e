import os

import pytest

from fairlead.model import Limits
from fairlead.runner.sandbox import watch as watch_module
from fairlead.runner.sandbox.cgroup import Groups
from fairlead.runner.sandbox.watch import Watch, folder_size


def watching(folder, limits, tally=(0, 0)):
    return Watch(limits, Groups(()), lambda: tally, (folder,))


def test_nothing_asked_nothing_exceeded(tmp_path):
    assert watching(tmp_path, Limits(), (10**9, 10**15)).exceeded() == ""


def test_tasks_are_counted_only_on_a_crowded_machine(tmp_path, monkeypatch):
    watch = watching(tmp_path, Limits(processes=50), (60, 0))
    monkeypatch.setattr(watch_module, "_tasks_here", lambda: 49)
    assert watch.exceeded() == ""
    monkeypatch.setattr(watch_module, "_tasks_here", lambda: 500)
    assert watch.exceeded() == "process limit 50 reached"


def test_others_tasks_are_not_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(watch_module, "_tasks_here", lambda: 500)
    assert watching(tmp_path, Limits(processes=50), (49, 0)).exceeded() == ""


def test_memory_is_counted_only_on_a_full_machine(tmp_path, monkeypatch):
    watch = watching(tmp_path, Limits(memory=64 << 20), (1, 65 << 20))
    monkeypatch.setattr(watch_module, "_memory_used", lambda: 1 << 20)
    assert watch.exceeded() == ""
    monkeypatch.setattr(watch_module, "_memory_used", lambda: 1 << 30)
    assert watch.exceeded() == "memory limit 64 MB exceeded (killed)"


def test_what_was_exceeded_once_stays_so(tmp_path, monkeypatch):
    monkeypatch.setattr(watch_module, "_tasks_here", lambda: 500)
    watch = watching(tmp_path, Limits(processes=50), (60, 0))
    assert watch.exceeded()
    monkeypatch.setattr(watch_module, "_tasks_here", lambda: 0)
    assert watch.exceeded() == "process limit 50 reached"


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(watch_module._Disk, "_free_now", lambda _self: 1 << 20)
    assert watching(tmp_path, Limits()).exceeded() == "the disk is full: 1 MB left for workspaces"


def test_the_size_of_a_folder(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    empty = folder_size(tmp_path, set())
    (tmp_path / "deep" / "er" / "file").write_bytes(b"x" * 1_000_000)
    assert 1_000_000 <= folder_size(tmp_path, set()) - empty < 1_100_000


def test_two_names_of_a_file_count_once_and_links_not_at_all(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    once = folder_size(tmp_path, set())
    os.link(tmp_path / "file", tmp_path / "again")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert folder_size(tmp_path, set()) - once < 100_000


def test_a_folder_that_vanishes_has_no_size(tmp_path):
    assert folder_size(tmp_path / "nonesuch", set()) == 0


@pytest.mark.parametrize("reader", ["_tasks_here", "_memory_used"])
def test_this_machine_s_numbers_are_numbers(reader):
    assert getattr(watch_module, reader)() > 0
