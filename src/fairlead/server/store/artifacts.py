"""Files that jobs leave for people."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.jobs import Job


class Artifact(models.Model):
    """``path`` is as the job wrote it, ``key`` where storage keeps it, ``size`` in bytes."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="artifacts")
    path = models.TextField()
    size = models.BigIntegerField(default=0)
    key = models.CharField(max_length=300)
    expires = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["path"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "path"], name="artifact_path"),
        ]

    def __str__(self) -> str:
        return self.path
