"""Packages that the application asks for."""

import re

from fairlead.deploy.provision.resources import Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_SERVERS = {"uwsgi": ("uwsgi-core", "uwsgi-plugin-python3")}


def part(target: Target) -> Part | None:
    """``wanted.packages``, and what the application's server needs of the distribution."""
    wanted = target.wanted.packages
    if wrong := [package for package in wanted if not _PACKAGE.fullmatch(package)]:
        raise UsageError(f"{wrong[0]!r} is no name of a package")
    packages = (*wanted, *(_SERVERS.get(target.app.server, ()) if target.web else ()))
    return Part(name="packages", packages=packages) if packages else None
