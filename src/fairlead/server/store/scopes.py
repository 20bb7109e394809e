"""What tokens and people may do."""

from enum import StrEnum


class Scope(StrEnum):
    """READ shows; BUILD triggers, cancels, retries and approves; PUSH is for git alone.

    DEPLOY brings releases to environments and back. ADMIN is for projects, tokens and settings,
    and includes the four before. WORKER is for the workers on other hosts; nobody else has it.
    """

    READ = "read"
    BUILD = "build"
    PUSH = "push"
    DEPLOY = "deploy"
    ADMIN = "admin"
    WORKER = "worker"


PEOPLE = frozenset(Scope) - {Scope.WORKER}
"""What somebody who signed in may do."""
