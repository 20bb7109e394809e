"""Requirements files, as pip reads them, turned into lines that mean the same anywhere.

The format is that of pip's manual, "Requirements File Format". Projects named by their folder
are taken out: their code belongs to one workspace and not into a stored environment.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

from fairlead.errors import EnvironmentFailed
from fairlead.model import Location
from fairlead.model.plan import Value
from fairlead.pipeline.tree import Tree

ROOT = "${PROJECT_ROOT}"
"""Stands for the project's folder in lines and options; pip and uv both expand it."""


class LocalProject(Value, frozen=True, kw_only=True):
    """A folder of the project to install: ``mode`` is ``editable`` or ``wheel``.

    ``path`` is relative to the project's root, ``name`` empty where only a build would tell it.
    """

    path: str
    extras: tuple[str, ...] = ()
    mode: str = "editable"
    name: str = ""

    @property
    def line(self) -> str:
        """The requirement that stands for it. Not editable: old build tools can only say more."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return (ROOT if self.path == "." else f"{ROOT}/{self.path}") + extras


class Reading(Value, frozen=True, kw_only=True):
    """What requirements files say. ``files`` are paths in the tree whose bytes matter too.

    ``lines`` are requirements without hashes, ``pinned`` those with; ``options`` are lines that
    lead to packages (indexes, binaries); ``source`` is a ``pyproject.toml`` named as if it were
    a requirements file.
    """

    lines: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    projects: tuple[LocalProject, ...] = ()
    files: tuple[str, ...] = ()
    prerelease: bool = False
    hosts: tuple[str, ...] = ()
    source: str = ""


def read_requirements(tree: Tree, files: Iterable[str], constraints: Iterable[str] = ()) -> Reading:
    """Read files and all they include. Raises ``EnvironmentFailed`` with file and line."""
    reader = _Reader(tree)
    for name in files:
        reader.file(name)
    for name in constraints:
        reader.file(name, constraint=True)
    return reader.reading()


def read_lines(tree: Tree, lines: Iterable[str]) -> Reading:
    """Read requirements that stand in a pipeline file or on a command line."""
    reader = _Reader(tree)
    for line in lines:
        reader.line(line.strip(), Location(file="packages"), "", constraint=False)
    return reader.reading()


def merge_projects(*groups: tuple[LocalProject, ...]) -> tuple[LocalProject, ...]:
    """One entry a folder: all extras together, the mode of the first that names it."""
    merged: dict[str, LocalProject] = {}
    for project in (one for group in groups for one in group):
        first = merged.get(project.path, project)
        extras = tuple(dict.fromkeys(first.extras + project.extras))
        merged[project.path] = LocalProject(path=project.path, extras=extras, mode=first.mode)
    return tuple(merged.values())


_COMMENT = r"(^|\s+)#.*$"
_OPTION = r"(--[a-zA-Z][\w-]*|-[a-zA-Z])[=\s]*(.*)"
_LEADING = {
    "-i": "--index-url",
    "-f": "--find-links",
    "--pypi-url": "--index-url",
    **{name: name for name in ("--index-url", "--extra-index-url", "--find-links", "--no-index")},
    **{name: name for name in ("--no-binary", "--only-binary")},
}
_DROPPED = r"""\s--(?:global-option|install-option|config-settings?)[=\s]+(?:"[^"]*"|'[^']*'|\S+)"""
_ARCHIVE = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")
_VCS = r"(?:git|hg|svn|bzr)(?:\+|://)"
_PLACE = r"""(?x)(?P<name>[A-Za-z0-9._-]+(?:\[[^]]*\])?\s*@\s*)?(?P<file>file:)?(?P<path>[^\[;]+?)
        (?:\[(?P<extras>[^]]*)\])?(?P<marker>\s*;.*)?"""


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen: set[tuple[str, bool]] = set()
        self._lines: list[str] = []
        self._pinned: list[str] = []
        self._constraints: list[str] = []
        self._options: list[str] = []
        self._projects: list[LocalProject] = []
        self._files: list[str] = []
        self._hosts: list[str] = []
        self._source = ""
        self._prerelease = False

    def reading(self) -> Reading:
        return Reading(
            lines=tuple(dict.fromkeys(self._lines)),
            pinned=tuple(dict.fromkeys(self._pinned)),
            constraints=tuple(dict.fromkeys(self._constraints)),
            options=tuple(dict.fromkeys(self._options)),
            projects=merge_projects(tuple(self._projects)),
            files=tuple(dict.fromkeys(self._files)),
            prerelease=self._prerelease,
            hosts=tuple(dict.fromkeys(self._hosts)),
            source=self._source,
        )

    def file(self, name: str, *, constraint: bool = False, at: Location | None = None) -> None:
        if (name, constraint) in self._seen:
            return
        self._seen.add((name, constraint))
        if name.rpartition("/")[2] in ("pyproject.toml", "setup.py", "setup.cfg"):
            self._source = name
            return
        data = self._tree.read(name)
        if data is None:
            raise EnvironmentFailed(f"there is no requirements file {name!r}", location=at)
        folder = posixpath.dirname(name)
        for number, line in _logical_lines(decode(data)):
            self.line(line, Location(file=name, line=number), folder, constraint=constraint)

    def line(self, line: str, at: Location, folder: str, *, constraint: bool) -> None:
        found = re.fullmatch(_OPTION, line) if line.startswith("-") else None
        if found is None:
            self._requirement(line, at, folder, constraint=constraint, editable=False)
            return
        name, value = found[1], found[2].strip().strip("'\"")
        if name in ("-r", "--requirement"):
            self._include(value, at, folder, constraint=constraint)
        elif name in ("-c", "--constraint"):
            self._include(value, at, folder, constraint=True)
        elif name in ("-e", "--editable"):
            self._requirement(value, at, folder, constraint=constraint, editable=True)
        elif name in _LEADING:
            self._options.append(self._option(_LEADING[name], value, at, folder))
        elif name == "--pre":
            self._prerelease = True
        elif name == "--trusted-host":
            self._hosts.append(value)
        # Other options tune pip itself (--prefer-binary, --use-feature, --require-hashes).

    def _include(self, value: str, at: Location, folder: str, *, constraint: bool) -> None:
        if "://" in value:
            self._options.append(f"{'-c' if constraint else '-r'} {value}")
            return
        path = posixpath.normpath(posixpath.join(folder, value))
        if path.startswith(("../", "/")) or path == "..":
            raise _outside(value, at)
        self.file(path, constraint=constraint, at=at)

    def _option(self, name: str, value: str, at: Location, folder: str) -> str:
        local = name == "--find-links" and "://" not in value and not value.startswith("$")
        if not local or value.startswith("/"):
            return f"{name} {value}".strip()
        path = self._in_tree(value, at, folder)
        self._files += [p for p in self._tree.paths if p.startswith(f"{path}/")]
        return f"{name} {ROOT}/{path}"

    def _requirement(
        self, line: str, at: Location, folder: str, *, constraint: bool, editable: bool
    ) -> None:
        line = re.sub(_DROPPED, "", line).strip()
        if not line:
            return
        if constraint:
            self._constraints.append(line)
        elif re.match(_VCS, line):
            self._lines.append(_named_vcs(line, at))
        elif (place := re.fullmatch(_PLACE, line)) and _is_place(place):
            self._place(place, at, folder, editable=editable)
        elif "--hash" in line:
            self._pinned.append(line)
        else:
            self._lines.append(line)

    def _place(self, place: re.Match[str], at: Location, folder: str, *, editable: bool) -> None:
        written = place["path"].partition("#")[0].strip()
        if written.startswith("//"):
            written = written.removeprefix("//localhost").removeprefix("//")
        if written.startswith("/"):
            self._lines.append(place[0])
            return
        path = self._in_tree(written, at, folder)
        if self._tree.read(path) is not None:
            self._files.append(path)
            self._lines.append(f"{ROOT}/{path}{place['marker'] or ''}")
            return
        extras = tuple(e.strip() for e in (place["extras"] or "").split(",") if e.strip())
        mode = "editable" if editable else "wheel"
        self._projects.append(LocalProject(path=path, extras=extras, mode=mode))

    def _in_tree(self, written: str, at: Location, folder: str) -> str:
        """A path as pip takes it (from the project's root), else from the file that names it."""
        written = written.removeprefix(f"{ROOT}/")
        for base in dict.fromkeys(("", folder)):
            path = posixpath.normpath(posixpath.join(base, written))
            if path == "." or self._has(path):
                return path
        if posixpath.normpath(written).startswith(".."):
            raise _outside(written, at)
        raise EnvironmentFailed(f"there is no {written!r} in the project", location=at)

    def _has(self, path: str) -> bool:
        if path.startswith(("..", "/")):
            return False
        names = ("", "/pyproject.toml", "/setup.py", "/setup.cfg")
        if any(self._tree.read(path + name) is not None for name in names):
            return True
        return any(p.startswith(f"{path}/") for p in self._tree.paths)


def decode(data: bytes) -> str:
    """The text of a file, as pip decodes it: by its mark, else UTF-8, else Latin-1."""
    for codec, mark in (("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff")):
        if data.startswith(mark):
            return data.decode(codec, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers: continued ones joined, comments and empty ones left out."""
    held, begun = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        begun = begun or number
        comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not comment:
            held += raw[:-1].strip() + " "
            continue
        line = re.sub(_COMMENT, "", held + (" " if comment else "") + raw.strip()).strip()
        if line:
            yield begun, line
        held, begun = "", 0
    if line := re.sub(_COMMENT, "", held).strip():
        yield begun, line


def _is_place(place: re.Match[str]) -> bool:
    """Whether a requirement is a path, and no name or address."""
    path = place["path"].strip()
    if place["file"]:
        return True
    if "://" in path or place["name"]:
        return place["name"] is not None and path.startswith(("./", "../"))
    if path in {".", ".."} or path.startswith(("./", "../", "/", f"{ROOT}/")):
        return True
    return path.endswith(_ARCHIVE) or ("/" in path and "@" not in path)


def _named_vcs(line: str, at: Location) -> str:
    """``git+https://…#egg=name`` in the words of PEP 508, which no installer refuses."""
    address, _, marker = line.partition(" ;")
    url, _, fragment = address.strip().partition("#")
    egg = re.search(r"(?:^|&)egg=([^&]+)", fragment)
    if egg is None:
        return line
    rest = "&".join(part for part in fragment.split("&") if not part.startswith("egg="))
    if not re.match(r"\w+\+", url):
        raise EnvironmentFailed(f"cannot install from {url!r}", location=at, hint="use git+https")
    named = f"{egg[1]} @ {url}" + (f"#{rest}" if rest else "")
    return f"{named} ;{marker}" if marker else named


def _outside(path: str, at: Location) -> EnvironmentFailed:
    return EnvironmentFailed(
        f"{path!r} lies outside of the project",
        location=at,
        hint="only the project's own files are checked out for a job",
    )
