"""A folder of its own for one attempt at a job, filled from the object store."""

import os
from pathlib import Path

from fairlead.errors import StoreError
from fairlead.runner.checkout.source import Source
from fairlead.util.errand import Later
from fairlead.util.fs import remove_tree, unusable
from fairlead.util.git import git, try_git

_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlogallrefupdates = false\n"


class Checkout(Later):
    """The filling of a workspace: begun beside other work, or left until it is needed."""


def fill_workspace(source: Source, folder: Path) -> None:
    """Put the source's files into ``folder``, which must be empty or not exist yet.

    Where the project is its whole repository, ``folder/.git`` is a small repository that borrows
    all objects, so that ``git describe`` and versions taken from tags work.
    Raises ``StoreError`` when the disk does not take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        meta = folder / ".git"
        _write_repository(source, os.fspath(meta))
    except OSError as error:
        raise unusable(folder, error) from error
    done = try_git(
        "-c", "core.symlinks=true", "read-tree", "-u", "--reset", source.tree_id,
        cwd=folder, env={"GIT_DIR": str(meta), "GIT_WORK_TREE": str(folder)},
    )  # fmt: skip
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise StoreError(f"cannot check the files out: {words}")
    _fill_submodules(source, folder)
    if not source.whole:
        remove_tree(meta)


def readable_objects(source: Source) -> tuple[Path, ...]:
    """Folders a sandbox must show for the workspace's ``.git`` to work."""
    if not source.whole or not source.repository:
        return ()
    return (source.objects, source.repository.common / "objects")


def _write_repository(source: Source, meta: str) -> None:
    """Write a repository that is ours alone, so nothing in it needs to be renamed into place."""
    for name in ("", "objects", "objects/info", "refs", "refs/heads", "refs/tags"):
        os.mkdir(f"{meta}/{name}")
    stores = [source.objects]
    if source.repository:
        stores.append(source.repository.common / "objects")
        _copy_refs(os.fspath(source.repository.common), meta)
    _write(f"{meta}/objects/info/alternates", b"".join(_alternate(s) + b"\n" for s in stores))
    _write(f"{meta}/config", _CONFIG)
    _write(f"{meta}/HEAD", os.fsencode(_head(source, meta)))


def _alternate(objects: Path) -> bytes:
    """A line that leads git to a store; quoted as in C where the path would be two lines."""
    path = os.fsencode(objects)
    if b"\n" not in path:
        return path
    for character, written in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(character, written)
    return b'"%s"' % path


def _head(source: Source, meta: str) -> str:
    if source.commit is None:
        return "ref: refs/heads/main\n"
    if source.branch is None:
        return f"{source.commit.id}\n"
    branch = f"{meta}/refs/heads/{source.branch}"
    os.makedirs(os.path.dirname(branch), exist_ok=True)
    _write(branch, f"{source.commit.id}\n".encode())
    return f"ref: refs/heads/{source.branch}\n"


def _copy_refs(common: str, meta: str) -> None:
    for name in ("packed-refs", "shallow"):
        if os.path.isfile(f"{common}/{name}"):
            _copy(f"{common}/{name}", f"{meta}/{name}")
    left = ["refs/tags", "refs/heads"]
    while left:
        below = left.pop()
        for entry in _entries(f"{common}/{below}"):
            ours = f"{below}/{entry.name}"
            if entry.is_dir():
                os.mkdir(f"{meta}/{ours}")
                left += () if entry.is_symlink() else (ours,)
            else:
                _copy(entry.path, f"{meta}/{ours}")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as file:
        _write(target, file.read())


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _fill_submodules(source: Source, folder: Path) -> None:
    """Check out submodules that are present in the user's own work tree or modules folder."""
    if not source.repository or not (folder / ".gitmodules").is_file():
        return
    for line in source.tree.entries:
        mode, _, rest = line.partition(b" ")
        if mode != b"160000":
            continue
        facts, _, path = rest.partition(b"\t")
        _fill_submodule(source, folder, os.fsdecode(path), facts.split(b" ")[1].decode())


def _fill_submodule(source: Source, folder: Path, path: str, commit: str) -> None:
    theirs = source.root / path
    target = folder / path
    found = (
        try_git("rev-parse", "--absolute-git-dir", "--show-prefix", cwd=theirs)
        if (theirs / ".git").exists()
        else None
    )
    if found is None or found.code or found.text.split("\n")[1]:
        return  # not initialised there either: the folder stays empty, as in their own tree
    index = folder / ".git" / "submodule-index"
    env = {"GIT_DIR": found.text.split("\n")[0], "GIT_WORK_TREE": str(target)}
    env["GIT_INDEX_FILE"] = str(index)
    target.mkdir(parents=True, exist_ok=True)
    git("read-tree", "-u", "--reset", commit, cwd=target, env=env)
    index.unlink(missing_ok=True)
