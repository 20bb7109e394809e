"""What a build costs beside its command: one job, one step, nothing to install."""

import subprocess

from bench.harness import Row, Timed, clean_environment, fairlead, laboratory, paired, python, timed
from bench.project import write

_PIPELINE = """\
install: {project: none}
jobs:
  noop:
    run: "true"
"""

_INSIDE = """
import os, statistics, subprocess, sys, time
from pathlib import Path
from fairlead.cli import context
from fairlead.runner.cancel import Cancel
from fairlead.runner.run import Order, run

def build():
    source = context.source()
    trigger = source.trigger()
    plan = context.make_plan(source, trigger)
    order = Order(plan=plan, source=source, trigger=trigger,
                  settings=context.settings(), host=os.environ, more=True)
    cancel = Cancel()
    result = run(order, lambda event: None, cancel)
    cancel.close()
    assert result.outcome == "passed", result

def bare():
    subprocess.run(["bash", "-c", "true"], check=True)

def clock(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

build(); bare()
print(statistics.median(clock(build) - clock(bare) for _ in range(60)) * 1000)
"""


def measure() -> list[Row]:
    """Whole process, and inside a running one."""
    with laboratory() as lab:
        env = clean_environment(lab / "home")
        project = lab / "project"
        write(project, {"fairlead.yml": _PIPELINE, "app.py": ""})

        def ours() -> Timed:
            return timed([fairlead(), "run"], project, env)

        def bare() -> Timed:
            return timed(["bash", "-c", "true"], project, env)

        def start() -> Timed:
            return timed([python(), "-c", "pass"], project, env)

        pair = paired(ours, bare, rounds=25, warm=2)
        alone = paired(start, bare, rounds=25, warm=2).extra * 1000
        inside = subprocess.run(
            [python(), "-c", _INSIDE], cwd=project, env=env, capture_output=True, check=True
        )
        extra = float(inside.stdout)
    whole = pair.extra * 1000
    memory = f"{pair.memory:.0f} MiB"
    detail = f"starting Python and nothing else: +{alone:.0f} ms"
    return [
        Row(
            "no-op build, whole process",
            f"+{whole:.0f} ms",
            "<= 150 ms",
            whole <= 150,
            detail,
            memory,
        ),
        Row("no-op build, in a running process", f"+{extra:.0f} ms", "<= 40 ms", extra <= 40),
    ]
