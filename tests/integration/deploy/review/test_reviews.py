"""Two pull requests on two hosts: each its own place, and nothing is left of one that is closed."""

import json

from fairlead.deploy.order import DeployOrder
from fairlead.deploy.review import review_environment
from fairlead.pipeline.environments import find_environments
from fairlead.pipeline.tree import MemoryTree
from fairlead.release.shelf import Shelf
from fairlead.server.engine.apart.orders import Deploy, Remove


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


def test_a_worker_makes_a_place_and_removes_it(staging, tmp_path):
    """By the process that a worker of the server starts: told on one line, answering in lines."""
    staging.commit("slower", "the second")
    folder = staging.shop.folder
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    pattern = find_environments(MemoryTree(files), "shop").get("staging")
    wanted = review_environment(pattern, 8)
    release = Shelf(folder / ".fairlead" / "releases").latest()
    order = DeployOrder(environment=wanted, release=release, by="automatic")
    told = Deploy(folder=str(tmp_path), trusted="", order=order, review=True)
    *said, last = staging.process(told, tmp_path)
    assert last["outcome"] == "live", last["sentence"]
    assert said
    for machine in staging.machines:
        assert json.loads(staging.ask(8, machine))["text"] == "the second"
    (last,) = staging.process(Remove(folder=str(tmp_path), environment=wanted), tmp_path)
    assert (last["event"], len(last["hosts"])) == ("removed", 2)
    for machine in staging.machines:
        assert not traces(machine, "shop-pr-8").strip()
        assert staging.live(machine)
