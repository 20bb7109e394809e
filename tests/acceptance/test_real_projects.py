"""Fairlead, without any configuration, on published projects nobody here wrote.

Their source distributions are downloaded by pip; the verdict and the counts must be those of
running pytest by hand in an environment made by hand.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

# name, version, what its tests need beside the project (as its own files say)
PROJECTS = [
    ("itsdangerous", "2.2.0", ["-r", "requirements/tests.txt"]),
    ("click", "8.1.8", ["-r", "requirements/tests.txt"]),
    ("idna", "3.10", ["pytest"]),
]
UV = Path(sys.executable).parent / "uv"

pytestmark = pytest.mark.network


def clean_env(**more):
    dropped = ("GIT_", "FAIRLEAD_", "PYTEST_", "COV_")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)} | more


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def unpacked(name: str, version: str, folder: Path) -> Path:
    command = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:")
    done = subprocess.run(
        (*command, "--dest", str(folder), f"{name}=={version}"),
        capture_output=True, env=clean_env(), timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"the package registry is away: {done.stderr[-300:].decode()}")
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        # Debian 12's Python, 3.11.2, has no filters yet.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(folder)
    archive.unlink()
    return next(path for path in folder.iterdir() if path.is_dir())


def by_hand(project: Path, needs: list[str], folder: Path) -> tuple[bool, Counter[str]]:
    """Install and run pytest as a person would, and read its own report."""
    for args in (
        ("venv", "-q", "--python", sys.executable, str(folder / "venv")),
        ("pip", "install", "-q", "--python", str(folder / "venv"), *needs, str(project)),
    ):
        subprocess.run((UV, *args), cwd=project, env=clean_env(), check=True, timeout=300)
    xml = folder / "report.xml"
    command = (folder / "venv/bin/python", "-m", "pytest", "-q", f"--junitxml={xml}")
    options = ("-p", "no:cacheprovider")
    done = subprocess.run(
        (*command, *options), cwd=project, capture_output=True, env=clean_env(), timeout=300,
        check=False,
    )  # fmt: skip
    return done.returncode == 0, counts(xml)


def counts(xml: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for case in ET.parse(xml).iter("testcase"):
        kinds = {child.tag for child in case}
        named = {"failure": "failed", "error": "errored", "skipped": "skipped"}
        found[next((named[kind] for kind in named if kind in kinds), "passed")] += 1
    return found


@pytest.mark.parametrize(("name", "version", "needs"), PROJECTS, ids=[p[0] for p in PROJECTS])
def test_the_verdict_is_that_of_pytest_by_hand(name, version, needs, home, tmp_path):
    (tmp_path / "download").mkdir()
    project = unpacked(name, version, tmp_path / "download")
    before = sorted(str(path) for path in project.rglob("*"))
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(
        (sys.executable, "-m", "fairlead", "run", "--stage", "test", "--python", minor, "--events"),
        cwd=project, capture_output=True, timeout=600, check=False,
        env=clean_env(FAIRLEAD_HOME=str(home)),
    )  # fmt: skip
    assert done.stdout, done.stderr.decode()
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert before == sorted(
        str(path) for path in project.rglob("*") if ".fairlead" not in path.parts
    ), "the project's folder was touched"
    cases = [
        case
        for job in result["jobs"]
        for case in job["attempts"][-1]["report"].get("tests", {}).get("cases", [])
    ]
    found = Counter(case["outcome"] for case in cases)
    # JUnit, which is what is compared with, counts an expected failure as skipped.
    found["skipped"] += found.pop("xfailed", 0)
    found["passed"] += found.pop("xpassed", 0)
    passed, expected = by_hand(project, needs, tmp_path)
    assert +found == +expected
    assert (result["outcome"] == "passed") == passed, result["verdict"]
    assert sum(found.values()) > 20
