"""The kinds of process managers there are."""

from typing import Final

from fairlead.deploy.managers.base import Manager
from fairlead.deploy.managers.supervisor import Supervisor
from fairlead.deploy.managers.systemd import Systemd
from fairlead.errors import UsageError

MANAGERS: Final[dict[str, Manager]] = {"systemd": Systemd(), "supervisor": Supervisor()}


def manager(kind: str) -> Manager:
    """The manager of a kind. Raises ``UsageError`` for one there is not."""
    if found := MANAGERS.get(kind):
        return found
    raise UsageError(
        f"there is no process manager {kind!r}", hint=f"known are: {', '.join(MANAGERS)}"
    )
