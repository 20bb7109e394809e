"""Processes under supervisor: a program for each and slot, and what starts the live slot."""

from fairlead.deploy.layout import SLOTS
from fairlead.deploy.provision.parts.nginx import runs
from fairlead.deploy.provision.parts.systemd import boot_script, stop_seconds
from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import Ensure, File, Part
from fairlead.deploy.provision.target import SUPERVISOR_GROUP, Target


def part(target: Target) -> Part | None:
    """Programs. Those that run keep running with what they were started with."""
    if target.manager != "supervisor":
        return None
    programs = render("programs.conf", **target.said, processes=target.processes, slots=SLOTS,
                      boot=target.boot, stop=stop_seconds(target))  # fmt: skip
    return Part(
        name="supervisor",
        packages=("supervisor",),
        files=(
            File(path="/etc/supervisor/conf.d/00-fairlead.conf",
                 text=render("supervisor-socket.conf", group=SUPERVISOR_GROUP)),
            File(path=target.boot, text=boot_script(target), mode=0o755),
            File(path=f"/etc/supervisor/conf.d/{target.name}.conf", text=programs),
        ),
        check="supervisor_valid",
        effect=f"supervisor_update {target.name}",
        after=(
            runs("supervisor"),
            Ensure(
                title=f"let group {SUPERVISOR_GROUP} speak to supervisord",
                test=f"supervisor_socket_open {SUPERVISOR_GROUP}",
                make=f"supervisor_socket_give {SUPERVISOR_GROUP}",
            ),
        ),
    )  # fmt: skip
