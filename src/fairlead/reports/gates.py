"""Whether a job's measured results are good enough."""

from collections.abc import Iterator

from fairlead.model import Comparison, CoverageGate, Job, Level, Report, ViolationGate
from fairlead.reports.words import percent, plural

_TINY = 1e-9  # percentages are quotients: 90 % must not fail a minimum of 90


def judge(job: Job, report: Report, comparison: Comparison | None) -> tuple[str, ...]:
    """The reasons for which a job's gates say no; none is a pass.

    ``comparison`` is the job's own, beside its base. A gate without data says no, and says why.
    Two have nothing to say where nothing is wrong: the coverage of changed lines when no
    executable line changed, and ``no_new`` when there is nothing to compare with. Notes are not
    counted as violations.
    """
    reasons = list(_coverage(job.coverage, report, comparison)) if job.coverage else []
    for gate in job.violations:
        reasons += _violations(gate, report, comparison)
    return tuple(reasons)


def _coverage(gate: CoverageGate, report: Report, comparison: Comparison | None) -> Iterator[str]:
    if gate.minimum is None and gate.changed is None:
        return
    if report.coverage is None or not report.coverage.total:
        least = gate.minimum if gate.minimum is not None else gate.changed
        yield f"no coverage was measured (minimum {least:g} %)"
        return
    now = report.coverage.percent
    if gate.minimum is not None and now < gate.minimum - _TINY:
        yield f"coverage {percent(now)} (minimum {gate.minimum:g} %)"
    changed = comparison.changed_coverage if comparison else None
    if gate.changed is not None and changed is not None and changed < gate.changed - _TINY:
        yield f"coverage of the changed lines {percent(changed)} (minimum {gate.changed:g} %)"


def _violations(
    gate: ViolationGate, report: Report, comparison: Comparison | None
) -> Iterator[str]:
    parts = [part for part in report.violations if gate.tool in ("", part.tool)]
    kind = f"{gate.tool} violation" if gate.tool else "violation"
    if not parts:
        limit = "no new ones allowed" if gate.maximum is None else f"maximum {gate.maximum}"
        yield f"no {gate.tool or 'linter'} report was found ({limit})"
        return
    count = sum(item.level is not Level.NOTE for part in parts for item in part.items)
    if gate.maximum is not None and count > gate.maximum:
        yield f"{plural(count, kind)} (maximum {gate.maximum:,})"
    if gate.no_new and comparison:
        new = [item for item in comparison.new_violations if gate.tool in ("", item.tool)]
        if new:
            yield plural(len(new), f"new {kind}")
