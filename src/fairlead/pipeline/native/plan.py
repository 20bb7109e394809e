"""From ``fairlead.yml`` to a plan: read, check everything, expand, decide what runs."""

from collections.abc import Mapping

import msgspec

from fairlead.errors import PipelineError
from fairlead.model import (
    CoverageGate,
    Job,
    Limits,
    Network,
    Origin,
    Plan,
    Problem,
    Skipped,
    Trigger,
)
from fairlead.pipeline.document import load
from fairlead.pipeline.matrix import MAX_JOBS, Names
from fairlead.pipeline.native.axes import Cell, cells_of
from fairlead.pipeline.native.environment import Environments
from fairlead.pipeline.native.fill import check_uses, fill, uses_of
from fairlead.pipeline.native.inherit import default_python, merged, with_defaults
from fairlead.pipeline.native.order import check_needs, stages_of
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.native.spec import read_file
from fairlead.pipeline.native.steps import steps_of
from fairlead.pipeline.native.values import FileSpec, JobSpec
from fairlead.pipeline.native.when import why_not
from fairlead.pipeline.tree import Tree

_MOST = f"at most {MAX_JOBS:,} can be planned"
_TIMEOUT = 3600.0
_SILENCE = 600.0


def plan(data: bytes, file: str, tree: Tree, trigger: Trigger) -> Plan:
    """The jobs of a pipeline file that run for ``trigger``, and why others do not.

    Raises ``PipelineError`` with every problem of the file, in the order of their places.
    """
    reader = Reader()
    spec = read_file(load(data, file), reader)
    planned = _Planner(spec, tree, reader).plan(file, trigger)
    if reader.problems:
        raise PipelineError(_ordered(reader.problems))
    return planned


def _ordered(problems: list[Problem]) -> tuple[Problem, ...]:
    distinct = dict.fromkeys(problems)
    return tuple(sorted(distinct, key=lambda p: (p.location.line, p.location.column)))


class _Planner:
    """Makes the jobs of one file, in the order of its stages and of its text."""

    def __init__(self, spec: FileSpec, tree: Tree, reader: Reader) -> None:
        self._spec = spec
        self._reader = reader
        self._environments = Environments(tree, reader)
        self._names = Names()
        self._python = default_python(tree)

    def plan(self, file: str, trigger: Trigger) -> Plan:
        """All of it; what is wrong is noted in the reader."""
        if not self._count_is_fine(len(self._spec.jobs)):
            return Plan(source=file, origin=Origin.NATIVE)
        stages, stage_of = stages_of(self._spec, self._reader)
        check_needs(self._spec, stages, stage_of, self._reader)
        place = {stage: number for number, stage in enumerate(stages)}
        written = sorted(self._spec.jobs, key=lambda job: place.get(stage_of[job.name], 0))
        skipped = _skipped(self._spec, trigger)
        made = {job.name: self._jobs(job, stage_of[job.name]) for job in written}
        kept = [job for job in written if job.name not in skipped]
        cells = {name: _Cells(jobs) for name, jobs in made.items()}
        jobs = tuple(_with_needs(job, made[job.name], cells) for job in kept)
        self._count_is_fine(sum(map(len, made.values())))
        return Plan(
            source=file,
            origin=Origin.NATIVE,
            jobs=tuple(job for group in jobs for job in group),
            skipped=tuple(
                Skipped(job=job.name, reason=skipped[job.name])
                for job in written
                if job.name in skipped
            ),
            stages=stages,
            fail_fast=self._spec.fail_fast,
            fast_finish=self._spec.fast_finish,
        )

    def _count_is_fine(self, count: int) -> bool:
        if count > MAX_JOBS:
            message = f"the file makes {count:,} jobs; {_MOST}"
            self._reader.error(self._spec.location, message)
        return count <= MAX_JOBS

    def _jobs(self, written: JobSpec, stage: str) -> tuple[Job, ...]:
        """One job a cell."""
        uses = uses_of(written, self._reader.uses)
        spec = with_defaults(written, self._spec, self._python)
        check_uses(spec, uses, self._reader)
        cells = cells_of(spec, self._reader)
        if len(cells) > MAX_JOBS:
            self._reader.error(
                written.location, f"{written.name} makes {len(cells):,} jobs; {_MOST}"
            )
            return ()
        base = _base(spec, stage)
        return tuple(self._job(base, spec, cell, filling=bool(uses)) for cell in cells)

    def _job(self, base: Job, spec: JobSpec, cell: Cell, *, filling: bool) -> Job:
        install = fill(spec.install, cell.values) if filling else spec.install
        if filling:
            base = fill(base, cell.values)
        axes = tuple((name, value) for name, value in cell.axes if name != "python")
        return msgspec.structs.replace(
            base,
            id=self._names.take(spec.name, cell.axes),
            axes=cell.axes,
            python=cell.python,
            install=self._environments.make(install, cell.python),
            env=merged(base.env, axes),
            allow_failure=cell.allow_failure,
        )


class _Cells:
    """A job's cells as others need them: the one with the same axes and values, else all."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        self._all = tuple(job.id for job in jobs)
        self._by_values = {frozenset(job.axes): job.id for job in jobs if job.axes}

    def for_(self, job: Job) -> tuple[str, ...]:
        """The ids that ``job`` waits for."""
        same = self._by_values.get(frozenset(job.axes))
        return (same,) if same else self._all


def _base(spec: JobSpec, stage: str) -> Job:
    """All of a job that its cells have in common; texts are not filled in yet."""
    silence = _SILENCE if spec.silence is None else spec.silence or None
    return Job(
        id=spec.name,
        name=spec.name,
        stage=stage,
        missing=spec.missing or "error",
        steps=steps_of(spec),
        env=spec.env or (),
        secrets=spec.secrets or (),
        services=spec.services or (),
        network=spec.network or Network(),
        limits=spec.limits or Limits(),
        timeout=spec.timeout or _TIMEOUT,
        silence=silence,
        retry=spec.retry,
        artifacts=spec.artifacts,
        reports=spec.reports,
        measure_coverage=bool(spec.coverage),
        coverage=spec.coverage if isinstance(spec.coverage, CoverageGate) else None,
        violations=spec.violations or (),
    )


def _skipped(spec: FileSpec, trigger: Trigger) -> dict[str, str]:
    """Reasons by job. A job that needs a skipped one is skipped too: it would miss its result."""
    reasons = {job.name: reason for job in spec.jobs if (reason := why_not(job.when, trigger))}
    while True:
        doomed = {
            job.name: f"needs {need.text}, which does not run"
            for job in spec.jobs
            if job.name not in reasons
            for need in job.needs
            if need.text in reasons
        }
        if not doomed:
            return reasons
        reasons |= doomed


def _with_needs(
    spec: JobSpec, jobs: tuple[Job, ...], cells: Mapping[str, _Cells]
) -> tuple[Job, ...]:
    """The cells of a job with the ids they wait for."""
    if not spec.needs:
        return jobs
    needed = [cells[need.text] for need in spec.needs if need.text in cells]
    return tuple(
        msgspec.structs.replace(
            job, needs=tuple(dict.fromkeys(name for others in needed for name in others.for_(job)))
        )
        for job in jobs
    )
