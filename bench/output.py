"""200,000 lines of output through Fairlead beside the same lines written to a file."""

from bench.harness import Row, Timed, clean_environment, fairlead, laboratory, paired, timed
from bench.project import VERSIONS, interpreters, write

_LINES = """
import sys
for n in range(200_000):
    print(f"{n:08d} the quick brown fox jumps over the lazy dog, once more, and again and again")
    if n % 50 == 0:
        sys.stdout.flush()
"""

_PIPELINE = """\
python: "{version}"
install: {{project: none}}
jobs:
  chatty:
    run: python lines.py
"""


def measure() -> list[Row]:
    """The extra time of a chatty step, the fixed cost of a build taken off on both sides."""
    # The same interpreter on both sides, and never a shim in front of it.
    version, python = list(interpreters(VERSIONS).items())[-1]
    pipeline = _PIPELINE.format(version=version)
    with laboratory() as lab:
        env = clean_environment(lab / "home")
        project = lab / "project"
        write(project, {"fairlead.yml": pipeline, "lines.py": _LINES})
        quiet = lab / "quiet"
        write(quiet, {"fairlead.yml": pipeline, "lines.py": ""})
        out = lab / "out.txt"

        def ours() -> Timed:
            return timed([fairlead(), "run"], project, env)

        def bare() -> Timed:
            return timed(["bash", "-c", f"{python} lines.py > {out}"], project, env)

        def fixed() -> Timed:
            return timed([fairlead(), "run"], quiet, env)

        def fixed_bare() -> Timed:
            return timed(["bash", "-c", f"{python} lines.py > {out}"], quiet, env)

        pair = paired(ours, bare, rounds=9)
        still = paired(fixed, fixed_bare, rounds=9)
    ratio = (pair.ours - still.extra) / pair.theirs
    detail = f"whole process {pair.ratio:.2f}; bare {pair.theirs:.2f} s"
    memory = f"{pair.memory:.0f} MiB"
    return [
        Row("200,000 lines of output", f"x {ratio:.2f}", "<= 1.1", ratio <= 1.1, detail, memory)
    ]
