"""The other tools, run on the desk as we are."""

import sys
import time
from pathlib import Path

from machines.site import Site

PROGRAMS = Path(__file__).parent / "programs"
OURS = FABRIC = sys.executable

_GUNICORN = "/srv/plain/venv/bin/gunicorn --no-control-socket -b unix:/srv/plain/plain.sock"
_WHERE = "--chdir /srv/plain/current/source --workers 1 --threads 8 wsgi:application"
_UNIT = f"""\
[Service]
User=shop
ExecStart={_GUNICORN} {_WHERE}
"""
_PROGRAM = f"""\
[program:plain]
command={_GUNICORN} {_WHERE}
user=shop
autostart=false
"""
_PREPARE = """\
install -d -o shop -g shop /srv/plain
mkdir /srv/plain/seed
tar -xzf /tmp/payload.tar.gz -C /srv/plain/seed
rm /tmp/payload.tar.gz
python3 -m venv /srv/plain/venv
/srv/plain/venv/bin/pip -q install --no-index --find-links /srv/plain/seed/wheels \
    -r /srv/plain/seed/wheels/requirements.txt
if [ -d /run/systemd/system ]
then cat >/etc/systemd/system/plain.service && systemctl daemon-reload
else cat >/etc/supervisor/conf.d/plain.conf && supervisorctl update
fi
"""


def prepare(site: Site) -> None:
    """Have hosts that Fabric can deploy to: a folder, an environment, a program to restart."""
    from bench.deploy.speed import _payload

    payload = _payload(site.file("first"), site.desk.home / "payload.tar.gz")
    for machine in site.machines.values():
        machine.path("/tmp/payload.tar.gz").write_bytes(payload.read_bytes())
        machine.run(_PREPARE, text=_UNIT if machine.kind == "systemd" else _PROGRAM)


def run(site: Site, python: str, name: str, *words: object) -> float:
    """Run one of the programs to its end; seconds."""
    return _timed(site, python, PROGRAMS / name, *words)


def pyinfra(site: Site, count: int, addresses: list[str]) -> float:
    """Run as many operations on hosts; seconds."""
    folder = site.desk.home / "pyinfra"
    folder.mkdir(exist_ok=True)
    told = {"ssh_user": "deploy", "ssh_key": str(site.desk.home / ".ssh/id_ed25519")}
    told["ssh_known_hosts_file"] = str(site.desk.home / ".ssh/known_hosts")
    (folder / "inventory.py").write_text(f"hosts = {[(one, told) for one in addresses]!r}\n")
    (folder / "operations.py").write_text(
        "from pyinfra.operations import server\n"
        f"for number in range({count}):\n"
        "    server.shell(name=str(number), commands=['true'], _sudo=True)\n"
    )
    program = Path(FABRIC).with_name("pyinfra")
    return _timed(site, program, "-y", folder / "inventory.py", folder / "operations.py")


def _timed(site: Site, *argv: object) -> float:
    began = time.perf_counter()
    done = site.desk.run(*argv)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{argv[1]} exited with {done.returncode}:\n{done.stdout[-3000:]}")
    return took
