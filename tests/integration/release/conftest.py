"""A small project in git, and an index on disk with a wheel and a source distribution."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import textwrap
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fairlead.runner.environments.tools import bundled
from fairlead.runner.pythons import choose, find

OWN = "{}.{}".format(*sys.version_info[:2])
"""The Python that runs Fairlead, which is always there."""

# Writes what no two builds have in common: the time, the umask, an order.
BACKEND = """
import os, time, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{name}-1.0-py3-none-any.whl"
    files = {{
        "{name}/__init__.py": "def main():\\n    print('{name} is here')\\n",
        "{name}/epoch.txt": os.environ.get("SOURCE_DATE_EPOCH", str(time.time())),
        "{name}-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        "{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "{name}-1.0.dist-info/entry_points.txt": "[console_scripts]\\n{name} = {name}:main\\n",
    }}
    record = "".join(name + ",,\\n" for name in files) + "{name}-1.0.dist-info/RECORD,,\\n"
    files["{name}-1.0.dist-info/RECORD"] = record
    umask = os.umask(0)
    os.umask(umask)
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path in sorted(files, key=hash):
            info = zipfile.ZipInfo(path, time.localtime()[:6])
            info.external_attr = (0o100666 & ~umask) << 16
            archive.writestr(info, files[path])
    return name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "1.0"
"""


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory):
    """The newest of our own version; its pip builds wheels without any index."""
    found = choose(find(tmp_path_factory.mktemp("pythons"), os.environ), OWN)
    if not bundled(found):
        pytest.skip(f"Python {found.version} comes without pip (ensurepip)")
    return found


def make_wheel(folder, version):
    info = f"greet-{version}.dist-info"
    files = {
        "greet.py": "def hello():\n    return 'hello'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: greet\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    with zipfile.ZipFile(folder / f"greet-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """A folder of packages: ``greet`` 1.0 and 2.0 as wheels, ``brew`` only as its source."""
    folder = tmp_path_factory.mktemp("index")
    for version in ("1.0", "2.0"):
        make_wheel(folder, version)
    brew = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: brew\nVersion: 1.0\n",
        "pyproject.toml": PYPROJECT.format(name="brew"),
        "backend.py": BACKEND.format(name="brew"),
    }
    with tarfile.open(folder / "brew-1.0.tar.gz", "w:gz") as archive:
        for name, text in brew.items():
            member = tarfile.TarInfo(f"brew-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def served(index, tmp_path):
    """The address of the same packages as an index over HTTP (PEP 503, with hashes)."""
    for file in index.iterdir():
        folder = tmp_path / "simple" / file.name.partition("-")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with (folder / "index.html").open("a") as page:
            page.write(f'<a href="{file.name}#sha256={digest}">{file.name}</a>\n')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def locked(index):
    """The lines of a lock file for both packages, and for one that is for another system."""

    def digest(name):
        return hashlib.sha256((index / name).read_bytes()).hexdigest()

    return (
        f"greet==2.0 \\\n    --hash=sha256:{digest('greet-2.0-py3-none-any.whl')}\n"
        f"brew==1.0 \\\n    --hash=sha256:{digest('brew-1.0.tar.gz')}\n"
        f"never==1.0 ; sys_platform == 'win32' --hash=sha256:{'0' * 64}\n"
    )


FILES = {
    ".gitignore": "static/built/\nlocal.cfg\n",
    "pyproject.toml": PYPROJECT.format(name="demo"),
    "backend.py": BACKEND.format(name="demo"),
    "demo/__init__.py": "def main():\n    print('demo is here')\n",
    "tool": "#!/bin/sh\n",
    "docs/index.txt": "read me\n",
    "migrations/0001_first.py": "",
    "migrations/0002_gone.py": "# fairlead: irreversible\n",
    "assets.py": textwrap.dedent("""
        import os, pathlib, brew, demo, greet
        place = pathlib.Path("static/built")
        place.mkdir(parents=True, exist_ok=True)
        (place / "app.css").write_text(greet.hello() + os.environ["RELEASE_VERSION"])
    """),
    "fairlead.yml": textwrap.dedent(f"""
        jobs:
          check:
            python: none
            run: test ! -e broken
        release:
          python: "{OWN}"
          build: python assets.py
          include: [static/built/**]
          exclude: [docs/**]
    """),
}


class Project:
    """A repository, and Fairlead in it as a person would call it."""

    def __init__(self, root, environ):
        self.root = root
        self.environ = environ

    def write(self, files):
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        return self

    def git(self, *args):
        done = subprocess.run(
            ("git", *args), cwd=self.root, env=self.environ, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, message="a commit"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *args, env=None, code=0, **more):
        """Run a command of Fairlead's; its two outputs as one text."""
        done = subprocess.run(
            (sys.executable, "-m", "fairlead", *args),
            cwd=self.root,
            env=self.environ | dict(env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **more,
        )
        text = done.stdout.decode()
        assert done.returncode == code, text
        assert "Traceback" not in text, text
        return text

    def package(self, *args, **more):
        """Make a release; what is known of it."""
        text = self.run("package", "--json", *args, **more)
        return json.loads(text[text.index("{\n") :])


@pytest.fixture(scope="session")
def surroundings(index, interpreter):
    """The variables of a person whose machine knows no index but ours."""

    def of(folder):
        kept = ("PATH", "PYENV_ROOT", "TMPDIR")
        own = {name: os.environ[name] for name in kept if name in os.environ}
        home = {"HOME": str(folder), "PYENV_ROOT": own.get("PYENV_ROOT") or _pyenv()}
        date = "2024-03-01T12:00:00Z"
        return own | home | {
            "FAIRLEAD_HOME": str(folder / "cache"),
            "FAIRLEAD_CONFIG": str(folder / "config"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
        }  # fmt: skip

    return of


def _pyenv():
    return os.fspath(Path.home() / ".pyenv")


@pytest.fixture(scope="session")
def make_project(surroundings, locked, tmp_path_factory):
    """Makes a repository with the sample's files, and ``changes`` to them."""

    def made(changes=(), *, files=FILES, home=None):
        folder = tmp_path_factory.mktemp("project")
        project = Project(folder / "demo", surroundings(home or folder / "home"))
        project.root.mkdir()
        every = {**files, "requirements.txt": locked, **dict(changes)}
        project.write({path: text for path, text in every.items() if text is not None})
        project.git("init", "-q", "-b", "main")
        project.commit()
        return project

    return made


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory):
    """Caches and keys of one person with several projects."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(make_project, shared_home):
    return make_project(home=shared_home)
