"""nginx in front of web servers, as a load balancer has it: on the desk's network, port 8080."""

import subprocess
from pathlib import Path

from machines.network import DESK

PORT = 8080
_CONF = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
user root;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream site {{ {servers} }}
    server {{
        listen {address}:{port} reuseport backlog=1024;
        keepalive_requests 1000000;
        location / {{
            proxy_pass http://site;
            proxy_set_header Host $host;
            proxy_connect_timeout {patience};
            proxy_next_upstream {again};
            add_header X-Server $upstream_addr always;
        }}
    }}
}}
"""


class Balancer:
    """Shares requests out among ``machines``; with ``forgiving`` it asks another one where one
    cannot be reached within a second, without it every failure of a machine is its clients' failure.
    """

    address, port = DESK, PORT

    def __init__(self, network, folder: Path, machines, *, forgiving=False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        rule = "max_fails=2 fail_timeout=2s" if forgiving else "max_fails=0"
        servers = " ".join(f"server {machine.address}:80 {rule};" for machine in machines)
        again = "error timeout non_idempotent" if forgiving else "off"
        conf = folder / "nginx.conf"
        # Machines of a busy computer may let nobody in for a second, and that is no release's doing.
        patience = "1s" if forgiving else "12s"
        told = {"folder": folder, "servers": servers, "again": again, "patience": patience}
        conf.write_text(_CONF.format(**told, address=DESK, port=PORT))
        argv = network.argv("nginx", "-p", folder, "-e", folder / "error.log", "-c", conf)
        self._log = folder / "error.log"
        self._process = subprocess.Popen(argv, cwd="/", stdin=subprocess.DEVNULL)
        network.answers(DESK, PORT)

    def close(self):
        self._process.terminate()
        self._process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()
