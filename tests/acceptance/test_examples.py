"""The sample's own tests pass by hand, with what its lock says, before we run them ourselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

BANK = Path(__file__).resolve().parents[2] / "examples" / "bank"
AWAY = ("dns error", "Failed to fetch", "Could not connect", "error sending request")

pytestmark = pytest.mark.network


def run(*argv, **env):
    surroundings = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        argv,
        cwd=BANK,
        env=surroundings | {"PYTHONDONTWRITEBYTECODE": "1"} | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment with what the sample's tests need, and nothing else."""
    folder = tmp_path_factory.mktemp("bank") / "env"
    code, output = run(find_uv_bin(), "venv", "--python", sys.executable, str(folder))
    assert code == 0, output
    python = str(folder / "bin" / "python")
    # The tests below write no byte code: without this each would compile all of it anew.
    lock = ("--compile-bytecode", "--require-hashes", "requirements/test.txt")
    code, output = run(find_uv_bin(), "pip", "sync", "--python", python, *lock)
    if code and any(words in output for words in AWAY):
        pytest.skip("the package registry cannot be reached")
    assert code == 0, output
    return python


@pytest.mark.parametrize("marker", ["unit", "functional", "web"])
def test_tests_by_marker(python, marker):
    argv = (python, "-m", "pytest", "-p", "no:cacheprovider", "-m", marker)
    code, output = run(*argv, PYTHONPATH="src")
    assert code == 0, output
    assert " passed, " in output.splitlines()[-1]


def test_no_test_is_without_a_marker(python):
    argv = (python, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q")
    code, output = run(*argv, "-m", "not (unit or functional or web)", PYTHONPATH="src")
    assert code == 5, output


def test_features(python):
    code, output = run(python, "-m", "behave", "--format", "progress", PYTHONPATH="src")
    assert code == 0, output
    assert "2 features passed, 0 failed" in output


def test_the_command_line(python):
    assert run(python, "-m", "bank", "--check", PYTHONPATH="src") == (0, "")
