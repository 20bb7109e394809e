"""Deliveries: every webhook and push that reached us, kept for inspection and replay."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.builds import Build
from fairlead.server.store.projects import Project


class Delivery(models.Model):
    """``key`` is the sender's id of the delivery, by which one that is sent again is told.

    ``body`` is as it came. ``reason`` says why nothing was built of it.
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
    build = models.ForeignKey(Build, models.SET_NULL, null=True, related_name="deliveries")
    replay_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "source", "key"],
                name="delivery_once",
                condition=models.Q(fate="built", replay_of__isnull=True),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="delivery_list")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"
