"""Real coverage.py: its data file, JSON and XML say the same, and so does git about lines."""

import os
import subprocess
import sys

import pytest

from fairlead.reports import coverage
from fairlead.reports.diff import changed_lines

SOURCE = '''"""Docs."""
import functools
import typing
from dataclasses import (
    dataclass,
    field,
)

if typing.TYPE_CHECKING:
    import os


@dataclass
class A:
    """Docs."""

    x: int = field(
        default=1,
    )

    def f(self, a): ...

    @property
    def g(self):
        """Docs."""
        return (
            self.x
            + 1
        )

    def never(self):  # pragma: no cover
        return 1


@functools.lru_cache(
    maxsize=None
)
def h(n):
    if n > 1: return 1
    elif n < -1:
        raise ValueError(
            f"bad {n}"
        )
    else:
        for i in range(n):
            continue
        while False:
            break
    with open("/dev/null") as one, \\
            open("/dev/null"):
        pass
    try:
        one.x
    except AttributeError:
        pass
    except OSError:
        pass
    finally:
        n = [i for i in range(3)
             if i]
    match n:
        case [1, *_]:
            pass
        case _:
            return None
    return lambda: n


h(1)
A().g
'''


@pytest.mark.parametrize("branch", [[], ["--branch"]])
def test_coverage_says_the_same_in_every_form(project, output, source, branch):
    (project / "src").mkdir()
    (project / "src" / "m.py").write_text(SOURCE)
    (project / "src" / "unused.py").write_text("x = 1\n\n\ndef f():\n    pass\n")
    (project / ".coveragerc").touch()
    tool = (sys.executable, "-m", "coverage")
    output(*tool, "run", "--source=src", *branch, "src/m.py")
    output(*tool, "json", "-q", "-o", "c.json")
    said = output(*tool, "xml", "-q", "-o", "c.xml")
    assert (project / "c.xml").exists(), said.decode()
    data, as_json, as_xml = (
        coverage.read(source(name), name, prefixes=[str(project)], sources=source)
        for name in (".coverage", "c.json", "c.xml")
    )
    assert [file.path for file in as_json.files] == ["src/m.py", "src/unused.py"]
    assert as_json.files[0].missing
    assert as_xml == as_json
    assert data == as_json


NAMES = [
    b"plain.py",
    b"with space.py",
    b'quo"te\\.py',
    b"new\nline.py",
    b"tab\t.py",
    "ä.py".encode(),
]


def test_git_diff(tmp_path):
    env = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    env |= {
        f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }

    def git(*argv):
        return subprocess.run(
            ["git", *argv], cwd=tmp_path, env=env, capture_output=True, check=True
        ).stdout

    def write(name, text):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(text)

    git("init", "-q", ".")
    for name in [*NAMES, b"gone.py", b"moved.py"]:
        write(name, b"one\n-- two\nthree\n" * 4)
    write(b"logo.png", b"\0\1")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    for name in NAMES:
        write(name, b"one\n++ b/other.py\nthree\n" * 4 + b"no newline")
    os.unlink(tmp_path / "gone.py")
    os.rename(tmp_path / "moved.py", tmp_path / "elsewhere.py")
    write(b"logo.png", b"\0\2")
    write(b"\xff.py", b"new\n")
    git("add", "-A")
    found = changed_lines(git("diff", "--cached", "-U0", "-M"))
    expected = {name.decode(): frozenset({2, 5, 8, 11, 13}) for name in NAMES}
    assert found == expected | {"\\xff.py": frozenset({1})}
    assert changed_lines(git("diff", "--cached", "-U3", "-M")) == found
