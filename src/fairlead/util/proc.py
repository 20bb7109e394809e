"""Short helper commands of our own (git, uv): run, wait, read. Steps are not run here."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError


class Completed(msgspec.Struct, frozen=True):
    """What a finished command returned; ``code`` is negative for a signal."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text, undecodable bytes kept by surrogates."""
        return os.fsdecode(self.stdout)


def find_program(name: str) -> str | None:
    """The path of a program on PATH, as ``shutil.which`` without importing all of it."""
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    data: bytes | None = None,
) -> Completed:
    """Run ``argv`` to its end and return what it wrote; a non-zero exit is not an error here.

    ``data`` is its standard input, which is empty otherwise. Raises ``FairleadError`` where the
    program does not exist or takes longer than ``timeout`` seconds (it is killed then).
    """
    import subprocess

    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if data is None else None,
            input=data,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise FairleadError(f"{argv[0]} is not installed or not on PATH ({error})") from error
    except subprocess.TimeoutExpired as error:
        raise FairleadError(f"{argv[0]} took longer than {timeout:g} s and was stopped") from error
    return Completed(done.returncode, done.stdout, done.stderr)
