"""Logs that do not grow for ever."""

from fairlead.deploy.layout import SLOTS
from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import File, Part
from fairlead.deploy.provision.target import Target


def part(target: Target) -> Part:
    """One file of logrotate."""
    path = f"/etc/logrotate.d/{target.name}"
    text = render("rotation", **target.said, web=target.web, copied=(*SLOTS, "cron", "boot"))
    return Part(
        name="rotation",
        packages=("logrotate",),
        files=(File(path=path, text=text),),
        check=f"logrotate -d {path} >/dev/null 2>&1 || logrotate -d {path}",
    )
