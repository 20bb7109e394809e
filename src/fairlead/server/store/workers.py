"""Workers as they last said they are."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.fields import words


class Worker(models.Model):
    """``engine_id`` is its row in the engine's own table; ``seen`` is its last heartbeat."""

    name = models.CharField(max_length=200)
    engine_id = models.BigIntegerField(unique=True, null=True)
    labels = words()
    slots = models.PositiveSmallIntegerField(default=1)
    started = models.DateTimeField()
    seen = models.DateTimeField(db_index=True)
    stopping = models.BooleanField(default=False)
    deploys = models.BooleanField(default=False)
    """Whether it makes releases and deploys them."""
    version = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
