"""What is left when Fairlead is ended in mid-run, by a person or by force."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

PIPELINE = """\
install: {project: none}
jobs:
  slow:
    run: |
      trap '' TERM INT HUP
      (setsid nohup sleep %(mark)s > /dev/null 2>&1 &)
      echo begun
      sleep %(mark)s
  waiting:
    needs: [slow]
    run: echo never
"""


def alive(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if line[:2] == [b"sleep", mark.encode()]:
            found.append(entry.name)
    return found


def within(seconds: float, condition) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@pytest.fixture(params=["bubblewrap", "process"])
def begun(request, tmp_path):
    """A run whose step has begun, with its folder, home and mark."""
    mark = f"9{os.getpid() % 10_000:04d}{len(request.param)}"
    project = tmp_path / "project"
    project.mkdir()
    (project / "fairlead.yml").write_text(PIPELINE % {"mark": mark})
    subprocess.run(("git", "init", "-q"), cwd=project, check=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "FAIRLEAD_"))}
    env |= {"FAIRLEAD_HOME": str(tmp_path / "home")}
    command = (sys.executable, "-m", "fairlead", "run", "--events", "--sandbox", request.param)
    process = subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.PIPE)
    for line in process.stdout:
        if json.loads(line)["event"] == "output":
            break
    assert within(60, lambda: len(alive(mark)) == 2), "both sleepers run"
    yield process, project, env, mark
    process.stdout.close()
    process.wait(60)


def rest_of(process) -> list[dict]:
    """Read to the end in a thread, so that a full pipe cannot hold the run up."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    process.wait(60)
    reader.join(60)
    return [json.loads(line) for line in lines]


def test_interrupting_cancels_cleanly(begun):
    process, project, _, mark = begun
    process.send_signal(signal.SIGINT)
    events = rest_of(process)
    assert process.returncode == 130
    result = events[-1]["result"]
    assert result["outcome"] == "cancelled"
    ends = {job["job"]: (job["outcome"], job["reason"]) for job in result["jobs"]}
    assert ends == {
        "slow": ("cancelled", "interrupted"),
        "waiting": ("cancelled", "interrupted"),
    }
    assert alive(mark) == []
    assert json.loads((project / ".fairlead/runs/1/result.json").read_bytes())["number"] == 1


def test_killing_by_force_leaves_no_process_and_no_obstacle(begun):
    process, project, env, mark = begun
    process.kill()
    process.wait(60)
    assert within(60, lambda: alive(mark) == []), "processes outlived Fairlead"
    (project / "fairlead.yml").write_text("install: {project: none}\njobs: {quick: echo yes}\n")
    command = (sys.executable, "-m", "fairlead", "run")
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = {path.parent.name for path in (project / ".fairlead/runs").glob("*/result.json")}
    assert numbers == {"2"}, "the killed run has no result, the next one has"
    assert list((Path(env["FAIRLEAD_HOME"]) / "work").iterdir()) == [], "its workspace was swept"
