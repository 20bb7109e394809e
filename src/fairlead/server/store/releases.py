"""Releases of a project: made of a green build, kept as one file each."""

from typing import ClassVar

from django.db import models

from fairlead.model.release import Manifest
from fairlead.server.store.builds import Build
from fairlead.server.store.fields import unpack
from fairlead.server.store.projects import Project


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Lists leave the manifest where it is."""

    def listed(self) -> "ReleaseQuerySet":
        """For lists: with the build's number, without the manifest."""
        build = ("build__plan", "build__result", "build__trigger")
        return self.select_related("project", "build").defer("manifest", *build)


class Release(models.Model):
    """``job_id`` is the engine's job that may write here, as for builds.

    ``key`` is where storage keeps its file, of ``size`` bytes; it is empty before there is one
    and once it was removed to make room. ``public_key`` is what its signature is checked with.
    ``verdict`` is the outcome of ``build``, which made it; ``by`` who asked for it, empty where
    that was nobody in particular. ``reason`` says why it could not be made. One of a
    ``pull_request`` goes to that one's reviews alone, without secrets unless it is ``trusted``.
    """

    class State(models.TextChoices):
        """READY can be deployed, EXPIRED could once."""

        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    job_id = models.BigIntegerField(null=True)
    takeovers = models.PositiveSmallIntegerField(default=0)
    build = models.ForeignKey(Build, models.SET_NULL, null=True, related_name="releases")
    verdict = models.CharField(max_length=10, blank=True, default="")
    commit = models.CharField(max_length=64)
    version = models.CharField(max_length=40, blank=True, default="")
    branch = models.CharField(max_length=255, blank=True, default="")
    tag = models.CharField(max_length=255, blank=True, default="")
    pull_request = models.CharField(max_length=40, blank=True, default="")
    trusted = models.BooleanField(default=True)
    message = models.TextField(blank=True, default="")
    committed = models.DateTimeField(null=True)
    by = models.CharField(max_length=255, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    progress = models.TextField(blank=True, default="")
    """The last line about what is being done."""
    reason = models.TextField(blank=True, default="")
    key = models.CharField(max_length=300, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField(default=0)
    public_key = models.TextField(blank=True, default="")
    manifest = models.BinaryField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="release_number"),
            models.UniqueConstraint(fields=["build"], name="one_release_a_build"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="release_list"),
            models.Index(fields=["project", "commit"], name="release_commit"),
            models.Index(
                fields=["job_id"],
                name="release_job",
                condition=models.Q(state__in=("queued", "running")),
            ),
        ]

    def __str__(self) -> str:
        return f"release {self.number}"

    @property
    def tested(self) -> bool:
        """Whether the build it comes from passed."""
        return self.verdict == "passed"

    def read_manifest(self) -> Manifest | None:
        """What it says of itself, or ``None`` before it is made."""
        return unpack(self.manifest, Manifest)
