"""Builds: one a trigger, from being accepted to a verdict."""

from typing import ClassVar

from django.db import models

from fairlead.model import Plan, RunResult, Trigger
from fairlead.server.store.fields import unpack, words
from fairlead.server.store.projects import Project
from fairlead.server.store.states import ENDED, OPEN, State

_HEAVY = ("plan", "result", "trigger")


class BuildQuerySet(models.QuerySet["Build"]):
    """Lists leave the heavy columns where they are."""

    def listed(self) -> "BuildQuerySet":
        """For lists: with the project, without plan and result."""
        return self.select_related("project").defer(*_HEAVY)


class Build(models.Model):
    """``job_id`` is the engine's job that may write here: the fencing token.

    Every change of ``state`` filters on it, so a worker that was given up for dead changes
    nothing when it wakes up. ``takeovers`` counts how often a build began again because its
    worker was lost; ``slot`` is its place under the project's concurrency. ``series`` is what
    supersedes one another: builds of one branch, of one pull request. ``plan`` and ``result``
    (without jobs and plan, which have rows of their own) are JSON bytes. Times of ``seconds``
    are in seconds, ``coverage`` in percent.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="builds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    job_id = models.BigIntegerField(null=True)
    recorded = models.PositiveBigIntegerField(default=0)
    """How many of the run's events are stored: tells a batch that arrived from one that did not."""
    slot = models.PositiveSmallIntegerField(null=True)
    series = models.CharField(max_length=300, blank=True, default="")
    labels = words()
    priority = models.SmallIntegerField(default=0)
    worker = models.ForeignKey("store.Worker", models.SET_NULL, null=True, related_name="builds")
    takeovers = models.PositiveSmallIntegerField(default=0)
    restart_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="restarts")
    only = words()
    """The jobs to run; none for all."""
    pinned = models.BooleanField(default=False)

    event = models.CharField(max_length=20)
    branch = models.CharField(max_length=255, blank=True, default="")
    tag = models.CharField(max_length=255, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    message = models.TextField(blank=True, default="")
    author = models.CharField(max_length=255, blank=True, default="")
    pull_request = models.CharField(max_length=40, blank=True, default="")
    trusted = models.BooleanField(default=True)
    parameters = models.JSONField(default=dict, blank=True)
    trigger = models.BinaryField()

    created = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    reason = models.TextField(blank=True, default="")
    """Why it waits, was cancelled or could not be run; else empty."""
    sentence = models.TextField(blank=True, default="")
    isolation = models.CharField(max_length=40, blank=True, default="")
    tree = models.CharField(max_length=64, blank=True, default="")
    coverage = models.FloatField(null=True)
    passed_tests = models.PositiveIntegerField(default=0)
    bad_tests = models.PositiveIntegerField(default=0)
    skipped_tests = models.PositiveIntegerField(default=0)
    notices = models.JSONField(default=list, blank=True)
    plan = models.BinaryField(null=True)
    result = models.BinaryField(null=True)

    objects = BuildQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="build_number"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="build_list"),
            models.Index(fields=["project", "branch", "-id"], name="build_branch"),
            models.Index(fields=["project", "state", "-id"], name="build_state"),
            models.Index(fields=["project", "commit"], name="build_commit"),
            models.Index(fields=["finished"], name="build_finished"),
            models.Index(
                fields=["project", "series"],
                name="build_open",
                condition=models.Q(state__in=OPEN),
            ),
            models.Index(fields=["job_id"], name="build_job", condition=models.Q(state__in=OPEN)),
            models.Index(
                fields=["restart_of"],
                name="build_restart",
                condition=models.Q(restart_of__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.name} {self.number}"

    @property
    def ended(self) -> bool:
        """Whether it has its verdict."""
        return self.state in ENDED

    def read_trigger(self) -> Trigger:
        """The outside event as it came."""
        return unpack(self.trigger, Trigger) or Trigger(event=self.event)

    def read_plan(self) -> Plan | None:
        """What was planned, or ``None`` before that."""
        return unpack(self.plan, Plan)

    def read_result(self) -> RunResult | None:
        """The result without jobs and plan, or ``None`` before the end."""
        return unpack(self.result, RunResult)
