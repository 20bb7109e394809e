"""The wheels of a lock file, for one interpreter: fetched once by their hashes, then kept.

Below ``home/releases/wheels`` lie ``files/<SHA-256>/<name>.whl`` and, for each line of a lock file
and kind of interpreter, ``lines/<digest>``: which of these it stands for. What there is no wheel
of is built from its source once, in a way that gives the same bytes again, and kept alike.
"""

import os
import posixpath
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import msgspec

from fairlead.errors import ReleaseFailed
from fairlead.release.locks import Locked, marker_environment
from fairlead.release.zips import rewrite_wheel
from fairlead.runner.environments import EnvironmentRequest, Environments
from fairlead.runner.environments.command import demand, surroundings
from fairlead.runner.environments.requirements import ROOT
from fairlead.runner.environments.resolution import package_name
from fairlead.runner.environments.tools import bundled
from fairlead.runner.pythons import Interpreter, find
from fairlead.util.decoding import from_json
from fairlead.util.fs import remove_tree, unusable, write_atomic

_EPOCH = "315532800"
"""1980-01-01, the first time a zip file knows: the same for every commit with the same lock."""
_COMMIT = r"@[0-9a-f]{40}(?:[0-9a-f]{24})?(?:[#&\s]|$)"
_KIND = 1
"""Raised when wheels that were built before must not be used any more."""


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel as it goes along: ``file`` is its name, ``sha256`` of its bytes."""

    name: str
    version: str
    file: str
    sha256: str


class Wheels:
    """The wheels kept below ``home`` for ``interpreter``.

    ``environ`` is the person's; below ``root`` lie the project's files, for lines that name some.
    """

    def __init__(
        self,
        environments: Environments,
        interpreter: Interpreter,
        environ: Mapping[str, str],
        root: Path,
        emit: Callable[[str], None],
    ) -> None:
        self._environments = environments
        self._root = root
        self._interpreter = interpreter
        self._environ = environ
        self._emit = emit
        self._folder = environments.home / "releases" / "wheels"

    def path(self, wheel: Wheel) -> Path:
        """Where a wheel lies."""
        return self._folder / "files" / wheel.sha256 / wheel.file

    def lines(self, chosen: Iterable[Wheel]) -> tuple[str, ...]:
        """Requirements that stand for exactly these wheels on this machine."""
        return tuple(
            f"{one.name} @ {self.path(one).absolute().as_uri()} --hash=sha256:{one.sha256}"
            for one in chosen
        )

    def get(self, locked: Locked) -> tuple[Wheel, ...]:
        """A wheel for each line that holds for this interpreter, sorted by name.

        Raises ``EnvironmentFailed`` with pip's own words, ``StoreError`` for a full disk,
        ``ReleaseFailed`` for two versions of one package.
        """
        around = marker_environment(self._interpreter)
        pinned = [line for line in locked.pinned if _holds(line, around)]
        direct = [line for line in locked.direct if _holds(line, around)]
        found = {line: wheel for line in (*pinned, *direct) if (wheel := self._known(line))}
        missing = [line for line in pinned if line not in found]
        found |= self._fetch(missing, locked.options, hashes=True)
        found |= self._fetch([line for line in direct if line not in found], locked.options)
        return _each_once(found.values())

    def forget(self, wheel: Wheel) -> None:
        """Remove a wheel whose bytes are not what they were."""
        remove_tree(self.path(wheel).parent)

    def _note(self, line: str) -> Path:
        one = self._interpreter
        identity = (_KIND, one.short, one.implementation, one.platform, one.abi, _plain(line))
        return self._folder / "lines" / sha256(msgspec.json.encode(identity)).hexdigest()[:40]

    def _known(self, line: str) -> Wheel | None:
        note = self._note(line)
        try:
            wheel = from_json(note.read_bytes(), Wheel)
            now = time.time()
            for path in (note, self.path(wheel)):
                os.utime(path, (now, now))
        except (OSError, msgspec.MsgspecError):
            return None
        return wheel

    def _fetch(
        self, lines: list[str], options: tuple[str, ...], *, hashes: bool = False
    ) -> dict[str, Wheel]:
        if not lines:
            return {}
        version = self._interpreter.version
        count = "1 package" if len(lines) == 1 else f"{len(lines)} packages"
        self._emit(f"fetching wheels of {count} for Python {version}")
        with self._environments.store.aside() as aside:
            wanted, folder, tmp = (aside.folder / name for name in ("wanted.txt", "wheels", "tmp"))
            tmp.mkdir()
            wanted.write_text("\n".join([*options, *lines, ""]))
            argv = [str(self._interpreter.real), "-s", "-m", "pip", "wheel", "--no-deps", "-q"]
            argv += ["--wheel-dir", str(folder), "-r", str(wanted)]
            argv += ["--require-hashes"] if hashes else []
            self._run(argv, aside.folder, tmp, aside.lock)
            made = {
                package_name(path.name.partition("-")[0]): path
                for path in sorted(folder.glob("*.whl"))
            }
            return {line: self._keep(line, made) for line in lines}

    def _run(self, argv: list[str], folder: Path, tmp: Path, lock: int) -> None:
        import subprocess

        from fairlead.util.proc import Completed

        env = surroundings(self._environ, self._environments.indexes, trusted=True)
        env |= {
            "PYTHONPATH": self._pip(),
            "PROJECT_ROOT": str(self._root),
            "PIP_CACHE_DIR": str(self._environments.home / "pip" / "trusted"),
            "TMPDIR": str(tmp),
            "SOURCE_DATE_EPOCH": _EPOCH,
            "PYTHONHASHSEED": "0",
            # Where it was compiled must not stand in what was compiled.
            "CFLAGS": f"{env.get('CFLAGS', '')} -g0".strip(),
        }
        done = subprocess.run(
            argv,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            pass_fds=(lock,),
            umask=0o022,
        )
        what = f"cannot fetch the wheels for Python {self._interpreter.version}"
        demand(Completed(done.returncode, done.stdout, done.stderr), what)

    def _pip(self) -> str:
        """Where to import pip from: what came with such an interpreter, else one of our own.

        Debian's comes without; one of the same version that somebody built has it.
        """
        found_here = find(self._environments.home, self._environ)
        like = (one for one in found_here if one.short == self._interpreter.short)
        if came := next(filter(None, map(bundled, (self._interpreter, *like))), ()):
            return os.pathsep.join(str(self._unpacked(wheel)) for wheel in came)
        request = EnvironmentRequest(interpreter=self._interpreter)
        found = self._environments.prepare(request, self._emit, pip=False)
        if len(found.parts) < 2:  # noqa: PLR2004 — the environment itself, and what holds pip
            raise ReleaseFailed("; ".join(found.notices) or "there is no pip for this Python")
        return str(found.parts[1].site)

    def _unpacked(self, wheel: Path) -> Path:
        """A wheel as a folder: the byte code of what is imported from there is kept."""
        folder = self._environments.home / "releases" / "pip" / wheel.stem
        if not folder.exists():
            with self._environments.store.aside() as aside, ZipFile(wheel) as archive:
                archive.extractall(aside.content)
                folder.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):  # somebody else was faster
                    os.rename(aside.content, folder)
        return folder

    def _keep(self, line: str, made: Mapping[str, Path]) -> Wheel:
        path = made.get(_name_of(line))
        if path is None:
            raise ReleaseFailed(f"pip made no wheel of {_plain(line)}")
        digest = _digest(path)
        if digest not in line:
            rewrite_wheel(path)
            digest = _digest(path)
        name, version = path.name.split("-")[:2]
        wheel = Wheel(name=package_name(name), version=version, file=path.name, sha256=digest)
        target = self.path(wheel)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        except OSError as error:
            raise unusable(target, error) from error
        if digest in line or "--hash" in line or re.search(_COMMIT, line):
            write_atomic(self._note(line), msgspec.json.encode(wheel))
        return wheel


def prune_wheels(home: Path, before: float) -> None:
    """Forget wheels that no release has taken since ``before`` (Unix seconds)."""
    folder = home / "releases" / "wheels"
    for path in (*folder.glob("files/*/*.whl"), *folder.glob("lines/*")):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                remove_tree(path.parent if path.suffix == ".whl" else path)


def requirements_of(wheels: Iterable[Wheel]) -> bytes:
    """The requirements file with which exactly these wheels are installed, whatever their order."""
    lines = (f"{one.name}=={one.version} --hash=sha256:{one.sha256}\n" for one in wheels)
    return "".join(lines).encode()


def environment_digest(interpreter: Interpreter, wheels: Iterable[Wheel]) -> str:
    """What stands for all that is installed: equal for equal wheels and Pythons only."""
    python = (interpreter.short, interpreter.implementation, platform_of(interpreter))
    installed = [(one.file, one.sha256) for one in wheels]
    return sha256(msgspec.json.encode([python, installed])).hexdigest()[:32]


def platform_of(interpreter: Interpreter) -> str:
    """The platform tag of what is built for an interpreter: ``linux_x86_64``."""
    return re.sub(r"[-.]", "_", interpreter.platform)


def _plain(line: str) -> str:
    """A line without its markers: they decide whether it counts, not what it is."""
    head, _, hashes = line.partition(" --hash")
    return f"{head.partition(' ;')[0].strip()} --hash{hashes}" if hashes else head.strip()


def _name_of(line: str) -> str:
    """The package that a line is about; a file of the project's is called as its package is."""
    if line.startswith(ROOT):
        line = posixpath.basename(line.partition(" ")[0]).partition("-")[0]
    return package_name(line)


def _holds(line: str, around: Mapping[str, str]) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    text = line.partition(" --hash")[0].strip()
    if text.startswith(ROOT):
        return True
    try:
        marker = Requirement(text).marker
    except InvalidRequirement as error:
        raise ReleaseFailed(f"{text!r} is not a requirement: {error}") from error
    return marker is None or marker.evaluate({**around, "extra": ""})


def _each_once(wheels: Iterable[Wheel]) -> tuple[Wheel, ...]:
    found: dict[str, Wheel] = {}
    for wheel in wheels:
        other = found.setdefault(wheel.name, wheel)
        if other.version != wheel.version:
            raise ReleaseFailed(
                f"the lock file has {wheel.name} twice: {other.version} and {wheel.version}"
            )
    return tuple(found[name] for name in sorted(found))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        from hashlib import file_digest

        return file_digest(file, "sha256").hexdigest()
