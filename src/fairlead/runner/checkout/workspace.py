"""A folder of its own for one attempt at a job, filled from the object store."""

import os
from collections.abc import Callable
from pathlib import Path

from fairlead.errors import StoreError
from fairlead.runner.checkout.source import Source
from fairlead.util.errand import Errand
from fairlead.util.fs import remove_tree, unusable, write_atomic
from fairlead.util.git import git, try_git


class Checkout:
    """The filling of a workspace: begun beside other work, or left until it is needed."""

    def __init__(self, fill: Callable[[], None]) -> None:
        self._fill = fill
        self._errand: Errand[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether there are, or will be, files in the workspace."""
        return self._errand is not None

    def begin(self) -> None:
        """Start filling; nothing where that has begun."""
        if self._errand is None:
            self._errand = Errand(self._fill)

    def finish(self) -> None:
        """Return when the files are there. Raises what filling raises."""
        self.begin()
        if self._errand:
            self._errand.result()

    def wait(self) -> None:
        """Return when nothing is written to the workspace any more, whatever came of it."""
        if self._errand:
            self._errand.wait()


def fill_workspace(source: Source, folder: Path) -> None:
    """Put the source's files into ``folder``, which must be empty or not exist yet.

    Where the project is its whole repository, ``folder/.git`` is a small repository that borrows
    all objects, so that ``git describe`` and versions taken from tags work.
    Raises ``StoreError`` when the disk does not take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        meta = folder / ".git"
        _write_repository(source, meta)
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


def _write_repository(source: Source, meta: Path) -> None:
    for name in ("objects/info", "refs/heads", "refs/tags"):
        (meta / name).mkdir(parents=True)
    stores = [source.objects]
    if source.repository:
        stores.append(source.repository.common / "objects")
        _copy_refs(source.repository.common, meta)
    (meta / "objects/info/alternates").write_bytes(
        b"".join(os.fsencode(path) + b"\n" for path in stores)
    )
    config = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlogallrefupdates = false\n"
    (meta / "config").write_text(config)
    (meta / "HEAD").write_text(_head(source, meta))


def _head(source: Source, meta: Path) -> str:
    if source.commit is None:
        return "ref: refs/heads/main\n"
    if source.branch is None:
        return f"{source.commit.id}\n"
    write_atomic(meta / "refs/heads" / source.branch, f"{source.commit.id}\n".encode())
    return f"ref: refs/heads/{source.branch}\n"


def _copy_refs(common: Path, meta: Path) -> None:
    for name in ("packed-refs", "shallow"):
        if (common / name).is_file():
            (meta / name).write_bytes((common / name).read_bytes())
    for kind in ("refs/tags", "refs/heads"):
        for folder, folders, files in os.walk(common / kind):
            ours = meta / os.path.relpath(folder, common)
            for name in folders:
                (ours / name).mkdir()
            for name in files:
                (ours / name).write_bytes((Path(folder) / name).read_bytes())


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
