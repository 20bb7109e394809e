"""Tests: one row a test and attempt."""

from typing import ClassVar

from django.db import models

from fairlead.model import TestOutcome
from fairlead.server.store.builds import Build
from fairlead.server.store.jobs import Attempt
from fairlead.server.store.projects import Project

BAD = (TestOutcome.FAILED.value, TestOutcome.ERRORED.value)


class Test(models.Model):
    """A test as it ended. ``digest`` is the same for a test over all builds of its project."""

    __test__ = False

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    build = models.ForeignKey(Build, models.CASCADE, related_name="tests", db_index=False)
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="tests", db_index=False)
    step = models.PositiveIntegerField(default=0)
    digest = models.BigIntegerField()
    suite = models.TextField(blank=True, default="")
    name = models.TextField()
    node = models.TextField(blank=True, default="")
    """What the test's own tool takes to run just this one."""
    file = models.TextField(blank=True, default="")
    line = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=8)
    seconds = models.FloatField(default=0.0)
    message = models.TextField(blank=True, default="")
    details = models.TextField(blank=True, default="")
    output = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["attempt", "id"], name="test_attempt"),
            models.Index(fields=["project", "digest", "-id"], name="test_history"),
            models.Index(fields=["build", "id"], name="test_build"),
            models.Index(fields=["build"], name="test_bad", condition=models.Q(outcome__in=BAD)),
        ]

    def __str__(self) -> str:
        return f"{self.suite}::{self.name}" if self.suite else self.name
