"""Tokens of the API, of pushes and of the command line client."""

from django.conf import settings
from django.db import models

from fairlead.server.store.fields import words
from fairlead.server.store.projects import Project


class Token(models.Model):
    """``digest`` is the SHA-256 of the token, which itself is shown once and kept nowhere.

    ``scopes`` are what it may do; with ``project`` it may do so for that one alone.
    """

    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = words()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="tokens"
    )
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="tokens")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
