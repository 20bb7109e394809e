"""The Python interpreters of this machine: found in the places people put them, asked once.

Version managers' shims answer with one version whatever else is installed, so their folders of
versions are read instead. What an interpreter said is kept by its path, time and size.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from fairlead.errors import InterpreterNotFound, StoreError
from fairlead.runner.probing import answer_of
from fairlead.util.decoding import json_decoder
from fairlead.util.fs import write_atomic

_PLACES = "pyenv, uv, asdf, mise, /opt, /usr/local, /usr and PATH"
_DOUBT = 600.0
"""Seconds after which one that said nothing is asked again."""
_CACHE_VERSION = 2
_MANY = 256
"""Answers kept; above that, those about programs that are not there now are forgotten."""
_NAME = r"(?:python|pypy)(?:\d(?:\.\d+)?t?)?"
_OLDEST_FROM_UV = (3, 8)


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """One Python. ``path`` is where it was found, ``real`` the program behind all symlinks.

    ``version`` is ``3.12.1`` (``3.14.0rc1`` before its release), ``implementation`` ``cpython``
    or ``pypy``, ``platform`` as ``sysconfig.get_platform()`` says it, ``abi`` its SOABI, and
    ``site`` the packages folder of a virtual environment, relative to that environment.
    """

    path: Path
    real: Path
    version: str
    implementation: str
    prefix: Path
    base_prefix: Path
    platform: str
    abi: str
    site: str
    free_threaded: bool = False

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        major, minor, patch = self.version.split(".", 2)
        digits = len(patch) - len(patch.lstrip("0123456789"))
        return int(major), int(minor), int(patch[:digits])

    @property
    def final(self) -> bool:
        """Whether this is a release, not an alpha, beta or candidate."""
        return self.version.replace(".", "").isdecimal()

    @property
    def short(self) -> str:
        """``3.12``, with a ``t`` where there is no global lock."""
        return "{}.{}".format(*self.numbers[:2]) + ("t" if self.free_threaded else "")


class _Answer(msgspec.Struct, frozen=True):
    """What a candidate said at ``time``; ``None`` where it said nothing of use."""

    interpreter: Interpreter | None
    time: float


class _Search(msgspec.Struct, frozen=True, kw_only=True):
    """Where was looked, and what was there.

    ``surroundings`` are the variables that say where to look, ``folders`` pairs each place with
    its time (0: not there), ``candidates`` pairs keys with paths. ``found`` is what came of it,
    and ``sure`` whether every candidate said what it is.
    """

    surroundings: tuple[str, ...]
    folders: tuple[tuple[str, int], ...]
    candidates: tuple[tuple[str, str], ...]
    found: tuple[Interpreter, ...] = ()
    sure: bool = False


class _Cache(msgspec.Struct, frozen=True):
    """``known`` is only decoded, as answers by key, where somebody has to be asked."""

    version: int
    known: msgspec.Raw = msgspec.Raw(b"{}")
    search: _Search | None = None


def find(home: Path, environ: Mapping[str, str]) -> tuple[Interpreter, ...]:
    """All interpreters of this machine, best first: newest release, CPython before PyPy.

    Virtual environments are left out, broken and hanging interpreters too. Answers are kept in
    ``home/interpreters.json``; where that cannot be written everything is asked again next time.
    """
    file = home / "interpreters.json"
    cache = _read_cache(file)
    search = cache.search
    same = search is not None and _still_so(search, environ)
    if search is not None and same and search.sure:
        return search.found
    if search is None or not same:
        search = _look(environ)
    known = _answers(cache.known)
    candidates = {key: Path(path) for key, path in search.candidates}
    fresh = {key: known[key] for key in candidates if key in known and _certain(known[key])}
    asked = {key: path for key, path in candidates.items() if key not in fresh}
    if asked:
        fresh |= _ask_all(asked)
    found: dict[Path, Interpreter] = {}
    for key, path in candidates.items():
        if answer := fresh[key].interpreter:
            found.setdefault(answer.real, msgspec.structs.replace(answer, path=path))
    best_first = tuple(sorted(found.values(), key=_order))
    if asked or not same:
        sure = all(answer.interpreter for answer in fresh.values())
        search = msgspec.structs.replace(search, found=best_first, sure=sure)
        _write_cache(file, fresh if len(known) > _MANY else known | fresh, search)
    return best_first


def choose(interpreters: Iterable[Interpreter], wanted: str) -> Interpreter:
    """The best interpreter for ``3.12``, ``3.12.1``, ``3``, ``pypy3.9``, ``3.13t``, ``3.7-dev``.

    A release is preferred to a candidate, except for ``-dev``. Raises ``InterpreterNotFound``.
    """
    interpreters = sorted(interpreters, key=_order)
    match = re.fullmatch(_WANTED, wanted.strip().lower())
    if match is None or not (match["version"] or match["kind"] == "pypy"):
        raise InterpreterNotFound(
            f"{wanted!r} is not a Python version", hint="write it as 3.12, 3.12.1 or pypy3.10"
        )
    numbers = tuple(int(part) for part in (match["version"] or "").split(".") if part)
    kind = "pypy" if match["kind"] == "pypy" else "cpython"
    fitting = [
        one
        for one in interpreters
        if one.implementation == kind
        and one.free_threaded == bool(match["free"])
        and one.numbers[: len(numbers)] == numbers
    ]
    if match["dev"]:
        fitting.sort(key=lambda one: one.numbers, reverse=True)
    if not fitting:
        raise _not_found(wanted, kind, numbers, interpreters)
    return fitting[0]


_WANTED = (
    r"(?:(?P<kind>c?python|pypy)-?)?(?P<version>\d+(?:\.\d+){0,2})?"
    r"(?P<free>t)?(?P<dev>-dev)?(?:-v?\d[\d.]*)?"
)


def _not_found(
    wanted: str, kind: str, numbers: tuple[int, ...], found: list[Interpreter]
) -> InterpreterNotFound:
    name = wanted.strip()
    manager = "uv python" if kind == "pypy" or numbers >= _OLDEST_FROM_UV else "pyenv"
    names = (one.short if one.final else one.version for one in found)
    here = ", ".join(dict.fromkeys(names)) or "none"
    return InterpreterNotFound(
        f"Python {name} not found (looked in {_PLACES})",
        hint=f"get it with `{manager} install {name.removesuffix('-dev')}`; found here: {here}",
    )


def _order(one: Interpreter) -> tuple[object, ...]:
    newest_first = tuple(-number for number in one.numbers)
    return (not one.final, one.implementation != "cpython", one.free_threaded, newest_first)


def _look(environ: Mapping[str, str]) -> _Search:
    """Go through all places. Their times are taken before, so that what comes later is noticed."""
    folders = tuple((folder, _time(folder)) for folder in _places(environ))
    return _Search(
        surroundings=_surroundings(environ),
        folders=folders,
        candidates=tuple((key, os.fspath(path)) for key, path in _candidates(environ)),
    )


def _still_so(search: _Search, environ: Mapping[str, str]) -> bool:
    """Whether going through all places again would find the same."""
    return (
        search.surroundings == _surroundings(environ)
        and all(_time(folder) == time for folder, time in search.folders)
        and all(_key(key.partition("|")[0]) == key for key, _ in search.candidates)
    )


def _surroundings(environ: Mapping[str, str]) -> tuple[str, ...]:
    return (sys.executable, *(f"{name}={environ.get(name, '')}" for name in _VARIABLES))


_VARIABLES = (
    "HOME", "MISE_DATA_DIR", "ASDF_DATA_DIR", "PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR",
    "XDG_DATA_HOME",
)  # fmt: skip


def _places(environ: Mapping[str, str]) -> list[str]:
    """All folders whose contents decide what is found."""
    versions = [os.path.join(folder, "bin") for folder in _version_folders(environ)]
    return list(dict.fromkeys([*_roots(environ), *versions, *_program_folders(environ)]))


def _time(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _key(real: str) -> str:
    """A program's path, time and size in one; empty where it is not there."""
    try:
        stat = os.stat(real)
    except OSError:
        return ""
    return f"{real}|{stat.st_mtime_ns}|{stat.st_size}"


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Programs that may be interpreters: (path, time and size as one key; path)."""
    seen: set[str] = set()
    for path in _programs(environ):
        real = os.path.realpath(path)
        key = _key(real)
        if not key or real in seen or not os.access(real, os.X_OK) or _in_environment(real):
            continue
        seen.add(real)
        shown = real if _in_environment(path) else path
        yield key, Path(shown)


def _programs(environ: Mapping[str, str]) -> Iterator[str]:
    for folder in _version_folders(environ):
        names = ("python", "python3", "pypy3", "pypy")
        paths = (os.path.join(folder, "bin", name) for name in names)
        yield from [path for path in paths if os.path.exists(path)][:1]
    for folder in _program_folders(environ):
        likely = [name for name in _list(folder) if name[:2] == "py"]  # of thousands
        yield from (os.path.join(folder, name) for name in likely if re.fullmatch(_NAME, name))
    yield getattr(sys, "_base_executable", "") or sys.executable


def _version_folders(environ: Mapping[str, str]) -> Iterator[str]:
    """Folders that each hold one installed version."""
    for root in _roots(environ):
        yield from (os.path.join(root, name) for name in _list(root))


def _roots(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Folders in which version managers, and people, put installed versions."""
    home = environ.get("HOME") or os.path.expanduser("~")
    data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return (
        os.path.join(environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv"), "versions"),
        environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python"),
        os.path.join(environ.get("ASDF_DATA_DIR") or os.path.join(home, ".asdf"), _INSTALLS),
        os.path.join(environ.get("MISE_DATA_DIR") or os.path.join(data, "mise"), _INSTALLS),
        "/opt/python",
        "/opt",
    )


_INSTALLS = os.path.join("installs", "python")


def _program_folders(environ: Mapping[str, str]) -> Iterator[str]:
    """PATH without shims, and the system's folders whatever PATH says.

    A relative entry of PATH means the current folder: a program there is no part of the machine.
    """
    folders = [*environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    for folder in dict.fromkeys(folders):
        if os.path.isabs(folder) and os.path.basename(folder.rstrip("/")) != "shims":
            yield folder


def _list(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _in_environment(path: str) -> bool:
    """Whether a program lies in a virtual environment (``venv``, or virtualenv before 20)."""
    root = os.path.dirname(os.path.dirname(path))
    if os.path.exists(os.path.join(root, "pyvenv.cfg")):
        return True
    lib = os.path.join(root, "lib")
    return root != "/usr" and any(
        os.path.exists(os.path.join(lib, name, "orig-prefix.txt"))
        for name in _list(lib)
        if name.startswith(("python", "pypy"))
    )


def _certain(answer: _Answer) -> bool:
    """Silence may have been a busy moment; it does not count for long."""
    return answer.interpreter is not None or 0 <= time.time() - answer.time < _DOUBT


def _ask_all(paths: Mapping[str, Path]) -> dict[str, _Answer]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(paths), 8)) as pool:
        answers = pool.map(_ask, paths.values())
        return {
            key: _Answer(answer, time.time()) for key, answer in zip(paths, answers, strict=True)
        }


def _ask(path: Path) -> Interpreter | None:
    lines = answer_of(path)
    if not lines:
        return None
    version, kind, real, prefix, base, platform, abi, site, free, _ = lines
    if prefix != base or not re.match(r"\d+\.\d+\.\d+", version) or _in_environment(real):
        return None
    return Interpreter(
        path=path,
        real=Path(real),
        version=version,
        implementation=kind,
        prefix=Path(prefix),
        base_prefix=Path(base),
        platform=platform,
        abi=abi,
        site=site,
        free_threaded=free == "1",
    )


def _read_cache(file: Path) -> _Cache:
    try:
        found = os.stat(file)
        return _decoded_cache(file, (found.st_mtime_ns, found.st_size, found.st_ino))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return _Cache(_CACHE_VERSION)


@lru_cache(maxsize=1)
def _decoded_cache(file: Path, _status: tuple[int, int, int]) -> _Cache:
    """As long as it is the same file; it is only ever replaced."""
    cache = json_decoder(_Cache, _decoded).decode(file.read_bytes())
    return cache if cache.version == _CACHE_VERSION else _Cache(_CACHE_VERSION)


def _answers(known: msgspec.Raw) -> dict[str, _Answer]:
    try:
        return json_decoder(dict[str, _Answer], _decoded).decode(known)
    except msgspec.MsgspecError:
        return {}


def _write_cache(file: Path, known: dict[str, _Answer], search: _Search) -> None:
    from contextlib import suppress

    # A path that is no text cannot be kept; then everything is asked again.
    with suppress(StoreError, UnicodeEncodeError):
        raw = msgspec.Raw(msgspec.json.encode(known, enc_hook=os.fspath))
        cache = _Cache(_CACHE_VERSION, raw, search)
        write_atomic(file, msgspec.json.encode(cache, enc_hook=os.fspath))


def _decoded(kind: type, value: Any) -> Any:
    return kind(value)
