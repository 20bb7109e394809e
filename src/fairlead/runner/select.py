"""Some of a plan's jobs, as a person names them."""

from collections.abc import Callable, Sequence

import msgspec

from fairlead.errors import UsageError
from fairlead.model import Job, Plan, Skipped

NOT_SELECTED = "not selected"
"""The reason of jobs that a person left out; they are no news."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to run. ``only`` are job ids from an earlier run; ``None`` means no such limit."""

    names: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    only: frozenset[str] | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing limits the run."""
        return not (self.names or self.pythons or self.stages or self.only is not None)


def select(plan: Plan, selection: Selection) -> Plan:
    """The plan with only the selected jobs; what they need and was not selected is not run.

    Raises ``UsageError`` for a name, version or stage that no job of the plan has.
    """
    if selection.everything:
        return plan
    _known("job", selection.names, [j.id for j in plan.jobs] + [j.name for j in plan.jobs], plan)
    _known("Python", selection.pythons, [j.python or "" for j in plan.jobs], plan)
    _known("stage", selection.stages, [j.stage for j in plan.jobs], plan)
    tests: list[Callable[[Job], bool]] = []
    if selection.names:
        tests.append(lambda job: job.id in selection.names or job.name in selection.names)
    if selection.pythons:
        tests.append(lambda job: job.python in selection.pythons)
    if selection.stages:
        tests.append(lambda job: job.stage in selection.stages)
    if selection.only is not None:
        only = selection.only
        tests.append(lambda job: job.id in only)
    kept = [job for job in plan.jobs if all(test(job) for test in tests)]
    if not kept:
        raise UsageError("no job of the plan fits all of what was selected")
    return _trimmed(plan, kept)


def _trimmed(plan: Plan, kept: Sequence[Job]) -> Plan:
    ids = {job.id for job in kept}
    jobs = tuple(
        msgspec.structs.replace(job, needs=tuple(name for name in job.needs if name in ids))
        for job in kept
    )
    left = tuple(Skipped(job=j.id, reason=NOT_SELECTED) for j in plan.jobs if j.id not in ids)
    return msgspec.structs.replace(plan, jobs=jobs, skipped=plan.skipped + left)


def _known(kind: str, wanted: Sequence[str], known: Sequence[str], plan: Plan) -> None:
    for name in wanted:
        if name in known:
            continue
        skipped = next((s for s in plan.skipped if s.job == name), None)
        if skipped:
            raise UsageError(f"job {name} does not run: {skipped.reason}")
        import difflib

        close = difflib.get_close_matches(name, known, n=1)
        choices = ", ".join(sorted({k for k in known if k}))
        hint = f"did you mean {close[0]}?" if close else f"the plan has: {choices}"
        raise UsageError(f"there is no {kind} {name!r} in the plan", hint=hint)
