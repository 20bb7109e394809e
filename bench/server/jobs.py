"""What both servers are asked to run."""

import shutil
import sys
from pathlib import Path

LINES = 200_000
LAST = "LAST-LINE"

BIG = f'''"""Print {LINES:,} lines of 100 characters."""
import sys

letters = "abcdefghijklmnopqrstuvwxyz0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ_-./:" * 3
for n in range(1, {LINES} + 1):
    head = f"{{n:07}} " if n < {LINES} else "{LAST} "
    sys.stdout.write((head + letters[n * 7919 % 61:])[:100] + "\\n")
'''

APP = """from flask import Flask, jsonify, request


def create_app():
    app = Flask(__name__)
    items = {}

    @app.get("/square/<int:n>")
    def square(n):
        return jsonify(n=n, square=n * n)

    @app.post("/items")
    def add():
        item = request.get_json()
        items[item["name"]] = item
        return jsonify(item), 201

    @app.get("/items/<name>")
    def get(name):
        return (jsonify(items[name]), 200) if name in items else (jsonify(error="no"), 404)

    return app
"""

TESTS = """import pytest

from app import create_app


@pytest.fixture
def client():
    return create_app().test_client()


@pytest.mark.parametrize("n", range(20))
def test_square(client, n):
    assert client.get(f"/square/{n}").json["square"] == n * n


@pytest.mark.parametrize("n", range(10))
def test_item(client, n):
    assert client.get(f"/items/i{n}").status_code == 404
    assert client.post("/items", json={"name": f"i{n}"}).status_code == 201
    assert client.get(f"/items/i{n}").json["name"] == f"i{n}"
"""

REQUIREMENTS = "flask==3.0.3\npytest==8.3.4\n"
SAMPLE = {
    "app.py": APP,
    "tests/test_app.py": TESTS,
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "requirements.txt": REQUIREMENTS,
    "README": "0\n",
}


def plain_python() -> str:
    """An interpreter at a place that is the same inside of a box: the system's, else ours."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin") or sys.executable


def commands(big: str) -> dict[str, tuple[str, ...]]:
    """Commands by the job's name; ``big`` is where the script of that name is."""
    return {
        "first": ("date +%s.%N",),
        "noop": ("true",),
        "five": ("true",) * 5,
        "big": (f"{plain_python()} {big}",),
    }


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
