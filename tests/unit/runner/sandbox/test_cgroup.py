"""Control groups on made-up machines: where they would be made, and what is read from them."""

import os

import pytest

from fairlead.model import Limits
from fairlead.runner.sandbox.cgroup import make_groups

BOTH = Limits(processes=64, memory=1000)


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"cgroup.procs": "", **files}.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def names(root):
    return sorted(str(path.parent.relative_to(root)) for path in root.rglob("fairlead-*"))


def test_version_1_makes_a_child_in_every_hierarchy(tmp_path):
    group(tmp_path / "pids" / "user")
    group(tmp_path / "memory")
    own = "5:pids:/user\n4:memory:/not/visible/here\n3:cpu:/\n0::/\n"
    groups = make_groups(BOTH, tmp_path, own)
    assert groups.limits == {"pids", "memory"}
    assert names(tmp_path) == ["memory", "pids/user"]
    made = next((tmp_path / "pids" / "user").glob("fairlead-*"))
    assert (made / "pids.max").read_text() == "80"
    made = next((tmp_path / "memory").glob("fairlead-*"))
    assert (made / "memory.limit_in_bytes").read_text() == "1000"
    assert sorted(groups.entries)[1] == (
        f"{next((tmp_path / 'pids' / 'user').glob('fairlead-*'))}/tasks",
        f"{tmp_path}/pids/user/tasks",
    )


def test_version_2_makes_a_child_where_controllers_are_handed_on(tmp_path):
    group(tmp_path, cgroup__subtree_control="cpu memory pids")
    group(tmp_path / "user", cgroup__subtree_control="memory pids")
    group(tmp_path / "user" / "session", cgroup__subtree_control="")
    groups = make_groups(BOTH, tmp_path, "0::/user/session\n")
    assert names(tmp_path) == ["user"]
    made = next((tmp_path / "user").glob("fairlead-*"))
    assert (made / "memory.max").read_text() == "1000"
    assert (made / "pids.max").read_text() == "80"
    assert groups.limits == {"pids", "memory"}
    assert groups.entries[0][1] == f"{tmp_path}/user/session/cgroup.procs"


def test_version_2_takes_the_controllers_it_gets(tmp_path):
    group(tmp_path, cgroup__subtree_control="cpu pids")
    assert make_groups(BOTH, tmp_path, "0::/\n").limits == {"pids"}


@pytest.mark.parametrize("own", ["", "0::/\n", "0::/gone\n", "4:memory:/\n"])
def test_where_there_is_nothing_to_use_there_are_no_groups(tmp_path, own):
    groups = make_groups(BOTH, tmp_path, own)
    assert groups.limits == frozenset()
    assert groups.entries == []
    assert groups.hits() == (False, False)


def test_limits_that_are_not_asked_for_make_no_groups(tmp_path):
    group(tmp_path / "pids")
    assert make_groups(Limits(memory=1), tmp_path, "5:pids:/\n").limits == frozenset()
    assert names(tmp_path) == []


def test_hits_are_read_from_the_counters(tmp_path):
    group(tmp_path, cgroup__subtree_control="memory pids")
    groups = make_groups(BOTH, tmp_path, "0::/\n")
    made = next(tmp_path.glob("fairlead-*"))
    assert groups.hits() == (False, False)
    (made / "pids.events").write_text("max 3\n")
    assert groups.hits() == (True, False)
    (made / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert groups.hits() == (True, True)


def test_hits_of_version_1(tmp_path):
    group(tmp_path / "memory")
    groups = make_groups(BOTH, tmp_path, "4:memory:/\n")
    made = next((tmp_path / "memory").glob("fairlead-*"))
    (made / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert groups.hits() == (False, True)


def test_groups_that_nobody_entered_are_forgotten(tmp_path):
    group(tmp_path, cgroup__subtree_control="memory pids")
    groups = make_groups(BOTH, tmp_path, "0::/\n")
    groups.drop_empty()
    assert groups.limits == frozenset()


def test_groups_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path):
    group(tmp_path, cgroup__subtree_control="memory pids")
    for name in ("fairlead-999999999-1", f"fairlead-{os.getpid()}-9999", "fairlead-999999998-1"):
        (tmp_path / name).mkdir()
    for name in ("fairlead-999999999-1", f"fairlead-{os.getpid()}-9999"):
        os.utime(tmp_path / name, (0, 0))
    make_groups(BOTH, tmp_path, "0::/\n")
    left = {path.name for path in tmp_path.glob("fairlead-*")}
    assert "fairlead-999999999-1" not in left
    assert {f"fairlead-{os.getpid()}-9999", "fairlead-999999998-1"} <= left
