"""Two pull requests on two hosts: each its own place, and nothing is left of one that is closed."""

import json


def traces(machine, name):
    """Whatever on a machine is called by a name: files, users, processes, databases."""
    return machine.run(
        f"find /etc /srv /usr/local/sbin /var/log /var/backups -name '*{name}*' 2>/dev/null | sort;"
        f" getent passwd {name} || :; getent group {name} || :; ps -eo user:32=,args= | grep -w {name} | grep -v grep || :;"
        f" if command -v psql >/dev/null; then runuser -u postgres -- psql -qAtl | grep {name} || :; fi"
    )


def test_pull_requests_come_and_go(staging):
    version = staging.commit("faster", "the first")
    told = staging.fairlead("review", "staging", "7", "--branch", "faster", "--plain")
    assert "live" in told
    staging.fairlead("review", "staging", "77", "--branch", "faster", "--plain")
    for machine in staging.machines:
        for number in (7, 77):
            told = {"version": version, "number": str(number), "text": "the first"}
            assert json.loads(staging.ask(number, machine)) == told
        assert "shop-pr-7" in traces(machine, "shop-pr-7")
    assert "shop-pr-7|" in staging.machines[0].run("runuser -u postgres -- psql -qAtl")
    listed = json.loads(staging.fairlead("review", "staging", "--json"))
    assert [found["number"] for found in listed] == [7, 77]

    told = staging.fairlead("review", "staging", "7", "--remove")
    assert told.startswith("pull request 7 is gone from ")
    for machine in staging.machines:
        left = [
            line for line in traces(machine, "shop-pr-7").splitlines() if "shop-pr-77" not in line
        ]
        assert left == []
        assert json.loads(staging.ask(77, machine))["number"] == "77"
        assert '"number": "7"' not in staging.ask(7, machine)
        assert staging.live(machine), "what else lives there goes on"
    assert "pr-77.staging.example" in staging.fairlead("review", "staging")
    assert staging.fairlead("review", "staging", "7", "--remove"), "it is no error to do it twice"
