"""The environments of a run: interpreter, packages, and who ran in them."""

from fairlead.cli.view.clean import clean
from fairlead.cli.view.words import listing
from fairlead.model import JobResult, RunResult
from fairlead.model.plan import Value


class Environment(Value, frozen=True, kw_only=True):
    """An environment and the jobs that ran in it."""

    title: str
    key: str
    jobs: str
    packages: int
    resolution: str


def environments(result: RunResult) -> list[Environment]:
    """The distinct environments, in the order of their first job."""
    found: dict[tuple[str, str, str], list[JobResult]] = {}
    for job in result.jobs:
        if job.interpreter or job.resolution or job.environment:
            key = (job.interpreter, job.environment, job.resolution)
            found.setdefault(key, []).append(job)
    return [
        Environment(
            title=f"Python {interpreter}" if interpreter else "No Python",
            key=key,
            jobs=listing([job.job for job in jobs], 12),
            packages=len(resolution.splitlines()),
            resolution=clean(resolution),
        )
        for (interpreter, key, resolution), jobs in found.items()
    ]
