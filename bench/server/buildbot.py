"""Buildbot 4: a master with SQLite, as its tutorial sets it up, and one local worker."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from bench.server import install, jobs, processes
from bench.server.peer import Pages
from bench.server.wire import Refused, ask_json, events

_HOOK = """#!/bin/sh
while read old new ref; do
    {curl} -s -d "{form}" "http://127.0.0.1:{port}/change_hook/base" >/dev/null
done
"""
_PATIENCE = 120.0
_FORM = "author=b&comments=c&project=sample&revision=$new&branch=main&files=[]"


class Buildbot:
    """A handle is the number of a build request."""

    name = "Buildbot"

    def __init__(self, lab: Path, python: Path) -> None:
        self._lab = lab / "buildbot"
        self._lab.mkdir()
        self._python = python
        self._env = install.surroundings(self._lab)
        self._bare = self._lab / "sample.git"
        self._running: list[subprocess.Popen[bytes]] = []
        self._builders: dict[str, int] = {}
        self._complete: set[int] = set()
        self._told = threading.Condition()
        self.port = free_port()

    def start(self) -> None:
        programs = install.buildbot()
        master, worker, pb = self._lab / "master", self._lab / "worker", free_port()
        install.run(str(programs / "buildbot"), "create-master", str(master), env=self._env)
        install.run(
            *(str(programs / "buildbot-worker"), "create-worker", str(worker)),
            *(f"127.0.0.1:{pb}", "one", "pass"),
            env=self._env,
        )
        self._make_repository()
        shutil.copy(Path(__file__).with_name("master.cfg"), master / "master.cfg")
        (master / "bench.json").write_text(json.dumps(self._configuration(pb)))
        self._run(programs / "buildbot", master)
        self._run(programs / "buildbot-worker", worker)
        self._await_worker()
        found = ask_json(self.port, "/api/v2/builders")["builders"]
        self._builders = {builder["name"]: builder["builderid"] for builder in found}
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        for process in reversed(self._running):
            processes.end(process)

    def processes(self) -> set[int]:
        return processes.family(process.pid for process in self._running)

    def repository(self) -> str:
        return str(self._bare)

    def trigger(self, job: str) -> int:
        told = {"builderid": self._builders[job], "reason": "bench", "owner": "b <b@example.org>"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "force", "params": told}
        path = "/api/v2/forceschedulers/force"
        answer = ask_json(self.port, path, method="POST", body=body)
        (number,) = answer["result"][1].values()
        return int(number)

    def push(self, folder: Path) -> int:
        before = self._newest()
        install.run("git", "push", "-q", self.repository(), "HEAD:main", cwd=folder, env=self._env)
        while (newest := self._newest()) == before:
            time.sleep(0.005)
        return newest

    def wait(self, handle: int) -> None:
        with self._told:
            if not self._told.wait_for(lambda: handle in self._complete, _PATIENCE):
                raise Refused(f"build request {handle} was not completed")
        while not (request := self._request(handle))["complete"]:
            time.sleep(0.005)
        if request["results"] != 0:
            raise Refused(f"build request {handle} ended with {request['results']}")

    def wait_all(self, handles: Sequence[int]) -> None:
        wanted = set(handles)
        with self._told:
            if not self._told.wait_for(lambda: wanted <= self._complete, _PATIENCE * 4):
                raise Refused(f"{len(wanted - self._complete)} build requests were not completed")
        self.wait(handles[-1])

    def log_path(self, handle: int) -> str:
        build = self._build(handle)["buildid"]
        step = ask_json(self.port, f"/api/v2/builds/{build}/steps")["steps"][-1]["stepid"]
        log = ask_json(self.port, f"/api/v2/steps/{step}/logs")["logs"][0]["logid"]
        return f"/api/v2/logs/{log}/raw"

    def pages(self, handle: int) -> Pages:
        build = self._build(handle)
        builder, number = build["builderid"], build["number"]
        page, api = f"/#/builders/{builder}", f"/api/v2/builders/{builder}/builds"
        more = "limit=50&order=-number&property=owners&property=workername"
        link = f"#/builders/{builder}/builds/{number}"
        return Pages(
            list_page=page,
            list_first=f"{api}?{more}",
            list_shown=_LINK.replace("HREF", link),
            build_page=f"{page}/builds/{number}",
            build_first=f"{api}/{number}",
            build_shown=_STEPS,
            log_page=f"{page}/builds/{number}/steps/1/logs/stdio",
            log_shown=_LAST,
        )

    def _configuration(self, pb: int) -> dict[str, Any]:
        big = self._lab / "big.py"
        big.write_text(jobs.BIG)
        told = {
            name: {"repository": "", "commands": commands}
            for name, commands in jobs.commands(str(big)).items()
        }
        uv = find_uv_bin()
        steps = (
            f"{uv} venv -q --no-config --python {self._python} .venv",
            f"{uv} pip install -q --no-config --python .venv -r requirements.txt",
            ".venv/bin/python -m pytest -q --junitxml=junit.xml",
        )
        told["sample"] = {"repository": self.repository(), "commands": steps}
        return {"port": self.port, "pb": pb, "jobs": told, "env": {"NO_PROXY": "127.0.0.1"}}

    def _make_repository(self) -> None:
        install.run("git", "init", "-q", "--bare", "-b", "main", str(self._bare), env=self._env)
        if not (curl := shutil.which("curl")):
            raise SystemExit("Buildbot's side of the pushes needs curl")
        hook = self._bare / "hooks/post-receive"
        hook.write_text(_HOOK.format(curl=curl, form=_FORM, port=self.port))
        hook.chmod(0o755)

    def _run(self, program: Path, folder: Path) -> None:
        argv = (program, "start", "--nodaemon", folder)
        with (folder / "said").open("wb") as said:
            made = subprocess.Popen(
                argv, cwd=folder, env=self._env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        self._running.append(made)

    def _await_worker(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError, Refused, ValueError, LookupError):
                if ask_json(self.port, "/api/v2/workers")["workers"][0]["connected_to"]:
                    time.sleep(0.5)
                    return
            time.sleep(0.1)
        raise Refused("the worker did not connect")

    def _listen(self) -> None:
        # It ends with the server, and then nobody waits for it.
        with suppress(OSError, Refused, ValueError):
            for name, data in events(
                self.port, "/sse/listen/buildrequests/*/complete", patience=3600
            ):
                if name == "event":
                    with self._told:
                        self._complete.add(int(json.loads(data)["key"][1]))
                        self._told.notify_all()

    def _newest(self) -> int:
        builder = self._builders["sample"]
        query = f"builderid={builder}&order=-buildrequestid&limit=1"
        found = ask_json(self.port, f"/api/v2/buildrequests?{query}")["buildrequests"]
        return int(found[0]["buildrequestid"]) if found else 0

    def _request(self, handle: int) -> Any:
        return ask_json(self.port, f"/api/v2/buildrequests/{handle}")["buildrequests"][0]

    def _build(self, handle: int) -> Any:
        return ask_json(self.port, f"/api/v2/buildrequests/{handle}/builds")["builds"][-1]


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


_LINK = """() => [...document.querySelectorAll('a')].some(
  a => a.getAttribute('href') === 'HREF' && a.getClientRects().length)"""
_STEPS = "() => (document.body.innerText.match(/shell/g) || []).length >= 5"
_LAST = """() => {
  const box = document.querySelector('.bb-logviewer-text-area');
  if (!box) return false;
  box.scrollTop = box.scrollHeight;
  const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode()); ) {
    if (!node.data.startsWith('LAST-LINE')) continue;
    const at = node.parentElement.getBoundingClientRect();
    if (at.height && at.bottom > 0 && at.top < innerHeight) return true;
  }
  return false;
}"""
