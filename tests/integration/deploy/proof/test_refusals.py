"""What must not happen, and is said before anything does."""

import json

FIRST, SECOND = "first", "second"


def test_provisioning_again_finds_nothing_to_do(site, kept):
    done = site.fairlead("provision", "production", "--check")
    assert done.returncode == 0, done.stdout


def test_of_two_deployers_the_second_is_told_about_the_first(site):
    site.hold("probe", "web2")
    first = site.start(SECOND)
    site.reached("probe", "web2")
    second = site.deploy("broken")
    assert second.process.returncode == 1
    assert second.outcome in {"", "refused"}
    assert "deploy" in second.said
    site.let_go()
    first.end()
    assert first.outcome == "live", first.said
    assert site.live() == site.all_live(SECOND)


def test_a_full_disk_on_one_host_changes_nothing_anywhere(site):
    before = site.states()
    machine = site.machines["web3"]
    machine.fill(leave=100 << 10)
    try:
        went = site.deploy(SECOND)
        assert went.outcome == "refused", went.said
        assert machine.address in went.finished["sentence"]
        assert site.live() == site.all_live(FIRST)
    finally:
        machine.run("rm -f /full")
    assert site.states() == before
    assert site.deploy(SECOND).outcome == "live"


def test_another_host_key_is_refused_with_its_fingerprint(site):
    machine = site.machines["web2"]
    machine.run(
        "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; service ssh restart"
    )
    shown = machine.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    try:
        went = site.deploy(SECOND)
        assert went.process.returncode != 0
        assert shown in went.said
        assert machine.address in went.said
        assert "Traceback" not in went.said
    finally:
        key = site.network.systems.key("web2")
        for end in ("", ".pub"):
            text = key.with_name(key.name + end).read_text()
            machine.run(f"cat > /etc/ssh/ssh_host_ed25519_key{end}", text=text)
        machine.run("service ssh restart")
    assert site.live() == site.all_live(FIRST)


def test_without_sudo_a_host_is_refused_before_anything_happens(site):
    before = site.states()
    machine = site.machines["web3"]
    machine.run("mv /etc/sudoers.d/deploy /root/deploy.sudoers")
    try:
        went = site.deploy(SECOND)
    finally:
        machine.run("mv /root/deploy.sudoers /etc/sudoers.d/deploy")
    assert went.process.returncode != 0
    assert "sudo" in went.said
    assert machine.address in went.said
    assert "Traceback" not in went.said
    assert site.states() == before


def test_an_unknown_environment_is_named_with_those_there_are(site):
    done = site.fairlead("deploy", "productoin", "--yes")
    assert done.returncode == 2
    assert "production" in done.stdout
    assert "Traceback" not in done.stdout


def test_status_and_history_tell_what_is_live_and_what_was(site):
    done = site.fairlead("status", "production", "--json")
    assert done.returncode == 0, done.stdout
    assert site.releases[FIRST] in done.stdout
    told = site.fairlead("history", "production", "--json")
    assert told.returncode == 0, told.stdout
    assert json.loads(told.stdout)
