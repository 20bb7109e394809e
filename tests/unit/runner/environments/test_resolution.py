"""Resolutions: once a period, whoever asks; kept; usable while the index is away."""

import os
import threading
from pathlib import Path

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.command import Unreachable
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.environments.requirements import LocalProject
from fairlead.runner.environments.resolution import (
    Resolution,
    Resolutions,
    package_name,
    split_lines,
)
from fairlead.runner.pythons import Interpreter

HERE = Path("/opt/python")
PYTHON = Interpreter(
    path=HERE, real=HERE, version="3.12.1", implementation="cpython", prefix=HERE,
    base_prefix=HERE, platform="linux", abi="", site="lib/python3.12/site-packages",
)  # fmt: skip
REQUEST = EnvironmentRequest(interpreter=PYTHON, lines=("six",))
FOUND = Resolution(lines=("six==1.17.0",), projects=(LocalProject(path="."),))


class Resolver:
    def __init__(self, error=None):
        self.calls = 0
        self.error = error

    def __call__(self, request):
        self.calls += 1
        if self.error:
            raise self.error
        return FOUND


@pytest.fixture
def kept(tmp_path):
    return Resolutions(tmp_path / "resolutions")


def test_one_a_day(kept, tmp_path):
    resolve = Resolver()
    for day in ("2026-01-01", "2026-01-01", "2026-01-02"):
        found = kept.get(REQUEST, "indexes", day, resolve)
        assert (found.lines, found.projects, found.period) == (FOUND.lines, FOUND.projects, day)
    assert resolve.calls == 2
    kept.get(REQUEST, "other indexes", "2026-01-01", resolve)
    kept.get(EnvironmentRequest(interpreter=PYTHON, lines=("x",)), "indexes", "2026-01-01", resolve)
    assert resolve.calls == 4


def test_one_even_for_many_at_once(kept):
    resolve = Resolver()
    start = threading.Barrier(5)
    found = []

    def ask():
        start.wait()
        found.append(kept.get(REQUEST, "i", "2026-01-01", resolve))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (resolve.calls, len(set(found))) == (1, 1)


def test_where_the_index_is_away_the_latest_is_taken_and_said(kept):
    kept.get(REQUEST, "i", "2026-01-01", Resolver())
    kept.get(REQUEST, "i", "2026-01-03", Resolver())
    away = Resolver(Unreachable("cannot resolve: dns error\nmore"))
    found = kept.get(REQUEST, "i", "2026-01-05", away)
    assert found.lines == FOUND.lines
    assert found.notices == (
        "using the versions resolved on 2026-01-03: cannot resolve: dns error",
    )
    # The day is not used up: once the index answers, it counts.
    again = Resolver()
    assert kept.get(REQUEST, "i", "2026-01-05", again).notices == ()
    assert again.calls == 1


def test_away_from_the_beginning_is_an_error(kept):
    with pytest.raises(Unreachable):
        kept.get(REQUEST, "i", "2026-01-01", Resolver(Unreachable("dns error")))


def test_other_failures_do_not_fall_back(kept):
    kept.get(REQUEST, "i", "2026-01-01", Resolver())
    with pytest.raises(EnvironmentFailed, match="unsatisfiable"):
        kept.get(REQUEST, "i", "2026-01-02", Resolver(EnvironmentFailed("unsatisfiable")))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"lines": 3}'])
def test_a_broken_file_is_made_anew(kept, tmp_path, data):
    resolve = Resolver()
    kept.get(REQUEST, "i", "2026-01-01", resolve)
    (file,) = (tmp_path / "resolutions").glob("*/2026-01-01.json")
    file.write_bytes(data)
    assert kept.get(REQUEST, "i", "2026-01-01", resolve).lines == FOUND.lines
    assert resolve.calls == 2


def test_what_may_hold_credentials_is_for_its_owner_alone(kept, tmp_path):
    kept.get(REQUEST, "i", "2026-01-01", Resolver())
    (file,) = (tmp_path / "resolutions").glob("*/*.json")
    assert file.stat().st_mode & 0o077 == 0


def test_old_ones_are_forgotten(kept, tmp_path):
    kept.get(REQUEST, "i", "2026-01-01", Resolver())
    (file,) = (tmp_path / "resolutions").glob("*/*.json")
    kept.prune(file.stat().st_mtime - 1)
    assert file.exists()
    os.utime(file, (1, 1))
    kept.prune(2)
    assert not file.parent.exists()


@pytest.fixture
def root(tmp_path):
    for name in ("libs/foo", "wheels"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "wheels/a-1.whl").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "kept", "project"),
    [
        ("six==1.17.0", "six==1.17.0", None),
        ("y @ git+https://x/y@abc", "y @ git+https://x/y@abc", None),
        ("${PROJECT_ROOT}", None, LocalProject(path=".", mode="wheel")),
        ("-e ${PROJECT_ROOT}", None, LocalProject(path=".")),
        ("-e .", None, LocalProject(path=".")),
        ("-e ./libs/foo", None, LocalProject(path="libs/foo")),
        ("-e file://ROOT/libs/foo", None, LocalProject(path="libs/foo")),
        ("foo @ file://ROOT/libs/foo", None, LocalProject(path="libs/foo", mode="wheel")),
        ("foo[x] @ file://ROOT/libs/foo", None, LocalProject(path="libs/foo", mode="wheel")),
        ("ROOT/libs/foo", None, LocalProject(path="libs/foo", mode="wheel")),
        ("a @ file://ROOT/wheels/a-1.whl", "${PROJECT_ROOT}/wheels/a-1.whl", None),
        ("./wheels/a-1.whl", "${PROJECT_ROOT}/wheels/a-1.whl", None),
        ("-e . ; python_version > '3'", None, LocalProject(path=".")),
    ],
)
def test_lines_and_folders_are_told_apart(root, line, kept, project):
    lines, projects = split_lines(
        [line.replace("ROOT/", f"{root}/")] if "{" not in line else [line], root
    )
    assert lines == ((kept,) if kept else ())
    assert projects == ((project,) if project else ())


def test_paths_of_a_lock_file_below(root):
    assert split_lines(["-e ../foo"], root, "libs/bar")[1] == (LocalProject(path="libs/foo"),)
    with pytest.raises(EnvironmentFailed, match="outside"):
        split_lines(["-e ../../foo"], root, "libs")


def test_names_of_packages():
    assert package_name("Foo_Bar.baz[x]==1") == "foo-bar-baz"
    assert package_name("${PROJECT_ROOT}/x") == ""
