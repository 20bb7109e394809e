"""What the application does by the clock: a file below /etc/cron.d."""

import re

from fairlead.deploy.provision.parts.nginx import runs
from fairlead.deploy.provision.render import quoted, render
from fairlead.deploy.provision.resources import Absent, File, Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError

_FIELDS = re.compile(r"[0-9A-Za-z*/,-]+(?:[ \t]+[0-9A-Za-z*/,-]+){4}")


def part(target: Target) -> Part | None:
    """The entries, on hosts with the role."""
    if "cron" not in target.host.roles:
        return None
    path = f"/etc/cron.d/{target.name}"
    if not target.app.cron:
        return Part(name="cron", files=(Absent(path=path),))
    entries = [(fields(when), _command(target, text)) for when, text in target.app.cron]
    return Part(
        name="cron",
        packages=("cron",),
        files=(File(path=path, text=render("cron", **target.said, entries=entries)),),
        after=(runs("cron"),),
    )


def fields(when: str) -> str:
    """Five fields of cron; raises ``UsageError`` for anything else."""
    if not _FIELDS.fullmatch(when.strip()):
        raise UsageError(f"{when!r} is not five fields of cron", hint="such as '*/5 * * * *'")
    return " ".join(when.split())


def _command(target: Target, text: str) -> str:
    if "\n" in text:
        raise UsageError(f"a command of cron is one line: {text!r}")
    run = f"{target.layout.root}/slots/live/run"
    line = f"[ -x {quoted(run)} ] && {quoted(run)} sh -c {quoted(text)}"
    # To cron a percent sign is the end of the line.
    return f"{line} >>{target.log}/cron.log 2>&1".replace("%", r"\%")
