"""Logs while they grow: compressed pieces, gone when the attempt's log is one file."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.jobs import Attempt


class LogChunk(models.Model):
    """A ``fairlead.server.logs.chunks.Chunk``: ``size`` bytes of the log from byte ``start``."""

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="chunks", db_index=False)
    start = models.BigIntegerField()
    size = models.PositiveIntegerField()
    head = models.BinaryField()
    data = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["start"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "start"], name="chunk_start"),
        ]

    def __str__(self) -> str:
        return f"{self.start}+{self.size}"
