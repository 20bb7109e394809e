"""A tree object of a folder as it is now, written into an object store of our own.

The user's index and objects are only read: the index is copied, new objects go to our store,
which knows theirs as an alternate. So nothing in the user's repository changes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from fairlead.runner.checkout.repository import Repository
from fairlead.util.fs import remove_tree, unusable, write_atomic
from fairlead.util.git import git

_HASH = 20
"""Bytes of SHA-1, and the last ones of SHA-256 where a repository uses that."""

# What lies about in a folder without git and is never part of the project.
_LITTER: tuple[str, ...] = (
    ".fairlead",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "__pycache__",
    ".mypy_cache",
)
_LITTER += (".pytest_cache", ".ruff_cache", ".hypothesis", ".eggs")

_PLAIN: tuple[str, ...] = (
    "-c",
    "core.splitIndex=false",
    "-c",
    "advice.addEmbeddedRepo=false",
    "-c",
)
_PLAIN += ("core.safecrlf=false",)


def object_environment(objects: Path, repository: Repository | None) -> dict[str, str]:
    """Variables that make git write to our store and read from the user's too."""
    env = {"GIT_OBJECT_DIRECTORY": str(objects)}
    if repository:
        env["GIT_DIR"] = str(repository.folder)
        # A path with a colon or quote must be quoted for this variable.
        theirs = str(repository.common / "objects")
        quoted = theirs.replace("\\", "\\\\").replace('"', '\\"')
        env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = f'"{quoted}"'
    return env


def make_store(objects: Path) -> None:
    """Make an empty object store; one that exists is kept."""
    try:
        (objects / "info").mkdir(parents=True, exist_ok=True)
        (objects / "pack").mkdir(exist_ok=True)
    except OSError as error:
        raise unusable(objects, error) from error


@contextmanager
def _index(store: Path, original: Path) -> Iterator[str]:
    """A copy of an index (its cached stats make ``add`` fast), gone at the end."""
    folder = store / f"index-{uuid4().hex[:12]}"
    try:
        folder.mkdir(mode=0o700)
        if original.is_file():
            times = original.stat()
            (folder / "index").write_bytes(original.read_bytes())
            # By an index's own time git tells which of its stats were taken too early to trust.
            os.utime(folder / "index", ns=(times.st_atime_ns, times.st_mtime_ns))
        yield str(folder / "index")
    except OSError as error:
        raise unusable(folder, error) from error
    finally:
        remove_tree(folder)


def snapshot_work_tree(repository: Repository, root: Path, objects: Path) -> str:
    """The tree of ``root`` as it lies on disk, ignored files left out. Returns the tree's id.

    ``root`` is the work tree's top or a folder below it, which then is the whole tree.
    """
    env = object_environment(objects, repository) | {"GIT_WORK_TREE": str(repository.top)}
    prefix = os.path.relpath(root, repository.top) if repository.top else "."
    with _index(objects.parent, repository.folder / "index") as index:
        env["GIT_INDEX_FILE"] = index
        git(*_PLAIN, "add", "-A", "--", ".", cwd=root, env=env)
        below = () if prefix == "." else (f"--prefix={prefix}/",)
        known = objects.parent / "tree"
        checksum = _checksum(index)
        if checksum and (tree := _tree_of(known, checksum)):
            return tree
        tree = git("write-tree", "--missing-ok", *below, cwd=root, env=env).decode().strip()
        if checksum:
            write_atomic(known, f"{checksum} {tree}".encode())
        return tree


def _tree_of(known: Path, checksum: str) -> str:
    """The tree that was written for an index with this checksum, if that was the last one."""
    try:
        before, _, tree = known.read_text("ascii").partition(" ")
    except (OSError, ValueError):
        return ""
    return tree if before == checksum else ""


def _checksum(index: str) -> str:
    """The hash that ends an index file, of all in it (gitformat-index(5)); empty without one."""
    with open(index, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _HASH))
        ending = file.read()
    return ending.hex() if len(ending) == _HASH and any(ending) else ""


def snapshot_folder(root: Path, store: Path) -> str:
    """The tree of a folder that git does not know. Returns the tree's id."""
    bare = store / "plain.git"
    if not (bare / "HEAD").exists():
        git("init", "-q", "--bare", "--template=", str(bare), cwd=store)
    objects = store / "objects"
    env = object_environment(objects, None)
    env |= {"GIT_DIR": str(bare), "GIT_WORK_TREE": str(root)}
    without = [f":(exclude,glob)**/{name}/**" for name in _LITTER]
    with _index(store, bare / "index") as index:
        env["GIT_INDEX_FILE"] = index
        git(*_PLAIN, "add", "-A", "-f", "--", ".", *without, cwd=root, env=env)
        tree = git("write-tree", cwd=root, env=env).decode().strip()
        os.replace(index, bare / "index")
    return tree
