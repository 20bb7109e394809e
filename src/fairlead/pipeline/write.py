"""A plan as a commented ``fairlead.yml``: what was detected or translated, to go on from."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from fairlead.model import Install, Job, Network, Origin, Plan, Step
from fairlead.pipeline.commands import known_pure, lint_tool
from fairlead.pipeline.emit import Tree, entry, mapping
from fairlead.pipeline.install import detect_install, project_kind
from fairlead.pipeline.metadata import read_toml
from fairlead.pipeline.native.words import PYTHON
from fairlead.pipeline.oneshell import own_variables, plain_setup, script_of
from fairlead.pipeline.travis.naming import slug
from fairlead.pipeline.tree import Tree as Files

_HEAD = """\
# What Fairlead runs for each change. `fairlead plan` shows the jobs, `fairlead run` runs them,
# `fairlead lint` checks this file.
"""


def render(plan: Plan, reasons: Iterable[str] = (), tree: Files | None = None) -> str:
    """The text of a file that plans to the jobs of ``plan``.

    ``reasons`` become comments. With the project's files in ``tree``, what the file would find
    out by itself is left unsaid. Jobs of a translated ``.travis.yml`` become one script each;
    what has no place in a ``fairlead.yml`` is listed in comments.
    """
    writer = _Writer(plan, tree)
    return "\n".join([_HEAD, *_comments(plan, reasons), *writer.lines()]) + "\n"


def _comments(plan: Plan, reasons: Iterable[str]) -> Iterator[str]:
    if told := [line for reason in reasons for line in _item(reason)]:
        yield from ["# Why it is as it is:", *told, ""]
    lost = [f"{problem.location}: {problem.message}" for problem in plan.warnings]
    if plan.origin is Origin.TRAVIS:
        lost += [f"{job.job}: {job.reason}" for job in plan.skipped]
        lost += [f"deployment by {deploy.provider}: {deploy.condition}" for deploy in plan.deploys]
        lost += [
            f"{job.id}: Python {job.python} has no place here" for job in plan.jobs if _odd(job)
        ]
    if lost:
        yield f"# Not taken over from {plan.source}:"
        yield from (line for text in lost for line in _item(text))
        yield ""


def _item(text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        98,
        initial_indent="# - ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _odd(job: Job) -> bool:
    """Whether a job asks for a Python that the file cannot name (``nightly``)."""
    return job.python is not None and not re.fullmatch(PYTHON, job.python)


class _Writer:
    """The keys of one file, with what most jobs share at the top."""

    def __init__(self, plan: Plan, tree: Files | None) -> None:
        self.plan = plan
        self.tree = tree
        self.entries = list(_entries(plan))
        self.pythons = self.shared_pythons()
        self.install = self.entries[0].jobs[0].install if self.entries else Install()

    def lines(self) -> Iterator[str]:
        top: dict[str, Tree] = {}
        if self.pythons:
            top["python"] = self.pythons
        if (install := self.install_of(self.install)) is not None:
            top["install"] = install
        if len(self.plan.stages) > 1:
            top["stages"] = self.plan.stages
        if self.plan.fail_fast:
            top["fail_fast"] = "true"
        if self.plan.fast_finish:
            top["fast_finish"] = "true"
        for key, value in top.items():
            yield from entry(key, value)
        if top:
            yield ""
        yield "jobs:"
        for number, found in enumerate(self.entries):
            if number:
                yield ""
            yield from self.job(found)

    def shared_pythons(self) -> tuple[str, ...]:
        """The versions of the first job with an axis, where others have the same."""
        return next((found.pythons for found in self.entries if found.axis), ())

    def job(self, found: "_Entry") -> Iterator[str]:
        keys = self.keys(found)
        if list(keys) == ["run"]:
            yield from entry(found.name, keys["run"], 2)
            return
        yield f"  {found.name}:"
        steps = {"setup", "run", "after"}
        yield from mapping({key: value for key, value in keys.items() if key not in steps}, 4)
        for key in ("setup", "run", "after"):
            if key in keys:
                yield from _steps(key, found, 4)

    def keys(self, found: "_Entry") -> dict[str, Tree]:
        job = found.jobs[0]
        keys: dict[str, Tree] = {}
        if job.stage != "test":
            keys["stage"] = job.stage
        if job.python is None:
            keys["python"] = "none"
        elif not found.axis:
            keys["python"] = job.python
        elif found.pythons != self.pythons:
            keys["python"] = found.pythons
        if job.python is not None and job.install != self.install:
            keys["install"] = self.install_of(job.install) or "auto"
        keys |= self.details(found)
        keys |= {name: "" for name, steps in found.parts() if steps}
        if list(keys) == ["run"] and all(_plain(step) for step in found.scripts):
            commands = tuple(step.command for step in found.scripts)
            keys["run"] = commands[0] if len(commands) == 1 else commands
        return keys

    def details(self, found: "_Entry") -> dict[str, Tree]:
        job = found.jobs[0]
        keys: dict[str, Tree] = {}
        if job.env:
            keys["env"] = dict(job.env)
        if job.secrets:
            keys["secrets"] = tuple(name.partition("@")[0] for name in job.secrets)
        if job.services:
            keys["services"] = tuple(service.kind for service in job.services)
        if job.network != Network():
            keys["network"] = job.network.hosts or job.network.mode
        if job.measure_coverage:
            keys["coverage"] = "true"
        if job.timeout != Job(id="", name="").timeout:
            keys["timeout"] = f"{job.timeout / 60:g} min"
        if found.allowed:
            keys["allow_failure"] = found.allowed
        return keys

    def install_of(self, install: Install) -> "Tree | None":
        """The value of ``install``; ``None`` where leaving it away means the same."""
        if self.tree is not None and install == detect_install(self.tree):
            return None
        if install == Install():
            return "none"
        keys: dict[str, Tree] = {
            name: value
            for name in ("requirements", "constraints", "packages", "extras", "groups", "lock")
            if (value := getattr(install, name))
        }
        if not keys or install.project != self.project_kind():
            keys["project"] = install.project
        return keys

    def project_kind(self) -> str:
        if self.tree is None:
            return ""
        return project_kind(self.tree, read_toml(self.tree, "pyproject.toml"))


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of ``jobs``: jobs that differ in nothing but their Python."""

    name: str
    jobs: tuple[Job, ...]
    axis: bool

    @property
    def pythons(self) -> tuple[str, ...]:
        """The versions in order."""
        return tuple(job.python or "" for job in self.jobs)

    @property
    def scripts(self) -> tuple[Step, ...]:
        """The steps under ``run``."""
        return dict(self.parts())["run"]

    @property
    def allowed(self) -> Tree:
        """The value of ``allow_failure``: all of it, or the versions that may fail."""
        versions = [job.python or "" for job in self.jobs if job.allow_failure]
        if len(versions) == len(self.jobs):
            return "true"
        return {"python": tuple(versions)} if versions else ""

    def parts(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """The steps by the key they stand under."""
        for key, phases in (("setup", ("setup",)), ("run", ("script",))):
            yield key, tuple(s for s in self.jobs[0].steps if s.phase in phases)
        yield "after", tuple(s for s in self.jobs[0].steps if s.phase == "after")


def _entries(plan: Plan) -> Iterator[_Entry]:
    groups: dict[Job, list[Job]] = {}
    for job in plan.jobs:
        if not _odd(job):
            one = _flattened(job) if job.session else job
            groups.setdefault(_same(one), []).append(one)
    counts = Counter(jobs[0].name for jobs in groups.values())
    names: set[str] = set()
    for jobs in groups.values():
        axis = any(name == "python" for name, _value in jobs[0].axes)
        name = _name(jobs[0], names, alone=counts[jobs[0].name] == 1)
        names.add(name)
        yield _Entry(name=name, jobs=tuple(jobs), axis=axis)


def _same(job: Job) -> Job:
    """The job without what may differ between the cells of one entry."""
    return msgspec.structs.replace(
        job,
        id="",
        python=None if job.python is None else "",
        axes=tuple(pair for pair in job.axes if pair[0] != "python"),
        allow_failure=False,
    )


def _name(job: Job, taken: set[str], *, alone: bool) -> str:
    """The job's own name, with the values of its other axes where it is not enough."""
    if not job.session:
        return job.name
    base = slug(job.name) or "job"
    others = " ".join(value for name, value in job.axes if name != "python")
    wanted = base if alone or not others else f"{base}-{slug(others)}"[:50]
    number = 2
    name = wanted
    while name in taken:
        name = f"{wanted}-{number}"
        number += 1
    return name


def _flattened(job: Job) -> Job:
    """A job whose steps share a shell as one with a single script, after what needs no shell."""
    plain, _shell = own_variables(job)
    setup = plain_setup(job)
    command = script_of(msgspec.structs.replace(job, steps=job.steps[len(setup) :]))
    step = Step(name="script", command=command, tool=lint_tool(command))
    return msgspec.structs.replace(job, steps=(*setup, step), env=plain)


def _steps(key: str, found: _Entry, indent: int) -> Iterator[str]:
    steps = dict(found.parts())[key]
    if all(_plain(step) for step in steps):
        commands = tuple(step.command for step in steps)
        yield from entry(key, commands[0] if len(commands) == 1 else commands, indent)
        return
    yield f"{' ' * indent}{key}:"
    for step in steps:
        lines = list(mapping(_step(step), indent + 4))
        yield f"{' ' * (indent + 2)}- {lines[0].lstrip()}"
        yield from lines[1:]


def _plain(step: Step) -> bool:
    """Whether the command alone says all there is to a step."""
    return list(_step(step)) == ["run"]


def _step(step: Step) -> Mapping[str, Tree]:
    keys: dict[str, Tree] = {"run": step.command}
    if step.env:
        keys["env"] = dict(step.env)
    if step.tool != lint_tool(step.command):
        keys["tool"] = step.tool or "none"
    if step.phase == "script" and bool(step.reuse) != known_pure(step.command):
        keys["cache"] = "true" if step.reuse else "false"
    return keys
