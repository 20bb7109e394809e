"""Where a project lies: its root, the git repository around it, and what git says of both."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from fairlead.errors import RepositoryError
from fairlead.util.git import git, try_git

PIPELINE_FILES = ("fairlead.yml", "fairlead.yaml")
_TAGS = "refs/tags/"
_MOVING = (b"worktree", b"include", b"extensions")
# The default branch goes by one of these, the surest first.
_DEFAULTS = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master")


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A git repository as git describes it.

    ``top`` is the work tree's root, ``None`` for a bare one; ``prefix`` leads from it to the
    folder that was asked about, with a trailing slash. ``common`` is the folder that holds
    objects and refs (another one than ``folder`` in a linked work tree).
    """

    folder: Path
    common: Path
    top: Path | None
    prefix: str = ""


def find_repository(path: Path) -> Repository | None:
    """The repository around ``path``, or ``None`` where there is none.

    Raises ``RepositoryError`` where git refuses (unsafe owner, broken repository).
    """
    if (ordinary := _ordinary(path)) is not None:
        return ordinary
    asked = ("--is-bare-repository", "--absolute-git-dir", "--git-common-dir", "--show-prefix")
    done = try_git("rev-parse", *asked, "--show-toplevel", cwd=path)
    lines = done.text.split("\n")
    if not done.code:
        return _described(lines, path, Path(lines[4]))
    if lines[0] == "true":
        return _described(lines, path, None)
    words = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in words:
        return None
    raise RepositoryError(f"git cannot read the repository at {path}: {words}")


def _ordinary(path: Path) -> Repository | None:
    """A repository that can be told without asking git, which takes longer than most questions.

    It is a ``.git`` folder that is ours, in a folder that is ours, on one file system with
    ``path``, without any setting that moves things; ``None`` for whatever is not that plain.
    """
    try:
        here = path.stat()
        if _plainly_bare(path, here):
            return Repository(folder=path, common=path, top=None)
        for folder in (path, *path.parents):
            around, meta = folder.stat(), folder / ".git"
            if around.st_dev != here.st_dev or (folder / "HEAD").exists():
                return None
            if os.path.lexists(meta):
                inside = meta.lstat()
                ours = inside.st_uid == around.st_uid == os.geteuid()
                plain = stat.S_ISDIR(inside.st_mode) and not (meta / "commondir").exists()
                if not (ours and plain and _unmoved(meta)):
                    return None
                below = path.relative_to(folder).as_posix()
                prefix = "" if below == "." else f"{below}/"
                return Repository(folder=meta, common=meta, top=folder, prefix=prefix)
    except OSError:
        pass
    return None


def _plainly_bare(path: Path, status: os.stat_result) -> bool:
    """Whether ``path`` itself is a bare repository of ours, as those that we host are."""
    if status.st_uid != os.geteuid() or not (path / "HEAD").is_file():
        return False
    words = _settings(path)
    bare = b"bare=true" in words.splitlines() and not (path / "commondir").exists()
    return bare and _complete(path) and not any(word in words for word in _MOVING)


def _unmoved(meta: Path) -> bool:
    """Whether a ``.git`` folder is complete, and its settings say nothing of where things are."""
    words = _settings(meta)
    bare = (b"bare=true", b"bare\n", b"bare=1", b"bare=y")
    return _complete(meta) and not any(word in words for word in (*_MOVING, *bare))


def _complete(meta: Path) -> bool:
    return (meta / "HEAD").is_file() and (meta / "objects").is_dir() and (meta / "refs").is_dir()


def _settings(meta: Path) -> bytes:
    return (meta / "config").read_bytes().lower().replace(b" ", b"").replace(b"\t", b"")


def _described(lines: list[str], path: Path, top: Path | None) -> Repository:
    return Repository(
        folder=Path(lines[1]),
        common=(path / lines[2]).resolve(),
        top=top,
        prefix=lines[3] if top else "",
    )


def project_root(path: Path, repository: Repository | None) -> Path:
    """The project that ``path`` belongs to.

    It is the nearest folder upwards that holds a pipeline file, up to the work tree's root;
    without one, that root; without a repository, the nearest with a pipeline file or ``path``.
    """
    last = repository.top if repository and repository.top else None
    for folder in (path, *path.parents):
        if any((folder / name).is_file() for name in PIPELINE_FILES):
            return folder
        if folder == last:
            return folder
        if last is None and repository is not None:
            break
    return path


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit's facts; ``tree`` is the object id of its root tree, ``tags`` point at it."""

    id: str
    tree: str
    parent: str = ""
    author: str = ""
    message: str = ""
    tags: tuple[str, ...] = ()


def read_commit(folder: Path, revision: str) -> Commit | None:
    """Look a revision up from somewhere in a repository.

    ``None`` where it does not exist (as in an empty repository).
    """
    if revision.startswith("-"):
        raise RepositoryError(f"{revision!r} is not a revision")
    form = "--format=%H%x00%T%x00%P%x00%ae%x00%D%x00%B"
    plain = ("--no-show-signature", "--decorate=full", f"--decorate-refs={_TAGS}")
    done = try_git("log", "-1", *plain, form, f"{revision}^{{commit}}", "--", cwd=folder)
    if done.code:
        return None
    fields = done.stdout.decode("utf-8", "replace").split("\0")
    start = f"tag: {_TAGS}"
    return Commit(
        id=fields[0],
        tree=fields[1],
        parent=fields[2].partition(" ")[0],
        author=fields[3],
        message=fields[5].strip(),
        tags=tuple(n.removeprefix(start) for n in fields[4].split(", ") if n.startswith(start)),
    )


def current_branch(repository: Repository) -> str | None:
    """The branch that is checked out, ``None`` when the head is detached."""
    head = (repository.folder / "HEAD").read_text("utf-8", "replace").strip()
    start = "ref: refs/heads/"
    return head.removeprefix(start) if head.startswith(start) else None


def default_tips(folder: Path) -> dict[str, str]:
    """The commits of those refs that may be the default branch, by ref."""
    listed = try_git("for-each-ref", "--format=%(objectname) %(refname)", *_DEFAULTS, cwd=folder)
    return {name: tip for tip, _, name in (row.partition(" ") for row in listed.text.splitlines())}


def merge_base(folder: Path, commit: str, tips: Mapping[str, str]) -> str | None:
    """Where ``commit`` left the default branch, of ``default_tips``; ``None`` if nothing tells."""
    for name in _DEFAULTS:
        if tips.get(name) == commit:
            return commit
        if name in tips:
            done = try_git("merge-base", commit, tips[name], cwd=folder)
            if not done.code:
                return done.text.strip()
    return None


def exact_tag(repository: Repository, commit: Commit) -> str | None:
    """A tag that points at ``commit``, the newest by version where there are several."""
    if len(commit.tags) <= 1:
        return commit.tags[0] if commit.tags else None
    args = ("tag", "--points-at", commit.id, "--sort=-version:refname")
    return git(*args, cwd=repository.folder).decode("utf-8", "replace").split("\n")[0]
