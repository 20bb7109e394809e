"""Environments of a project: where it is deployed to, and what is live there."""

from typing import Any, ClassVar

from django.db import models

from fairlead.model.environment import Environment as Specification
from fairlead.server.store.fields import unpack
from fairlead.server.store.projects import Project
from fairlead.server.store.releases import Release


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    """Pages want the live release with its build's number, and nothing heavy."""

    def listed(self) -> "EnvironmentQuerySet":
        """In the file's order, those that are in it no longer last."""
        heavy = ("manifest", "build__plan", "build__result", "build__trigger")
        rows = self.select_related("live", "live__build", "project")
        return rows.defer(*(f"live__{name}" for name in heavy)).order_by("-active", "place", "id")

    def present(self) -> "EnvironmentQuerySet":
        """Without reviews that are gone from their hosts."""
        return self.filter(removed=None)


class Environment(models.Model):
    """``specification`` is what the pipeline file of ``commit`` says of it.

    ``active`` is false for one that is in the file no longer; its history stays. What is live is
    what the last deployment that told of its end left there. ``hosts`` are ``model`` values
    ``Live`` as they were read from the hosts at ``looked``, ``trouble`` why they could not be.

    One with a ``pull_request`` is that one's review environment. With ``closing`` the pull request
    is over, and by ``removed`` nothing was left on the hosts (null as long as something may be).
    ``job_id`` is the engine's job that removes it; after ``tries`` in vain it is tried again at
    ``due``.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="environments")
    name = models.CharField(max_length=100)
    place = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    specification = models.BinaryField()
    commit = models.CharField(max_length=64, blank=True, default="")
    live = models.ForeignKey(Release, models.SET_NULL, null=True, related_name="live_in")
    live_version = models.CharField(max_length=40, blank=True, default="")
    live_commit = models.CharField(max_length=64, blank=True, default="")
    live_since = models.DateTimeField(null=True)
    live_by = models.CharField(max_length=255, blank=True, default="")
    hosts = models.JSONField(default=list, blank=True)
    looked = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True, default="")
    pull_request = models.CharField(max_length=40, blank=True, default="")
    closing = models.BooleanField(default=False)
    removed = models.DateTimeField(null=True)
    job_id = models.BigIntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField(null=True)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["place", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "name"], name="environment_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def read(self) -> Specification:
        """What the pipeline file says of it."""
        return unpack(self.specification, Specification) or Specification(name=self.name)

    @property
    def healthy(self) -> bool | None:
        """Whether every host was well when it was looked at last; ``None`` where nobody knows."""
        told: list[dict[str, Any]] = [one for one in self.hosts if isinstance(one, dict)]
        found = [one.get("healthy") for one in told]
        if any(one is False for one in found):
            return False
        return True if found and all(found) else None
