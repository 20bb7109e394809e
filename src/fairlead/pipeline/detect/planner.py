"""From a project's files to a plan, with the reason for each decision."""

from collections.abc import Iterable

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import (
    Install,
    Job,
    Origin,
    Pairs,
    Phase,
    Plan,
    Problem,
    Reuse,
    Skipped,
    Step,
    Trigger,
)
from fairlead.pipeline.commands import known_pure, lint_tool
from fairlead.pipeline.detect.checks import Check, find_docs, find_linters
from fairlead.pipeline.detect.coverage import coverage_reason
from fairlead.pipeline.detect.environments import Translated
from fairlead.pipeline.detect.helpers import missing_helpers, needed_extras
from fairlead.pipeline.detect.named import for_tests_only, named_by
from fairlead.pipeline.detect.noxplan import (
    Session,
    nox_environments,
    nox_pythons,
    read_sessions,
)
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.testing import TestRun, find_features, find_tests
from fairlead.pipeline.detect.toxfile import ToxFile, read_tox
from fairlead.pipeline.detect.toxplan import Environments, tox_environments, tox_pythons
from fairlead.pipeline.detect.versions import Pythons, find_pythons
from fairlead.pipeline.matrix import Names
from fairlead.pipeline.tree import Tree

SOURCE = "detected"
TESTS, CHECKS = "test", "check"
_NAME_LENGTH = 60
_MOST_ENVIRONMENTS = 16


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """A detected plan and why it is as it is, one sentence a decision."""

    plan: Plan
    reasons: tuple[str, ...]


def plan(tree: Tree, trigger: Trigger, present: tuple[str, ...]) -> Plan:
    """The plan of a project without a pipeline file.

    ``present`` are the full versions of the CPython interpreters on this machine. Raises
    ``FairleadError`` where no way to test the project is found.
    """
    return detect(tree, trigger, present).plan


def explain(tree: Tree, present: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons alone. Raises as ``plan`` does."""
    return detect(tree, Trigger(), present).reasons


def detect(
    tree: Tree,
    trigger: Trigger,  # noqa: ARG001 - what is detected runs whatever the event is
    present: tuple[str, ...],
) -> Detection:
    """The plan with its reasons. Raises as ``plan`` does."""
    return _Detector(Project(tree), present).detect()


class _Detector:
    """What is found out about one project."""

    def __init__(self, project: Project, present: tuple[str, ...]) -> None:
        self.project = project
        self.reasons: list[str] = []
        self.warnings: list[Problem] = []
        self.skipped: list[Skipped] = []
        self.names = Names()
        self.tox: ToxFile | None = read_tox(project)
        self.sessions: tuple[Session, ...] = read_sessions(project)
        self.install = for_tests_only(project, project.install)
        self.named = named_by(project, self.install)
        listed = nox_pythons(self.sessions) | (tox_pythons(self.tox) if self.tox else frozenset())
        self.pythons: Pythons = find_pythons(project, present, listed)

    def detect(self) -> Detection:
        self.reasons.append(f"Python {', '.join(self.pythons.versions)}: {self.pythons.reason}")
        jobs = [*self.tests(), *self.features()]
        if not jobs:
            raise FairleadError(
                "no tests were found, so there is nothing to run",
                hint="write down what to run: fairlead init makes a fairlead.yml to begin with",
            )
        base = jobs[0].install
        covered = {step.tool for job in jobs for step in job.steps}
        checks = [c for c in find_linters(self.project, base) if c.name not in covered]
        docs = find_docs(self.project, base)
        jobs += [self.check(check) for check in [*checks, *([docs] if docs else [])]]
        if ".pre-commit-config.yaml" in self.project.paths:
            self.reasons.append("pre-commit: its hooks are not run here, only read for versions")
        plan = self.plan(jobs)
        return Detection(plan=plan, reasons=plan.reasons)

    def plan(self, jobs: list[Job]) -> Plan:
        return Plan(
            source=SOURCE,
            origin=Origin.DETECTED,
            jobs=tuple(jobs),
            stages=tuple(dict.fromkeys(job.stage for job in jobs)),
            skipped=tuple(self.skipped),
            warnings=tuple(self.warnings),
            reasons=tuple(dict.fromkeys(self.reasons)),
        )

    def tests(self) -> list[Job]:
        run = find_tests(self.project, self.named)
        if self.project.test_files and self.environments_count(run):
            for found in self.environments():
                if found.translated or found.foreign:
                    return self.from_environments(found)
        return self.matrix(run, self.completed(run)) if run else []

    def environments_count(self, run: TestRun | None) -> bool:
        """Whether tox or nox are the only ones to say how to test, or with what."""
        return run is None or run.tool == "unittest" or not set(run.needs) <= self.named

    def environments(self) -> Iterable[Environments]:
        versions = self.pythons.versions
        if self.tox:
            yield self.reduced(tox_environments(self.project, self.tox, versions))
        if self.sessions:
            yield self.reduced(nox_environments(self.project, self.sessions, versions))

    def reduced(self, found: Environments) -> Environments:
        """A matrix too large to begin with is cut to the last environment of each Python."""
        total = len(found.translated) + len(found.foreign)
        if total <= _MOST_ENVIRONMENTS:
            return found
        self.reasons.append(
            f"{found.tool}: only the last environment of each Python, of {total} in {found.file}"
        )
        translated = {one.python: one for one in found.translated}
        foreign = {python: name for name, python in found.foreign if python not in translated}
        return msgspec.structs.replace(
            found,
            translated=tuple(translated.values()),
            foreign=tuple((name, python) for python, name in foreign.items()),
        )

    def features(self) -> list[Job]:
        run = find_features(self.project)
        return self.matrix(run, self.completed(run)) if run else []

    def completed(self, run: TestRun) -> Install:
        """The project's install with what the run needs and no file names."""
        install = self.install
        added = {name: f"{run.tool} is needed" for name in run.needs if name not in self.named}
        extras: dict[str, str] = {}
        if not install.lock and (run.tool == "unittest" or (run.tool == "pytest" and added)):
            added |= missing_helpers(self.project, self.named, run.tool)
            extras = needed_extras(self.project)
        for name, why in added.items():
            self.reasons.append(f"{name} is installed, though no requirements name it: {why}")
        for name, why in extras.items():
            self.reasons.append(f"the extra {name} is installed: {why}")
        return msgspec.structs.replace(
            install,
            packages=(*install.packages, *added),
            extras=tuple(dict.fromkeys((*install.extras, *extras))),
        )

    def matrix(self, run: TestRun, install: Install) -> list[Job]:
        self.reasons.append(f"{run.tool}: {run.reason}")
        self.reasons.append(f"install: {_described(install)}")
        measure = self.measure(run.commands)
        return [
            self.job(
                run.name,
                run.commands,
                install,
                axes=(("python", version),),
                python=version,
                measure=measure,
            )
            for version in self.pythons.versions
        ]

    def measure(self, commands: tuple[str, ...]) -> bool:
        reason = coverage_reason(self.project, self.named, commands)
        if reason:
            self.reasons.append(f"coverage: {reason}")
        return bool(reason)

    def from_environments(self, found: Environments) -> list[Job]:
        self.warnings += found.warnings
        self.reasons.append(f"{found.tool}: {found.file} alone says how to test")
        measure = self.measure(tuple(c for one in found.translated for c in one.commands))
        jobs = [
            job
            for kind in dict.fromkeys(one.kind for one in found.translated)
            for job in self.translated([t for t in found.translated if t.kind == kind], measure)
        ]
        program = "tox -e" if found.tool == "tox" else "nox -s"
        for name, python in found.foreign:
            install = Install(packages=(found.tool,))
            command = f"{program} {name}"
            jobs.append(self.job(f"{found.tool}-{name}", (command,), install, python=python))
        jobs += [self.job_of(one, one.name, stage=CHECKS) for one in found.checks]
        reason = f"{found.file} has it, but it does not test or only check"
        self.skipped += [Skipped(job=name, reason=reason) for name in found.left]
        return jobs

    def translated(self, found: list[Translated], measure: bool) -> list[Job]:  # noqa: FBT001
        """The jobs of one kind: one with Python as its axis where all do the same."""
        name = f"tests-{found[0].kind}" if found[0].kind else "tests"
        alike = len({(one.install, one.before, one.commands, one.env) for one in found}) == 1
        return [
            self.job_of(
                one,
                name if alike else f"{name}-{one.python}",
                axes=(("python", one.python),) if alike else (),
                measure=measure,
            )
            for one in found
        ]

    def job_of(
        self,
        one: Translated,
        name: str,
        *,
        stage: str = TESTS,
        axes: Pairs = (),
        measure: bool = False,
    ) -> Job:
        return self.job(
            name,
            one.commands,
            one.install,
            stage=stage,
            axes=axes,
            python=one.python,
            before=one.before,
            env=one.env,
            measure=measure,
        )

    def check(self, check: Check) -> Job:
        self.reasons.append(f"{check.name}: {check.reason}")
        return self.job(
            check.name,
            check.commands,
            check.install,
            stage=CHECKS,
            python=self.pythons.newest,
            allow_failure=check.may_fail,
        )

    def job(
        self,
        name: str,
        commands: tuple[str, ...],
        install: Install,
        *,
        python: str,
        stage: str = TESTS,
        axes: Pairs = (),
        before: tuple[str, ...] = (),
        env: Pairs = (),
        measure: bool = False,
        allow_failure: bool = False,
    ) -> Job:
        steps = (
            *(_step(command, Phase.SETUP, "setup") for command in before),
            *(_step(command, Phase.SCRIPT, "run") for command in commands),
        )
        return Job(
            id=self.names.take(name, axes),
            name=name,
            stage=stage,
            axes=axes,
            python=python,
            steps=steps,
            install=install,
            env=env,
            measure_coverage=measure,
            allow_failure=allow_failure,
        )


def _step(command: str, phase: Phase, label: str) -> Step:
    """A step with what ``fairlead.yml`` would give it by itself."""
    short = command if len(command) <= _NAME_LENGTH else command[: _NAME_LENGTH - 1] + "…"
    pure = phase is Phase.SCRIPT and known_pure(command)
    return Step(
        name=short,
        command=command,
        phase=phase,
        label=label,
        tool=lint_tool(command),
        reuse=Reuse() if pure else None,
    )


def _described(install: Install) -> str:
    """What an install holds, in words."""
    kinds = {
        "lock": (install.lock,) if install.lock else (),
        "files": install.requirements,
        "constraints": install.constraints,
        "packages": install.packages,
        "extras": install.extras,
        "dependency groups": install.groups,
    }
    parts = [f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names]
    if install.project != "none":
        parts.append("the project itself")
    return "; ".join(parts) or "nothing"
