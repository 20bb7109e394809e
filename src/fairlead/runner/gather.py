"""One attempt's Report, from what its plugins told, its steps wrote and its files say."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from fairlead.errors import ReportUnreadable
from fairlead.model import (
    Coverage,
    DocCoverage,
    Job,
    Report,
    StepResult,
    TestCase,
    TestReport,
    Violations,
)
from fairlead.runner.checkout import Source
from fairlead.runner.files import matching, read_inside, read_limited
from fairlead.util.decoding import from_json
from fairlead.util.fs import write_atomic

_ASIDE = frozenset(
    (
        "tests",
        "test",
        "docs",
        "doc",
        "examples",
        "features",
        "setup.py",
        "conftest.py",
        "noxfile.py",
    )
)
_LARGEST = 64 << 20  # bytes of one report file


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt left behind.

    ``log`` gives a slice of its log, ``root`` is the workspace's path as the job saw it. The
    workspace is not ``filled`` where no step ran: the files are those of the source then.
    """

    job: Job
    workspace: Path
    filled: bool = True
    channel: Path
    root: str
    cases: tuple[TestCase, ...]
    steps: tuple[StepResult, ...]
    log: Callable[[int, int], bytes]
    source: Source
    home: Path

    def text_of(self, path: str) -> bytes | None:
        """The bytes of a project file as the job left it."""
        if not self.filled:
            return self.source.tree.read(path)
        return read_inside(self.workspace, path, _LARGEST)


def gather(left: Left) -> Report:
    """Read everything; a file that cannot be read is a problem of the report, not an error."""
    problems: list[str] = []
    return Report(
        tests=_tests(left, problems),
        coverage=_coverage(left, problems),
        violations=_violations(left, problems),
        docs=_docs(left),
        problems=tuple(problems),
    )


def _files(left: Left, globs: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for name in matching(left.workspace, globs):
        yield name, read_limited(left.workspace / name, _LARGEST)


def _tests(left: Left, problems: list[str]) -> TestReport:
    from fairlead.runner.collect.summary import summarize

    told = summarize(left.cases)
    known = {case.key for case in told.cases}
    cases = list(told.cases)
    if left.job.reports.junit:
        from fairlead.reports import junit

        for name, data in _files(left, left.job.reports.junit):
            try:
                read = junit.read(data, name)
            except ReportUnreadable as error:
                problems.append(str(error))
                continue
            cases.extend(case for case in read.cases if case.key not in known)
    return TestReport(cases=tuple(cases))


def _coverage(left: Left, problems: list[str]) -> Coverage | None:
    parts: list[tuple[str, bytes]] = list(_files(left, left.job.reports.coverage))
    folder = left.channel / "coverage"
    if folder.is_dir():
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
        # The job may have left anything there: a pipe, a link to a file of ours.
        read = ((name, read_inside(left.channel, f"coverage/{name}", _LARGEST)) for name in names)
        parts += [(name, data) for name, data in read if data is not None]
    if not parts:
        return None
    from fairlead.reports import coverage

    prefixes = (left.root.rstrip("/") + "/", f"{left.workspace}/")
    found = []
    for name, data in parts:
        try:
            found.append(coverage.read(data, name, prefixes=prefixes, sources=left.text_of))
        except ReportUnreadable as error:
            problems.append(str(error))
    return coverage.combine(found) if found else None


def _violations(left: Left, problems: list[str]) -> tuple[Violations, ...]:
    parts = list(_tool_outputs(left))
    if not parts:
        return ()
    from fairlead.reports import violations

    found: dict[str, Violations] = {}
    for tool, name, data in parts:
        try:
            read = violations.read(tool, data, name, sources=left.text_of, root=left.root)
        except ReportUnreadable as error:
            problems.append(str(error))
            continue
        before = found.get(read.tool)
        found[read.tool] = _joined(before, read) if before else read
    return tuple(found.values())


def _tool_outputs(left: Left) -> Iterable[tuple[str, str, bytes]]:
    """(tool, name, bytes) of every place where a linter's findings may stand."""
    tools = {step.name: step.tool for step in left.job.steps if step.tool}
    for result in left.steps:
        if result.name in tools and result.length:
            yield tools[result.name], result.name, left.log(result.offset, result.length)
    for tool, glob in left.job.reports.violations:
        for name, data in _files(left, (glob,)):
            yield tool, name, data


def _joined(first: Violations, second: Violations) -> Violations:
    known = {item.fingerprint for item in first.items}
    more = tuple(item for item in second.items if item.fingerprint not in known)
    score = second.score if first.score is None else first.score
    return Violations(tool=first.tool, items=first.items + more, score=score)


_DOCUMENTS = r"\b(sphinx|mkdocs|pdoc|pydocstyle|interrogate|docstr)|make.*\bdocs?\b"
_IN_ALL_OF_THEM = ("doc", "sphinx", "interrogate")
"""Of which one is in whatever the pattern fits: most jobs need not compile that."""


def _documents(command: str) -> bool:
    perhaps = any(word in command for word in _IN_ALL_OF_THEM)
    return perhaps and re.search(_DOCUMENTS, command) is not None


def _docs(left: Left) -> DocCoverage | None:
    """Documentation coverage, for jobs that build or check documentation; kept by tree."""
    if not any(_documents(step.command) for step in left.job.steps):
        return None
    kept = left.home / "docs" / left.source.tree_id
    try:
        return from_json(kept.read_bytes(), DocCoverage)
    except (OSError, msgspec.DecodeError):
        pass
    from fairlead.reports import docs

    tree = left.source.tree
    sources = {path: data for path in _modules(tree.paths) if (data := tree.read(path))}
    measured = docs.measure(sources)
    write_atomic(kept, msgspec.json.encode(measured))
    return measured


def _modules(paths: Iterable[str]) -> Iterable[str]:
    """Python files that are for users: no tests, no documentation, no set-up."""
    for path in paths:
        parts = path.split("/")
        if path.endswith(".py") and not _ASIDE.intersection(parts) and path.isprintable():
            yield path
