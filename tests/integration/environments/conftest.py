"""Real interpreters, a real uv, and a small package index of our own on disk."""

import base64
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fairlead.errors import InterpreterNotFound
from fairlead.runner.environments import Environments, layer, read_request
from fairlead.runner.environments.command import find_uv, surroundings
from fairlead.runner.environments.indexes import read_indexes
from fairlead.runner.environments.project import Workspace
from fairlead.runner.pythons import choose, find

OWN = "{}.{}".format(*sys.version_info[:2])
"""The Python that runs Fairlead, which is always there."""


@pytest.fixture(scope="session")
def interpreters(tmp_path_factory):
    return find(tmp_path_factory.mktemp("interpreters"), os.environ)


@pytest.fixture(scope="session")
def python(interpreters):
    def get(version=OWN):
        try:
            return choose(interpreters, version)
        except InterpreterNotFound as error:
            pytest.skip(error.message)

    return get


def make_wheel(folder: Path, name: str, version: str, files, *, scripts=(), requires=()) -> Path:
    """A pure wheel for Python 2 and 3; ``scripts`` are ``name = module:function``."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
    wheel += "Tag: py2-none-any\nTag: py3-none-any\n"
    contents = dict(files) | {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    if scripts:
        contents[f"{info}/entry_points.txt"] = "[console_scripts]\n" + "\n".join(scripts) + "\n"
    record = ""
    for path, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text.encode())}\n"
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{version}-py2.py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return target


GREET = "import sys\ndef main():\n    print('hello ' + sys.prefix + ' ' + __file__)\n    return 0\n"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """A folder with ``greet`` 1.0 and 2.0 (which needs ``lib``), ``lib`` and ``other``."""
    folder = tmp_path_factory.mktemp("wheels")
    scripts = ["greet = greet:main"]
    make_wheel(folder, "greet", "1.0", {"greet.py": GREET}, scripts=scripts)
    make_wheel(folder, "greet", "2.0", {"greet.py": GREET}, scripts=scripts, requires=["lib>=1"])
    files = {"lib/__init__.py": "value = 1\n", "lib/old.py": "print 'syntax of another age'\n"}
    make_wheel(folder, "lib", "1.5", files)
    make_wheel(folder, "other", "3.0", {"other.py": ""})
    return folder


@pytest.fixture
def environ(wheels):
    """The variables of a person whose machine knows no index but the folder of wheels."""
    kept = ("PATH", "HOME", "PYENV_ROOT", "TMPDIR")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return own | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def with_pip(environ, tmp_path, interpreters):
    """The same with the pip that Pythons since 3.12 bring along."""
    for one in interpreters:
        library = one.base_prefix / one.site.removesuffix("/site-packages")
        for wheel in library.glob("ensurepip/_bundled/pip-*.whl"):
            if one.numbers >= (3, 12):
                folder = tmp_path / "pip"
                folder.mkdir(exist_ok=True)
                (folder / wheel.name).write_bytes(wheel.read_bytes())
                return environ | {"PIP_FIND_LINKS": f"{environ['PIP_FIND_LINKS']} {folder}"}
    pytest.skip("no interpreter here brings a pip for Python 3.12")
    return environ


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def index(wheels, tmp_path):
    """A package index over HTTP with our wheels; ``close`` takes it away."""
    root = tmp_path / "index"
    for wheel in wheels.glob("*.whl"):
        folder = root / "simple" / wheel.name.partition("-")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        links = (
            f'<a href="{name}">{name}</a>'
            for name in sorted(os.listdir(folder))
            if name.endswith(".whl")
        )
        (folder / "index.html").write_text("<!DOCTYPE html><html><body>" + "".join(links))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    class Index:
        url = f"http://127.0.0.1:{server.server_address[1]}/simple"

        @staticmethod
        def close():
            server.shutdown()
            server.server_close()
            thread.join()

    made = Index()
    yield made
    if thread.is_alive():
        made.close()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def environments(home, environ):
    with Environments(home, environ) as made:
        yield made


@pytest.fixture
def project(tmp_path):
    """Writes the files of a project into a folder and returns it."""

    def write(files, name="project"):
        root = tmp_path / name
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        root.mkdir(exist_ok=True)
        return root

    return write


@pytest.fixture
def prepare(environments, project, python, tmp_path):
    """From files and an ``Install`` to an environment and a fresh layer on it."""
    count = 0

    def make(install, files=None, *, version=OWN, root=None, said=None, using=environments):
        nonlocal count
        count += 1
        root = root or project(files or {})
        request = read_request(install, root, interpreter=python(version))
        environment = using.prepare(request, (said if said is not None else []).append)
        return environment, layer(environment, tmp_path / "layers" / str(count))

    return make


def run(*argv, check=True, **more):
    """Run a command with few variables; its output."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
    env |= more.pop("env", {})
    done = subprocess.run(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        check=False,
        **more,
    )
    if check:
        assert done.returncode == 0, done.stdout
    return done.stdout.strip()


@pytest.fixture
def shell():
    return run


@pytest.fixture
def install_projects(environments):
    """Install a layer's projects outside of any sandbox; counts the commands it takes."""

    def install(made, root, *, tree_key="tree", describe="", using=environments):
        commands = []

        def execute(argv, env, cwd):
            commands.append(list(argv))
            done = subprocess.run(
                argv, env={"HOME": str(root.parent), **env}, cwd=cwd,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            return done.returncode, done.stdout

        workspace = Workspace(folder=root, inside=str(root), tree_key=tree_key, describe=describe)
        reused = using.install_projects(made, workspace, execute)
        assert reused == (not commands)
        return commands

    return install


@pytest.fixture(scope="session")
def registry():
    """Skips where the package registry cannot be reached."""
    env = surroundings(os.environ, read_indexes(os.environ), trusted=True)
    command = (find_uv(os.environ), "pip", "compile", "--no-cache", "--python", sys.executable, "-")
    done = subprocess.run(
        command, input=b"iniconfig", env=env | {"UV_HTTP_RETRIES": "1"}, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("the package registry cannot be reached")


@pytest.fixture(scope="session")
def online(registry, tmp_path_factory):
    """Environments with this machine's own package index, one home for all tests."""
    with Environments(tmp_path_factory.mktemp("online"), os.environ) as made:
        yield made
