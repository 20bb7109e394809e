import json
import os

import msgspec
import pytest

from fairlead.model import (
    FileCoverage,
    Job,
    ReportFiles,
    Step,
    StepResult,
    TestCase,
    TestOutcome,
)
from fairlead.runner.gather import Left, _documents, gather


class Files:
    """A source of given files, as far as gathering needs one."""

    tree_id = "tree"

    def __init__(self, files):
        self.tree = self
        self.paths = tuple(files)
        self.read = files.get


@pytest.fixture
def left(tmp_path):
    (tmp_path / "ws").mkdir()
    (tmp_path / "channel/coverage").mkdir(parents=True)
    return Left(
        job=Job(id="unit", name="unit"),
        workspace=tmp_path / "ws",
        channel=tmp_path / "channel",
        root="/ws",
        cases=(),
        steps=(),
        log=lambda _offset, _length: b"",
        source=Files({}),
        home=tmp_path / "home",
    )


def changed(left, **fields):
    return msgspec.structs.replace(left, **fields)


JUNIT = b"""<testsuite name="s"><testcase classname="m" name="a"/>
<testcase classname="m" name="b"><failure message="no"/></testcase></testsuite>"""


def test_nothing_left_is_an_empty_report(left):
    report = gather(left)
    assert (report.tests.cases, report.coverage, report.violations, report.docs) == (
        (),
        None,
        (),
        None,
    )


def test_what_plugins_told_goes_before_what_files_say(left):
    (left.workspace / "junit.xml").write_bytes(JUNIT)
    told = TestCase(name="a", suite="m", outcome=TestOutcome.PASSED, seconds=7)
    job = Job(id="unit", name="unit", reports=ReportFiles(junit=("*.xml",)))
    cases = gather(changed(left, job=job, cases=(told,))).tests.cases
    assert cases[0] == told
    assert [(case.name, case.outcome) for case in cases[1:]] == [("b", TestOutcome.FAILED)]


def test_a_broken_file_is_a_problem_of_the_report_and_no_more(left):
    (left.workspace / "junit.xml").write_bytes(b"<testsuite")
    job = Job(id="unit", name="unit", reports=ReportFiles(junit=("*.xml",)))
    report = gather(changed(left, job=job))
    assert len(report.problems) == 1
    assert "junit.xml" in report.problems[0]


def test_coverage_of_several_processes_is_joined_and_named_from_the_project(left):
    for number, lines in enumerate(([1], [2])):
        missing = [line for line in (1, 2, 3) if line not in lines]
        files = {"/ws/src/app.py": {"executed_lines": lines, "missing_lines": missing}}
        data = {"meta": {"version": "7.0", "format": 3}, "files": files, "totals": {}}
        (left.channel / f"coverage/{number}.json").write_text(json.dumps(data))
    coverage = gather(left).coverage
    assert coverage.files == (FileCoverage(path="src/app.py", executed=(1, 2), missing=(3,)),)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder elsewhere"])
def test_coverage_is_read_from_the_job_s_own_files_alone(left, tmp_path, kind):
    data = {"meta": {"format": 2}, "files": {"a.py": {"executed_lines": [1], "missing_lines": []}}}
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/1.json").write_text(json.dumps(data))
    place = left.channel / "coverage"
    if kind == "pipe":
        os.mkfifo(place / "1.json")
    elif kind == "link":
        (place / "1.json").symlink_to(tmp_path / "ours/1.json")
    else:
        place.rmdir()
        place.symlink_to(tmp_path / "ours")
    report = gather(left)
    assert (report.coverage, report.problems) == (None, ())


def test_a_linters_findings_are_read_from_its_steps_own_output(left):
    job = Job(id="lint", name="lint", steps=(Step(name="style", command="flake8", tool="flake8"),))
    log = b"noise\n/ws/app.py:3:1: F401 'os' imported but unused\n"
    results = (StepResult(name="style", outcome="failed", offset=6, length=len(log) - 6),)
    report = gather(changed(left, job=job, steps=results, log=lambda at, size: log[at : at + size]))
    (found,) = report.violations
    assert [(item.path, item.rule, item.line) for item in found.items] == [("app.py", "F401", 3)]


def test_documentation_is_counted_for_jobs_that_build_it_and_kept_by_tree(left):
    job = Job(id="docs", name="docs", steps=(Step(name="html", command="sphinx-build docs out"),))
    source = Files({"src/app.py": b'"""Doc."""\ndef f(): pass\n', "tests/test_a.py": b"x = 1"})
    first = gather(changed(left, job=job, source=source)).docs
    assert (first.documented, first.total) == (1, 2)
    again = Files({})
    assert gather(changed(left, job=job, source=again)).docs == first


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("sphinx-build docs out", True),
        ("python -m mkdocs build", True),
        ("pydocstyle src", True),
        ("interrogate -v .", True),
        ("docstr-coverage src", True),
        ("pdoc app", True),
        ("make -C docs html", True),
        ("make doc", True),
        ("python -m pytest", False),
        ("docker build .", False),
        ("make test", False),
    ],
)
def test_jobs_of_documentation_are_told_by_their_commands(command, is_one):
    assert _documents(command) == is_one
