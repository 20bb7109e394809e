"""Jobs whose failure is allowed, and the order in which jobs are shown and started."""

import msgspec

from fairlead.pipeline.travis.cells import Accept, Selection, selections
from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.nodes import Problems, truth
from fairlead.pipeline.travis.stages import Staged, Stages


def allow_failures(file: File, stages: Stages, accept: Accept, problems: Problems) -> list[Staged]:
    """Mark the jobs that ``jobs.allow_failures`` selects, and put all in order.

    Jobs come by stage, in it the required ones before the others, else as the file has them.
    """
    chosen = selections(file, file.allowed, problems)
    marked = [_marked(job, chosen, accept) for job in stages.jobs]
    place = {name: index for index, name in enumerate(stages.order)}
    last = len(place)
    return sorted(marked, key=lambda job: (place.get(job.stage, last), job.allowed))


def _marked(job: Staged, chosen: list[Selection], accept: Accept) -> Staged:
    allowed = truth(job.cell.config.get("allow_failure")) or any(
        selection.takes(job.cell, accept) for selection in chosen
    )
    return msgspec.structs.replace(job, allowed=allowed)
