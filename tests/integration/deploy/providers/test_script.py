"""`provider: script`, with real commands."""

import os
import subprocess
import time

import msgspec
import pytest

from fairlead.errors import DeploymentRefused, UsageError
from fairlead.model.deployment import DeployOutcome, DeployStarted


def test_the_command_runs_in_the_release_with_its_variables(carry, script, release, monkeypatch):
    monkeypatch.setenv("SOMEBODY_ELSES", "x")
    command = 'cat app.py; ./bin/publish; readlink link; printf "%s|" "$A" "$KEY" $RELEASE_VERSION $RELEASE_NUMBER $ENVIRONMENT; env | grep -c SOMEBODY; test -f "$RELEASE_FILE"'
    found = carry(script(deploy=command), secrets=(("KEY", "hush-hush"),), by="ann")
    assert found.outcome == DeployOutcome.LIVE
    assert found.lines == [
        "app = 1", "published", "app.py", "it's", f"$B|[secret]|{release.manifest.version}|7|prod|0",
    ]  # fmt: skip
    assert found.phases == [("upload", True), ("switch", True)]
    first = found.events[0]
    assert isinstance(first, DeployStarted)
    assert (first.environment, first.release, first.by, first.kind) == ("prod", 7, "ann", "deploy")
    assert found.events[-1] == found.finished
    assert found.finished.live == (("prod", release.manifest.version),)
    assert "hush-hush" not in found.text


def test_one_that_fails_is_put_back_by_the_other(carry, script):
    found = carry(
        script(status="echo old; echo 1.2", deploy="echo bad; exit 3", rollback="echo back to $RELEASE_VERSION")
    )  # fmt: skip
    assert found.outcome == DeployOutcome.ROLLED_BACK
    assert found.finished.sentence == "put back: the command `deploy` ended with code 3: bad"
    assert found.notices == ["back to 1.2"]
    assert found.finished.live == (("prod", "1.2"),)
    assert found.events[0].previous == "1.2"


def test_one_that_fails_without_another_needs_a_person(carry, script):
    found = carry(script(deploy="exit 3"))
    assert found.outcome == DeployOutcome.FAILED
    assert "there is no command `rollback`" in found.finished.sentence


def test_a_status_that_fails_changes_nothing(carry, script, tmp_path):
    found = carry(script(status="exit 1", deploy=f"touch {tmp_path}/done"))
    assert (found.outcome, (tmp_path / "done").exists()) == (DeployOutcome.REFUSED, False)


@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_all_processes_of_a_command_end_with_it(carry, script, how):
    command = "trap '' TERM; setsid sleep 4242.1 & sleep 4242.2 & echo going; wait"
    options = {"rollback": "echo back"} | ({"timeout": "500 ms"} if how == "timeout" else {})
    found = carry(script(deploy=command, **options), when="going" if how == "stop" else "")
    assert found.outcome == DeployOutcome.ROLLED_BACK
    deadline = time.monotonic() + 60
    while _running("sleep 4242.2") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _running("sleep 4242.2")


def test_a_person_who_ends_it_again_does_not_keep_it_from_being_put_back(carry, script, tmp_path):
    back = f"echo going back; sleep 0.2; touch {tmp_path}/done"
    found = carry(script(deploy="echo going; sleep 60", rollback=back), when="going")
    assert found.outcome == DeployOutcome.ROLLED_BACK
    assert (tmp_path / "done").exists()


def _running(command):
    found = subprocess.run(("ps", "-eo", "pid=,args="), capture_output=True, text=True, check=True)
    pids = [int(line.split()[0]) for line in found.stdout.splitlines() if line.split(None, 1)[1:] == [command]]  # fmt: skip
    if command != "sleep 4242.1":
        for pid in _running("sleep 4242.1"):  # left its group on purpose: ours to end
            os.kill(pid, 9)
    return pids


def test_back_to_a_release_that_is_known(carry, script, release):
    environment = script(deploy="echo deploy $RELEASE_NUMBER", rollback="echo to $RELEASE_VERSION")
    found = carry(environment, back="7", release=release)
    assert (found.outcome, found.lines) == (DeployOutcome.LIVE, [f"to {release.manifest.version}"])
    found = carry(script(deploy="echo deploy $RELEASE_NUMBER"), back="7", release=release)
    assert found.lines == ["deploy 7"]
    found = carry(script(deploy="echo deploy"), back="")
    assert found.outcome == DeployOutcome.REFUSED


def test_the_rules_hold_for_every_way(carry, script):
    environment = msgspec.structs.replace(script(deploy="echo no"), branches=("develop",))
    with pytest.raises(DeploymentRefused, match="prod takes branch develop"):
        carry(environment)
    assert carry(environment, forced=True).outcome == DeployOutcome.LIVE
    with pytest.raises(UsageError, match="prod has no hosts of its own to choose from"):
        carry(environment, forced=True, hosts=("web1",))
    environment = msgspec.structs.replace(environment, secrets=("KEY",))
    with pytest.raises(DeploymentRefused, match="needs secrets that are not stored: KEY"):
        carry(environment, forced=True)
