"""What comes again by itself: schedules, and looks at the remotes of mirrored projects."""

from typing import ClassVar

from django.db import models

from fairlead.server.store.projects import Project


class Recurrence(models.Model):
    """When a project is due next, one row a kind.

    ``due`` was computed at ``reckoned`` from ``spec`` (the schedule, or seconds), and has to be
    computed anew where the project says something else by now or the clock went back. ``last`` is
    when it was due last. ``failures`` counts those in a row, of which ``error`` is the newest's
    sentence. ``refs`` are a remote's refs as they were seen last, as JSON bytes.
    """

    class Kind(models.TextChoices):
        """What is done when it is due."""

        CRON = "cron"
        POLL = "poll"

    project = models.ForeignKey(Project, models.CASCADE, related_name="recurrences")
    kind = models.CharField(max_length=10, choices=Kind)
    spec = models.CharField(max_length=200)
    due = models.DateTimeField()
    reckoned = models.DateTimeField()
    last = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    refs = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "kind"], name="recurrence_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["due"], name="recurrence_due")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.project.name}"


def wanted(project: Project) -> list[Recurrence]:
    """What comes again of a project as it is now, with when and what went wrong last."""
    kinds = [Recurrence.Kind.CRON] if project.cron else []
    if project.poll_every and project.kind == Project.Kind.MIRRORED:
        kinds.append(Recurrence.Kind.POLL)
    rows = Recurrence.objects.filter(project=project, kind__in=kinds).defer("refs")
    return list(rows.order_by("kind")) if project.enabled else []
