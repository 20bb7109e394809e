"""What a push to a bare repository sets off: its commit is tested and deployed, without a server.

The work is done in a repository of ours inside theirs, the *desk*. It borrows their objects, those
of a push that git has not accepted yet too, and it keeps runs, releases and refs; nothing in the
repository itself is written.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from fairlead.cli import context
from fairlead.errors import PipelineError, RepositoryError
from fairlead.util.git import git, git_environment, try_git

if TYPE_CHECKING:
    from fairlead.model.environment import Environment
    from fairlead.triggers.push import RefUpdate

_FOLDER: Final = "fairlead"
Say = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the pusher said with ``-o``: environments by name (``deploy=NAME``), or none at all."""

    named: tuple[str, ...] = ()
    nothing: bool = False


def push_options(environ: Mapping[str, str]) -> Wanted:
    """The options of a push, as git hands them to hooks (githooks(5))."""
    count = environ.get("GIT_PUSH_OPTION_COUNT", "")
    numbers = range(int(count) if count.isdecimal() else 0)
    said = [environ.get(f"GIT_PUSH_OPTION_{number}", "") for number in numbers]
    named = (text.partition("=")[2] for text in said if text.startswith("deploy="))
    return Wanted(
        named=tuple(dict.fromkeys(filter(None, named))),
        nothing=any(text in {"deploy.skip", "skip-deploy", "deploy=none"} for text in said),
    )


class Desk:
    """Our repository inside a bare one."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        name = repository.name.removesuffix(".git") or repository.parent.name
        self.folder = repository / _FOLDER / name

    @contextmanager
    def taken(self, quarantine: str, say: Say) -> Iterator[None]:
        """Have it to ourselves, with the objects of the push in sight."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another push to be deployed")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.folder / "HEAD").exists():
                git("init", "-q", "--bare", ".", cwd=self.folder)
            self._borrow(quarantine)
            try:
                yield
            finally:
                self._borrow("")

    def _borrow(self, quarantine: str) -> None:
        places = [str((self.repository / "objects").resolve()), *filter(None, [quarantine])]
        alternates = self.folder / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text("".join(f"{place}\n" for place in places), "utf-8")

    @contextmanager
    def at(self, update: "RefUpdate") -> Iterator[None]:
        """With a ref where the push moves it; back where it was after an error."""
        full = update.ref.full
        was = try_git("rev-parse", "-q", "--verify", full, cwd=self.folder).text.strip()
        git("update-ref", full, update.after or "", cwd=self.folder)
        if update.ref.kind == "branch":
            git("symbolic-ref", "HEAD", full, cwd=self.folder)
        else:  # commands without a revision mean this commit
            commit = git("rev-parse", f"{full}^{{commit}}", cwd=self.folder).decode().strip()
            git("update-ref", "--no-deref", "HEAD", commit, cwd=self.folder)
        try:
            yield
        except BaseException:
            back = ("update-ref", full, was) if was else ("update-ref", "-d", full)
            try_git(*back, cwd=self.folder)
            raise

    def fairlead(self, *arguments: str) -> int:
        """Run a command of ours there; what it writes goes to the pusher."""
        sys.stdout.flush()
        return subprocess.run(
            (sys.executable, "-m", "fairlead", *arguments),
            cwd=self.folder, env=git_environment(os.environ), stdin=subprocess.DEVNULL, check=False,
        ).returncode  # fmt: skip

    def tags_back(self) -> None:
        """Give the repository the tags that releases got."""
        place = str(self.folder)
        try_git("fetch", "-q", place, "refs/tags/*:refs/tags/*", cwd=self.repository)


class Refused(Exception):
    """A push that must not be accepted."""


def receive(
    desk: Desk, updates: Sequence["RefUpdate"], wanted: Wanted, *, test: bool, say: Say
) -> None:
    """Test and deploy what a push brings, to the environments whose rule takes it.

    Raises ``Refused`` with a sentence as soon as something is not as it should be.
    """
    for update in updates:
        if update.after is None or update.ref.kind not in {"branch", "tag"}:
            continue
        with desk.at(update):
            _receive(desk, update, wanted, test=test, say=say)
    unknown = set(wanted.named).difference(_names(desk, updates))
    if unknown and not wanted.nothing:
        raise Refused(f"no environment of what was pushed is called {', '.join(sorted(unknown))}")


def _receive(desk: Desk, update: "RefUpdate", wanted: Wanted, *, test: bool, say: Say) -> None:
    name = update.ref.name
    environments = _environments(desk, name)
    chosen = [] if wanted.nothing else _chosen(environments, update, wanted, say)
    if not chosen:
        say(f"{name}: deployed nowhere")
        return
    if test and desk.fairlead("run", "--plain", "--commit", name):
        raise Refused(f"{name} did not pass, so it is deployed nowhere")
    for environment in chosen:
        say(f"{name}: deploying to {environment.name}")
        revision = "--branch" if update.ref.kind == "branch" else "--commit"
        forced = () if test else ("--force",)
        arguments = ("deploy", environment.name, revision, name, "--plain", "--yes", *forced)
        if desk.fairlead(*arguments):
            raise Refused(f"{name} is not live in {environment.name}")


def _environments(desk: Desk, revision: str) -> tuple["Environment", ...]:
    from fairlead.pipeline.environments import find_environments
    from fairlead.runner.checkout import open_source

    source = open_source(desk.folder, context.settings().home, revision)
    found = find_environments(source.tree, desk.folder.name)
    if any(not problem.warning for problem in found.problems):
        raise PipelineError(found.problems)
    return found.environments


def _names(desk: Desk, updates: Sequence["RefUpdate"]) -> set[str]:
    refs = [u.ref.name for u in updates if u.after and u.ref.kind in {"branch", "tag"}]
    try:
        return {one.name for ref in refs for one in _environments(desk, ref)}
    except (PipelineError, RepositoryError):
        return set()


def _chosen(
    environments: Sequence["Environment"], update: "RefUpdate", wanted: Wanted, say: Say
) -> "list[Environment]":
    """Those whose rule takes the ref; what asks for a person has to be named by one."""
    from fairlead.util.globs import selects

    chosen = []
    for environment in environments:
        branch = update.ref.kind == "branch"
        globs = environment.branches if branch else environment.tags
        if environment.review or not globs or not selects(globs, update.ref.name):
            continue
        if wanted.named and environment.name not in wanted.named:
            continue
        if environment.approval:
            say(
                f"{environment.name} wants the approval of a second person: deploy it from a server"
            )
        elif environment.confirm and environment.name not in wanted.named:
            say(f"{environment.name} wants to be named: git push -o deploy={environment.name}")
        else:
            chosen.append(environment)
    return chosen
