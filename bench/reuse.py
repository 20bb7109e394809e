"""Unchanged lint and docs steps beside running them."""

from bench.harness import Row, Timed, clean_environment, fairlead, laboratory, paired, timed
from bench.project import write

_PIPELINE = """\
python: ["3.12"]
install:
  packages: [flake8==7.1.1, sphinx==8.1.3, mypy==1.13.0]
  project: none
jobs:
  lint:
    run:
      - flake8 src
      - mypy src
  docs:
    run: sphinx-build -q -b html docs docs/_build
    artifacts: [docs/_build]
"""


def measure() -> list[Row]:
    """A second run of the same files, in per cent of one that runs every step."""
    module = "".join(f"def f{n}(a: int) -> int:\n    return a + {n}\n\n\n" for n in range(150))
    files = {f"src/module_{n}.py": module.rstrip() + "\n" for n in range(40)}
    files |= {f"docs/page_{n}.rst": f"Page {n}\n=======\n\n" + "Text.\n\n" * 200 for n in range(40)}
    pages = "\n".join(f"   page_{n}" for n in range(40))
    files["docs/index.rst"] = f"Index\n=====\n\n.. toctree::\n\n{pages}\n"
    files["docs/conf.py"] = "project = 'bench'\n"
    files["fairlead.yml"] = _PIPELINE
    with laboratory() as lab:
        env = clean_environment(lab / "home")
        project = lab / "project"
        write(project, files)

        def reused() -> Timed:
            return timed([fairlead(), "run"], project, env)

        def full() -> Timed:
            return timed([fairlead(), "run", "--no-cache"], project, env)

        pair = paired(reused, full, rounds=5)
    share = pair.ratio * 100
    detail = f"{pair.ours:.2f} s beside {pair.theirs:.2f} s"
    memory = f"{pair.memory:.0f} MiB"
    return [Row("unchanged lint and docs", f"{share:.1f} %", "<= 5 %", share <= 5, detail, memory)]
