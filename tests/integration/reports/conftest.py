"""A small project with something wrong for every tool, and a way to run tools on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

A = """import os
import subprocess

def f(x, y):
    subprocess.call("ls", shell=True)
    return  x+z
def f(x):
    assert x
    v: int = "a"
    return 1
"""


@pytest.fixture
def project(tmp_path):
    """The project's folder."""
    root = tmp_path / "project"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "__init__.py").touch()
    (root / "pkg" / "a.py").write_text(A)
    (root / "pkg" / "b.py").write_text("def g(:\n    pass\n")
    return root


@pytest.fixture
def output(project, tmp_path):
    """Runs a command in the project and returns all it writes, stdout and stderr together."""
    kept = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*argv, **more):
        done = subprocess.run(
            list(map(str, argv)),
            cwd=project,
            env=env | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.stdout

    return run


@pytest.fixture
def source(project):
    """The bytes of a file of the project, as the readers want them."""

    def read(path):
        file = project / path
        return file.read_bytes() if file.is_file() else None

    return read


PACKAGES = (
    "flake8", "pylint", "bandit[sarif]", "black", "autopep8", "isort", "behave",
    "unittest-xml-reporting", "robotframework", "pynose",
)  # fmt: skip
AWAY = ("error sending request", "dns error", "failed to fetch", "could not connect", "timed out")


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """The folder of scripts of an environment with linters and test runners."""
    base = tmp_path_factory.mktemp("tools")
    uv = Path(sys.executable).with_name("uv")
    env = os.environ | {"UV_CACHE_DIR": str(base / "cache"), "UV_NO_CONFIG": "1"}
    made = base / "env"
    for argv in (
        [uv, "venv", "-q", "--python", sys.executable, made],
        [uv, "pip", "install", "-q", "--python", made / "bin" / "python", *PACKAGES],
    ):
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if done.returncode and any(word in done.stderr.lower() for word in AWAY):
            pytest.skip("the package registry is away")
        assert done.returncode == 0, done.stderr
    return made / "bin"
