"""Whatever is valid plans, whatever is not says so: over files made up at random."""

import json
import math
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import PipelineError
from fairlead.model import Trigger
from fairlead.pipeline.native.plan import plan
from fairlead.pipeline.tree import MemoryTree

TREE = MemoryTree({"requirements.txt": ""})
NAMES = st.text(alphabet="abcXYZ019", min_size=1, max_size=6)
TEXTS = st.text(alphabet="abc xyz${}()'\"#-=:3.10", min_size=1, max_size=20).filter(
    lambda text: text.strip() and "${{" not in text
)
DURATIONS = st.sampled_from(["90", "10 min", "1h30m"])
GLOBS = st.sampled_from(["a/**", "*.xml", "dist/"])
VERSIONS = st.sampled_from(["2.7", "3.9", "3.10", "3.12"])
STEP = TEXTS | st.fixed_dictionaries(
    {"run": TEXTS},
    optional={
        "name": TEXTS, "env": st.dictionaries(st.sampled_from(["A", "B"]), TEXTS), "timeout": DURATIONS,
        "silence": DURATIONS | st.just("none"), "retry": st.integers(0, 10).map(str), "cache": st.sampled_from(["true", "false"]),
        "tool": st.sampled_from(["ruff", "none"]),
    },
)  # fmt: skip
STEPS = TEXTS | st.lists(STEP, min_size=1, max_size=3)
SHARED = {
    "python": VERSIONS | st.just("none") | st.lists(VERSIONS, unique=True, min_size=1),
    "env": st.dictionaries(st.sampled_from(["A", "B"]), TEXTS),
    "install": st.sampled_from(
        ["auto", "none", {"packages": "x"}, {"requirements": ["requirements.txt"]}]
    ),
    "secrets": st.lists(st.sampled_from(["S1", "S2"])),
    "services": st.sampled_from([["redis"], {"p": {"kind": "postgres"}}, {"c": {"command": "x"}}]),
    "network": st.sampled_from(["full", "none", ["a.example"]]),
    "limits": st.sampled_from([{}, {"memory": "1 GB"}]),
    "timeout": DURATIONS,
    "silence": DURATIONS,
    "retry": st.sampled_from(["1", {"times": "2", "on": ["failed"]}]),
    "missing": st.sampled_from(["error", "skip"]),
    "cache": st.sampled_from(["on", "off", {"inputs": "src/"}]),
    "coverage": st.sampled_from(["true", {"minimum": "80 %"}]),
    "violations": st.sampled_from(["no_new", {"maximum": "3", "ruff": "no_new"}]),
}
AXES = st.dictionaries(
    st.sampled_from(["X", "Y", "Z"]),
    st.lists(NAMES, unique=True, min_size=1, max_size=3),
    max_size=3,
)


@st.composite
def files(draw):
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    stages = ["one", "two"]
    jobs = {}
    for number, name in enumerate(names):
        optional = {
            "setup": STEPS, "after": STEPS, "stage": st.just(stages[number * 2 // len(names)]), "matrix": AXES,
            "when": st.sampled_from([{"branch": "main"}, [{"tag": "v*"}, {"event": "!cron"}], {"changed": "a/**"}]),
            "allow_failure": st.sampled_from(["true", "false"]), "artifacts": GLOBS | st.lists(GLOBS),
            "reports": st.sampled_from([{"junit": "a.xml"}, {}]), **SHARED,
        }  # fmt: skip
        job = draw(st.fixed_dictionaries({"run": STEPS}, optional=optional))
        job.setdefault("stage", stages[number * 2 // len(names)])
        if number:
            job["needs"] = draw(st.lists(st.sampled_from(names[:number]), unique=True))
        jobs[name] = job
    head = draw(st.fixed_dictionaries({}, optional={**SHARED, "fail_fast": st.just("true")}))
    return {**head, "stages": stages, "jobs": jobs}


def cells(file, job):
    python = job.get("python", file.get("python", "3"))
    axes = job.get("matrix", {})
    versions = len(python) if isinstance(python, list) else 1
    return versions * math.prod(map(len, axes.values()))


@settings(deadline=None, max_examples=60)
@given(files(), st.sampled_from(["main", "dev", None]))
def test_every_valid_file_plans(file, branch):
    # JSON is YAML, and its quotes keep every text as it is.
    data = json.dumps(file).encode()
    found = plan(data, "f", TREE, Trigger(branch=branch))
    ids = [job.id for job in found.jobs]
    assert len({name.lower() for name in ids}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in ids)
    assert {need for job in found.jobs for need in job.needs} <= set(ids)
    skipped = {entry.job for entry in found.skipped}
    for name, job in file["jobs"].items():
        made = [planned for planned in found.jobs if planned.name == name]
        assert len(made) == (0 if name in skipped else cells(file, job))
    assert [found.stages.index(job.stage) for job in found.jobs] == sorted(
        found.stages.index(job.stage) for job in found.jobs
    )
    assert plan(data, "f", TREE, Trigger(branch=branch)) == found


WORDS = st.sampled_from([
    "jobs", "run", "needs", "matrix", "python", "when", "env", "a", "b", "3.12", "none", "1", "true", "x", "include",
    "exclude", "services", "retry", "cache", "stages", "stage", "install", "requirements", "${{ a }}", "", "violations",
    "allow_failure", "artifacts", "reports", "coverage", "minimum", "limits", "memory", "network", "branch", "changed",
])  # fmt: skip
ANYTHING = st.recursive(
    WORDS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def only_our_errors(value):
    problems = []
    try:
        plan(json.dumps(value).encode(), "f", TREE, Trigger())
    except PipelineError as error:
        problems = error.problems
        assert problems
    assert all(problem.location.line == 1 for problem in problems)


@settings(deadline=None, max_examples=100)
@given(ANYTHING)
def test_any_document_plans_or_is_refused(value):
    only_our_errors(value)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(WORDS, ANYTHING, max_size=5))
def test_any_job_plans_or_is_refused(body):
    only_our_errors({"jobs": {"a": {"run": "x", **body}, "b": "x"}, "python": ["3.11", "3.12"]})
