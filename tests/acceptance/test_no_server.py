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
