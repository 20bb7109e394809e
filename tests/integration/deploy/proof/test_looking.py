"""What the commands that look at hosts say of three that serve."""

import json


def test_hosts_that_serve_are_seen_as_they_are(site):
    status = site.fairlead("status", "production")
    assert status.returncode == 0, status.stdout
    assert status.stdout.count(f"({site.releases[site.old]}) since 20") == 3
    assert status.stdout.count(", healthy") == 3
    only = ("--host", site.machines["web2"].address)
    went = site.deploy(site.new, *only)
    assert went.outcome == "live", went.said
    status = site.fairlead("status", "production")
    assert status.returncode == 1
    assert "the hosts serve different releases" in status.stdout
    back = site.rollback(*only)
    assert back.outcome == "live", back.said


def test_a_process_that_ended_and_a_site_that_is_closed_are_told(site):
    site.machines["web3"].run("service nginx stop")
    site.fairlead("maintenance", "on", "production")
    try:
        hosts = json.loads(site.fairlead("status", "production", "--json").stdout)[0]["hosts"]
    finally:
        site.machines["web3"].run("service nginx start")
        site.fairlead("maintenance", "off", "production")
    assert [host["healthy"] for host in hosts] == [True, True, False]
    assert all(host["maintenance"] for host in hosts)
    assert "/health" in hosts[2]["note"]


def test_history_logs_and_commands_come_from_all_hosts(site):
    (last, *_) = json.loads(site.fairlead("history", "production", "--json").stdout)
    assert last["outcome"] == "live"
    assert len(site.fairlead("history", "production", "-n", "1").stdout.splitlines()) == 1
    site.live()
    logs = site.fairlead("logs", "production", "--of", "access", "--tail", "2").stdout
    assert {line.split(" | ")[0].strip() for line in logs.splitlines()} == {
        machine.address for machine in site.machines.values()
    }
    told = site.fairlead(
        "run-on", "production", "--all", "--", "sh", "-c", "id -un; echo $RELEASE_VERSION"
    )
    lines = {line.split(" | ")[1] for line in told.stdout.splitlines()}
    assert lines == {"shop", site.releases[site.old]}
    checked = json.loads(site.fairlead("hosts", "check", "production", "--json").stdout)
    assert all(host["provisioned"] and not host["problems"] for host in checked)
