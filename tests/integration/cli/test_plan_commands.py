"""`fairlead lint` and `fairlead plan` as a person calls them, in a real repository."""

import json
import os
import subprocess
import sys

import pytest

TEXT = """\
python: "3.12"
jobs:
  unit: pytest
  docs: {run: make html, when: {changed: docs/**}}
  ship: {run: ./ship, when: {branch: trunk}, needs: unit}
"""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "shop"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Shop\n")
    (root / "fairlead.yml").write_text(TEXT)
    for args in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args], cwd=root, check=True
        )
    return root


@pytest.fixture
def fairlead(project, tmp_path):
    def fairlead(*args, cwd=project):
        env = {
            **os.environ,
            "FAIRLEAD_HOME": str(tmp_path / "home"),
            "FAIRLEAD_CONFIG": str(tmp_path / "config"),
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.run(
            [sys.executable, "-m", "fairlead", *args],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    return fairlead


def test_plan_of_the_files_as_they_are(fairlead, project):
    done = fairlead("plan", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [job["id"] for job in json.loads(done.stdout)["jobs"]] == ["unit", "docs", "ship"]
    (project / "fairlead.yml").write_text("jobs: {other: x}\n")
    assert [job["id"] for job in json.loads(fairlead("plan", "--json").stdout)["jobs"]] == ["other"]
    assert "unit" in fairlead("plan", "--commit", "HEAD").stdout


def test_plan_as_if(fairlead, project):
    (project / "code.py").write_text("")
    done = fairlead("plan", "--branch", "dev", "--since", "HEAD")
    assert "docs  when: no changed path is docs/**" in done.stdout
    assert "ship  when: branch is dev, not trunk" in done.stdout
    assert done.returncode == 0


def test_errors_end_with_two_and_no_traceback(fairlead, project):
    (project / "fairlead.yml").write_text("jobs: {a: {run: x, needs: b}, b: {run: x, needs: a}}\n")
    lint, plan = fairlead("lint"), fairlead("plan")
    assert (lint.returncode, plan.returncode) == (2, 2)
    assert lint.stdout == "fairlead.yml:1:50: these jobs need each other: a -> b -> a\n"
    assert "these jobs need each other: a -> b -> a" in plan.stderr
    assert "Traceback" not in lint.stderr + plan.stderr


def test_lint_from_a_folder_below(fairlead, project):
    done = fairlead("lint", cwd=project / "docs")
    assert (done.returncode, done.stdout) == (0, "../fairlead.yml: fine, 3 jobs\n")
    assert fairlead("lint", "../fairlead.yml", cwd=project / "docs").returncode == 0


def test_the_schema_without_a_project(fairlead, tmp_path):
    done = fairlead("lint", "--schema", cwd=tmp_path)
    assert json.loads(done.stdout)["title"] == "fairlead.yml"
