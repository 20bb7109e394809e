"""What lies below jobs: lines and hits of logs, tests, artifacts."""

import msgspec
from django.http import HttpRequest

from fairlead.server.api.shapes.page import Moment, absolute
from fairlead.server.store import models


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a log as it is shown, without colours; ``missing`` bytes of it were left out."""

    number: int
    text: str
    missing: int


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a log that has ``total`` of them, ``size`` bytes, so far."""

    items: tuple[Line, ...]
    total: int
    size: int


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A line with what was searched for: ``text[begin:end]``, with some text around it."""

    line: int
    text: str
    begin: int
    end: int


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """A test as it ended; ``node`` is what the test's tool takes to run it alone.

    ``details`` and ``output`` are null where they were not asked for.
    """

    __test__ = False

    id: int
    suite: str
    name: str
    node: str
    file: str
    line: int
    step: int
    outcome: str
    seconds: float
    message: str
    details: str | None
    output: str | None


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a job left; ``path`` is as the job wrote it, ``size`` in bytes."""

    id: int
    job: str
    place: int
    path: str
    size: int
    expires: Moment | None
    url: str


def test_shape(test: models.Test, *, details: bool) -> Test:
    """A test's row; without ``details`` its long texts are not looked at."""
    return Test(
        id=test.pk,
        suite=test.suite,
        name=test.name,
        node=test.node,
        file=test.file,
        line=test.line,
        step=test.step,
        outcome=test.outcome,
        seconds=test.seconds,
        message=test.message,
        details=test.details if details else None,
        output=test.output if details else None,
    )


def artifact_shape(artifact: models.Artifact, request: HttpRequest) -> Artifact:
    """An artifact's row, read with its job."""
    return Artifact(
        id=artifact.pk,
        job=artifact.job.key,
        place=artifact.job.place + 1,
        path=artifact.path,
        size=artifact.size,
        expires=artifact.expires,
        url=absolute(request, f"/api/v1/artifacts/{artifact.pk}"),
    )
