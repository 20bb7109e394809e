"""Planning a matrix of 200 jobs."""

import statistics
import subprocess
import sys

from bench.harness import Row, laboratory
from bench.project import write

_PIPELINE = """\
python: ["3.9", "3.10", "3.11", "3.12", "3.13"]
install: {project: none}
jobs:
  unit:
    matrix:
      database: [postgres, mysql, sqlite, oracle]
      django: ["3.2", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "6.0", "6.1", "6.2"]
    run:
      - python -m pytest
      - python -m coverage report
"""

_PLAN = """
import statistics, time
from fairlead.model import Trigger
from fairlead.pipeline.native.plan import plan
from fairlead.pipeline.tree import MemoryTree
data = open("fairlead.yml", "rb").read()
tree = MemoryTree({"fairlead.yml": data})
def once():
    began = time.perf_counter()
    made = plan(data, "fairlead.yml", tree, Trigger())
    assert len(made.jobs) == 200, len(made.jobs)
    return time.perf_counter() - began
once()
print(statistics.median(once() for _ in range(20)) * 1000)
"""


def measure() -> list[Row]:
    """From the file's bytes to the plan, in a running process."""
    with laboratory() as lab:
        write(lab / "project", {"fairlead.yml": _PIPELINE})
        runs = []
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", _PLAN], cwd=lab / "project", capture_output=True, check=True
            )
            runs.append(float(done.stdout))
    took = statistics.median(runs)
    return [Row("planning a 200-job matrix", f"{took:.0f} ms", "<= 50 ms", took <= 50)]
