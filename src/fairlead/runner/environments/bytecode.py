"""Byte code of packages, kept by their content: another environment need not compile them again.

A package is a folder or a module at the top of a packages folder. Its byte code is kept as one file
``home/bytecode/<interpreter>/<digest of the sources>``. It is of the kind that is never checked
against the sources (PEP 552), since nothing changes those; the import system corrects the paths in
it when it is loaded.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from fairlead.errors import StoreError
from fairlead.runner.environments.request import interpreter_identity
from fairlead.runner.pythons import Interpreter
from fairlead.util.decoding import from_msgpack
from fairlead.util.fs import write_atomic

FIRST = (3, 7)
"""The oldest Python with byte code that needs no check."""
_CACHE = "__pycache__"

# Arguments: the folder that paths shall begin with, then what to compile; bad syntax is not ours.
COMPILE = """
import compileall, os, py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for path in sys.argv[2:]:
    place = os.path.join(sys.argv[1], os.path.basename(path))
    if os.path.isdir(path):
        compileall.compile_dir(path, maxlevels=100, ddir=place, quiet=2, invalidation_mode=mode)
    else:
        compileall.compile_file(path, ddir=sys.argv[1], quiet=2, invalidation_mode=mode)
"""


class Bytecode:
    """What is kept for one interpreter. ``trust`` keeps the packages of strangers apart."""

    def __init__(self, home: Path, interpreter: Interpreter, trust: str) -> None:
        identity = msgspec.json.encode((interpreter_identity(interpreter), trust))
        self._folder = home / "bytecode" / hashlib.sha256(identity).hexdigest()[:16]

    def restore(self, packages: Iterable[Path]) -> dict[Path, str]:
        """Put byte code beside all sources it is known for; returns the other packages' digests."""
        missing = {}
        for package in packages:
            digest = _digest(package)
            if not self._restored(package, digest):
                missing[package] = digest
        return missing

    def keep(self, packages: dict[Path, str]) -> None:
        """Remember the byte code that was compiled for packages, given with their digests."""
        for package, digest in packages.items():
            parent = package.parent
            found = {
                os.fspath(path.relative_to(parent)): path.read_bytes()
                for path in _compiled(package)
            }
            with suppress(StoreError, UnicodeEncodeError):
                write_atomic(self._folder / digest, msgspec.msgpack.encode(found))

    def _restored(self, package: Path, digest: str) -> bool:
        file = self._folder / digest
        try:
            kept = from_msgpack(file.read_bytes(), dict[str, bytes])
            os.utime(file)
        except (OSError, msgspec.MsgspecError):
            return False
        for folder in {os.path.dirname(name) for name in kept}:
            (package.parent / folder).mkdir(exist_ok=True)
        for name, data in kept.items():
            (package.parent / name).write_bytes(data)
        return True


def packages_in(site: Path) -> list[Path]:
    """What at the top of a packages folder holds sources."""
    found = []
    for entry in sorted(site.iterdir()):
        if entry.is_symlink() or entry.name == _CACHE or entry.suffix in (".dist-info", ".data"):
            continue
        if entry.is_dir() or entry.suffix == ".py":
            found.append(entry)
    return found


def prune(home: Path, unused_since: float) -> None:
    """Forget byte code that nobody has used since that time (seconds of the epoch)."""
    for file in (home / "bytecode").glob("*/*"):
        with suppress(OSError):
            if file.stat().st_mtime < unused_since:
                file.unlink()


def _digest(package: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources(package):
        data = path.read_bytes()
        digest.update(b"%s\0%d\0" % (os.fsencode(path.relative_to(package.parent)), len(data)))
        digest.update(data)
    return digest.hexdigest()[:32]


def _sources(package: Path) -> list[Path]:
    if package.suffix == ".py":
        return [package]
    found = [
        Path(folder, name)
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith(".py")
    ]
    return sorted(found)


def _compiled(package: Path) -> Iterator[Path]:
    if package.suffix == ".py":
        yield from (package.parent / _CACHE).glob(f"{package.stem}.*.pyc")
        return
    for folder, _, names in os.walk(package):
        if os.path.basename(folder) == _CACHE:
            yield from (Path(folder, name) for name in names if name.endswith(".pyc"))
