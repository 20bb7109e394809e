"""The writing side, in this interpreter: what it writes is what the reader takes."""

import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.runner.collect import INSIDE, PTH
from fairlead.runner.collect.wire import LINE_LIMIT, Finished, Reader


class Written:
    """``fairlead_collect`` as a module of its own; a call writes a case and gives the bytes."""

    def __init__(self, path):
        self.path = path
        namespace = {"__name__": "fairlead_collect"}
        code = compile((INSIDE / "fairlead_collect.py").read_bytes(), "<inside>", "exec")
        exec(code, namespace)
        namespace["claim"](environ={})
        self.case, self.finished = namespace["case"], namespace["finished"]
        self.emit, self.text = namespace["emit"], namespace["text"]

    def __call__(self, *, name, **fields):
        self.path.write_bytes(b"")
        self.finished(self.case(name=name, id=name), **fields)
        return self.path.read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("inside") / "events"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIRLEAD_EVENTS", str(path))
        patch.delenv("FAIRLEAD_COVERAGE", raising=False)
        yield Written(path)


@given(st.text(), st.text(), st.binary())
def test_any_text_arrives(written, name, message, details):
    data = written(name="n" + name, outcome="failed", message=message, details=details)
    (message,) = Reader().feed(data)
    assert isinstance(message, Finished)
    if name.isascii() and len(name) < 4000:
        assert message.case.name == "n" + name
    assert message.case.details == details.decode("utf-8", "replace")


@pytest.mark.parametrize("letter", ["a", "\x01", "\N{GRINNING FACE}", "\udc80"])
def test_every_line_is_within_the_limit(written, letter):
    long = letter * 2_000_000
    data = written(name=long, message=long, outcome="failed", details=long, output=long)
    assert len(data) <= LINE_LIMIT
    (message,) = Reader().feed(data)
    assert "characters left out" in message.case.details


def test_a_value_that_cannot_be_shown_is_named(written):
    class Broken:
        def __str__(self):
            raise ValueError

    assert written.text(Broken()) == "Broken"


def test_another_process_than_the_claiming_one_writes_nothing(written):
    before = written(name="a", outcome="passed")
    written.emit("test", '"name": "b", "outcome": "passed"', getpid=lambda: -1)
    assert written.path.read_bytes() == before


def test_all_files_are_ascii_and_of_one_language():
    """What runs on Python 2.7 and 3.14 alike has no annotations, f-strings or keyword-only names."""
    files = sorted(INSIDE.glob("*.py"))
    assert len(files) >= 5
    new = (ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.NamedExpr, ast.Nonlocal)
    for path in files:
        tree = ast.parse(path.read_bytes().decode("ascii"))
        found = [node for node in ast.walk(tree) if isinstance(node, new)]
        assert not found, path.name


@pytest.mark.parametrize("events", ["", "/nonexistent/folder/events"])
def test_start_up_is_silent_and_leaves_no_trace(events, tmp_path):
    program = (
        f"import sys; sys.path.append({str(INSIDE)!r}); {PTH.strip()}; import unittest.result;"
        "print(sorted(m for m in sys.modules if m.startswith('fairlead')))"
    )
    env = {"FAIRLEAD_EVENTS": events} if events else {}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-I", "-B", "-c", program],
        env=env, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert ("fairlead_hook" in done.stdout) == bool(events)
    assert list(tmp_path.iterdir()) == []
