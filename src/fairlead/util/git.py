"""Git by its command line, with the surroundings it is run in under our control."""

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from fairlead.errors import RepositoryError, StoreError
from fairlead.util.proc import Completed, run
from fairlead.util.spawn import MOST, spawn

# A repository's own hooks, monitors and prompts must not run because somebody plans a build.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")

_FULL = ("No space left on device", "Out of diskspace", "Disk quota exceeded")


def git_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables git is run with: the user's, without any ``GIT_*`` that redirects it."""
    source = os.environ if environ is None else environ
    kept = {name: value for name, value in source.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def try_git(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, data: bytes | None = None
) -> Completed:
    """Run git, with ``data`` as its input, and return what came of it, whatever its exit code.

    Raises ``RepositoryError`` where git itself is not installed.
    """
    surroundings = git_environment() | dict(env or {})
    argv = ("git", "-C", os.fspath(cwd), *_SAFE, *args)
    if os.path.isdir(cwd) and not os.access(cwd, os.X_OK):
        raise RepositoryError(
            f"{cwd} may not be entered", hint="run it as the user whose folder it is"
        )
    try:
        if data and len(data) > MOST:
            return run(argv, env=surroundings, data=data)
        return spawn(argv, surroundings, data or b"")
    except Exception as error:
        raise RepositoryError(
            f"git cannot be run: {error}", hint="install git (2.25 or newer)"
        ) from error


def git(*args: str, cwd: Path, env: Mapping[str, str] | None = None) -> bytes:
    """Run git and return its standard output; ``RepositoryError`` carries git's own words.

    Raises ``StoreError`` where git had no space to write.
    """
    done = try_git(*args, cwd=cwd, env=env)
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.code}"
        text = f"git {_subcommand(args)}: {words}"
        if any(full in words for full in _FULL):
            hint = "free some space there, or name another folder with FAIRLEAD_HOME"
            raise StoreError(text, hint=hint)
        raise RepositoryError(text)
    return done.stdout


def _subcommand(args: tuple[str, ...]) -> str:
    """``add`` of ``-c name=value add``."""
    names = (b for a, b in pairwise(("", *args)) if a != "-c" and not b.startswith("-"))
    return next(names, args[0])
