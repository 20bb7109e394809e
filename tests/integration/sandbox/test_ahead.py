"""Boxes made before there is a job for them."""

import os
import signal
import subprocess
import sys

import pytest

from fairlead.errors import SandboxFailed
from fairlead.model import Limits, Network
from fairlead.runner.sandbox import BoxSpec, blanks, bubblewrap
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
from fairlead.runner.sandbox.helper import helper
from fairlead.runner.sandbox.keeper.tally import descendants

pytestmark = pytest.mark.parametrize("kind", ["bubblewrap"])
LIMITS = Limits(processes=300)


@pytest.fixture(autouse=True)
def put_away(sandbox):
    yield
    blanks.put_away()


@pytest.fixture
def opened(monkeypatch):
    """How often a box was really made."""
    made = []
    original = blanks._make

    def counted(kind):
        made.append(kind)
        return original(kind)

    monkeypatch.setattr(blanks, "_make", counted)
    return made


def open_in(sandbox, folder, **options):
    (folder / "ws").mkdir(exist_ok=True)
    spec = BoxSpec(
        name="job", workspace=folder / "ws", scratch=folder / "scratch", limits=LIMITS, **options
    )
    return sandbox.open(spec)


def test_the_next_box_like_it_is_taken(sandbox, tmp_path, opened, do):
    sandbox.warm(LIMITS, "full")
    with open_in(sandbox, tmp_path) as box:
        assert do.run(box, "touch made; pwd") == (0, "/ws\n")
    assert (tmp_path / "ws/made").exists()
    assert len(opened) == 1


@pytest.mark.parametrize(("limits", "network"), [(Limits(processes=299), "full"), (LIMITS, "none")])
def test_another_kind_is_not(sandbox, tmp_path, opened, limits, network):
    sandbox.warm(limits, network)
    with open_in(sandbox, tmp_path):
        pass
    assert len(opened) == 2


def test_one_that_resolves_names_as_they_were_is_not_taken(sandbox, tmp_path, opened, monkeypatch):
    monkeypatch.setattr(bubblewrap, "names_now", lambda: (1, 1))
    sandbox.warm(LIMITS, "full")
    monkeypatch.setattr(bubblewrap, "names_now", lambda: (2, 1))
    with open_in(sandbox, tmp_path):
        assert [kind.names for kind in opened] == [(1, 1), (2, 1)]
        assert blanks._waiting == []


def test_no_more_wait_than_were_asked_for(sandbox, tmp_path, opened):
    for _ in range(3):
        sandbox.warm(LIMITS, "full", most=2)
    assert len(opened) == 2
    with open_in(sandbox, tmp_path):
        sandbox.warm(LIMITS, "full", most=2)
    assert len(opened) == 3


def test_nothing_of_the_host_is_left_in_it(sandbox, tmp_path, do):
    sandbox.warm(LIMITS, "full")
    with open_in(sandbox, tmp_path) as box:
        _, mounts = do.run(box, "cat /proc/self/mountinfo; ls -a /")
        assert ".host" not in mounts
        assert do.run(box, "cd /.host || cd /oldroot || touch /new || touch /usr/new")[0] != 0


WITHIN = """
import os, sys
from pathlib import Path
from fairlead.runner.sandbox import BoxSpec
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
folder = Path(sys.argv[1])
shown = {sys.argv[2]: (folder / "shown",)}
spec = BoxSpec(name="t", workspace=folder / "ws", scratch=folder / "scratch", **shown)
with Bubblewrap().open(spec) as box:
    command = box.start(("sh", "-c", f"cd {folder}/shown/in*; cat a; touch b 2>/dev/null"), {})
    print(command.wait(), os.read(command.output, 10).decode())
"""


@pytest.mark.parametrize(("how", "code"), [("readable", 1), ("writable", 0)])
def test_a_mount_within_a_folder_is_as_read_only_as_the_folder(sandbox, tmp_path, how, code):
    for name in ("ws", "shown/in side"):
        (tmp_path / name).mkdir(parents=True)
    inner = tmp_path / "shown/in side"
    own = ("unshare", "--user", "--map-root-user", "--mount")
    script = 'mount -t tmpfs none "$1" && echo text > "$1/a" && shift && exec "$@"'
    program = (sys.executable, "-c", WITHIN, str(tmp_path), how)
    command = (*own, "sh", "-c", script, "sh", str(inner), *program)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"{code} text\n\n", done.stderr


def test_a_folder_that_went_meanwhile_is_an_error(sandbox, tmp_path):
    sandbox.warm(LIMITS, "full")
    with pytest.raises(SandboxFailed, match="no such file"):
        open_in(sandbox, tmp_path, readable=(tmp_path / "gone",))


WAITING = """
import sys, time
from fairlead.model import Limits
from fairlead.runner.sandbox import blanks
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
Bubblewrap().warm(Limits(processes=300), "full")
blanks._waiting[0][1].result()
print("ready", flush=True)
time.sleep(1000)
"""


def test_one_that_waits_ends_with_fairlead(sandbox, do):
    with subprocess.Popen((sys.executable, "-c", WAITING), stdout=subprocess.PIPE) as runner:
        assert runner.stdout.read(6) == b"ready\n"
        below = descendants(runner.pid)
        assert len(below) > 3
        runner.send_signal(signal.SIGKILL)
        runner.wait()
    assert do.until(lambda: not any(os.path.exists(f"/proc/{process}") for process in below))


def test_those_nobody_took_can_be_put_away(sandbox, do):
    before = set(descendants(helper()._pid))
    sandbox.warm(LIMITS, "full")
    blanks._waiting[0][1].wait()
    assert set(descendants(helper()._pid)) > before
    blanks.put_away()
    assert do.until(lambda: set(descendants(helper()._pid)) <= before)


def test_several_are_made_side_by_side(sandbox, tmp_path, do):
    sandbox.warm(LIMITS, "full", most=2)
    sandbox.warm(LIMITS, "full", most=2)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with open_in(sandbox, tmp_path / "a") as one, open_in(Bubblewrap(), tmp_path / "b") as other:
        assert do.run(one, "echo 1 > x; cat x") == (0, "1\n")
        assert do.run(other, "ls | wc -l") == (0, "0\n")


def test_a_network_of_its_own(sandbox, tmp_path, do):
    sandbox.warm(LIMITS, "none")
    with open_in(sandbox, tmp_path, network=Network(mode="none")) as box:
        assert do.run(box, "cat /proc/net/dev | grep -c :")[1] == "1\n"
