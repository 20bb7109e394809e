"""Limits: that they hold, that they are told, and that the machine lives on."""

import time

import pytest

from fairlead.runner.cancel import Cancel
from fairlead.runner.execute import Watch, execute

BOMB = """
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.05)
"""
# Where we only look now and then, and may be late, a real bomb would take all numbers of processes
# that this machine has, from the tests beside this one too.
SLOW_BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(600)
    except OSError:
        pass
    time.sleep(0.005)
"""
SHELL_BOMB = "bomb() { bomb | bomb & wait; }; bomb"
SLOW_SHELL_BOMB = "while :; do sleep 600 & sleep 0.01; done"
HUNGRY = """
import time
held = []
while True:
    held.append(bytearray(b"x" * (16 << 20)))
    time.sleep(0.01)
"""


def watched(box, argv, env=None):
    """Run a command as the runner does; how it ended, and what the box says then."""
    cancel = Cancel()
    running = box.start(argv, env or {})
    output = []
    ended = execute(
        running, watch=Watch(timeout=60), cancel=cancel, sink=output.append, check=box.exceeded
    )
    cancel.close()
    return ended, b"".join(output).decode("utf-8", "replace")


@pytest.fixture(params=["control groups", "sampling"])
def way(request):
    if request.param == "sampling":
        request.getfixturevalue("no_groups")
    return request.param


def test_a_fork_bomb_ends_and_is_named(boxes, do, way):
    box = boxes.open(processes=64)
    bomb = BOMB if way == "control groups" else SLOW_BOMB
    ended, _ = watched(box, (do.interpreter, "-I", "-c", bomb))
    assert ended.reason == "process limit 64 reached"
    assert box.exceeded() == "process limit 64 reached"
    assert not ended.timed_out
    assert do.run(boxes.open(processes=64), "echo alive") == (0, "alive\n")


def test_a_shell_s_fork_bomb_ends_too(boxes, way):
    box = boxes.open(processes=64)
    bomb = SHELL_BOMB if way == "control groups" else SLOW_SHELL_BOMB
    ended, _ = watched(box, ("bash", "-c", bomb))
    assert ended.reason == "process limit 64 reached"


def test_memory_has_an_end(boxes, do, way):
    box = boxes.open(memory=128 << 20)
    ended, _ = watched(box, (do.interpreter, "-I", "-c", HUNGRY))
    assert not ended.timed_out
    assert box.exceeded() == "memory limit 128 MB exceeded (killed)"


def test_a_full_workspace_is_noticed(boxes):
    box = boxes.open(disk=20 << 20)
    script = "for i in $(seq 30); do head -c 1000000 /dev/zero > f$i; done; echo done; sleep 60"
    ended, _ = watched(box, ("sh", "-c", script))
    assert ended.reason == "disk quota of 20 MB exceeded"


def test_files_in_the_home_folder_count(boxes):
    box = boxes.open(disk=20 << 20)
    script = 'for i in $(seq 30); do head -c 1000000 /dev/zero > "$HOME/f$i"; done; sleep 60'
    ended, _ = watched(box, ("sh", "-c", script))
    assert ended.reason == "disk quota of 20 MB exceeded"


def test_one_file_cannot_grow_beyond_the_quota(boxes, do):
    box = boxes.open(disk=20 << 20)
    code, _ = do.run(box, "head -c 30000000 /dev/zero > big")
    assert code != 0
    assert (boxes.workspace / "big").stat().st_size == 20 << 20


def test_limits_of_the_kernel_are_set(boxes, do):
    _, text = do.run(boxes.open(files=333), "ulimit -c; ulimit -n; ulimit -Hn")
    assert text.split() == ["0", "333", "333"]


def test_within_its_limits_a_box_has_exceeded_nothing(boxes, do):
    box = boxes.open(processes=256, memory=1 << 30, disk=1 << 30)
    assert do.run(box, "head -c 1000000 /dev/zero > f; (sleep 0.1 & sleep 0.1 & wait)")[0] == 0
    assert box.exceeded() == ""


def test_looking_is_cheap(boxes):
    """It is asked twenty times a second for each job."""
    box = boxes.open(processes=4096, memory=1 << 40, disk=1 << 40)
    began = time.process_time()
    for _ in range(100):
        box.exceeded()
    assert time.process_time() - began < 1
