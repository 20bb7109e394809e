import sys
from pathlib import Path

import pytest

from fairlead.errors import ReleaseFailed
from fairlead.pipeline.tree import MemoryTree
from fairlead.release.locks import (
    find_lock,
    find_requirements,
    join_lines,
    marker_environment,
    read_pylock,
    split_direct,
)
from fairlead.runner.pythons import Interpreter

HASHED = "flask==3.1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n"


def interpreter(version="3.11.2", implementation="cpython"):
    place = Path(sys.prefix)
    return Interpreter(
        path=place, real=place, version=version, implementation=implementation, prefix=place,
        base_prefix=place, platform="linux-x86_64", abi="x", site="lib",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "lock"),
    [
        ({"uv.lock": "", "pylock.toml": "", "requirements.txt": HASHED}, "uv.lock"),
        ({"pylock.toml": "", "requirements.txt": HASHED}, "pylock.toml"),
        ({"requirements.txt": HASHED}, "requirements.txt"),
        ({"requirements.txt": "flask\n", "requirements/run.txt": HASHED}, "requirements/run.txt"),
        ({"requirements/test.txt": HASHED, "requirements-dev.txt": HASHED}, ""),
        ({"requirements-prod.txt": HASHED}, "requirements-prod.txt"),
        ({"requirements.txt": "flask\n# --hash=sha256:abc\n"}, ""),
        ({}, ""),
    ],
)
def test_the_lock_of_what_is_run_is_found(files, lock):
    assert find_lock(MemoryTree(files)) == lock


def test_requirements_without_hashes_are_found_too():
    assert find_requirements(MemoryTree({"requirements/base.txt": "", "x.txt": ""})) == (
        "requirements/base.txt"
    )
    assert find_requirements(MemoryTree({"requirements/dev.txt": ""})) == ""


def test_continued_lines_are_joined():
    assert join_lines("a==1 \\\n  --hash=x\\\n  --hash=y\n\nb==2\n") == [
        "a==1 --hash=x--hash=y",
        "b==2",
    ]


def test_a_line_without_hash_has_to_name_its_place():
    direct = ("a @ git+https://example.org/a@" + "0" * 40,)

    assert split_direct(direct, "x.txt") == direct
    with pytest.raises(
        ReleaseFailed, match=r"x\.txt: there is no hash for b==1 ; os_name == 'x@y'"
    ):
        split_direct((*direct, "b==1 ; os_name == 'x@y'"), "x.txt")


def test_markers_are_those_of_the_target():
    around = marker_environment(interpreter("3.8.10", "pypy"))

    assert around["python_version"] == "3.8"
    assert around["python_full_version"] == "3.8.10"
    assert around["platform_python_implementation"] == "PyPy"
    assert around["sys_platform"] == "linux"


PYLOCK = """
lock-version = "1.0"

[[packages]]
name = "attrs"
version = "25.1"
sdist = { name = "attrs-25.1.tar.gz", hashes = { sha256 = "bb" } }
[[packages.wheels]]
name = "attrs-25.1-py3-none-any.whl"
hashes = { sha256 = "aa" }

[[packages]]
name = "old"
version = "1"
marker = "python_version < '3.10'"
wheels = [{ name = "old-1-py3-none-any.whl", hashes = { sha256 = "cc" } }]

[[packages]]
name = "extra"
version = "2"
marker = "'postgres' in extras"
wheels = [{ name = "extra-2-py3-none-any.whl", hashes = { sha256 = "dd" } }]

[[packages]]
name = "dev"
version = "2"
marker = "'dev' in dependency_groups"
wheels = [{ name = "dev-2-py3-none-any.whl", hashes = { sha256 = "ee" } }]

[[packages]]
name = "zipped"
archive = { url = "https://example.org/zipped.zip", hashes = { sha256 = "ff" } }

[[packages]]
name = "repo"
vcs = { type = "git", url = "https://example.org/repo", commit-id = "0123" }
"""


@pytest.mark.parametrize("extras", [(), ("postgres",)])
def test_a_pylock_gives_the_lines_that_hold(extras):
    pinned, direct = read_pylock(PYLOCK, "pylock.toml", extras, marker_environment(interpreter()))

    expected = ["attrs==25.1 --hash=sha256:aa --hash=sha256:bb"]
    expected += ["extra==2 --hash=sha256:dd"] if extras else []
    expected += ["zipped @ https://example.org/zipped.zip --hash=sha256:ff"]
    assert pinned == tuple(expected)
    assert direct == ("repo @ git+https://example.org/repo@0123",)


def test_a_pylock_without_hashes_is_refused():
    text = '[[packages]]\nname = "a"\nversion = "1"\nwheels = [{ name = "a.whl" }]\n'

    with pytest.raises(ReleaseFailed, match=r"pylock\.toml: it gives no hashes for a"):
        read_pylock(text, "pylock.toml", (), marker_environment(interpreter()))
