"""Deployments: one release on its way to an environment, with its phases and what they wrote."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.builds import Build
from fairlead.server.store.environments import Environment
from fairlead.server.store.fields import words
from fairlead.server.store.projects import Project
from fairlead.server.store.releases import Release


class DeploymentState(models.TextChoices):
    """HELD waits for a second person. The last six are ends.

    LIVE to CANCELLED are the outcomes of ``fairlead.model.deployment``. LOST is told by nobody:
    its worker died, and what it had done by then is on the hosts.
    """

    HELD = "held"
    QUEUED = "queued"
    RUNNING = "running"
    LIVE = "live"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


DEPLOYMENT_OPEN = (DeploymentState.HELD, DeploymentState.QUEUED, DeploymentState.RUNNING)


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Lists leave what is heavy where it is."""

    def listed(self) -> "DeploymentQuerySet":
        """For lists and pages: with environment, release and build."""
        heavy = ("build__plan", "build__result", "build__trigger", "release__manifest")
        rows = self.select_related("project", "environment", "release", "build")
        return rows.defer("environment__specification", "environment__hosts", *heavy)


class Deployment(models.Model):
    """``job_id`` is the engine's job that may write here: the fencing token.

    One that waits for its release has none yet; ``build`` is what must pass before there is one.
    ``kind`` is deploy or rollback, ``only`` the hosts it is limited to (none for all). ``by`` is
    who asked (``automatic``: nobody), ``approved_by`` who agreed, ``reason`` why it waits, was
    refused or cancelled. ``forced`` went over a rule, which ``overruled`` names. ``live`` pairs
    each host with the version it serves at the end, ``committed`` is when the release's commit
    was made, ``switched`` when the first host served it. ``recorded`` counts stored events.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="deployments")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="deployments")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, default="deploy")
    state = models.CharField(max_length=12, choices=DeploymentState, default=DeploymentState.QUEUED)
    job_id = models.BigIntegerField(null=True)
    recorded = models.PositiveIntegerField(default=0)
    worker = models.ForeignKey("store.Worker", models.SET_NULL, null=True)
    build = models.ForeignKey(Build, models.SET_NULL, null=True, related_name="deployments")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, related_name="deployments")
    version = models.CharField(max_length=40, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    branch = models.CharField(max_length=255, blank=True, default="")
    previous = models.CharField(max_length=40, blank=True, default="")
    only = words()
    by = models.CharField(max_length=255, blank=True, default="")
    automatic = models.BooleanField(default=False)
    forced = models.BooleanField(default=False)
    overruled = models.TextField(blank=True, default="")
    approved_by = models.CharField(max_length=255, blank=True, default="")
    approved = models.DateTimeField(null=True)
    stopping = models.BooleanField(default=False)
    """Somebody asked to end it while it runs."""
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    switched = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    committed = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")
    sentence = models.TextField(blank=True, default="")
    hosts = words()
    live = models.JSONField(default=list, blank=True)
    lines = models.PositiveIntegerField(default=0)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="deployment_number"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="deployment_list"),
            models.Index(fields=["environment", "-id"], name="deployment_environment"),
            models.Index(
                fields=["job_id"],
                name="deployment_job",
                condition=models.Q(state__in=DEPLOYMENT_OPEN),
            ),
        ]

    def __str__(self) -> str:
        return f"deployment {self.number}"

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self.state not in DEPLOYMENT_OPEN


class DeployPhase(models.Model):
    """A phase on a host, or (``host`` empty) for all of them; ``place`` counts from 0."""

    class State(models.TextChoices):
        """How a phase stands."""

        RUNNING = "running"
        PASSED = "passed"
        FAILED = "failed"
        SKIPPED = "skipped"
        LOST = "lost"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="phases")
    place = models.PositiveIntegerField()
    phase = models.CharField(max_length=40)
    host = models.CharField(max_length=255, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started = models.DateTimeField()
    seconds = models.FloatField(default=0.0)
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "place"], name="phase_place"),
        ]

    def __str__(self) -> str:
        return f"{self.phase} on {self.host}" if self.host else self.phase


class DeployLine(models.Model):
    """A line of a phase, or a notice (``phase`` is null); ``number`` counts from 1."""

    class Kind(models.TextChoices):
        """What a line is."""

        OUTPUT = "output"
        NOTICE = "notice"
        WARNING = "warning"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="written")
    number = models.PositiveIntegerField()
    phase = models.ForeignKey(DeployPhase, models.CASCADE, null=True, related_name="written")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OUTPUT)
    time = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "number"], name="line_number"),
        ]

    def __str__(self) -> str:
        return self.text
