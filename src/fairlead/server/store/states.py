"""In which state a build or a job is: waiting, under way, or how it ended."""

from django.db import models


class State(models.TextChoices):
    """The last four are the outcomes of ``fairlead.model.Outcome``; HELD waits for approval."""

    HELD = "held"
    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"


ENDED = (State.PASSED, State.FAILED, State.ERRORED, State.CANCELLED)
OPEN = (State.HELD, State.QUEUED, State.RUNNING)
