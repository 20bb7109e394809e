"""Setting and forgetting secrets of projects; nothing here ever gives a value back."""

import re

from django.conf import settings

from fairlead.errors import FairleadError, NotFound, UsageError
from fairlead.server.configuration import secret_key
from fairlead.server.secrets.reading import place_of
from fairlead.server.secrets.sealing import seal
from fairlead.server.store.models import Project, Secret

LONGEST = 64 << 10
"""Bytes of a value."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


def put(project: Project, name: str, value: str) -> bool:
    """Keep a value under a name, which had another before if false comes back.

    Raises ``UsageError`` for a name that is no variable's, and an empty or huge value.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:100]!a} is not a variable's name")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise FairleadError(f"the value of {name} is not text in UTF-8") from error
    if not value or size > LONGEST or "\0" in value:
        raise UsageError(f"a secret is 1 to {LONGEST:,} bytes, and none of them zero")
    sealed = seal(secret_key(settings.FAIRLEAD), place_of(project.pk, name), value)
    told = {"sealed": sealed}
    return Secret.objects.update_or_create(project=project, name=name, defaults=told)[1]


def remove(project: Project, name: str) -> None:
    """Forget a value. Raises ``NotFound`` where there is none."""
    if (
        not _NAME.fullmatch(name)
        or not Secret.objects.filter(project=project, name=name).delete()[0]
    ):
        raise NotFound(f"{project} has no secret {name[:100]!a}")


def listed(project: Project) -> list[Secret]:
    """Names and when each was set, without what was."""
    return list(Secret.objects.filter(project=project).defer("sealed").order_by("name"))
