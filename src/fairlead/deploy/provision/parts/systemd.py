"""Processes under systemd: a template unit each, and what starts the live slot at boot."""

from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import Absent, Ensure, File, Part
from fairlead.deploy.provision.target import Target

_DATABASES = {"postgres": "postgresql.service", "mysql": "mariadb.service mysql.service",
              "redis": "redis-server.service"}  # fmt: skip
_GRACE = 5
"""Seconds beyond the longest request until a process that should stop is killed."""


def part(target: Target) -> Part | None:
    """Units; none is started here: that is what deployments do."""
    if target.manager != "systemd":
        return None
    app = target.name
    units = tuple(
        File(path=f"/etc/systemd/system/{app}-{process}@.service", text=unit(target, process))
        for process in target.processes
    )
    boot = f"/etc/systemd/system/{app}.service"
    return Part(
        name="systemd",
        files=(
            *units,
            File(path=target.boot, text=boot_script(target), mode=0o755),
            File(path=boot, text=render("boot.service", **target.said, after=_after(target),
                                        boot=target.boot)),
            Absent(path=f"/etc/supervisor/conf.d/{app}.conf"),
        ),
        check=_check(target),
        effect="systemd && systemctl daemon-reload || true",
        after=(
            Ensure(
                title=f"have {app}.service started at boot",
                test=f"[ -L /etc/systemd/system/multi-user.target.wants/{app}.service ]",
                make=f"systemctl enable -q {app}.service",
            ),
        ),
    )  # fmt: skip


def unit(target: Target, process: str) -> str:
    """The unit of one process, for both slots."""
    return render("unit.service", **target.said, process=process, after=_after(target),
                  stop=stop_seconds(target))  # fmt: skip


def boot_script(target: Target) -> str:
    """What starts the live slot."""
    return render("boot.sh", **target.said, manager=target.manager,
                  processes=target.processes)  # fmt: skip


def stop_seconds(target: Target) -> int:
    """How long a process may take to finish what it does."""
    return int(target.app.timeout) + _GRACE


def _after(target: Target) -> str:
    return "".join(f" {_DATABASES[name]}" for name in target.wanted.databases)


def _check(target: Target) -> str:
    """Every unit as systemd reads it; what it says of missing programs of a slot is no fault."""
    names = " ".join(f"{target.name}-{process}@blue.service" for process in target.processes)
    return f"units_valid {names} {target.name}.service"
