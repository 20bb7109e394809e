"""Folders that are whole or absent: one builder, many users, nothing left of the dead."""

import os
import subprocess
import sys
import threading
import time

import pytest

from fairlead.errors import EnvironmentFailed, StoreError
from fairlead.runner.environments import locks
from fairlead.runner.environments.pruning import list_stored, prune_stored
from fairlead.runner.environments.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "envs")


def fill(aside, text="x"):
    aside.content.mkdir()
    (aside.content / "file").write_text(text)


def visible(store):
    return sorted(os.listdir(store.folder))


def test_built_once_and_kept(store):
    made = []

    def make(aside):
        assert visible(store) == [aside.folder.name, ".locks"]
        assert not store.path("key").exists()
        fill(aside)
        made.append(1)

    first, was_made = store.ensure("key", make)
    second, again = store.ensure("key", make)
    assert (was_made, again, made) == (True, False, [1])
    assert visible(store) == [".locks", "key"]
    os.close(first)
    os.close(second)


def test_many_threads_build_one(store):
    made, handles = [], []
    start = threading.Barrier(6)

    def make(aside):
        made.append(1)
        time.sleep(0.02)
        fill(aside)

    def use():
        start.wait()
        handles.append(store.ensure("key", make)[0])

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(handles)) == (1, 6)
    for handle in handles:
        os.close(handle)


def test_a_failure_leaves_nothing_and_the_next_may_succeed(store):
    def fail(aside):
        fill(aside)
        raise EnvironmentFailed("no")

    with pytest.raises(EnvironmentFailed):
        store.ensure("key", fail)
    assert visible(store) == [".locks"]
    assert store.hold("key") is None
    handle, made = store.ensure("key", fill)
    assert made
    os.close(handle)


def test_the_second_builder_is_told_that_it_waits(store):
    building, told = threading.Event(), threading.Event()

    def make(aside):
        building.set()
        assert told.wait(10)
        fill(aside)

    thread = threading.Thread(target=lambda: os.close(store.ensure("key", make)[0]))
    thread.start()
    assert building.wait(10)
    handle, made = store.ensure("key", fill, told.set)
    thread.join()
    assert not made
    os.close(handle)


def test_who_comes_late_need_not_wait_until_the_builder_lets_go(store, monkeypatch):
    """The late one looks before the builder has begun, and comes for the lock when it shares."""
    hold, built = store.hold, []

    def look_first(key, waiting=None):
        found = hold(key, waiting)
        if not built:
            built.append(Store(store.folder).ensure(key, fill))
        return found

    monkeypatch.setattr(store, "hold", look_first)
    handle, made = store.ensure("key", fill, lambda: pytest.fail("it waits"))
    assert not made
    os.close(handle)
    os.close(built[0][0])


def test_what_is_in_use_is_not_removed(store):
    handle, _ = store.ensure("key", fill)
    assert store.remove("key") is False
    os.close(handle)
    assert store.remove("key") is True
    assert visible(store) == [".locks"]
    assert store.hold("key") is None


def test_what_was_used_meanwhile_is_not_removed(store):
    os.close(store.ensure("key", fill)[0])
    before = store.entries()[0].used
    os.utime(store.folder / ".locks" / "key", (before + 5, before + 5))
    assert store.remove("key", unused_since=before) is False
    assert store.path("key").exists()


def test_a_lock_that_was_removed_while_we_waited_is_taken_anew(store, tmp_path):
    path = tmp_path / "lock"
    first = locks.take(path, shared=False)
    taken = []
    told = threading.Event()
    thread = threading.Thread(
        target=lambda: taken.append(locks.take(path, shared=True, waiting=told.set))
    )
    thread.start()
    assert told.wait(10)
    path.unlink()
    os.close(first)
    thread.join()
    assert path.exists()
    assert locks.take(path, shared=False, wait=False) is None
    os.close(taken[0])


def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_are_not(store):
    with store.aside() as living:
        dead = store.folder / ".build-1-dead"
        (dead / "content").mkdir(parents=True)
        (dead / "lock").write_text("")
        (store.folder / ".build-1-early").mkdir()
        (store.folder / ".gone-half" / "x").mkdir(parents=True)
        store.sweep()
        assert visible(store) == [living.folder.name, ".locks"]
    assert visible(store) == [".locks"]


def test_a_folder_stays_while_a_program_of_its_dead_builder_works_in_it(store):
    with store.aside() as aside:
        name = aside.folder.name
        program = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[aside.lock]
        )
        # As if the builder had been killed: its own hold ends, the program's does not.
        orphan = store.folder / ".build-orphan"
        os.rename(aside.folder, orphan)
    assert not (store.folder / name).exists()
    store.sweep()
    assert orphan.exists()
    program.communicate(b"\n")
    store.sweep()
    assert not orphan.exists()


def test_a_store_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "envs")
    with pytest.raises(StoreError, match="cannot write"):
        store.ensure("key", fill)
    with pytest.raises(StoreError):
        store.entries()


def test_listing_an_absent_store(store):
    assert store.entries() == ()
    store.sweep()
    assert not store.folder.exists()


# --- pruning ---


@pytest.fixture
def shelf(store):
    """Four stored folders of 100 bytes, unused for 4, 3, 2 and 1 days."""
    from fairlead.runner.environments.contents import Contents, write_contents

    def make(aside):
        aside.content.mkdir()
        write_contents(aside.content, Contents(kind="environment", python="3", site="s", bytes=100))

    for days in (1, 2, 3, 4):
        os.close(store.ensure(f"key{days}", make)[0])
        then = time.time() - days * 86400
        os.utime(store.folder / ".locks" / f"key{days}", (then, then))
    return store


@pytest.mark.parametrize(
    ("limits", "removed"),
    [
        ({"max_age": 2.5 * 86400, "max_bytes": None}, ["key4", "key3"]),
        ({"max_age": None, "max_bytes": 150}, ["key4", "key3", "key2"]),
        ({"max_age": None, "max_bytes": 400}, []),
        ({"max_age": 3.5 * 86400, "max_bytes": 200}, ["key4", "key3"]),
        ({"max_age": 0, "max_bytes": None}, ["key4", "key3", "key2", "key1"]),
        ({"max_age": None, "max_bytes": None}, []),
    ],
)
def test_pruning_by_age_and_size(shelf, limits, removed):
    would = prune_stored(shelf, **limits, dry_run=True)
    assert [one.key for one in would] == removed
    assert len(list_stored(shelf)) == 4
    assert prune_stored(shelf, **limits) == would
    assert [one.key for one in list_stored(shelf)] == [
        key for key in ("key4", "key3", "key2", "key1") if key not in removed
    ]


def test_pruning_leaves_what_is_in_use(shelf):
    handle = shelf.hold("key3")
    listed = {one.key: one.in_use for one in list_stored(shelf)}
    assert listed == {"key1": False, "key2": False, "key3": True, "key4": False}
    prune_stored(shelf, max_age=0, max_bytes=None)
    assert [one.key for one in list_stored(shelf)] == ["key3"]
    os.close(handle)


def test_damaged_folders_are_listed_and_removable(store):
    os.close(store.ensure("key", fill)[0])
    assert [one.kind for one in list_stored(store)] == ["broken"]
    prune_stored(store, max_age=0, max_bytes=None)
    assert list_stored(store) == ()
