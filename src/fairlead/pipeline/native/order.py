"""In which order jobs run: stages and needs, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence

from fairlead.model import Location
from fairlead.pipeline.native.reader import Reader, known_or_close
from fairlead.pipeline.native.values import FileSpec, JobSpec

DEFAULT_STAGE = "test"


def stages_of(spec: FileSpec, reader: Reader) -> tuple[tuple[str, ...], dict[str, str]]:
    """The stages in order, and the stage of every job."""
    declared = tuple(dict.fromkeys(stage.text for stage in spec.stages))
    default = declared[0] if declared and DEFAULT_STAGE not in declared else DEFAULT_STAGE
    stage_of = {job.name: job.stage.text if job.stage else default for job in spec.jobs}
    if not declared:
        return tuple(dict.fromkeys(stage_of.values())) or (DEFAULT_STAGE,), stage_of
    for job in spec.jobs:
        if job.stage and job.stage.text not in declared:
            hint = known_or_close(job.stage.text, declared, "stages")
            reader.error(job.stage.location, f"there is no stage {job.stage.text!r}", hint)
    return declared, stage_of


def check_needs(
    spec: FileSpec, stages: Sequence[str], stage_of: Mapping[str, str], reader: Reader
) -> None:
    """Note needs that name no job, a job of a later stage, or come back to themselves."""
    place = {stage: number for number, stage in enumerate(stages)}
    for job in spec.jobs:
        for need in job.needs:
            if need.text not in stage_of:
                hint = known_or_close(need.text, stage_of, "jobs")
                reader.error(need.location, f"there is no job {need.text!r} to need", hint)
            elif place.get(stage_of[need.text], 0) > place.get(stage_of[job.name], 0):
                message = (
                    f"{job.name} of stage {stage_of[job.name]!r} cannot need {need.text} "
                    f"of the later stage {stage_of[need.text]!r}"
                )
                reader.error(need.location, message)
    for cycle, location in _cycles(spec.jobs):
        reader.error(location, f"these jobs need each other: {' -> '.join(cycle)}")


def _cycles(jobs: Sequence[JobSpec]) -> Iterator[tuple[list[str], Location]]:
    """Every way of needs that comes back to where it began, each once."""
    needs = {job.name: {need.text: need.location for need in job.needs} for job in jobs}
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        # Names still to visit; None closes the job that is last in the path.
        todo: list[str | None] = [start]
        while todo:
            name = todo.pop()
            if name is None:
                done.add(path.pop())
            elif name in path:
                cycle = [*path[path.index(name) :], name]
                yield cycle, needs[cycle[-2]][name]
            elif name in needs and name not in done:
                path.append(name)
                todo += [None, *reversed(needs[name])]
