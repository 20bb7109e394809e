"""The classic nine steps with Fabric: ``nine.py PAYLOAD HOST...``."""

import os
import sys

from fabric import Connection, ThreadingGroup

payload, first, *others = sys.argv[1:]
key = os.path.expanduser("~/.ssh/id_ed25519")
hosts = ThreadingGroup(first, *others, user="deploy", connect_kwargs={"key_filename": key})
new = "/srv/plain/new"


def every(command: str) -> None:
    hosts.run(f"sudo -n sh -c '{command}'", hide=True)


every("touch /srv/plain/closed")
hosts.put(payload, "/tmp/payload.tar.gz")
every(f"rm -rf {new} && mkdir {new} && tar -xzf /tmp/payload.tar.gz -C {new}")
every(f"find {new} -name __pycache__ -exec rm -r {{}} +")
every(
    f"/srv/plain/venv/bin/pip -q install --no-index --find-links {new}/wheels"
    f" -r {new}/wheels/requirements.txt"
)
Connection(first, user="deploy", connect_kwargs={"key_filename": key}).run(
    f"sudo -n -u shop sh -c 'cd {new}/source && ./migrate'", hide=True
)
every(f"rm -rf /srv/plain/static && cp -a {new}/source/migrations /srv/plain/static")
every("rm -rf /srv/plain/cache")
every(
    f"rm -rf /srv/plain/current && mv {new} /srv/plain/current && if [ -d /run/systemd/system ];"
    " then systemctl restart plain; else supervisorctl restart plain; fi"
)
every("rm -f /srv/plain/closed")
