"""A user and their machine: projects in temporary folders, `fairlead` called as a program."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

LATEST = 300  # seconds after which a command that should have ended hangs


class Done:
    """What a command came to: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def said(self) -> str:
        """Both outputs, with the line breaks of wrapped sentences taken out."""
        return " ".join((self.out + self.err).split())

    def __repr__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


class Project:
    """A folder with files, and what a person does in it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = env

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def git(self, *args: str) -> str:
        who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
        done = subprocess.run(
            ("git", *who, *args), cwd=self.folder, env=self.env, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, branch: str = "main") -> None:
        self.git("init", "-q", "-b", branch)
        self.commit("Begin")

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def fairlead(self, *args: str, given: str = "", **env: str) -> Done:
        done = subprocess.run(
            (sys.executable, "-m", "fairlead", *args), cwd=self.folder, env=self.env | env,
            input=given.encode(), capture_output=True, timeout=LATEST, check=False,
        )  # fmt: skip
        out, err = (data.decode("utf-8", "replace") for data in (done.stdout, done.stderr))
        assert "Traceback (most recent call last)" not in err, err
        return Done(done.returncode, out, err)

    def run(self, *args: str, code: int | None = None, **env: str) -> "Run":
        """`fairlead run`, and the result that it left."""
        done = self.fairlead("run", *args, **env)
        assert code is None or done.code == code, done
        newest = max((self.folder / ".fairlead/runs").iterdir(), key=lambda path: int(path.name))
        return Run(done, newest)

    def shell(self, command: str) -> Done:
        """A command as it was printed, with our `fairlead` in front of others."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{self.env['PATH']}"
        done = subprocess.run(
            ("bash", "-c", command), cwd=self.folder, env=self.env | {"PATH": path},
            capture_output=True, text=True, timeout=LATEST, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)


class Run:
    """One run: what was printed, and the stored result."""

    def __init__(self, done: Done, folder: Path) -> None:
        self.done, self.folder = done, folder
        self.result = json.loads((folder / "result.json").read_bytes())
        self.sentence = self.result["verdict"]["sentence"]
        self.outcome = self.result["outcome"]
        self.jobs = {job["job"]: job for job in self.result.get("jobs", [])}
        self.ends = {name: job["outcome"] for name, job in self.jobs.items()}
        self.notices = " ".join(self.result.get("notices", []))

    @property
    def out(self) -> str:
        return self.done.out

    @property
    def said(self) -> str:
        return self.done.said

    def attempt(self, job: str) -> dict:
        return self.jobs[job].get("attempts", [{}])[-1]

    def log(self, job: str) -> str:
        return (self.folder / self.attempt(job)["log"]).read_bytes().decode("utf-8", "replace")

    def steps(self, job: str) -> dict[str, str]:
        """What each step wrote, by its name, without the line that names the command."""
        log = (self.folder / self.attempt(job)["log"]).read_bytes()
        found = {}
        for step in self.attempt(job)["steps"]:
            start = step.get("offset", 0)
            text = log[start : start + step.get("length", 0)].decode("utf-8", "replace")
            found[step["name"]] = re.sub(r"\A\$ [^\n]*\n", "", text)
        return found

    def tests(self, job: str) -> dict[str, str]:
        cases = self.attempt(job).get("report", {}).get("tests", {}).get("cases", [])
        return {case["name"]: case["outcome"] for case in cases}


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """One home for all tests of a session, so that each environment is built once."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "fairlead-home"


@pytest.fixture
def person(home, tmp_path):
    """The variables of somebody's shell."""
    dropped = ("GIT_", "FAIRLEAD_", "PYTEST_", "COV_", "TRAVIS", "GITHUB_", "CI")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    own = {"FAIRLEAD_HOME": str(home), "FAIRLEAD_CONFIG": str(tmp_path / "config")}
    return kept | own | {"LC_ALL": "C.UTF-8", "COLUMNS": "80"}


@pytest.fixture
def make_project(person, tmp_path):
    """Make a folder with files, a repository with one commit unless told otherwise."""

    def make_project(files, *, git=True, name="shop"):
        project = Project(tmp_path / name, person)
        project.folder.mkdir(parents=True)
        project.write(files)
        if git:
            project.begin()
        return project

    return make_project


@pytest.fixture(scope="session")
def pythons(home):
    """Versions such as ``3.12`` that are on this machine and modern enough for any tool."""
    env = dict(os.environ, FAIRLEAD_HOME=str(home))
    command = (sys.executable, "-m", "fairlead", "env", "pythons")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    found = re.findall(r"^(3\.\d+)\.\d+ ", done.stdout, re.MULTILINE)
    return [v for v in dict.fromkeys(found) if int(v.partition(".")[2]) in range(9, 14)]


@pytest.fixture(scope="session")
def python():
    """The version that runs these tests: it is here for certain."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def two_pythons(python, pythons):
    """Two versions, lower one first."""
    others = [version for version in pythons if version != python]
    if not others:
        pytest.skip("only one Python is on this machine")
    near = min(others, key=lambda v: abs(int(v[2:]) - int(python[2:])))
    return tuple(sorted((python, near), key=lambda v: int(v[2:])))


class Terminal:
    """A person's terminal of 80 columns with one program in it."""

    def __init__(self, project: Project, *args: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = ("setsid", "--ctty", sys.executable, "-m", "fairlead", *args)
        self.program = subprocess.Popen(
            command, cwd=project.folder, env=project.env | {"TERM": "xterm"},
            stdin=slave, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, pattern: str) -> str:
        """Read on until what was written since the last call matches; gives that."""
        seen, latest = "", time.monotonic() + LATEST
        while not re.search(pattern, seen):
            ready, _, _ = select.select([self._master], [], [], latest - time.monotonic())
            assert ready, f"{pattern} did not come: {self.text}"
            data = self._read()
            assert data, f"{pattern} did not come: {self.text}"
            seen += data
        return seen

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        while self._read():
            pass
        return self.program.wait(LATEST)

    def close(self) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self._master)

    def _read(self) -> str:
        try:
            text = os.read(self._master, 65536).decode("utf-8", "replace")
        except OSError:  # all have left the terminal
            return ""
        self.text += text
        return text


@pytest.fixture
def terminal():
    """Open a terminal in a project with a command of Fairlead's in it."""
    opened = []

    def terminal(project, *args):
        opened.append(Terminal(project, *args))
        return opened[-1]

    yield terminal
    for one in opened:
        one.close()
