"""Backups by the clock: databases and shared files, in archives that root owns."""

from fairlead.deploy.provision.parts.cron import fields
from fairlead.deploy.provision.parts.nginx import runs
from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import Absent, File, Folder, Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError


def part(target: Target) -> Part | None:
    """The script, when it runs, and where the archives lie; on each host, as files differ."""
    script, entry = f"/usr/local/sbin/{target.name}-backup", f"/etc/cron.d/{target.name}-backup"
    if not target.wanted.backup:
        return Part(name="backup", files=(Absent(path=entry), Absent(path=script)))
    if target.wanted.backups < 1:
        raise UsageError("at least one backup has to be kept", hint="wanted: backups: 7")
    folder = f"/var/backups/{target.name}"
    text = render(
        "backup.sh",
        **target.said,
        folder=folder,
        keep=target.wanted.backups,
        databases=target.wanted.databases if target.first else (),
    )
    when = fields(target.wanted.backup)
    return Part(
        name="backup",
        packages=("cron",),
        before=(Folder(path=folder, mode=0o700),),
        files=(
            File(path=script, text=text, mode=0o755, aside='sh -n "$new"'),
            File(path=entry, text=render("backup.cron", **target.said, when=when, script=script)),
        ),
        after=(runs("cron"),),
    )
