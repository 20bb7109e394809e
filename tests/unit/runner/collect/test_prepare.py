import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.runner.collect import INSIDE, prepare

PROGRAM = """
import sys, unittest.result, fairlead_hook
code = fairlead_hook.load("fairlead_unittest").on_result.__code__
print(len(fairlead_hook.CODES), code.co_filename)
"""


@pytest.fixture
def inside(tmp_path, monkeypatch):
    folder = tmp_path / "inside"
    shutil.copytree(INSIDE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(prepare, "INSIDE", folder)
    return folder


def start(folder):
    """(number of modules that came compiled, where their code says it is from)."""
    program = f"import sys; sys.path.append({str(folder)!r}); import fairlead_boot\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program],
        env={"FAIRLEAD_EVENTS": "/nonexistent/events"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, origin = done.stdout.split()
    return int(count), origin


def test_compiled_once_and_used(inside):
    assert start(inside) == (0, "<fairlead>/fairlead_unittest.py")
    assert prepare.prepare(Path(sys.executable))
    modules = len(list(inside.glob("*.py"))) - 2  # but for the boot and this very script
    assert start(inside) == (modules, "<fairlead>/fairlead_unittest.py")


def test_not_used_when_a_source_changed(inside):
    prepare.prepare(Path(sys.executable))
    with (inside / "fairlead_unittest.py").open("a") as file:
        file.write("\n")
    assert start(inside)[0] == 0


def test_a_broken_file_is_passed_over(inside):
    prepare.prepare(Path(sys.executable))
    (compiled,) = inside.glob("__pycache__/*.code")
    compiled.write_bytes(b"")
    assert start(inside)[0] == 0


def test_an_interpreter_that_is_not_there(inside, tmp_path):
    assert not prepare.prepare(tmp_path / "python")
