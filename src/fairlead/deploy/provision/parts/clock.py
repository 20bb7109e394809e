"""The time zone, and a clock that is right."""

from fairlead.deploy.provision.render import word
from fairlead.deploy.provision.resources import Ensure, File, Link, Part
from fairlead.deploy.provision.target import Target


def part(target: Target) -> Part:
    """Zone and time daemon. One that is there already stays; else systemd's own, or chrony."""
    zone = word(target.wanted.timezone)
    daemon = target.facts.clock or ("systemd-timesyncd" if target.facts.systemd else "chrony")
    return Part(
        name="clock",
        packages=("tzdata", daemon) if target.wanted.ntp else ("tzdata",),
        files=(
            File(path="/etc/timezone", text=f"{zone}\n"),
            Link(path="/etc/localtime", target=f"/usr/share/zoneinfo/{zone}"),
        ),
        check=f"[ -f /usr/share/zoneinfo/{zone} ] || fail 'there is no time zone {zone}'",
        after=(Ensure(title="start the time daemon", test="clock_runs", make="clock_start"),)
        if target.wanted.ntp
        else (),
    )
