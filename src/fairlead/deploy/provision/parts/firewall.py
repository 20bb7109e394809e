"""The firewall: nftables, in a table of its own. SSH stays open whatever is asked for."""

from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import Absent, Ensure, File, Line, Part, Placed
from fairlead.deploy.provision.target import Target

FOLDER = "/etc/nftables.d"
_ALL = f"{FOLDER}/fairlead-10-host.nft"


def part(target: Target) -> Part | None:
    """One file for the machine, one for what this application opens; loaded in one transaction.

    Without systemd another one loads them when the machine starts.
    """
    if not target.wanted.firewall:
        return None
    ssh = sorted({*target.facts.ssh_ports, target.host.port})
    ports = ports_of(target)
    files: list[Placed] = [
        File(path=_ALL, text=render("firewall.nft", ports=ssh)),
        Line(path="/etc/nftables.conf", line=f'include "{FOLDER}/fairlead-*.nft"', mode=0o755),
    ]
    own = f"{FOLDER}/fairlead-20-{target.name}.nft"
    opened = render("ports.nft", **target.said, ports=ports)
    files.append(File(path=own, text=opened) if ports else Absent(path=own))
    init = f"/etc/init.d/{_BOOT}"
    text = render("firewall.init", folder=FOLDER, load=_LOAD)
    old = not target.facts.systemd
    files.append(File(path=init, text=text, mode=0o755) if old else Absent(path=init))
    return Part(
        name="firewall",
        packages=("nftables",),
        before=(Ensure(title=f"create {FOLDER}", test=f"[ -d {FOLDER} ]",
                       make=f"mkdir -p {FOLDER}"),),
        files=tuple(files),
        check=f"cat {FOLDER}/fairlead-*.nft | nft -c -f -",
        effect=_LOAD,
        after=(
            Ensure(
                title="have the firewall in force",
                test="nft list table inet fairlead >/dev/null 2>&1",
                make=_LOAD,
            ),
            _AT_BOOT,
        ),
        notes=_notes(target, {*ssh, *ports}),
    )  # fmt: skip


_LOAD = f"cat {FOLDER}/fairlead-*.nft | nft -f -"
_BOOT = "fairlead-firewall"


# Not started: that would load /etc/nftables.conf, which begins with a flush.
_AT_BOOT = Ensure(
    title="have the firewall loaded at boot",
    test=f"if systemd; then systemctl is-enabled -q nftables; else ls /etc/rc2.d/S*{_BOOT}; fi"
    " >/dev/null 2>&1",
    make=f"if systemd; then systemctl enable -q nftables; else update-rc.d {_BOOT} defaults; fi",
)


def ports_of(target: Target) -> tuple[int, ...]:
    """What the application opens beside SSH."""
    site = ((80, 443) if target.environment.tls else (80,)) if target.web else ()
    return tuple(sorted({*site, *target.wanted.ports}))


def _notes(target: Target, open_ports: set[int]) -> tuple[str, ...]:
    found = []
    if target.facts.ufw:
        found.append("ufw is in force too: a packet has to be let through by both")
    if shut := [str(port) for port in target.facts.listening if port not in open_ports]:
        found.append(
            f"the firewall closes {', '.join(shut)}, where something listens now; "
            "keep what is needed open with wanted: ports"
        )
    return tuple(found)
