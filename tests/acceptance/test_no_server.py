"""A run is made of the runner: nothing of a server is imported, however it goes."""

import subprocess
import sys

import pytest

SERVER = ("django", "ninja", "allauth", "procrastinate", "psycopg", "uvicorn", "asyncssh", "httpx")
PROGRAM = f"""\
import sys
from fairlead.cli.main import main
try:
    main()
finally:
    found = sorted({{name.partition(".")[0] for name in sys.modules}} & set({SERVER!r}))
    print("imported of a server:", found, file=sys.stderr)
"""
FILES = {
    "fairlead.yml": """\
        jobs:
          good: {python: none, run: "true"}
          bad: {python: none, run: "false", retry: 1}
          none: {python: 3.4, run: x}
        coverage: true
        """
}


@pytest.mark.parametrize(
    "args",
    [
        ("run",), ("run", "--events"), ("run", "good"), ("plan",), ("plan", "--json"), ("lint",),
        ("show",), ("show", "--job", "bad"), ("report",), ("init", "--print"), ("doctor",),
        ("env", "list"), ("secrets", "list"), ("--help",), ("completion", "bash"),
        ("login", "--list"), ("watch", "--help"), ("reproduce", "--help"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_imports_a_server(make_project, args):
    project = make_project(FILES)
    if args[0] in ("show", "report"):
        assert project.fairlead("run", "bad").code == 1
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, *args), cwd=project.folder, env=project.env,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 2)
    assert done.stderr.splitlines()[-1] == "imported of a server: []"


@pytest.mark.parametrize("command", ["builds", "trigger", "watch", "logs", "reproduce"])
def test_who_asks_a_server_imports_none(make_project, command):
    project = make_project(FILES)
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, command, "--server", "http://127.0.0.1:9", "--project", "x"),
        cwd=project.folder, env=project.env, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot reach http://127.0.0.1:9" in done.stderr
    assert done.stderr.splitlines()[-1] == "imported of a server: ['httpx']"


WITHOUT = f"""\
import importlib.machinery, sys

HIDDEN = {("django", "ninja", "procrastinate", "psycopg", "uvicorn", "servestatic", "storages")!r}

class Installed:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return importlib.machinery.PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter, Installed]
from fairlead.cli.start import entry
sys.exit(entry())
"""


def without_the_extra(project, *words):
    return subprocess.run(
        (sys.executable, "-c", WITHOUT, *words), cwd=project.folder, env=project.env,
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("serve",), ("web",), ("worker",), ("scheduler",), ("doctor", "--server"),
        ("admin", "user", "list"), ("admin", "project", "create", "shop"),
        ("backup", "saved.tar"), ("restore", "fairlead.yml"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_without_the_servers_packages_it_says_how_to_get_them(make_project, words):
    done = without_the_extra(make_project(FILES), *words)
    assert done.returncode == 2, done.stderr
    assert "error: the server's packages are not installed (django, " in done.stderr
    assert "pip install 'fairlead[server]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("doctor", "--server", "http://127.0.0.1:9"), "does not answer"),
        (("login",), "None runs on this machine"),
        (("builds", "--server", "http://127.0.0.1:9"), "cannot reach"),
    ],
)
def test_who_only_asks_a_server_needs_none_of_them(make_project, tmp_path, words, said):
    project = make_project(FILES)
    project.env["FAIRLEAD_DATA"] = str(tmp_path / "data")
    done = without_the_extra(project, *words)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
