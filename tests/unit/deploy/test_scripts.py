"""Scripts are text: they are read by a real shell, and hold what was quoted for them."""

import hashlib
import io
import os
import subprocess
import tarfile

import pytest

from fairlead.deploy.commands import facts, preparing, switching
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.healing import healing
from fairlead.deploy.layout import Layout
from fairlead.deploy.managers.registry import manager
from fairlead.deploy.probe import probe_nginx, probe_slot
from fairlead.deploy.watch import read_seen, watch_script
from fairlead.errors import UsageError
from fairlead.model.deployment import DeployOutcome, Past
from fairlead.model.environment import Host

LAYOUT = Layout("/srv/a b's")
JOURNAL = Journal(name="8", by="o'ne", slot="green")
PAST = Past(
    time=1.0,
    kind="deploy",
    release=8,
    version="v",
    commit="c",
    outcome=DeployOutcome.LIVE,
    sentence="it's",
)
PROCESSES = ("web", "clock-1")


def scripts(kind, environment, release):
    functions = manager(kind).functions("bank", LAYOUT.root)
    more = {"processes": PROCESSES, "functions": functions}
    manifest, env = release(8, python="3.11").manifest, environment()
    yield facts.facts_script(env, Host(address="h1", manager=kind))
    yield preparing.upload(LAYOUT, "8", manifest, JOURNAL)
    yield preparing.clean(LAYOUT, "8", JOURNAL)
    yield preparing.install(LAYOUT, "8", manifest)
    yield preparing.place(LAYOUT, "green")
    yield preparing.in_release(LAYOUT, "green", "echo 'it is' \"so\"")
    yield preparing.cool(LAYOUT, "green", **more)
    yield preparing.start(LAYOUT, "green", **more)
    yield preparing.put_back(LAYOUT, "green", warm=True, stop=True, remove="8", **more)
    yield preparing.log_tail(LAYOUT, "green", 100)
    yield probe_slot(env, "green", "v", functions)
    yield probe_nginx(env, "v")
    yield watch_script(env, "green", "blue", **more)
    yield switching.switch(LAYOUT, "green", "blue", JOURNAL)
    yield switching.switch_back(LAYOUT, "blue")
    yield switching.switch_back(LAYOUT, "")
    yield switching.move_workers(LAYOUT, "blue", "green", **more)
    yield switching.close_site(LAYOUT)
    yield switching.open_site(LAYOUT)
    yield switching.settle_live(LAYOUT, "green", "blue", **more)
    yield switching.retire(
        LAYOUT, "green", "blue", warm=False, keep=3, **more
    ) + switching.remember(LAYOUT, PAST)


@pytest.mark.parametrize("kind", ["systemd", "supervisor"])
def test_every_script_is_shell(kind, environment, release):
    for script in scripts(kind, environment, release):
        done = subprocess.run(["sh", "-n"], input=script.encode(), capture_output=True, check=False)
        assert done.returncode == 0, f"{done.stderr.decode()}\n{script}"


def test_systemd_gets_one_unit_a_call():
    functions = manager("systemd").functions("bank", "/srv/bank")
    assert manager("systemd").name("bank", "web", "blue") == "bank-web@blue.service"
    fake = 'sudo() { shift; echo "$@"; }\n'
    done = subprocess.run(
        ["sh", "-eu"],
        input=f"{fake}{functions}\nbegin blue web clock-1\n".encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().splitlines() == [
        "systemctl start bank-web@blue.service",
        "systemctl start bank-clock-1@blue.service",
    ]


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        ("ActiveState=active\nNRestarts=0", "running"),
        ("NRestarts=2\nActiveState=active", "failed"),
        ("ActiveState=activating\nNRestarts=1", "failed"),
        ("ActiveState=failed\nNRestarts=0", "failed"),
        ("ActiveState=inactive\nNRestarts=0", "stopped"),
    ],
)
def test_systemd_s_states(shown, word):
    functions = manager("systemd").functions("bank", "/srv/bank")
    fake = f"sudo() {{ printf '%s\\n' '{shown}'; }}\n"
    done = subprocess.run(
        ["sh", "-eu"],
        input=f"{fake}{functions}\nstate blue web\n".encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == f"process blue web {word}\n"


def test_an_unknown_manager():
    with pytest.raises(UsageError, match="systemd, supervisor"):
        manager("runit")


def test_what_a_watch_came_to():
    assert read_seen(["note no log", "good 120 3"]).answers == 120
    assert read_seen(["bad it is"]).bad == "it is"
    assert read_seen(["note no log", "good 1 0"]).note == "no log"
    assert read_seen([]).bad


HOST = Host(address="h1", manager="supervisor")


def test_nothing_to_heal(environment, facts):
    assert healing(environment(), HOST, facts()) is None


@pytest.mark.parametrize(
    ("slot", "begun", "words", "script"),
    [
        ("green", {"green"}, "ended before the switch: cleared", "finish green web"),
        ("green", set(), "ended before the switch: cleared", "rm -f under-way"),
        ("blue", {"blue"}, "ended behind the switch: it is live", "rm -rf slots/.blue.before"),
        ("blue", set(), "ended behind the switch: it is live", "rm -f under-way"),
    ],
)
def test_what_a_dead_deployment_left(environment, facts, slot, begun, words, script):
    found = facts(journal=Journal(name="8", slot=slot, by="ada"), begun=frozenset(begun))
    cure = healing(environment(), HOST, found)
    assert cure.sentence == f"h1: the deployment of release 8 by ada {words}" + (
        ", and nobody watched it" if slot == "blue" else ""
    )
    assert script in cure.script


def test_what_was_only_begun_takes_no_room_any_more(tmp_path):
    layout = Layout(str(tmp_path))
    for name in ("releases/.8.new", "releases/7", "environments/half", "environments/whole"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "environments/whole/ready").touch()
    script = preparing.put_back(layout, "green", processes=(), functions="finish() { :; }")
    subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, check=True)
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["7"]
    assert [path.name for path in (tmp_path / "environments").iterdir()] == ["whole"]


def test_what_cannot_be_unpacked_leaves_nothing(tmp_path, release):
    payload = b"cut off"
    manifest = release(8, payload=hashlib.sha256(payload).hexdigest()).manifest
    (tmp_path / "releases").mkdir()
    sent = io.BytesIO()
    with tarfile.open(fileobj=sent, mode="w") as archive:
        member = tarfile.TarInfo("payload.tar.gz")
        member.size = len(payload)
        archive.addfile(member, io.BytesIO(payload))
    script = tmp_path / "upload.sh"
    script.write_text(preparing.upload(Layout(str(tmp_path)), "8", manifest, JOURNAL))
    done = subprocess.run(
        ["sh", "-eu", script], input=sent.getvalue(), capture_output=True, check=False
    )
    assert done.returncode != 0
    assert b"gzip" in done.stderr
    assert list((tmp_path / "releases").iterdir()) == []


def test_environments_go_with_the_last_release_that_needs_them(tmp_path):
    for number, needs in enumerate(("e1", "e2", "e2", "e3"), 1):
        folder = tmp_path / f"releases/{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(f'{{"version":"v","environment":"{needs}"}}')
        os.utime(folder, (number, number))
    for name in ("e1", "e2", "e3", "e31", "e4"):
        (tmp_path / "environments" / name).mkdir(parents=True)
    for slot, number, needs in (("blue", 4, "e4"), ("green", 1, "e1")):
        (tmp_path / "slots" / slot).mkdir(parents=True)
        (tmp_path / f"slots/{slot}/release").symlink_to(f"../../releases/{number}")
        (tmp_path / f"slots/{slot}/environment").symlink_to(f"../../environments/{needs}")
    script = switching.retire(
        Layout(str(tmp_path)), "blue", "green", processes=(), functions="", warm=True, keep=1
    )
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    assert {path.name for path in (tmp_path / "releases").iterdir()} == {"1", "3", "4"}
    found = {path.name for path in (tmp_path / "environments").iterdir()}
    assert found == {"e1", "e2", "e3", "e4"}
