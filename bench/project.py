"""The project that is measured: a small Flask app with 240 fast tests."""

import subprocess
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")

_APP = '''"""A small app."""
from flask import Flask, jsonify


def create_app():
    app = Flask(__name__)

    @app.get("/sum/<int:a>/<int:b>")
    def add(a, b):
        return jsonify(sum=a + b)

    return app
'''

_TEST = """import pytest

from app import create_app


@pytest.fixture()
def client():
    return create_app().test_client()


@pytest.mark.parametrize("n", range({count}))
def test_sum_{name}(client, n):
    answer = client.get(f"/sum/{{n}}/{{n}}")
    assert answer.status_code == 200
    assert answer.get_json() == {{"sum": 2 * n}}
"""

_PIPELINE = """\
python: [{versions}]
install:
  requirements: [requirements.txt]
jobs:
  unit:
    run: python -m pytest -q
"""

_TOX = """\
[tox]
env_list = {environments}
no_package = true
skipsdist = true

[testenv]
deps = -r requirements.txt
commands = python -m pytest -q
"""

_NOX = """import nox

nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "{backend}"


@nox.session(python=[{versions}])
def tests(session):
    session.install("-r", "requirements.txt")
    session.run("python", "-m", "pytest", "-q")
"""


def make_project(folder: Path, versions: tuple[str, ...]) -> None:
    """Write the project and commit it."""
    folder.mkdir(parents=True)
    files = {
        "app.py": _APP,
        "requirements.txt": "flask==3.0.3\npytest==8.3.4\n",
        "fairlead.yml": _PIPELINE.format(versions=", ".join(f'"{v}"' for v in versions)),
        "tox.ini": _TOX.format(environments=",".join("py" + v.replace(".", "") for v in versions)),
        "noxfile.py": _NOX.format(
            versions=", ".join(f'"{v}"' for v in versions), backend="virtualenv"
        ),
        ".gitignore": ".tox/\n.nox/\n.venv*/\n__pycache__/\n",
        "conftest.py": "",
    }
    for name in ("a", "b", "c", "d"):
        files[f"tests/test_{name}.py"] = _TEST.format(count=60, name=name)
    write(folder, files)


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files and commit them to a repository in ``folder``."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    identity = ("-c", "user.name=b", "-c", "user.email=b@example.org")
    for args in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "all")):
        subprocess.run(("git", *args), cwd=folder, check=True, capture_output=True)


def interpreters(versions: tuple[str, ...]) -> dict[str, Path]:
    """Interpreters of this machine by minor version, of those asked for."""
    import os

    from fairlead.errors import InterpreterNotFound
    from fairlead.runner.pythons import choose, find
    from fairlead.settings import load_settings

    found = find(load_settings(os.environ).home, os.environ)
    present = {}
    for version in versions:
        try:
            present[version] = choose(found, version).path
        except InterpreterNotFound:
            continue
    return present
