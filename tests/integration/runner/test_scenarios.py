"""Every file in tests/scenarios: a pipeline, what is done with it, and what must come of it.

story: one sentence
files: {path: text}            written into a repository beside the pipeline
pipeline: text of fairlead.yml
args: [...]                    for `fairlead run`
runs: 2                        how often it is run; the last run is looked at
sandbox: [bubblewrap, process] the ways of isolating it is tried with (both by default)
programs: [redis-server]       skipped, saying so, where one of these is not installed
network: true                  needs the package registry
expect:
  outcome: failed
  jobs: {id: {outcome, reason, attempts, log, not_log, tests, reused}}
  notices, skipped             texts that must be contained
  gone: pattern                no process with that in its command line is left
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "scenarios"
EXIT = {"passed": 0, "failed": 1, "errored": 2, "cancelled": 130}


def cases():
    for path in sorted(FOLDER.glob("*.yml")):
        scenario = yaml.safe_load(path.read_text())
        marks = [pytest.mark.network] if scenario.get("network") else []
        for sandbox in scenario.get("sandbox", ["bubblewrap", "process"]):
            yield pytest.param(scenario, sandbox, id=f"{path.stem}-{sandbox}", marks=marks)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """One home for all scenarios, so that what can be shared is made once."""
    return tmp_path_factory.mktemp("fairlead-home")


def write(folder: Path, scenario) -> None:
    files = {"fairlead.yml": scenario["pipeline"], **scenario.get("files", {})}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for args in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "all")):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(("git", *identity, *args), cwd=folder, check=True, capture_output=True)


def processes_of(home: Path) -> list[str]:
    """Command lines of all processes that a run with this home has left."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if os.fsencode(home) in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def none_left(home: Path) -> bool:
    until = time.monotonic() + 60
    while processes_of(home) and time.monotonic() < until:
        time.sleep(0.05)
    return processes_of(home) == []


@pytest.mark.parametrize(("scenario", "sandbox"), list(cases()))
def test_scenario(scenario, sandbox, home, tmp_path):
    for program in (*scenario.get("programs", ()), *(["bwrap"] if sandbox != "process" else ())):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            pytest.skip(f"{program} is not installed")
    project = tmp_path / "project"
    project.mkdir()
    write(project, scenario)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "FAIRLEAD_"))}
    env |= {"FAIRLEAD_HOME": str(home), "FAIRLEAD_CONFIG": str(tmp_path / "config")}
    env |= {"LEAKED": "from the person's shell", **scenario.get("environment", {})}
    if secrets := scenario.get("secrets"):
        store_secrets(project, env, secrets)
    command = (sys.executable, "-m", "fairlead", "run", "--events", "--sandbox", sandbox)
    for _ in range(scenario.get("runs", 1)):
        done = subprocess.run(
            (*command, *map(str, scenario.get("args", ()))), cwd=project, env=env,
            capture_output=True, timeout=300, check=False,
        )  # fmt: skip
    check(scenario, done, project)
    assert none_left(home), processes_of(home)


def store_secrets(project, env, secrets):
    for name, value in secrets.items():
        command = (sys.executable, "-m", "fairlead", "secrets", "set", name)
        subprocess.run(command, cwd=project, env=env, input=value.encode(), check=True)


def check(scenario, done, project):
    expect = scenario["expect"]
    errors = done.stderr.decode("utf-8", "replace")
    if "error" in expect:
        assert done.returncode == 2, done.stdout
        assert expect["error"] in errors
        return
    assert done.stdout, errors
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert result["outcome"] in one_of(expect["outcome"]), (result["verdict"], errors)
    assert done.returncode == EXIT[result["outcome"]]
    jobs = {job["job"]: job for job in result.get("jobs", [])}
    for name, wanted in expect.get("jobs", {}).items():
        check_job(jobs[name], wanted, project / ".fairlead/runs" / str(result["number"]))
    for text in expect.get("notices", ()):
        assert any(text in notice for notice in result.get("notices", ())), result.get("notices")
    for text in expect.get("sentence", ()):
        assert text in result["verdict"]["sentence"]
    skipped = {entry["job"]: entry["reason"] for entry in result.get("skipped", [])}
    for name, text in expect.get("skipped", {}).items():
        assert text in skipped[name]


def one_of(outcome):
    """Mostly one; a list where it depends on what the kernel lets us enforce."""
    return outcome if isinstance(outcome, list) else [outcome]


def check_job(job, wanted, folder):
    reason = job.get("reason", "")
    assert job["outcome"] in one_of(wanted["outcome"]), (job["job"], reason)
    assert wanted.get("reason", "") in reason
    attempts = job.get("attempts", [])
    if "attempts" in wanted:
        assert [attempt["outcome"] for attempt in attempts] == wanted["attempts"]
    log = (folder / attempts[-1]["log"]).read_bytes().decode("utf-8", "replace") if attempts else ""
    for text in wanted.get("log", ()):
        assert text in log
    for text in wanted.get("not_log", ()):
        assert text not in log
    if "tests" in wanted:
        report = attempts[-1].get("report", {})
        cases = report.get("tests", {}).get("cases", [])
        assert {c["name"]: c["outcome"] for c in cases} == wanted["tests"]
    if "reused" in wanted:
        assert [step.get("reused", False) for step in attempts[-1]["steps"]] == wanted["reused"]
    if "artifacts" in wanted:
        assert list(job.get("artifacts", [])) == wanted["artifacts"]
