"""Byte code that was made once is used again, and only where it belongs."""

import os
from pathlib import Path

import pytest

from fairlead.model import Install
from fairlead.runner.environments import build
from fairlead.runner.environments.bytecode import Bytecode, packages_in, prune

MANY = {"one.py": "A = 1\n", "pack/__init__.py": "", "pack/deep/__init__.py": "B = 2\n"}


@pytest.fixture
def compiled(monkeypatch):
    """The packages that had to be compiled."""
    found = []
    original = build._compile

    def noted(arguments, *rest):
        found.extend(Path(path).name for path in arguments[3:])
        return original(arguments, *rest)

    monkeypatch.setattr(build, "_compile", noted)
    return found


def test_another_environment_takes_what_is_there(prepare, shell, compiled):
    prepare(Install(packages=("greet<2",)))
    first = list(compiled)
    compiled.clear()
    environment, made = prepare(Install(packages=("greet<2", "other")))
    assert first
    assert compiled == ["other.py"]
    told = shell(made.python, "-v", "-c", "import greet")
    assert f"code object from {str(environment.site_packages / 'greet.py')!r}" not in told
    assert "__pycache__/greet" in told


def test_a_traceback_names_the_environment_it_is_in(prepare, shell):
    prepare(Install(packages=("greet<2",)))
    environment, made = prepare(Install(packages=("greet<2", "other")))
    code = "import greet; print(greet.main.__code__.co_filename)"
    assert shell(made.python, "-c", code) == str(environment.site_packages / "greet.py")


def site(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        cache = path.parent / "__pycache__"
        cache.mkdir(exist_ok=True)
        (cache / f"{path.stem}.cpython-0.pyc").write_bytes(text.encode() + b"compiled")
    return packages_in(folder)


def bare(folder):
    for path in folder.rglob("*.pyc"):
        path.unlink()


def code_in(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.pyc")}


@pytest.fixture
def kept(tmp_path, python):
    return Bytecode(tmp_path / "home", python(), "trusted")


def test_what_is_kept_comes_back_as_it_was(tmp_path, kept):
    packages = site(tmp_path / "site", MANY)
    before = code_in(tmp_path / "site")
    kept.keep(kept.restore(packages))
    bare(tmp_path / "site")
    assert kept.restore(packages) == {}
    assert code_in(tmp_path / "site") == before


def test_other_sources_are_another_package(tmp_path, kept):
    kept.keep(kept.restore(site(tmp_path / "site", MANY)))
    changed = site(tmp_path / "other", MANY | {"pack/deep/__init__.py": "B = 3\n"})
    assert [path.name for path in kept.restore(changed)] == ["pack"]
    moved = site(tmp_path / "moved", {"pack/__init__.py": "", "pack/flat.py": "B = 2\n"})
    assert [path.name for path in kept.restore(moved)] == ["pack"]


def test_strangers_and_other_interpreters_have_their_own(tmp_path, kept, python, interpreters):
    packages = site(tmp_path / "site", MANY)
    kept.keep(kept.restore(packages))
    assert Bytecode(tmp_path / "home", python(), "untrusted").restore(packages)
    for other in interpreters:
        if other.real != python().real:
            assert Bytecode(tmp_path / "home", other, "trusted").restore(packages)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03"])
def test_a_broken_one_counts_as_none(tmp_path, kept, data):
    packages = site(tmp_path / "site", MANY)
    missing = kept.restore(packages)
    kept.keep(missing)
    for file in (tmp_path / "home/bytecode").glob("*/*"):
        file.write_bytes(data)
    assert kept.restore(packages) == missing


def test_what_nobody_used_is_forgotten(tmp_path, kept):
    packages = site(tmp_path / "site", MANY)
    kept.keep(kept.restore(packages))
    one, other = sorted((tmp_path / "home/bytecode").glob("*/*"))
    os.utime(one, (1, 1))
    prune(tmp_path / "home", unused_since=2)
    assert (one.exists(), other.exists()) == (False, True)
