"""Real interpreters with real test runners, made once a session in a temporary folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fairlead.model import TestCase, TestOutcome
from fairlead.runner.collect import INSIDE, PTH
from fairlead.runner.collect.summary import summarize
from fairlead.runner.collect.tail import Tail
from fairlead.runner.collect.wire import Collected, Finished, Reader

SAMPLES = Path(__file__).parent / "samples"
UV = Path(sys.executable).parent / "uv"

# name: interpreter, packages
ENVIRONMENTS = {
    "py27": (
        "2.7",
        (
            "pytest==4.6.*", "pytest-xdist<2", "pytest-rerunfailures<9", "coverage<6",
            "django==1.11.*", "tblib", "behave==1.2.6",
        ),
    ),
    "py36": (
        "3.6",
        (
            "pytest==7.0.*", "pytest-xdist", "pytest-rerunfailures", "pytest-subtests",
            "coverage", "behave==1.2.6",
        ),
    ),
    "py38": ("3.8", ("pytest", "pytest-xdist", "pytest-subtests", "coverage", "django", "tblib")),
    "py312": (
        "3.12",
        (
            "pytest", "pytest-xdist", "pytest-rerunfailures", "pytest-cov", "coverage",
            "django", "tblib", "behave>=1.3",
        ),
    ),
    "py313": ("3.13", ("pytest", "coverage")),
}  # fmt: skip

# Else each run compiles all of pytest anew: uv does not, and runs write no byte code.
COMPILE = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2)"

AWAY = re.compile(
    rb"error sending request|dns error|connection (?:refused|reset|error)|timed out"
    rb"|failed to establish|network is unreachable|temporary failure in name",
    re.IGNORECASE,
)
PASSED_ON = re.compile(r"(?:PIP|UV|SSL)_\w+|REQUESTS_CA_BUNDLE|(?:https?|no)_proxy", re.IGNORECASE)


def interpreter(version: str) -> Path:
    """A Python of that version; the test is skipped where there is none."""
    candidates = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    candidates += [Path(f"{folder}/python{version}") for folder in ("/usr/local/bin", "/usr/bin")]
    for path in candidates:
        if os.access(path, os.X_OK):
            return path
    return pytest.skip(f"no Python {version} on this machine")


class Environments:
    """Makes environments when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.variables = {k: v for k, v in os.environ.items() if PASSED_ON.fullmatch(k)}
        self.variables |= {
            "PATH": "/usr/bin:/bin",
            "HOME": str(root),
            "UV_CACHE_DIR": str(root / "cache"),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self.made: dict[str, Path] = {}

    def get(self, name: str) -> Path:
        """The ``python`` of the environment ``name``."""
        if name not in self.made:
            self.made[name] = self._make(name, *ENVIRONMENTS[name])
        return self.made[name]

    def _make(self, name: str, version: str, packages: tuple[str, ...]) -> Path:
        python = interpreter(version)
        folder = self.root / name
        inside = folder / "bin/python"
        if version == "2.7":
            tool = self.root / "virtualenv"
            self._run(UV, "venv", "--python", sys.executable, tool)
            self._run(UV, "pip", "install", "--python", tool / "bin/python", "virtualenv<20.22")
            self._run(tool / "bin/virtualenv", "--no-download", "-p", python, folder)
            self._run(inside, "-m", "pip", "install", *packages)
        else:
            self._run(UV, "venv", "--python", python, folder)
            self._run(UV, "pip", "install", "--python", inside, *packages)
        (site,) = folder.glob("lib/python*/site-packages")
        if version != "2.7":
            self._run(inside, "-c", COMPILE, site)
        (site / "_fairlead.pth").write_text(f"{INSIDE}\n{PTH}")
        return inside

    def _run(self, *argv: object) -> None:
        command = [str(part) for part in argv]
        done = subprocess.run(command, env=self.variables, capture_output=True, check=False)
        if done.returncode and AWAY.search(done.stderr):
            pytest.skip("the package registry cannot be reached")
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


class Ran(msgspec.Struct, frozen=True):
    """How a command went, and what the hooks told of it."""

    code: int
    stdout: str
    stderr: str
    cases: tuple[TestCase, ...] = ()
    lost: tuple[TestCase, ...] = ()
    counts: tuple[int, ...] = ()
    dropped: int = 0
    coverage: tuple[dict, ...] = ()

    def outcomes(self) -> dict[str, str]:
        return {case.key: str(case.outcome) for case in summarize(self.cases).cases}

    def case(self, name: str) -> TestCase:
        (found,) = [case for case in summarize(self.cases).cases if case.name == name]
        return found

    def tally(self) -> dict[str, int]:
        report = summarize(self.cases)
        return {str(o): n for o in TestOutcome if (n := report.count(o))}


class Project:
    """A copy of a sample, and an interpreter to run its tests with."""

    def __init__(self, root: Path, python: Path, home: Path) -> None:
        self.root = root
        self.python = python
        self._home = home
        self._number = 0

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(
        self, *argv: str, hooks: bool = True, measure: bool = False, cwd: str = "", **env: str
    ) -> Ran:
        """Run ``argv`` (``python`` first, or a script of the environment)."""
        self._number += 1
        events = self._home / f"events-{self._number}"
        folder = self._home / f"coverage-{self._number}"
        variables = {
            "PATH": f"{self.python.parent}:/usr/bin:/bin",
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            **env,
        }
        if hooks:
            variables |= {"FAIRLEAD_EVENTS": str(events), "FAIRLEAD_WORKSPACE": str(self.root)}
        if measure:
            variables |= {"FAIRLEAD_COVERAGE": str(folder)}
        command = [str(self.python.parent / argv[0]), *argv[1:]]
        done = subprocess.run(
            command, cwd=self.root / cwd, env=variables, capture_output=True, check=False
        )
        return self._told(done, events, folder)

    def _told(self, done: subprocess.CompletedProcess[bytes], events: Path, folder: Path) -> Ran:
        tail, reader = Tail(events), Reader()
        messages = []
        while data := tail.read():
            messages += reader.feed(data)
        tail.close()
        left = sorted(folder.iterdir()) if folder.exists() else []
        assert all(path.suffix == ".json" for path in left), left
        return Ran(
            code=done.returncode,
            stdout=done.stdout.decode("utf-8", "replace"),
            stderr=done.stderr.decode("utf-8", "replace"),
            cases=tuple(m.case for m in messages if isinstance(m, Finished)),
            lost=reader.lost(),
            counts=tuple(m.count for m in messages if isinstance(m, Collected)),
            dropped=reader.dropped,
            coverage=tuple(msgspec.json.decode(path.read_bytes()) for path in left),
        )

    def both(self, *argv: str, measure: bool = False, **env: str) -> Ran:
        """Run with and without the hooks; all that can be seen from outside is the same."""
        without = self.run(*argv, hooks=False, **env)
        with_hooks = self.run(*argv, measure=measure, **env)
        assert with_hooks.code == without.code, with_hooks.stderr
        assert plain(with_hooks.stdout) == plain(without.stdout)
        assert plain(with_hooks.stderr) == plain(without.stderr)
        assert not with_hooks.dropped
        return with_hooks


def plain(text: str) -> str:
    """Output without what differs from run to run: durations, addresses, process numbers."""
    text = re.sub(r"\d+(?:\.\d+)? ?s(?:econds)?\b", "TIME", text)
    text = re.sub(r"(?:\d+m)?\d+\.\d+", "TIME", text)
    text = re.sub(r"0x[0-9a-f]+", "ADDRESS", text)
    text = re.sub(r"pid=\d+", "PID", text)
    return re.sub(r"=+|-{3,}", "=", text)


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    return Environments(tmp_path_factory.mktemp("environments"))


@pytest.fixture
def project(environments, tmp_path):
    """``project(sample, environment)``: a fresh copy of a sample."""

    def make(sample: str, environment: str) -> Project:
        root = tmp_path / "project"
        root.mkdir()
        if sample:
            copy(SAMPLES / sample, root)
        home = tmp_path / "home"
        home.mkdir()
        return Project(root, environments.get(environment), home)

    return make


def copy(sample: Path, root: Path) -> None:
    """Sample files end in ``.txt`` so that nothing takes them for this project's own."""
    for path in sorted(sample.rglob("*")):
        if path.is_file():
            target = root / str(path.relative_to(sample)).removesuffix(".txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
