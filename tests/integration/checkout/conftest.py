import os
import subprocess
from pathlib import Path

import pytest

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")


class Repo:
    """A real repository to build from."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *args: str) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ("git", *IDENTITY, "-c", "protocol.file.allow=always", *args)
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, name: str, text: str = "x") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def make_repo(tmp_path):
    def make(name: str = "project") -> Repo:
        repo = Repo(tmp_path / name)
        repo.root.mkdir()
        repo.git("init", "-q")
        return repo

    return make


@pytest.fixture
def repo(make_repo):
    made = make_repo()
    made.write("app.py", "one")
    made.write(".gitignore", "*.log\n")
    made.commit("first")
    return made


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"
