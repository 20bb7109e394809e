"""Security updates that install themselves."""

from fairlead.deploy.provision.render import plain
from fairlead.deploy.provision.resources import File, Part
from fairlead.deploy.provision.target import Target


def part(target: Target) -> Part | None:
    """The package and when it works."""
    if not target.wanted.upgrades:
        return None
    return Part(
        name="upgrades",
        packages=("unattended-upgrades",),
        files=(File(path="/etc/apt/apt.conf.d/52fairlead-upgrades", text=plain("upgrades")),),
        check="apt-config dump >/dev/null",
    )
