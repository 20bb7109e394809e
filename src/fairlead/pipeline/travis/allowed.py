"""Jobs whose failure is allowed, and the order in which jobs are shown and started."""

import msgspec

from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.matrix import Accept, matches
from fairlead.pipeline.travis.nodes import truth
from fairlead.pipeline.travis.stages import Staged, Stages


def allow_failures(file: File, stages: Stages, accept: Accept) -> list[Staged]:
    """Mark the jobs that ``jobs.allow_failures`` matches, and put all in order.

    Jobs come by stage, in it the required ones before the others, else as the file has them.
    """
    marked = [_marked(file, job, accept) for job in stages.jobs]
    place = {name: index for index, name in enumerate(stages.order)}
    last = len(place)
    return sorted(marked, key=lambda job: (place.get(job.stage, last), job.allowed))


def _marked(file: File, job: Staged, accept: Accept) -> Staged:
    allowed = truth(job.cell.config.get("allow_failure")) or any(
        matches(entry, job.cell, file) and accept(entry.get("if"), job.cell)
        for entry in file.allowed
    )
    return msgspec.structs.replace(job, allowed=allowed)
