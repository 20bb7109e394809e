"""Hosts that are folders of this machine: real scripts, supervisor, gunicorn and nginx, no SSH.

All hosts of an environment have one root; each of ours has its own, of the same length, so that
it can be put in the place of the other in whatever is sent.
"""

import asyncio
import contextlib
import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from fairlead.deploy.base import Done
from fairlead.deploy.layout import ACCESS_FORMAT
from fairlead.errors import HostFailed, HostLost, HostUnreachable
from fairlead.model.environment import App, Environment, Health, Host, Watch
from fairlead.model.release import Manifest, Release

NEEDED = ("supervisord", "nginx", "flock", "setpriv")
WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""What is started ends when these tests do, however they do."""

NAMES = ("h1", "h2", "h3")
SURROUNDINGS = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONDONTWRITEBYTECODE": "1",
}

APP = """
import os, time
SICK = lambda: os.path.exists(os.path.join(os.environ["FAIRLEAD_SHARED"], "sick"))
VERSION = os.environ["RELEASE_VERSION"]
{before}
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(0.6)
    status = "200 OK"
    {inside}
    start_response(status, [("Content-Type", "text/plain"), ("X-Version", VERSION)])
    return [("release " + VERSION).encode()]
"""
KINDS = {
    "good": ("", ""),
    "broken": ("import nothing_of_this_name", ""),
    "hangs": ("", 'time.sleep(60 if path == "/health" else 0)'),
    "liar": ('VERSION = "another"', ""),
    "turns": (
        "",
        'status = "500 No" if SICK() and path != "/health" else status',
    ),
    "sickens": (
        "",
        'status = "500 No" if SICK() and path == "/health" else status',
    ),
    "bad on h2": ("", 'status = "500 No" if "/h2/" in os.getcwd() else status'),
    # Well on its own socket, and not through nginx, which says who asked.
    "front": ("", 'status = "500 No" if environ.get("HTTP_X_REAL_IP") else status'),
}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Machine:
    """One host: `down` is set while nobody can reach it."""

    def __init__(self, folder, name, canonical, processes):
        self.name, self.canonical = name, canonical
        self.root = Path(canonical.replace("/h0/", f"/{name}/"))
        self.port = free_port()
        self.processes = processes
        self.down = False
        self.limit = ""
        """Shell text before each script, such as a limit."""
        self.lost_after = None
        """Which scripts are carried out and never heard of again: the connection ends with them."""
        for part in (
            "releases",
            "environments",
            "slots",
            "run",
            "shared",
            "maintenance",
            "log",
            "tmp",
        ):
            (self.root / part).mkdir(parents=True)
        (self.root / "maintenance/page.html").write_text("closed")
        self._environment()
        self._supervisor()
        self._nginx()

    def _environment(self):
        made = self.root / "environments/e1"
        (made / "bin").mkdir(parents=True)
        for name, module in (("gunicorn", "-m gunicorn "), ("python", "")):
            program = made / "bin" / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {module}"$@"\n')
            program.chmod(0o755)
        (made / "ready").touch()

    def _supervisor(self):
        programs = "".join(
            f"""
[program:bank-{process}-{slot}]
command={self.root}/slots/{slot}/{process}
autostart=false
autorestart=unexpected
startsecs=2
startretries=0
stopasgroup=true
killasgroup=true
stopwaitsecs=10
stdout_logfile={self.root}/log/{slot}.log
redirect_stderr=true
"""
            for process in self.processes
            for slot in ("blue", "green")
        )
        file = self.root / "supervisord.conf"
        file.write_text(
            f"""[supervisord]
logfile={self.root}/log/supervisord.log
pidfile={self.root}/run/supervisord.pid
nodaemon=true
[unix_http_server]
file={self.root}/run/supervisor.sock
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
{programs}"""
        )
        self.supervisor = subprocess.Popen(
            [*WITH_US, "supervisord", "-n", "-c", str(file)],
            env=SURROUNDINGS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _nginx(self):
        tmp, user = self.root / "tmp", "user root;" if os.getuid() == 0 else ""
        temporary = "".join(
            f"{kind}_temp_path {tmp}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = self.root / "nginx.conf"
        file.write_text(
            f"""{user}
worker_processes 1; daemon off; pid {tmp}/nginx.pid; error_log {tmp}/error.log;
events {{ worker_connections 512; }}
http {{
  {temporary}
  log_format fairlead '{ACCESS_FORMAT}';
  access_log {self.root}/log/access.log fairlead;
  upstream app {{ server unix:{self.root}/run/live.sock fail_timeout=0; }}
  server {{
    listen 127.0.0.1:{self.port};
    error_page 503 /closed; location = /closed {{ internal; return 503 closed; }}
    location = /health {{ proxy_pass http://app; proxy_set_header X-Real-IP $remote_addr; }}
    location / {{
      if (-f {self.root}/maintenance/on.html) {{ return 503; }}
      proxy_pass http://app;
    }}
  }}
}}
"""
        )
        self.nginx = subprocess.Popen(
            [*WITH_US, "nginx", "-c", str(file), "-e", str(tmp / "error.log")],
            env=SURROUNDINGS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ready(self):
        until = time.monotonic() + 60
        while not ((self.root / "run/supervisor.sock").exists() and self._listens()):
            assert time.monotonic() < until, "supervisor or nginx did not start"
            time.sleep(0.02)

    def _listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def end(self):
        for process in (self.supervisor, self.nginx):
            process.terminate()

    def close(self):
        for process in (self.supervisor, self.nginx):
            process.wait(30)

    def live(self):
        """The slot, and the version that it holds; empty for none."""
        link = self.root / "slots/live"
        if not link.is_symlink():
            return "", ""
        slot = os.readlink(link)
        return slot, self.about(slot)["version"]

    def about(self, slot):
        return json.loads((self.root / f"slots/{slot}/about.json").read_text())

    def history(self):
        file = self.root / "history.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def states(self):
        """What runs: pairs of slot and process."""
        text = subprocess.run(
            ["supervisorctl", "-s", f"unix://{self.root}/run/supervisor.sock", "status"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        running = [
            line.split()[0] for line in text.splitlines() if "RUNNING" in line or "STARTING" in line
        ]
        return {tuple(name.removeprefix("bank-").rsplit("-", 1)[::-1]) for name in running}

    def leftovers(self):
        """What a deployment that is over must not leave."""
        found = [
            *self.root.glob("slots/.*"),
            *self.root.glob("releases/.*"),
            self.root / "under-way",
        ]
        return [str(path.relative_to(self.root)) for path in found if os.path.lexists(path)]

    def releases(self):
        return sorted(path.name for path in (self.root / "releases").iterdir())


class Connection:
    """As over SSH: a script's process group ends when the connection does."""

    def __init__(self, host, machine):
        self.host, self.machine = host, machine
        self.lost = asyncio.Event()
        self.running = set()

    def _gone(self):
        if self.machine.down:
            self.lost.set()
        if self.lost.is_set():
            raise HostLost(f"{self.host}: the connection ended")

    def _here(self, data):
        machine = self.machine
        data = data.replace(machine.canonical.encode(), str(machine.root).encode())
        return data.replace(b'"port": 80', b'"port": %d' % machine.port)

    async def run(
        self,
        script,
        *,
        data=b"",
        later=None,
        root=False,
        timeout=60.0,  # noqa: ASYNC109
        tell=None,
        check=True,
    ):
        self._gone()
        machine = self.machine
        with tempfile.NamedTemporaryFile(dir=machine.root / "tmp") as file:
            file.write(machine.limit.encode() + self._here(script.encode()))
            file.flush()
            process = await asyncio.create_subprocess_exec(
                "sh", "-eu", file.name,
                cwd="/", env=SURROUNDINGS, start_new_session=True,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            self.running.add(process.pid)
            try:
                async with asyncio.timeout(timeout):
                    out, err, _, _ = await asyncio.gather(
                        _read(process.stdout, tell), _read(process.stderr, tell),
                        self._feed(process, data, later), process.wait(),
                    )  # fmt: skip
            except TimeoutError:
                raise HostLost(f"{self.host}: a script did not end in time") from None
            finally:
                self.running.discard(process.pid)
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGTERM)
                    await process.wait()
                process._transport.close()
        if machine.lost_after and machine.lost_after(script):
            machine.down = True
        self._gone()
        if check and process.returncode:
            raise HostFailed(f"{self.host}: {err.decode()[-400:] or out.decode()[-400:]}")
        return Done(code=process.returncode, out=out, err=err)

    async def _feed(self, process, data, later):
        if later:
            over = asyncio.ensure_future(process.wait())
            await asyncio.wait((later, over), return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            # Whoever cannot be reached hears only that nobody is there any more.
            data = later.result() if later.done() and not self.machine.down else b""
        await _feed(process, self._here(data))

    async def send(self, path, script, *, after=b"", **more):
        return await self.run(script, data=path.read_bytes() + after, **more)

    async def hold(self, script, *, root=False, until=""):
        self._gone()
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "TERM", "sh", "-euc", self._here(script.encode()).decode(),
            cwd="/", env=SURROUNDINGS, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        said = []
        while (line := (await process.stdout.readline()).decode()) and line != f"{until}\n":
            said.append(line.rstrip("\n"))
        if not said:
            await process.wait()
            process._transport.close()
            raise HostFailed(f"{self.host}: nothing to lock here")
        return Held(process, said, self.machine)

    async def close(self):
        self.lost.set()


class Held:
    def __init__(self, process, said, machine):
        self.process, self.machine = process, machine
        self.first, *self.more = said

    @property
    def alive(self):
        return self.process.returncode is None and not self.machine.down

    async def close(self):
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
        self.process._transport.close()


async def _read(stream, tell):
    lines = []
    while line := await stream.readline():
        lines.append(line)
        if tell:
            tell(line.decode("utf-8", "replace").rstrip("\n"))
    return b"".join(lines)


async def _feed(process, data):
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


class Town:
    """An environment with some machines, and releases for it."""

    def __init__(self, count=1, workers=(), **changes):
        self.folder = Path(tempfile.mkdtemp(prefix="fairlead-"))
        (self.folder / "h0").mkdir()
        canonical = f"{self.folder}/h0/app"
        app = App(
            name="bank",
            target="app",
            manager="supervisor",
            timeout=5,
            processes=1,
            threads=4,
            workers=workers,
        )
        self.environment = Environment(
            name="production",
            hosts=tuple(Host(address=name) for name in NAMES[:count]),
            root=canonical,
            app=app,
            health=Health(version="header:X-Version", patience=30.0, timeout=1.0),
            watch=Watch(seconds=0.3),
        )
        self.environment = msgspec.structs.replace(self.environment, **changes)
        named = [f"{w.name}-{n + 1}" for w in workers for n in range(w.count)]
        self.machines = {
            name: Machine(self.folder, name, canonical, ["web", *named]) for name in NAMES[:count]
        }
        for machine in self.machines.values():
            machine.ready()

    def __getitem__(self, name):
        return self.machines[name]

    async def connect(self, host):
        machine = self.machines[host.address]
        if machine.down:
            raise HostUnreachable(f"{host}: no answer")
        return Connection(host, machine)

    def release(self, number, kind="good", **changes):
        return make_release(self.folder, number, kind, **changes)

    def close(self):
        for machine in self.machines.values():
            machine.end()
        for machine in self.machines.values():
            machine.close()
        shutil.rmtree(self.folder)


class Load:
    """Asks a host's nginx so many times a second, with slow requests among them, and counts."""

    def __init__(self, *machines, rate=60):
        self.machines, self.rate = machines, rate
        self.bad, self.total = [], 0
        self._end = threading.Event()
        self._threads = []

    def __enter__(self):
        self._clock = threading.Thread(target=self._tick)
        self._clock.start()
        return self

    def __exit__(self, *_exc):
        self._end.set()
        self._clock.join()
        for thread in self._threads:
            thread.join()

    def _tick(self):
        number = 0
        while not self._end.wait(1 / self.rate):
            number += 1
            machine = self.machines[number % len(self.machines)]
            path = "/slow" if number % 25 == 0 else "/"
            thread = threading.Thread(target=self._ask, args=(machine.port, path))
            thread.start()
            self._threads.append(thread)

    def _ask(self, port, path):
        self.total += 1
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            asking.request("GET", path)
            answer = asking.getresponse()
            answer.read()
            wrong = answer.status if answer.status != 200 else None
        except (OSError, http.client.HTTPException) as error:
            wrong = repr(error)
        finally:
            asking.close()
        if wrong:
            self.bad.append(wrong)


def make_release(folder, number, kind="good", files=None, **changes):
    before, inside = KINDS[kind]
    members = {"source/app.py": APP.format(before=before, inside=inside), **(files or {})}
    version = hashlib.sha256(f"{number}{kind}".encode()).hexdigest()[:12]
    payload = io.BytesIO()
    with tarfile.open(fileobj=payload, mode="w:gz") as archive:
        for name, text in members.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(info, io.BytesIO(data))
    wanted = {
        "project": "bank",
        "version": version,
        "commit": version * 3 + "abcd",
        "branch": "master",
        "verdict": "passed",
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "environment": "e1",
        "requirements": ("gunicorn==27.0.1",),
        "payload": hashlib.sha256(payload.getvalue()).hexdigest(),
    }
    manifest = Manifest(**(wanted | changes))
    file = folder / f"bank-{version}-{manifest.payload[:8]}.release"
    with tarfile.open(file, "w") as archive:
        for name, data in (
            ("manifest.json", msgspec.json.encode(manifest)),
            ("manifest.sig", b"unsigned"),
            ("payload.tar.gz", payload.getvalue()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = file.read_bytes()
    return Release(
        number=number,
        manifest=manifest,
        file=str(file),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        created=0.0,
    )
