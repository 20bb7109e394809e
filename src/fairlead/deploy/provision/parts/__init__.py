"""What is wanted of a host, one module a subject, in the order in which it is made.

Each module has ``part(target) -> Part | None``; None where the host does not want it.
"""

import importlib
from typing import Final

from fairlead.deploy.provision.resources import Part
from fairlead.deploy.provision.target import Target

NAMES: Final = (
    "accounts",
    "folders",
    "clock",
    "firewall",
    "databases",
    "sudoers",
    "nginx",
    "systemd",
    "supervisor",
    "cron",
    "backup",
    "rotation",
    "upgrades",
    "extras",
)


def parts_of(target: Target) -> tuple[Part, ...]:
    """Everything a host should have. Raises ``UsageError`` for what cannot be written down."""
    modules = (importlib.import_module(f"{__name__}.{name}") for name in NAMES)
    return tuple(part for module in modules if (part := module.part(target)) is not None)
