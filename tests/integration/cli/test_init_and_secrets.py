"""`fairlead init` and `fairlead secrets`, called as people call them."""

import subprocess
import sys

import pytest

from fairlead.model import Trigger
from fairlead.pipeline.native.plan import plan
from fairlead.pipeline.travis.env import cipher_key
from fairlead.pipeline.tree import MemoryTree
from fairlead.runner.secrets import load


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    return root


@pytest.fixture
def fairlead(project, tmp_path):
    """Call the command line in ``project``; its exit code, output and errors."""

    def fairlead(*args, stdin="", below="."):
        return subprocess.run(
            [sys.executable, "-m", "fairlead", *args],
            cwd=project / below,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(tmp_path / "home"),
                "FAIRLEAD_HOME": str(tmp_path / "cache"),
                "FAIRLEAD_CONFIG": str(tmp_path / "config"),
            },
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return fairlead


def planned(project):
    data = (project / "fairlead.yml").read_bytes()
    return plan(data, "fairlead.yml", MemoryTree({"fairlead.yml": data}), Trigger())


def test_init_writes_what_it_detects_and_says_why(project, fairlead):
    (project / "test_a.py").write_text("import pytest\n")
    done = fairlead("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert "pytest: test_a.py imports pytest" in done.stdout
    assert "Wrote fairlead.yml" in done.stdout
    assert [job.name for job in planned(project).jobs] == ["tests"]


@pytest.mark.parametrize("name", ["fairlead.yml", "fairlead.yaml"])
def test_init_replaces_nothing_unless_forced(project, fairlead, name):
    (project / "test_a.py").write_text("import pytest\n")
    (project / name).write_text("jobs: {mine: x}\n")
    done = fairlead("init")
    assert done.returncode == 2
    assert f"{name} is there already" in done.stderr
    assert (project / name).read_text() == "jobs: {mine: x}\n"
    assert fairlead("init", "--force").returncode == 0
    assert [job.name for job in planned(project).jobs] == ["tests"]


def test_init_can_print_only(project, fairlead):
    (project / "test_a.py").write_text("import pytest\n")
    done = fairlead("init", "--print")
    assert done.stdout.startswith("# What Fairlead runs")
    assert not (project / "fairlead.yml").exists()


def test_init_begins_a_file_where_nothing_tells(project, fairlead):
    done = fairlead("init")
    assert done.returncode == 0
    assert "no tests were found" in done.stdout
    assert [job.id for job in planned(project).jobs] == ["tests"]


def test_init_takes_the_newest_python_by_number(project):
    from fairlead.cli.init import _numbers

    versions = ("3.10.13", "3.13.0", "3.9.18")
    assert max(versions, key=_numbers) == "3.13.0"


TRAVIS = "language: python\npython: [3.11, 3.12]\nscript: pytest\nenv: {global: {secure: abc}}\n"


def test_init_translates_a_travis_file(project, fairlead):
    (project / ".travis.yml").write_text(TRAVIS)
    done = fairlead("init")
    assert done.returncode == 0
    assert ".travis.yml: 2 jobs" in done.stdout
    assert "the encrypted value of a variable is missing" in done.stdout
    assert [job.id for job in planned(project).jobs] == ["test-3.11", "test-3.12"]


def test_init_can_leave_the_travis_file_aside(project, fairlead):
    (project / ".travis.yml").write_text(TRAVIS)
    (project / "test_a.py").write_text("import pytest\n")
    assert fairlead("init", "--detect").returncode == 0
    assert [job.name for job in planned(project).jobs] == ["tests"]


def test_init_shows_the_problems_of_a_broken_travis_file(project, fairlead):
    (project / ".travis.yml").write_text("language: python\nif: branch =\n")
    done = fairlead("init")
    assert done.returncode == 2
    assert ".travis.yml:2:5: not a condition" in done.stderr
    assert not (project / "fairlead.yml").exists()


def stored(project):
    return load(project.parent / "config", project)


def test_secrets_are_set_listed_and_removed(project, fairlead):
    assert fairlead("secrets", "set", "TOKEN", stdin="s3cret\n").stdout == "Stored TOKEN.\n"
    assert stored(project).named == {"TOKEN": "s3cret"}
    listed = fairlead("secrets", "list")
    assert (listed.stdout, "s3cret" in listed.stderr) == ("TOKEN\n", False)
    assert fairlead("secrets", "remove", "TOKEN").returncode == 0
    assert stored(project).named == {}
    assert fairlead("secrets", "remove", "TOKEN").returncode == 2


def test_a_value_keeps_its_inner_lines(project, fairlead):
    fairlead("secrets", "set", "KEY", stdin="one\ntwo\n\n")
    assert stored(project).named == {"KEY": "one\ntwo\n"}


@pytest.mark.parametrize("form", ["ab cd", "sha256:" + cipher_key("abcd")])
def test_a_secret_can_stand_for_an_encrypted_text(project, fairlead, form):
    fairlead("secrets", "set", "TOKEN", "--cipher", form, stdin="s3cret")
    assert stored(project).ciphers == {cipher_key("abcd"): "TOKEN=s3cret"}
    assert fairlead("secrets", "list").stdout.startswith("TOKEN  for sha256:")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TOKEN=x", "y", "a value on the command line"),
        ("TO KEN", "y", "is not a variable's name"),
        ("TOKEN", "", "is empty"),
        ("TOKEN", "a\0b", "zero byte"),
    ],
)
def test_what_cannot_be_stored_is_refused(project, fairlead, name, value, said):
    done = fairlead("secrets", "set", name, stdin=value)
    assert done.returncode == 2
    assert said in done.stderr
    assert stored(project).named == {}


def test_the_secrets_of_a_project_are_found_from_below_it(project, fairlead):
    (project / "fairlead.yml").write_text("jobs: {a: b}\n")
    (project / "sub").mkdir()
    fairlead("secrets", "set", "TOKEN", stdin="x", below="sub")
    assert stored(project).named == {"TOKEN": "x"}
    assert "TOKEN" in fairlead("secrets", "list").stdout
