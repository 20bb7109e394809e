"""From the bytes of a ``.travis.yml`` to a plan."""

from collections.abc import Mapping
from functools import cached_property

import msgspec

from fairlead.errors import PipelineError
from fairlead.model import Install, Job, Origin, Pairs, Plan, Skipped, Trigger
from fairlead.pipeline.document import Node
from fairlead.pipeline.travis.allowed import allow_failures
from fairlead.pipeline.travis.builtin import builtin_variables
from fairlead.pipeline.travis.cells import Cell
from fairlead.pipeline.travis.conditions import ConditionError, parse
from fairlead.pipeline.travis.deploys import read_deploys
from fairlead.pipeline.travis.env import Entry
from fairlead.pipeline.travis.facts import facts
from fairlead.pipeline.travis.file import File, read
from fairlead.pipeline.travis.filters import refusal
from fairlead.pipeline.travis.matrix import expand
from fairlead.pipeline.travis.naming import slug, unique_ids
from fairlead.pipeline.travis.nodes import Keys, Problems, text
from fairlead.pipeline.travis.phases import read_steps
from fairlead.pipeline.travis.runtime import (
    asked_python,
    interpreter,
    language,
    report_unused,
    unsupported,
)
from fairlead.pipeline.travis.secure import Secure
from fairlead.pipeline.travis.services import network_beside, read_services
from fairlead.pipeline.travis.stages import Staged, arrange
from fairlead.pipeline.tree import Tree

TIMEOUT = 3000.0
SILENCE = 600.0

PREINSTALLED = ("pip", "setuptools", "wheel", "pytest", "mock")
"""What Travis' own environments hold before anything is installed, as far as it matters."""


def plan(
    data: bytes,
    file: str,
    tree: Tree,  # noqa: ARG001 - every planner takes it; phases look at the files when they run
    trigger: Trigger,
    *,
    secrets: Mapping[str, str] | None,
    settings_env: Pairs = (),
) -> Plan:
    """Plan the build that ``file`` asks for.

    ``secrets`` maps ``env.cipher_key`` of an encrypted value to ``NAME=value``; ``settings_env``
    are variables that Travis kept in the repository's settings. Raises ``PipelineError`` with
    every error of the file, or where no job of it can run here.
    """
    problems = Problems()
    content = read(data, file, problems)
    planner = _Planner(content, trigger, problems, secrets, settings_env)
    found = planner.plan()
    if problems.errors:
        raise PipelineError(problems.errors)
    return found


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """A job with its id, just before it is made."""

    id: str
    name: str
    staged: Staged


class _Planner:
    """The state of planning one file."""

    def __init__(
        self,
        file: File,
        trigger: Trigger,
        problems: Problems,
        secrets: Mapping[str, str] | None,
        settings_env: Pairs,
    ) -> None:
        self.file = file
        self.trigger = trigger
        self.problems = problems
        self.settings_env = settings_env
        self.secure = Secure(secrets, trusted=trigger.trusted, problems=problems)

    def plan(self) -> Plan:
        cells, dropped = expand(self.file, self.accepts_job, self.problems)
        stages = arrange(self.file, cells, self.accepts_stage)
        named = _with_ids(allow_failures(self.file, stages, self.accepts_job, self.problems))
        self.secure.learn(var for cell in cells for var in cell.all_env)
        report_unused(self.file.keys, self.problems)
        refused = refusal(self.file, self.trigger, self.problems) or self.refused_build()
        kept, skipped = self.select(named, refused)
        jobs = tuple(self.job(job, number, stages.named) for number, job in enumerate(kept, 1))
        used = {job.stage for job in jobs}
        skipped += [Skipped(job=_describe(item.cell), reason=item.reason) for item in dropped]
        deploys = (deploy for job in kept for deploy in read_deploys(job.staged.cell.config))
        return Plan(
            source=self.file.name,
            origin=Origin.TRAVIS,
            jobs=jobs,
            skipped=tuple(skipped),
            stages=tuple(stage for stage in stages.order if stage in used) or ("test",),
            fast_finish=self.file.fast_finish,
            warnings=tuple(self.problems.warnings),
            deploys=tuple(dict.fromkeys(deploys)),
        )

    def select(self, named: list[_Named], refused: str) -> tuple[list[_Named], list[Skipped]]:
        """Which jobs run, and why the others do not.

        A file all of whose jobs are for other systems or languages is of no use here.
        """
        kept: list[_Named] = []
        skipped: list[Skipped] = []
        foreign = [unsupported(job.staged.cell.config) for job in named]
        for job, reason in zip(named, foreign, strict=True):
            if why := refused or job.staged.reason or reason:
                skipped.append(Skipped(job=job.id, reason=why))
            else:
                kept.append(job)
        if foreign and all(foreign):
            node = self.file.keys.get("language") or self.file.keys.get("os")
            location = node.location if node else self.file.location
            hint = "write a fairlead.yml: fairlead init"
            self.problems.error(location, f"no job of this file can run here: {foreign[0]}", hint)
        return kept, skipped

    def job(self, named: _Named, number: int, stages_named: bool) -> Job:  # noqa: FBT001
        cell, stage = named.staged.cell, named.staged.stage
        config = cell.config
        report_unused(config, self.problems)
        public, secret = self.secure.resolve(cell.all_env)
        builtin = builtin_variables(
            self.trigger,
            config,
            number=number,
            name=text(config.get("name")) or "",
            stage=stage if stages_named else "",
            python=asked_python(config),
            allow_failure=named.staged.allowed,
            secure=bool(secret) and self.trigger.trusted,
        )
        python = language(config) == "python"
        services = read_services(config, self.problems)
        return Job(
            id=named.id,
            name=named.name,
            stage=stage,
            axes=_axes(cell),
            python=interpreter(config, self.problems),
            steps=read_steps(config, python=python, problems=self.problems),
            session=True,
            install=Install(packages=PREINSTALLED) if python else Install(),
            env=(*builtin, *self.settings_env, *public),
            secrets=secret,
            services=services,
            network=network_beside(services),
            timeout=TIMEOUT,
            silence=SILENCE,
            allow_failure=named.staged.allowed,
        )

    def accepts_job(self, node: Node | None, cell: Cell) -> bool:
        return self.holds(node, cell.config, cell.all_env)

    def accepts_stage(self, node: Node | None) -> bool:
        return self.holds(node, self.file.keys, self.root_env)

    def refused_build(self) -> str:
        node = self.file.keys.get("if")
        if self.holds(node, self.file.keys, self.root_env):
            return ""
        return f"the build's condition does not hold: {' '.join((text(node) or '').split())}"

    @cached_property
    def root_env(self) -> Entry:
        """All variables at the root, as conditions on builds and stages see them."""
        rows = (var for row in self.file.env.rows for var in row)
        return (*self.file.env.shared, *rows)

    def holds(self, node: Node | None, config: Keys, env: Entry) -> bool:
        source = text(node)
        if node is None or source is None:
            return True
        try:
            condition = parse(source)
        except ConditionError as error:
            self.problems.error(node.location, f"not a condition: {error}")
            return True
        return condition(facts(self.trigger, config, env, dict(self.settings_env)))


def _with_ids(jobs: list[Staged]) -> list[_Named]:
    names = [_name(job) for job in jobs]
    parts = [
        (slug(name) or "job", asked_python(job.cell.config) or "", _env_text(job.cell.env))
        for name, job in zip(names, jobs, strict=True)
    ]
    return [
        _Named(id=unique, name=name, staged=job)
        for unique, name, job in zip(unique_ids(parts), names, jobs, strict=True)
    ]


def _name(job: Staged) -> str:
    return text(job.cell.config.get("name")) or job.stage


def _env_text(env: Entry) -> str:
    return " ".join(f"{var.name}={var.value}" for var in env if not var.cipher)


def _axes(cell: Cell) -> Pairs:
    python = asked_python(cell.config)
    env = _env_text(cell.env)
    pairs = (("python", python or ""), ("env", env))
    return tuple((name, value) for name, value in pairs if value)


def _describe(cell: Cell) -> str:
    name = text(cell.config.get("name")) or text(cell.config.get("stage")) or "test"
    details = " ".join(value for _name, value in _axes(cell))
    return f"{name} ({details})" if details else name
