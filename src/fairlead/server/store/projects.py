"""Projects: a repository that we host, or a remote one that we mirror."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.fields import words


class Project(models.Model):
    """``counted`` is the number of its newest build; ``concurrency`` 0 sets no limit.

    ``labels`` are what a worker must offer to build it. ``keep_days`` and ``keep_builds`` are
    for how long builds are kept (0: for ever). ``triggers`` is what starts builds, in the terms
    of ``fairlead.triggers.rules``; ``protected`` are globs of branches that only take pushes
    which pass. ``webhook_secret`` is one secret or, while it is being changed, several with
    white space between them.
    """

    class Kind(models.TextChoices):
        """Where the repository is."""

        HOSTED = "hosted"
        MIRRORED = "mirrored"

    name = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.HOSTED)
    url = models.TextField(blank=True, default="")
    default_branch = models.CharField(max_length=255, default="main")
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    counted = models.PositiveIntegerField(default=0)
    concurrency = models.PositiveSmallIntegerField(default=0)
    labels = words()
    priority = models.SmallIntegerField(default=0)
    cancel_superseded = models.BooleanField(default=True)
    keep_days = models.PositiveIntegerField(default=0)
    keep_builds = models.PositiveIntegerField(default=0)
    webhook_secret = models.CharField(max_length=200, blank=True, default="")
    triggers = models.JSONField(default=dict, blank=True)
    protected = words()
    poll_every = models.PositiveIntegerField(default=0)
    """Seconds between two looks at the remote; 0: never."""
    cron = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
