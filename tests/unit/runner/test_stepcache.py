from pathlib import Path

import msgspec
import pytest

from fairlead.model import Job, Reuse, Step
from fairlead.runner.stepcache import (
    KeyParts,
    StepCache,
    Stored,
    pack_outputs,
    step_key,
    unpack_outputs,
)

ENTRIES = (
    b"100644 blob aaa\tsrc/app.py",
    b"100644 blob bbb\tsrc/deep/er/mod.py",
    b"100644 blob ccc\tREADME.md",
)


def parts(root=Path(), **changes):
    base = KeyParts(environment="env", tree="tree", entries=ENTRIES, root=root)
    return msgspec.structs.replace(base, **changes)


def job(**reuse):
    return Job(
        id="lint",
        name="lint",
        steps=(Step(name="r", command="ruff check", reuse=Reuse(**reuse)),),
    )


def test_a_step_without_reuse_has_no_key():
    plain = Job(id="unit", name="unit", steps=(Step(name="t", command="pytest"),))
    assert step_key(plain, 0, parts(), {}) is None


@pytest.mark.parametrize("change", [{"environment": "other"}, {"tree": "other"}])
def test_what_a_key_covers_by_default(change):
    assert step_key(job(), 0, parts(), {}) != step_key(job(), 0, parts(**change), {})


def test_the_command_and_those_before_it_count():
    two = Job(
        id="x",
        name="x",
        steps=(Step(name="a", command="make a"), Step(name="b", command="b", reuse=Reuse())),
    )
    other = msgspec.structs.replace(two, steps=(Step(name="a", command="make other"), two.steps[1]))
    assert step_key(two, 1, parts(), {}) != step_key(other, 1, parts(), {})


def test_with_declared_inputs_other_files_do_not_matter():
    narrow = job(inputs=("src/**/*.py",))
    before = step_key(narrow, 0, parts(), {})
    assert step_key(narrow, 0, parts(tree="other"), {}) == before
    readme = (*ENTRIES[:2], b"100644 blob ddd\tREADME.md")
    assert step_key(narrow, 0, parts(entries=readme), {}) == before
    deeper = (ENTRIES[0], b"100644 blob ddd\tsrc/deep/er/mod.py", ENTRIES[2])
    assert step_key(narrow, 0, parts(entries=deeper), {}) != before
    top = (b"100644 blob ddd\tsrc/app.py", *ENTRIES[1:])
    assert step_key(narrow, 0, parts(entries=top), {}) != before


def test_a_single_star_does_not_cross_folders():
    flat = job(inputs=("src/*.py",))
    deeper = (ENTRIES[0], b"100644 blob ddd\tsrc/deep/er/mod.py", ENTRIES[2])
    assert step_key(flat, 0, parts(), {}) == step_key(flat, 0, parts(entries=deeper), {})


def test_only_listed_variables_count():
    listed = job(env=("LEVEL",))
    assert step_key(listed, 0, parts(), {"LEVEL": "1"}) != step_key(listed, 0, parts(), {})
    assert step_key(listed, 0, parts(), {"X": "1"}) == step_key(listed, 0, parts(), {})


def test_declared_ignored_files_count_by_their_bytes(tmp_path):
    declared = job(files=(".env",))
    absent = step_key(declared, 0, parts(tmp_path), {})
    (tmp_path / ".env").write_text("A=1")
    first = step_key(declared, 0, parts(tmp_path), {})
    (tmp_path / ".env").write_text("A=2")
    assert len({absent, first, step_key(declared, 0, parts(tmp_path), {})}) == 3


def test_a_success_is_kept_and_found(tmp_path):
    cache = StepCache(tmp_path)
    assert cache.load("abc") is None
    cache.store("abc", Stored(log=b"ok", seconds=1.5, run=3))
    assert cache.load("abc") == Stored(log=b"ok", seconds=1.5, run=3)


def test_a_broken_entry_is_no_entry(tmp_path):
    cache = StepCache(tmp_path)
    cache.store("abc", Stored(log=b"ok", seconds=1.5, run=3))
    next(tmp_path.glob("*/abc")).write_bytes(b"\xc1")
    assert cache.load("abc") is None


@pytest.mark.parametrize("filters", [True, False])
def test_outputs_come_back_as_they_were(tmp_path, monkeypatch, filters):
    if not filters:  # Python 3.11.2, as in Debian 12
        monkeypatch.delattr("tarfile.data_filter", raising=False)
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "docs").mkdir(parents=True)
    target.mkdir()
    (source / "docs/index.html").write_bytes(b"<p>hello")
    data = pack_outputs(source, ["docs/index.html"])
    assert data == pack_outputs(source, ["docs/index.html"])
    unpack_outputs(target, data)
    assert (target / "docs/index.html").read_bytes() == b"<p>hello"
