"""``fairlead env`` on a store with real environments in it."""

import json
import os
import time

import pytest
from click.testing import CliRunner

from fairlead.cli.main import cli
from fairlead.model import Install
from fairlead.runner.environments import Environments, read_request
from fairlead.runner.pythons import choose, find
from fairlead.runner.stepcache import StepCache, Stored


@pytest.fixture
def fairlead(tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRLEAD_CONFIG", str(tmp_path / "config"))

    def run(*args):
        return CliRunner().invoke(cli, ["env", *args], catch_exceptions=True)

    return run


@pytest.fixture
def stored(fairlead, tmp_path):
    """Two empty environments, of the oldest and the newest Python 3, unused for 40 and 0 days."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PIP_CONFIG_FILE": os.devnull,
    }
    environ |= {"PIP_NO_INDEX": "1"}
    found = [one for one in find(tmp_path / "home", environ) if one.numbers >= (3, 6)]
    keys = []
    with Environments(tmp_path / "home", environ) as environments:
        for one, days in ((found[-1], 40), (choose(found, "3"), 0)):
            request = read_request(Install(), tmp_path, interpreter=one, trust=f"t{days}")
            keys.append(environments.prepare(request).key)
            then = time.time() - days * 86400
            os.utime(tmp_path / "home/envs/.locks" / keys[-1], (then, then))
    return keys


def test_an_empty_store(fairlead):
    assert fairlead("list").output == "0 environments, 0 B\n"
    assert fairlead("list", "--json").output.strip() == "[]"
    assert fairlead("prune").output == "removed 0 environments, 0 B freed\n"


def test_listing(fairlead, stored):
    lines = fairlead("list").output.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [key[:12] for key in stored]
    assert lines[0].endswith("used 40 d ago")
    assert lines[-1].startswith("2 environments, ")
    data = json.loads(fairlead("list", "--json").output)
    assert [one["key"] for one in data] == stored
    assert {one["kind"] for one in data} == {"environment"}


def test_successes_of_steps_go_with_what_is_old(fairlead, tmp_path):
    cache = StepCache(tmp_path / "home/steps")
    for key, days in (("old", 40), ("new", 1)):
        cache.store(key, Stored(log=b"", seconds=1, run=1))
        then = time.time() - days * 86400
        os.utime(next(tmp_path.glob(f"home/steps/*/{key}")), (then, then))
    fairlead("prune", "--dry-run")
    assert len(list(tmp_path.glob("home/steps/*/*"))) == 2
    fairlead("prune")
    assert [path.name for path in tmp_path.glob("home/steps/*/*")] == ["new"]


def test_a_home_whose_name_is_no_text(fairlead, tmp_path, monkeypatch):
    home = tmp_path / "caf\udce9"
    (home / "envs/broken").mkdir(parents=True)
    monkeypatch.setenv("FAIRLEAD_HOME", str(home))
    (stored,) = json.loads(fairlead("list", "--json").stdout_bytes)
    assert stored["path"].endswith("caf\\udce9/envs/broken")


def test_pruning_what_is_old(fairlead, stored):
    assert (
        fairlead("prune", "--dry-run")
        .output.splitlines()[-1]
        .startswith("would remove 1 environment,")
    )
    assert fairlead("prune", "--older-than", "6w").output.startswith("removed 0 environments")
    assert stored[0][:12] in fairlead("prune").output
    assert [one["key"] for one in json.loads(fairlead("list", "--json").output)] == stored[1:]
    assert fairlead("prune", "--max-size", "1GB").output.startswith("removed 0 environments")
    assert "removed 1 environment," in fairlead("prune", "--all").output
    assert json.loads(fairlead("list", "--json").output) == []


@pytest.mark.parametrize("args", [("--older-than", "soon"), ("--max-size", "big")])
def test_what_is_no_age_or_size(fairlead, args):
    done = fairlead("prune", *args)
    assert f"{args[1]!r} is not a" in str(done.exception)


def test_interpreters(fairlead):
    lines = fairlead("pythons").output.splitlines()
    assert lines
    assert all(len(line.split()) >= 2 and os.path.exists(line.split()[-1]) for line in lines)
