"""From the entries of ``setup``, ``run`` and ``after`` to steps."""

import msgspec

from fairlead.model import Phase, Reuse, Step
from fairlead.pipeline.commands import builds_docs, known_pure, lint_tool
from fairlead.pipeline.native.values import JobSpec, StepSpec

_NAME_LENGTH = 60


def steps_of(job: JobSpec) -> tuple[Step, ...]:
    """All steps of a job in the order they run."""
    last = len(job.run) - 1
    return (
        *(_step(s, Phase.SETUP, "setup", _declared(job, s)) for s in job.setup),
        *(
            _step(step, Phase.SCRIPT, "run", _reuse(job, step, last=number == last))
            for number, step in enumerate(job.run)
        ),
        *(_step(s, Phase.AFTER, "after", None) for s in job.after),
    )


def only_checks(job: JobSpec) -> bool:
    """Whether a job runs nothing but linters and documentation."""
    return all(known_pure(step.command) for step in job.run)


def _step(spec: StepSpec, phase: Phase, label: str, reuse: Reuse | None) -> Step:
    tool = lint_tool(spec.command) if spec.tool is None else spec.tool
    return Step(
        name=spec.name or _name(spec.command),
        command=spec.command,
        phase=phase,
        label=label,
        env=spec.env,
        timeout=spec.timeout,
        silence=spec.silence,
        retry=spec.retry,
        reuse=reuse,
        tool="" if tool == "none" else tool,
    )


def _name(command: str) -> str:
    lines = (line.strip() for line in command.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), command.strip())
    return first if len(first) <= _NAME_LENGTH else first[: _NAME_LENGTH - 1] + "…"


def _reuse(job: JobSpec, spec: StepSpec, *, last: bool) -> Reuse | None:
    cache = job.cache if spec.cache is None else spec.cache
    if cache is None:
        # Later steps may want what building documentation leaves behind.
        known = known_pure(spec.command) and (last or not builds_docs(spec.command))
        return Reuse(outputs=_kept(job)) if known else None
    return _made(job, cache=cache)


def _declared(job: JobSpec, spec: StepSpec) -> Reuse | None:
    """A step that prepares the job is only left out where it says so itself."""
    return None if spec.cache is None else _made(job, cache=spec.cache)


def _made(job: JobSpec, *, cache: Reuse | bool) -> Reuse | None:
    if isinstance(cache, bool):
        return Reuse(outputs=_kept(job)) if cache else None
    return cache if cache.outputs else msgspec.structs.replace(cache, outputs=_kept(job))


def _kept(job: JobSpec) -> tuple[str, ...]:
    """What is collected after the job and so must be there again: artifacts and reports."""
    reports = job.reports
    violations = tuple(glob for _, glob in reports.violations)
    return (*job.artifacts.paths, *reports.junit, *reports.coverage, *violations)
