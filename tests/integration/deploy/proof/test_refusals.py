"""What must not happen, and is said before anything does."""

import json

import pytest


def test_provisioning_a_host_that_was_deployed_to_finds_nothing_to_do(site):
    address = site.machines["web1"].address
    done = site.fairlead("provision", "production", "--check", "--host", address)
    assert done.returncode == 0, done.stdout


def test_of_two_deployers_the_second_is_told_about_the_first(site):
    site.hold("probe", "web2")
    first = site.start(site.new)
    site.reached("probe", "web2")
    second = site.deploy("broken")
    assert second.process.returncode == 1
    assert second.outcome in {"", "refused"}
    assert "deploy" in second.said
    site.let_go("probe", "web2")
    first.end()
    assert first.outcome == "live", first.said
    assert site.live() == site.all_live(site.new)


def test_a_full_disk_on_one_host_changes_nothing_anywhere(site):
    before = site.states()
    machine = site.machines["web3"]
    machine.fill(leave=100 << 10)
    try:
        went = site.deploy("broken")  # the hosts keep the others, which need no room
        assert went.outcome == "refused", went.said
        assert f"{machine.address}: 0 MB are free" in went.finished["sentence"]
        assert site.live() == site.all_live(site.old)
    finally:
        machine.run("rm -f /full")
    assert site.states() == before
    assert site.deploy(site.new).outcome == "live"


@pytest.mark.parametrize("phase", ["switch", "watch"])
def test_a_disk_that_fills_up_later_leaves_one_release_everywhere(site, phase):
    machine = site.machines["web3"]
    if phase == "switch":
        site.hold("switch", "web3")
        going = site.start(site.new)
        site.reached("switch", "web3")
    else:
        site.shop.configure(watch=3)
        going = site.start(site.new)
        assert going.until("phase_started", phase="watch"), going.said
    machine.fill()
    try:
        site.let_go("switch", "web3")
        going.end()
        live = site.live()
        assert live == site.all_live(site.new if going.outcome == "live" else site.old), going.said
        assert going.outcome in {"live", "rolled back"}, going.said
        assert going.outcome == "live" or machine.address in going.finished["sentence"]
        status = json.loads(site.fairlead("status", "production", "--json").stdout)[0]["hosts"]
        assert [host["reached"] for host in status] == [True] * 3, status
    finally:
        machine.run("rm -f /full")
    again = site.deploy(site.new)
    assert again.outcome == "live", again.said
    assert site.live() == site.all_live(site.new)
    assert "under-way" not in site.state("web3")


def test_another_host_key_is_refused_with_its_fingerprint(site):
    machine = site.machines["web2"]
    machine.run(
        "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; service ssh restart"
    )
    shown = machine.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    try:
        went = site.deploy(site.new)
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
    assert site.live() == site.all_live(site.old)


def test_without_sudo_a_host_is_refused_before_anything_happens(site):
    before = site.states()
    machine = site.machines["web3"]
    machine.run("mv /etc/sudoers.d /root/sudoers.d; mkdir /etc/sudoers.d")
    try:
        went = site.deploy(site.new)
    finally:
        machine.run("rm -r /etc/sudoers.d; mv /root/sudoers.d /etc/sudoers.d")
    assert went.process.returncode != 0
    assert "sudo" in went.said
    assert machine.address in went.said
    assert "Traceback" not in went.said
    assert site.states() == before


def test_where_nothing_may_be_written_nothing_changes(site):
    before = site.states()
    machine = site.machines["web3"]
    machine.run("chown root: /srv/shop/releases")
    try:
        went = site.deploy(site.new)
    finally:
        machine.run("chown shop: /srv/shop/releases")
    assert went.outcome == "refused", went.said
    assert went.process.returncode == 1
    assert machine.address in went.finished["sentence"]
    assert "may not write to releases" in went.finished["sentence"]
    assert "Traceback" not in went.said
    assert site.states() == before


def test_an_unknown_environment_is_named_with_those_there_are(site):
    done = site.fairlead("deploy", "productoin", "--yes")
    assert done.returncode == 2
    assert "production" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_host_that_cannot_be_reached_is_named_and_the_others_stay(site):
    before = site.states("web1", "web3")
    site.network.cable("web2", "down")
    try:
        went = site.deploy(site.new)
    finally:
        site.network.cable("web2", "up")
    assert went.process.returncode == 1, went.said
    assert site.machines["web2"].address in went.said
    assert "Traceback" not in went.said
    assert site.states("web1", "web3") == before


@pytest.mark.parametrize("harm", ["truncated", "altered"])
def test_a_release_file_that_is_broken_goes_nowhere(site, harm):
    before = site.states()
    file = site.file(site.new)
    whole = file.read_bytes()
    middle = len(whole) // 2
    cut = whole[:middle]
    file.chmod(0o644)
    file.write_bytes(cut if harm == "truncated" else cut + b"x" + whole[middle + 1 :])
    try:
        went = site.deploy(site.new)
    finally:
        file.write_bytes(whole)
    assert went.process.returncode not in {0, None}
    assert file.name in went.said
    assert "Traceback" not in went.said
    assert site.states() == before


def test_secrets_come_through_as_they_are_and_are_told_nowhere(site):
    value = 'it\'s "quoted" $HOME `id` \\ and\ntwo lines # ; %n\ttab'
    site.shop.configure(secrets=["TOKEN"])
    path = site.desk.home / "value"
    path.write_text(value)
    with path.open() as given:
        stored = site.fairlead("secrets", "set", "TOKEN", given=given)
    assert stored.returncode == 0, stored.stdout
    went = site.deploy(site.new)
    assert went.outcome == "live", went.said
    for machine in site.machines.values():
        told = machine.run("curl -s -H 'Host: shop.example' http://127.0.0.1/told")
        assert json.loads(told)["TOKEN"] == value
        assert "two lines" not in machine.run("cat /srv/shop/history.jsonl /srv/shop/log/*.log")
    assert "two lines" not in went.said


def test_status_and_history_tell_what_is_live_and_what_was(site):
    done = site.fairlead("status", "production", "--json")
    assert done.returncode == 0, done.stdout
    assert site.releases[site.old] in done.stdout
    told = site.fairlead("history", "production", "--json")
    assert told.returncode == 0, told.stdout
    assert json.loads(told.stdout)
