"""What stands in a slot: a release made startable, as a small archive for its host.

The executables are short shell scripts that people can read and run: `env` holds the variables,
`run` runs anything in the release, `web` and the other processes are what a manager starts.
"""

import io
import re
import tarfile
from collections.abc import Iterable

import msgspec

from fairlead.deploy.commands.base import quote
from fairlead.deploy.inside import program
from fairlead.deploy.layout import Layout, layout_of, processes_of, release_name
from fairlead.model.environment import App, Environment, Host
from fairlead.model.plan import Pairs, Value
from fairlead.model.release import Manifest


class About(Value, frozen=True, kw_only=True):
    """``about.json``: which release stands in a slot, and what a way back from it would mean.

    ``folder`` is its name below ``releases``, ``environment`` the digest of what is installed,
    ``time`` when the slot was made, in Unix seconds, and the others are those of its manifest.
    """

    number: int = 0
    version: str
    commit: str = ""
    environment: str = ""
    python: str = ""
    by: str = ""
    time: float = 0.0
    migrations: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()
    payload: str = ""
    folder: str = ""

    @property
    def name(self) -> str:
        """The release as people call it: its number, or its version where it has none."""
        return release_name(self.number, self.version)


def identity(release: "Manifest | About") -> str:
    """What tells releases apart, whatever number they have; two commits can have the same files."""
    return f"{release.version}:{release.payload}"


class Filling(Value, frozen=True, kw_only=True):
    """What a slot is made of; ``secrets`` are variables whose values nobody may see."""

    environment: Environment
    manifest: Manifest
    folder: str
    number: int = 0
    secrets: Pairs = ()
    by: str = ""
    time: float = 0.0


def about(filling: Filling) -> About:
    """What a slot with this in it says of itself."""
    manifest = filling.manifest
    return About(
        number=filling.number,
        version=manifest.version,
        commit=manifest.commit,
        environment=manifest.environment,
        python=manifest.python,
        by=filling.by,
        time=filling.time,
        migrations=manifest.migrations,
        irreversible=manifest.irreversible,
        payload=manifest.payload,
        folder=filling.folder,
    )


def pack_slot(filling: Filling, host: Host, slot: str) -> bytes:
    """The files of a slot as a tar archive. Links to its release and environment are in it."""
    app = filling.environment.app
    layout = layout_of(filling.environment)
    told = about(filling)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        _link(archive, "release", f"../../releases/{filling.folder}")
        if told.environment:
            _link(archive, "environment", f"../../environments/{told.environment}")
        _link(archive, "sock", f"../../run/{slot}.sock")
        _file(archive, "about.json", msgspec.json.encode(told).decode() + "\n")
        _file(archive, "env", variables(filling, layout, slot), mode=0o600)
        _file(archive, "run", _RUN, mode=0o750)
        if app and not app.command:
            _file(archive, "fairlead_slot.py", program(app.interface))
        for process in processes_of(filling.environment, host.roles):
            command = _command(filling, layout, slot, process)
            _file(archive, process, command, mode=0o750)
    return packed.getvalue()


def variables(filling: Filling, layout: Layout, slot: str) -> str:
    """``env``: what the release is told, as shell text; the environment's own come first."""
    manifest = filling.manifest
    release = f"{layout.releases}/{filling.folder}"
    own = (
        ("FAIRLEAD_ENVIRONMENT", filling.environment.name),
        ("FAIRLEAD_SLOT", slot),
        ("FAIRLEAD_SHARED", layout.shared),
        ("FAIRLEAD_TARGET", filling.environment.app.target if filling.environment.app else ""),
        ("RELEASE_VERSION", manifest.version),
        ("RELEASE_COMMIT", manifest.commit),
        ("RELEASE_NUMBER", str(filling.number or "")),
        ("PYTHONPATH", f"{release}/site:{release}/source"),
    )
    lines = [f"export {name}={quote(value)}" for name, value in _last(filling, own)]
    if manifest.environment:
        folder = f"{layout.environments}/{manifest.environment}"
        lines.append(f"export VIRTUAL_ENV={quote(folder)}")
        lines.append(f'export PATH={quote(f"{folder}/bin")}:"$PATH"')
    return "\n".join(["# What this release is told. Written anew by each deployment.", *lines, ""])


def _last(filling: Filling, own: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each variable once: ours win over secrets, and those over what the pipeline file says."""
    found = dict(filling.environment.env)
    paths = [path for name, path in filling.environment.env if name == "PYTHONPATH"]
    found.update(filling.secrets)
    found.update(own)
    if paths:
        found["PYTHONPATH"] += f":{paths[-1]}"
    return list(found.items())


_OPENING = """#!/bin/sh
# {what} Written anew by each deployment.
set -eu
here=$(cd "${{0%/*}}" && pwd -P)
. "$here/env"
cd -P "$here/release/source"
"""

_RUN = (
    _OPENING.format(what="Runs a command in this release: run COMMAND ARGUMENT...")
    + """[ $# -gt 0 ] || { echo "usage: run COMMAND ARGUMENT..." >&2; exit 2; }
exec "$@"
"""
)


def _command(filling: Filling, layout: Layout, slot: str, process: str) -> str:
    app = filling.environment.app
    if app and process == "web":
        lines = (
            f"export SOCKET={quote(layout.socket(slot))}",
            'rm -f "$SOCKET"',
            "umask 007",
            _exec(serving(app, filling.manifest)),
        )
        return "\n".join(
            (_OPENING.format(what="The web server of this slot.").rstrip(), *lines, "")
        )
    name = process.rpartition("-")[0]
    workers = app.workers if app else ()
    command = next((worker.command for worker in workers if worker.name == name), "false")
    return f"{_OPENING.format(what=f'{process} of this slot.')}{_exec(command)}\n"


def _exec(command: str) -> str:
    """The command in place of the shell where it is a plain one: signals reach it directly."""
    return command if re.search(r"[;&|<>()`\n]|^\s*\w+=", command) else f"exec {command}"


def serving(app: App, manifest: Manifest) -> str:
    """The command of the web server, which listens on ``$SOCKET``; it is shell text."""
    if app.command:
        return app.command
    return _SERVERS[app.server](app, manifest)


def _gunicorn(app: App, manifest: Manifest) -> str:
    options = [
        "--bind unix:$SOCKET --pythonpath $here",
        f"--workers {app.processes} --worker-class gthread --threads {app.threads}",
        f"--timeout {app.timeout:.0f} --graceful-timeout {app.timeout:.0f}",
    ]
    # From 27 on all its masters on a machine would share one socket for orders.
    if _major(manifest, "gunicorn") >= 27:  # noqa: PLR2004
        options.append("--no-control-socket")
    return f"gunicorn {' '.join(options)} fairlead_slot:application"


def _uvicorn(app: App, manifest: Manifest) -> str:
    del manifest
    command = (
        f"uvicorn --uds $SOCKET --app-dir $here --workers {app.processes} --no-access-log"
        # Only nginx comes by the socket; without this https would be told as http.
        " --proxy-headers --forwarded-allow-ips='*'"
        f" --timeout-graceful-shutdown {app.timeout:.0f} fairlead_slot:application"
    )
    if app.processes == 1:
        return command
    # Its supervisor would start what cannot be imported again and again, and never give up.
    return f"{{ PYTHONPATH=$here:$PYTHONPATH python -c 'import fairlead_slot' && exec {command}; }}"


def _uwsgi(app: App, manifest: Manifest) -> str:
    # The distribution's has its Python apart; one among the wheels has it within.
    plugin = "" if _major(manifest, "uwsgi") else " --plugin python3"
    where = ' --virtualenv "$VIRTUAL_ENV"' if manifest.environment else ""
    return (
        f"uwsgi{plugin} --http-socket $SOCKET --chmod-socket=660 --master --need-app --lazy-apps"
        f" --enable-threads --processes {app.processes} --threads {app.threads}"
        f" --harakiri {app.timeout:.0f} --die-on-term --pythonpath $here"
        f"{where} --module fairlead_slot:application"
    )


_SERVERS = {"gunicorn": _gunicorn, "uvicorn": _uvicorn, "uwsgi": _uwsgi}


def _major(manifest: Manifest, package: str) -> int:
    for requirement in manifest.requirements:
        name, _, version = requirement.partition("==")
        if name.lower() == package:
            number = version.partition(".")[0]
            return int(number) if number.isdecimal() else 0
    return 0


def _file(archive: tarfile.TarFile, name: str, text: str, *, mode: int = 0o640) -> None:
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    archive.addfile(info, io.BytesIO(data))


def _link(archive: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    archive.addfile(info)
