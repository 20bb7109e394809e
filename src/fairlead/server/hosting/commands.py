"""Git run by the server itself: with an end to its time, and killed with all that it started."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fairlead.errors import RepositoryError
from fairlead.server.hosting.surroundings import bare_variables
from fairlead.util.proc import Completed

LONGEST = 120.0
"""Seconds a local command may take."""


def try_git(
    *words: str,
    repository: Path,
    data: bytes = b"",
    env: Mapping[str, str] | None = None,
    seconds: float = LONGEST,
) -> Completed:
    """Run git in a repository of ours, whatever its exit code.

    Raises ``RepositoryError`` where it takes longer than ``seconds``, or is not installed.
    """
    own = ("-c", f"safe.directory={repository}", "-c", "core.hooksPath=/dev/null")
    try:
        process = subprocess.Popen(
            ("git", *own, *words),
            cwd=repository,
            env=bare_variables() | dict(env or {}) | {"GIT_DIR": str(repository)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise RepositoryError(f"git cannot be run in {repository.name}: {error}") from error
    with process:
        try:
            out, said = process.communicate(data, seconds)
        except subprocess.TimeoutExpired as error:
            raise RepositoryError(
                f"git {words[0]} took longer than {seconds:g} s and was stopped"
            ) from error
        finally:
            if process.returncode is None:
                _kill(process)
    return Completed(process.returncode, out, said)


def git(
    *words: str,
    repository: Path,
    data: bytes = b"",
    env: Mapping[str, str] | None = None,
    seconds: float = LONGEST,
) -> bytes:
    """The same, its standard output; ``RepositoryError`` carries git's own words."""
    done = try_git(*words, repository=repository, data=data, env=env, seconds=seconds)
    if done.code:
        text = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.code}"
        raise RepositoryError(f"git {words[0]} in {repository.name}: {text}")
    return done.stdout


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
