"""All that ``fairlead reproduce`` needs to run a build again elsewhere."""

from typing import Any

import msgspec

from fairlead.server.store import models
from fairlead.server.store.fields import unpack


class OrderedJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a job ran in: ``resolution`` is the environment's lock, a requirement a line."""

    key: str
    place: int
    interpreter: str
    environment: str
    resolution: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``trigger`` and ``plan`` are those of the run, as ``fairlead run --events`` tells them.

    ``plan`` is null before there is one. ``repository`` is where to clone from.
    """

    project: str
    number: int
    repository: str
    commit: str
    trigger: dict[str, Any]
    plan: dict[str, Any] | None
    parameters: dict[str, str]
    only: list[str]
    jobs: tuple[OrderedJob, ...]


class _Lock(msgspec.Struct):
    resolution: str = ""


def order_shape(build: models.Build, jobs: list[models.Job], repository: str) -> Order:
    """The order from a build's row with its heavy columns, and its jobs with results."""
    return Order(
        project=build.project.name,
        number=build.number,
        repository=repository,
        commit=build.commit,
        trigger=unpack(build.trigger, dict[str, Any]) or {},
        plan=unpack(build.plan, dict[str, Any]),
        parameters={name: str(value) for name, value in build.parameters.items()},
        only=build.only,
        jobs=tuple(_ordered(job) for job in jobs),
    )


def _ordered(job: models.Job) -> OrderedJob:
    lock = unpack(job.result, _Lock)
    return OrderedJob(
        key=job.key,
        place=job.place + 1,
        interpreter=job.interpreter,
        environment=job.environment,
        resolution=lock.resolution if lock else "",
    )
