"""Successes that may be reused: a step whose inputs are the same need not run again.

A key covers the bytes of the step's inputs in the tree, the environment's key, the command and
all commands before it in the job, the allow-listed variables, the services and declared ignored
files. Only successes are kept, each in a folder of its own: its log and its declared outputs.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fairlead.model import Job, Reuse, Step
from fairlead.util.decoding import from_msgpack
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic
from fairlead.util.globs import selects

if TYPE_CHECKING:
    import tarfile

_VERSION = "2"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier success: what it wrote, how long it took, and a tar of its outputs."""

    log: bytes
    seconds: float
    run: int
    outputs: bytes = b""


class KeyParts(msgspec.Struct, frozen=True, kw_only=True):
    """What all steps of one attempt share: the environment's key and the tree's entries.

    ``entries`` are ``git ls-tree -r`` lines, ``root`` is where declared ignored files lie.
    """

    environment: str
    tree: str
    entries: Sequence[bytes]
    root: Path


def step_key(job: Job, index: int, parts: KeyParts, variables: Mapping[str, str]) -> str | None:
    """The key of a step, or ``None`` where it must run."""
    step = job.steps[index]
    if step.reuse is None:
        return None
    digest = sha256()
    chain = tuple((s.command, s.env) for s in job.steps[: index + 1])
    services = tuple((s.name, s.kind, s.command, s.env) for s in job.services)
    # What was made with secrets is no answer to a job that asks for none.
    told = (job.env, job.secrets, step.reuse.outputs)
    known = (_VERSION, parts.environment, chain, services, told)
    digest.update(repr(known).encode("utf-8", "backslashreplace"))
    for name in sorted(step.reuse.env):
        digest.update(f"{name}={variables.get(name)}\0".encode("utf-8", "backslashreplace"))
    for line in _inputs(step.reuse, parts):
        digest.update(line + b"\0")
    for data in _declared_files(step.reuse, parts.root):
        digest.update(sha256(data).digest())
    return digest.hexdigest()


def _inputs(reuse: Reuse, parts: KeyParts) -> Iterable[bytes]:
    if not reuse.inputs:
        return (parts.tree.encode(),)
    return (
        line
        for line in parts.entries
        if selects(reuse.inputs, os.fsdecode(line.partition(b"\t")[2]))
    )


def _declared_files(reuse: Reuse, root: Path) -> Iterable[bytes]:
    for name in reuse.files:
        try:
            yield b"file " + (root / name).read_bytes()
        except OSError:
            yield b"absent"


class StepCache:
    """The stored successes below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> Stored | None:
        """An earlier success with that key."""
        path = self._path(key)
        try:
            stored = from_msgpack(path.read_bytes(), Stored)
            os.utime(path)  # the time of its last use, for pruning
        except (OSError, msgspec.DecodeError):
            return None
        return stored

    def store(self, key: str, stored: Stored) -> None:
        """Keep a success. Raises ``StoreError``."""
        write_atomic(self._path(key), msgspec.msgpack.encode(stored))

    def prune(self, max_age: float) -> None:
        """Forget what was not used for ``max_age`` seconds."""
        old = time.time() - max_age
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                if path.stat().st_mtime <= old:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


def pack_outputs(workspace: Path, names: Iterable[str]) -> bytes:
    """A tar of files in the workspace, in a stable order and without times."""
    import tarfile

    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in sorted(names):
            info = tar.gettarinfo(str(workspace / name), arcname=name)
            info.mtime = 0
            with (workspace / name).open("rb") as file:
                tar.addfile(info, file)
    return buffer.getvalue()


def unpack_outputs(workspace: Path, data: bytes) -> None:
    """Put stored outputs where the step would have left them."""
    if data:
        import tarfile

        with tarfile.open(fileobj=BytesIO(data)) as tar:
            # Pythons before 3.11.4 have no filters; the names in it are ours in any case.
            tar.extraction_filter = getattr(tarfile, "data_filter", _as_packed)
            tar.extractall(workspace)  # noqa: S202 — see above


def _as_packed(member: "tarfile.TarInfo", _path: str) -> "tarfile.TarInfo":
    return member


def describe(step: Step, stored: Stored) -> str:
    """What is said of a step that was not run."""
    return f"reused from run {stored.run} (took {stored.seconds:.1f} s there): {step.name}"
