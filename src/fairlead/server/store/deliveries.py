"""Deliveries: every webhook and push that reached us, kept for inspection and replay."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fairlead.model import Trigger
from fairlead.server.store.builds import Build
from fairlead.server.store.fields import unpack
from fairlead.server.store.projects import Project


class Delivery(models.Model):
    """``key`` is what a repetition has in common with the first, by which it is told.

    ``body`` is as it came, at most its first MiB; ``size`` are the bytes that came. ``reason``
    says why nothing was built of it. ``numbers`` are the builds it made, of which ``build`` is
    the first; ``wanted`` is what there was to build, before the project's filters, as JSON bytes.
    """

    class Fate(models.TextChoices):
        """What became of it."""

        BUILT = "built"
        IGNORED = "ignored"
        REPEATED = "repeated"
        REFUSED = "refused"

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="deliveries")
    source = models.CharField(max_length=20)
    key = models.CharField(max_length=100)
    event = models.CharField(max_length=60, blank=True, default="")
    received = models.DateTimeField(auto_now_add=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    fate = models.CharField(max_length=10, choices=Fate)
    reason = models.TextField(blank=True, default="")
    size = models.PositiveIntegerField(default=0)
    numbers = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    wanted = models.BinaryField(null=True)
    build = models.ForeignKey(Build, models.SET_NULL, null=True, related_name="deliveries")
    replay = models.BooleanField(default=False)
    """Whether a person had it taken again; ``replay_of`` is what was, while that is kept."""
    replay_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "source", "key"],
                name="delivery_once",
                condition=models.Q(fate__in=("built", "ignored"), replay=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="delivery_list"),
            models.Index(fields=["received"], name="delivery_received"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"

    def read_wanted(self) -> tuple[Trigger, ...]:
        """What there was to build."""
        return unpack(self.wanted, tuple[Trigger, ...]) or ()
