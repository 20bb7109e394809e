"""Jobs of a build, the attempts at each, and the steps of an attempt."""

from typing import ClassVar

from django.db import models

from fairlead.model import JobResult
from fairlead.server.store.builds import Build
from fairlead.server.store.fields import unpack, words
from fairlead.server.store.states import State


class Job(models.Model):
    """``key`` is the job's id in the plan and ``place`` its position there, from 0.

    ``axes`` pairs names of the matrix with values. ``result`` is a JobResult without tests,
    which have rows of their own.
    """

    build = models.ForeignKey(Build, models.CASCADE, related_name="jobs")
    key = models.CharField(max_length=255)
    place = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    stage = models.CharField(max_length=100)
    axes = models.JSONField(default=list)
    needs = words()
    python = models.CharField(max_length=20, blank=True, default="")
    allow_failure = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True, default="")
    progress = models.TextField(blank=True, default="")
    """The last line about long work outside of any step."""
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    environment = models.CharField(max_length=100, blank=True, default="")
    interpreter = models.CharField(max_length=40, blank=True, default="")
    isolated = models.BooleanField(default=True)
    passed_tests = models.PositiveIntegerField(default=0)
    bad_tests = models.PositiveIntegerField(default=0)
    skipped_tests = models.PositiveIntegerField(default=0)
    coverage = models.FloatField(null=True)
    result = models.BinaryField(null=True)

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["build", "key"], name="job_key"),
        ]

    def __str__(self) -> str:
        return self.name

    def read_result(self) -> JobResult | None:
        """How it ended, without tests; ``None`` before that."""
        return unpack(self.result, JobResult)


class Attempt(models.Model):
    """One go at a job, ``number`` from 1. ``phases`` holds ``[name, seconds, note]``.

    ``log`` is where storage keeps the whole log once the attempt is over; until then, and where
    that failed, it is in the attempt's chunks. ``log_size`` is in bytes.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    reason = models.TextField(blank=True, default="")
    timed_out = models.BooleanField(default=False)
    started = models.DateTimeField()
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    phases = models.JSONField(default=list)
    log = models.CharField(max_length=300, blank=True, default="")
    log_size = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number"),
        ]

    def __str__(self) -> str:
        return f"{self.job.name}, attempt {self.number}"


class Step(models.Model):
    """``number`` counts from 0 in its attempt; its log is ``length`` bytes from ``offset``.

    ``expected`` is how many tests it collected.
    """

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    name = models.TextField()
    phase = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    code = models.IntegerField(null=True)
    started = models.DateTimeField()
    seconds = models.FloatField(default=0.0)
    reason = models.TextField(blank=True, default="")
    reused = models.BooleanField(default=False)
    expected = models.PositiveIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
    length = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "number"], name="step_number"),
        ]

    def __str__(self) -> str:
        return self.name
