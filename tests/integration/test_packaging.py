"""What people install holds all that the source tree holds, and starts."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((*ROOT.glob("requirements/*.txt"), *ROOT.glob("examples/*/requirements/*.txt")))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    argv = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def left_by_tools(path):
    """Whether a file is byte code or lies in some tool's cache."""
    caches = (part for part in path.parts if part.startswith(".") or part == "__pycache__")
    return path.suffix == ".pyc" or any(caches)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    source = ROOT / "src"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    expected = {str(path) for path in files if not left_by_tools(path)}
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_starts_without_the_source_tree(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import fairlead.cli.main as m; m.main()"
    )
    done = subprocess.run(
        (sys.executable, "-P", "-c", code, str(tmp_path), "--version"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fairlead ")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.stem)
def test_a_lock_says_what_but_not_where_from(lock):
    text = lock.read_text("utf-8")
    assert "--hash=sha256:" in text
    assert not [line for line in text.splitlines() if "://" in line or line.startswith("-")]
