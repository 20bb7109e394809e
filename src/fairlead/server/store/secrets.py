"""Secrets of projects, sealed."""

from django.db import models

from fairlead.server.store.projects import Project


class Secret(models.Model):
    """A value that builds of trusted changes get as the variable ``name``.

    ``sealed`` is what ``fairlead.server.secrets.sealing`` made of it.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=100)
    sealed = models.BinaryField()
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "name"], name="one_secret_a_name"),
        )

    def __str__(self) -> str:
        return self.name
