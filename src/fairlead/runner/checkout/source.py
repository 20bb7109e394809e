"""What is to be built: a folder as it is, or a commit, under one name."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from fairlead.errors import RepositoryError, UsageError
from fairlead.model import Trigger
from fairlead.runner.checkout.commits import is_full_id, look_up
from fairlead.runner.checkout.heads import Head, current_head, head_of, read_head
from fairlead.runner.checkout.repository import (
    Repository,
    current_branch,
    exact_tag,
    find_repository,
    project_root,
    read_commit,
)
from fairlead.runner.checkout.snapshot import (
    make_store,
    object_environment,
    snapshot_folder,
    snapshot_work_tree,
)
from fairlead.util.digest import sha256
from fairlead.util.errand import Errand
from fairlead.util.git import git, try_git

_PERHAPS_SHALLOW = "a shallow clone may lack it: git fetch --unshallow"


class Source:
    """A project's files at one moment, and where they came from.

    ``tree_id`` is a git tree in ``objects`` or in the user's repository; two sources with equal
    files have equal ids. ``commit`` is the commit underneath (for a folder as it is: its HEAD).
    """

    def __init__(
        self,
        *,
        root: Path,
        repository: Repository | None,
        store: Path,
        tree_id: str,
        head: Head,
        branch: str | None,
        exact: bool,
    ) -> None:
        self.root = root
        self.repository = repository
        self.store = store
        self.tree_id = tree_id
        self.commit = head.commit
        self.branch = branch
        self.exact = exact
        self._fork = head.fork

    def at(self, tree_id: str) -> "Source":
        """The same project with the files of another tree, such as an earlier run's."""
        return Source(
            root=self.root,
            repository=self.repository,
            store=self.store,
            tree_id=tree_id,
            head=Head(),
            branch=None,
            exact=True,
        )

    def below(self, root: Path) -> "Source":
        """The same commit for the project at ``root``, where the results of runs are kept."""
        return Source(
            root=root,
            repository=self.repository,
            store=self.store,
            tree_id=self.tree_id,
            head=Head(self.commit, self._fork),
            branch=self.branch,
            exact=True,
        )

    @property
    def objects(self) -> Path:
        """Our object store."""
        return self.store / "objects"

    @property
    def env(self) -> dict[str, str]:
        """Variables with which git sees all objects of this source."""
        bare = {} if self.repository else {"GIT_DIR": str(self.store / "plain.git")}
        return object_environment(self.objects, self.repository) | bare

    @cached_property
    def tree(self) -> "SourceTree":
        """The files, as the planners want them."""
        return SourceTree(self)

    @property
    def whole(self) -> bool:
        """Whether the project is all of its repository, so that a ``.git`` makes sense."""
        return self.repository is not None and self.repository.top in (self.root, None)

    @cached_property
    def base(self) -> str | None:
        """The commit that the change is measured from, ``None`` where there is none.

        The fork point from the default branch; on the default branch itself HEAD for a changed
        folder, and else the commit before.
        """
        if not self.commit:
            return None
        if self._fork and self._fork != self.commit.id:
            return self._fork
        return (self.commit.parent or None) if self.exact or not self.dirty else self.commit.id

    @cached_property
    def dirty(self) -> bool:
        """Whether the files differ from the commit underneath."""
        return self.commit is None or self.commit_tree(self.commit.id) != self.tree_id

    def commit_tree(self, commit: str) -> str:
        """The project's tree in a commit, empty where that commit has no such folder."""
        if self.commit and commit == self.commit.id and not self.prefix:
            return self.commit.tree
        below = f"{commit}:{self.prefix}"
        done = try_git("rev-parse", "--verify", "-q", below, cwd=self.store, env=self.env)
        return done.text.strip()

    @property
    def prefix(self) -> str:
        """The project's folder below its repository's top, with a trailing slash, or empty."""
        top = self.repository.top if self.repository else None
        below = os.path.relpath(self.root, top) if top else "."
        return "" if below == "." else f"{below}/"

    @cached_property
    def describe(self) -> str:
        """What tags call the commit underneath, as versions taken from tags do; or empty."""
        if not self.whole or self.repository is None or self.commit is None:
            return ""
        args = ("describe", "--tags", "--long", "--always", "--match=*", self.commit.id)
        named = try_git(*args, cwd=self.repository.folder).text.strip()
        return f"{named}-dirty" if self.dirty else named

    def diff(self, base: str) -> bytes:
        """``git diff -U0`` from commit ``base`` to these files, paths relative to the project."""
        before = self.commit_tree(base)
        if not before:
            return b""
        form = ("-U0", "--no-color", "--no-ext-diff", "--no-textconv", "-M", "--src-prefix=a/")
        args = (*form, "--dst-prefix=b/", before, self.tree_id)
        return git("diff-tree", "-p", "-r", *args, cwd=self.store, env=self.env)

    def changed_since(self, revision: str) -> tuple[str, ...]:
        """Paths that differ from ``revision``; ``UsageError`` where it does not exist."""
        commit = read_commit(self.root, revision) if self.repository else None
        before = self.commit_tree(commit.id) if commit else ""
        if not before:
            raise UsageError(
                f"there is no revision {revision!r} to compare with", hint=_PERHAPS_SHALLOW
            )
        args = ("-r", "-z", "--name-only", before, self.tree_id)
        names = git("diff-tree", *args, cwd=self.store, env=self.env)
        return tuple(n.decode("utf-8", "backslashreplace") for n in names.split(b"\0") if n)

    def trigger(self, *, event: str = "local", since: str | None = None) -> Trigger:
        """The event that a person's ``fairlead run`` stands for."""
        commit = self.commit
        tag = exact_tag(self.repository, commit) if commit and self.repository else None
        return Trigger(
            event=event,
            repository=self.root.name,
            branch=self.branch,
            tag=tag if not self.dirty else None,
            commit=commit.id if commit else None,
            base=self.base,
            message=commit.message if commit else "",
            author=commit.author if commit else "",
            changed=self.changed_since(since) if since else None,
        )


class SourceTree:
    """The files of a source: from disk for a folder as it is, from git for a commit."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: dict[str, bytes | None] = {}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """All file paths, sorted."""
        return tuple(sorted(os.fsdecode(line.partition(b"\t")[2]) for line in self.entries))

    @cached_property
    def entries(self) -> tuple[bytes, ...]:
        """``mode type id<TAB>path`` of every file, as ``git ls-tree`` prints them."""
        args = ("ls-tree", "-r", "-z", "--full-tree", self._source.tree_id)
        listed = git(*args, cwd=self._source.store, env=self._source.env)
        return tuple(line for line in listed.split(b"\0") if line)

    def know(self, files: Mapping[str, bytes | None]) -> None:
        """Take files that were read already."""
        self._read.update(files)

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, or ``None``."""
        if path not in self._read:
            self._read[path] = self._from_git(path) if self._source.exact else self._on_disk(path)
        return self._read[path]

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.paths)

    def _from_git(self, path: str) -> bytes | None:
        if "entries" in self.__dict__ and path not in self._names:
            return None  # which git need not be asked once it has listed what there is
        where = f"{self._source.tree_id}:{path}"
        done = try_git("cat-file", "blob", where, cwd=self._source.store, env=self._source.env)
        return None if done.code else done.stdout

    def _on_disk(self, path: str) -> bytes | None:
        try:
            return (self._source.root / path).read_bytes()
        except (OSError, ValueError):
            return None


def open_source(path: Path, home: Path, revision: str | None = None) -> Source:
    """Take the project around ``path``: as it is, or at ``revision``.

    Raises ``RepositoryError`` for a revision that does not exist, a folder that is no
    repository where one is needed, and a bare repository without any commit.
    """
    path = path.resolve()
    repository = find_repository(path)
    if repository is None and revision:
        raise RepositoryError(
            f"{path} is not a git repository, so it has no commit {revision!r}",
            hint="leave --commit away to run the files as they are",
        )
    root = project_root(path, repository)
    if repository and repository.top is None:
        root = repository.folder
    store = home / "objects" / sha256(os.fsencode(root)).hexdigest()[:16]
    make_store(store / "objects")
    if repository and (revision or repository.top is None):
        name = revision or "HEAD"
        return _committed(root, repository, store, name, read_head(path, name))
    if repository is None:
        return Source(
            root=root, repository=None, store=store, tree_id=snapshot_folder(root, store),
            head=Head(), branch=None, exact=False,
        )  # fmt: skip
    head = Errand(lambda: current_head(repository, path, store / "head"))
    tree = snapshot_work_tree(repository, root, store / "objects")
    return Source(
        root=root, repository=repository, store=store, tree_id=tree,
        head=head.result(), branch=current_branch(repository), exact=False,
    )  # fmt: skip


def open_commit(path: Path, home: Path, commit: str) -> Source:
    """Take the project around ``path`` at a commit by its full id, asking git as little as can be.

    No branch and no tags are known of it; a trigger tells them. Raises as ``open_source`` does.
    """
    repository = find_repository(path) if is_full_id(commit) else None
    known = look_up(repository, commit) if repository else None
    if repository is None or known is None or repository.prefix:
        return open_source(path, home, commit)
    root = project_root(path, repository) if repository.top else repository.folder
    store = home / "objects" / sha256(os.fsencode(root)).hexdigest()[:16]
    make_store(store / "objects")
    source = Source(
        root=root, repository=repository, store=store, tree_id=known.commit.tree,
        head=head_of(repository, path, known.commit), branch=None, exact=True,
    )  # fmt: skip
    if source.prefix:
        return open_source(path, home, commit)
    source.tree.know(known.files)
    return source


def _committed(
    root: Path, repository: Repository, store: Path, revision: str, head: Head
) -> Source:
    commit = head.commit
    if commit is None:
        known = "the repository has no commit yet" if revision == "HEAD" else "no such revision"
        raise RepositoryError(
            f"cannot build {revision!r}: {known}",
            hint=_PERHAPS_SHALLOW,
        )
    branch = _branch_named(repository, revision)
    source = Source(
        root=root, repository=repository, store=store, tree_id=commit.tree,
        head=head, branch=branch, exact=True,
    )  # fmt: skip
    below = source.commit_tree(commit.id)
    if not below:
        raise RepositoryError(f"commit {commit.id[:10]} does not contain {source.prefix}")
    source.tree_id = below
    return source


def _branch_named(repository: Repository, revision: str) -> str | None:
    if revision == "HEAD":
        return current_branch(repository)
    name = f"refs/heads/{revision}"
    done = try_git("show-ref", "--verify", "-q", name, cwd=repository.folder)
    return None if done.code else revision
