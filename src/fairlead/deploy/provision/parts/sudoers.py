"""Who may become whom: as little as deploying needs."""

from fairlead.deploy.layout import SLOTS
from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import File, Part
from fairlead.deploy.provision.target import Target


def part(target: Target) -> Part | None:
    """One file below /etc/sudoers.d."""
    units = [
        f"{target.name}-{process}@{slot}.service"
        for process in target.processes
        for slot in SLOTS
        if target.manager == "systemd"
    ]
    deployer = "" if target.deployer in {"root", target.user} else target.deployer
    if not units and not deployer:
        return None
    alias = target.name.replace("-", "_").upper()
    return Part(
        name="sudoers",
        packages=("sudo",),
        files=(
            File(
                path=f"/etc/sudoers.d/fairlead-{target.name}",
                text=render("sudoers", **target.said, signed_in=deployer, units=units,
                            alias=alias),
                mode=0o440,
                aside='visudo -c -q -f "$new"',
            ),
        ),
        check="visudo -c -q",
    )  # fmt: skip
