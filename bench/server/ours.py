"""Fairlead: ``fairlead serve`` from its wheel, on a data folder of its own."""

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.server import install, jobs, processes
from bench.server.peer import Pages
from bench.server.wire import Refused, ask_json, events

Handle = tuple[str, int]
"""A project and the number of a build."""

_PLAIN = "python: none\ninstall: {{project: none}}\njobs:\n  only:\n    run: [{commands}]\n"
_SAMPLE = """python: "{version}"
install:
  requirements: [requirements.txt]
  project: none
jobs:
  unit:
    run: python -m pytest -q
"""
_PATIENCE = 120.0
_OPEN = "state=queued&state=running&state=held"


class Fairlead:
    """Each job is a project, hosted by the server itself."""

    name = "Fairlead"

    def __init__(self, lab: Path, version: str) -> None:
        self._lab = lab / "ours"
        self._lab.mkdir()
        self._version = version
        self._programs = lab
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._env = install.surroundings(self._lab) | {
            "FAIRLEAD_DATA": str(self._lab / "data"),
            "FAIRLEAD_HOME": str(self._lab / "cache"),
            "FAIRLEAD_CONFIG": str(self._lab / "config"),
            "FAIRLEAD_LISTEN": "127.0.0.1:0",
            "FAIRLEAD_PUBLIC": "true",  # as Buildbot's pages are
            "FAIRLEAD_RATE_LIMIT": "1000000",
            "FAIRLEAD_SLOTS": "2",
        }
        self.port = 0

    def start(self) -> None:
        self._programs = install.fairlead(self._lab)
        said = self._lab / "said"
        with said.open("wb") as file:
            self._process = subprocess.Popen(
                (self._programs / "fairlead", "serve"),
                cwd=self._lab,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        end = time.monotonic() + _PATIENCE
        while not (found := re.search(r"Fairlead is at http://[^:]+:(\d+)/", said.read_text())):
            if self._process.poll() is not None or time.monotonic() > end:
                raise Refused(said.read_text()[-3000:])
            time.sleep(0.05)
        self.port = int(found[1])
        scopes = (
            word for scope in ("read", "build", "push", "admin") for word in ("--scope", scope)
        )
        argv = (str(self._programs / "fairlead"), "admin", "token", "create", "bench", *scopes)
        self._token = install.run(*argv, env=self._env).split()[-1]
        self._make_projects()

    def stop(self) -> None:
        if self._process:
            processes.end(self._process)

    def processes(self) -> set[int]:
        return processes.family([self._process.pid]) if self._process else set()

    def repository(self) -> str:
        return self._clone_url("sample")

    def trigger(self, job: str) -> Handle:
        answer = self._api(f"/projects/{job}/builds", method="POST", body={})
        return job, answer["number"]

    def push(self, folder: Path) -> Handle:
        argv = ("git", "push", self.repository(), "HEAD:main")
        said = install.run(*argv, cwd=folder, env=self._env)
        found = re.search(r"/p/sample/(\d+)/", said)
        if not found:
            raise Refused(said)
        return "sample", int(found[1])

    def wait(self, handle: Handle) -> None:
        url = self._api(f"{_path(handle)}/stream")["url"]
        for name, _ in events(self.port, url, patience=_PATIENCE):
            if name == "end":
                break
        build = self._api(_path(handle))
        if build["state"] != "passed":
            raise Refused(f"build {handle} is {build['state']}: {build['sentence']}")

    def wait_all(self, handles: Sequence[Handle]) -> None:
        self.wait(handles[-1])
        project = handles[0][0]
        latest = time.monotonic() + _PATIENCE
        while (
            time.monotonic() < latest
            and self._api(f"/projects/{project}/builds?{_OPEN}&limit=1")["items"]
        ):
            time.sleep(0.02)
        self._check(project, {number for _, number in handles})

    def log_path(self, handle: Handle) -> str:
        project, number = handle
        return f"/p/{project}/{number}/1/raw"

    def pages(self, handle: Handle) -> Pages:
        project, number = handle
        page = f"/p/{project}/"
        build, job = f"{page}{number}/", f"{page}{number}/1/"
        return Pages(
            list_page=page,
            list_first=page,
            list_shown=_LINK.replace("HREF", build),
            build_page=build,
            build_first=build,
            build_shown=_LINK.replace("HREF", job),
            log_page=job,
            log_shown=_LAST,
        )

    def store(self, handle: Handle, count: int) -> None:
        """Store ``count`` builds more like this one, each with ten tests, by SQL."""
        script = Path(__file__).with_name("fill.py")
        argv = (
            str(self._programs / "python"),
            "-P",
            str(script),
            handle[0],
            str(handle[1]),
            str(count),
        )
        install.run(*argv, env=self._env)

    def _make_projects(self) -> None:
        for name, commands in jobs.commands("big.py").items():
            quoted = ", ".join(f'"{command}"' for command in commands)
            self._project(
                name, {"fairlead.yml": _PLAIN.format(commands=quoted), "big.py": jobs.BIG}
            )
        self._project("sample", {})

    def _project(self, name: str, files: dict[str, str]) -> None:
        self._api("/projects", method="POST", body={"name": name})
        if not files:
            return
        folder = self._lab / name
        jobs.write(folder, files)
        url = self._clone_url(name)
        for words in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("commit", "-q", "-m", "All"),
            ("push", "-q", "-o", "ci.skip", url, "HEAD:main"),
        ):
            install.run("git", *words, cwd=folder, env=self._env)

    def _clone_url(self, name: str) -> str:
        return f"http://bench:{self._token}@127.0.0.1:{self.port}/git/{name}.git"

    def _check(self, project: str, numbers: set[int]) -> None:
        path: str | None = f"/api/v1/projects/{project}/builds?state=passed&limit=200"
        while numbers and path:
            page = ask_json(self.port, path, headers=self._headers())
            numbers -= {build["number"] for build in page["items"]}
            path = page["next"] and page["next"].partition(f":{self.port}")[2]
        if numbers:
            raise Refused(f"{len(numbers)} builds of {project} have not passed")

    def _api(self, path: str, **more: Any) -> Any:
        return ask_json(self.port, f"/api/v1{path}", headers=self._headers(), **more)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def pipeline(version: str) -> str:
    """The sample's fairlead.yml."""
    return _SAMPLE.format(version=version)


def _path(handle: Handle) -> str:
    return f"/projects/{handle[0]}/builds/{handle[1]}"


_LINK = """() => [...document.querySelectorAll('#main a')].some(
  a => a.getAttribute('href') === 'HREF' && a.getClientRects().length)"""
_LAST = """() => {
  const rows = [...document.querySelectorAll('#steps .rows')].map(rows => rows.lastElementChild);
  const last = rows.find(row => row && row.textContent.includes('LAST-LINE'));
  if (!last) return false;
  last.scrollIntoView({block: 'end'});
  const at = last.getBoundingClientRect();
  return at.height > 0 && at.bottom > 0 && at.top < innerHeight;
}"""
