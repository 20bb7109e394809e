"""Which versions of Python a project is for, of those that are present."""

import re
from collections.abc import Iterable

import msgspec

from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.metadata import poetry_requirement, setup_arguments, table

_CLASSIFIER = re.compile(r"Programming Language :: Python :: (\d+\.\d+)$")


class Pythons(msgspec.Struct, frozen=True):
    """Versions as asked for (``3.12``), oldest first, and how they were found."""

    versions: tuple[str, ...]
    reason: str

    @property
    def newest(self) -> str:
        """The version for jobs that need only one."""
        return self.versions[-1]


def find_pythons(project: Project, present: tuple[str, ...], named: Iterable[str]) -> Pythons:
    """Choose versions; ``present`` are full ones, ``named`` those of tox or nox environments.

    An application runs on the version it pins or else on one; a library on all that it names,
    in classifiers before tox and nox before ``requires-python``. A pinned version that is not
    present is chosen all the same, so that the job says that it is missing.
    """
    here = sorted({_minor(version) for version in present}, key=_order)
    if not here:
        return Pythons(("3",), "no Python was found on this machine")
    library = project.install.project != "none"
    if (pin := _pinned(project)) and not (library and _says(project)):
        version = pin[0] if pin[0] in present or _minor(pin[0]) not in here else _minor(pin[0])
        return Pythons((version,), f"{version} is pinned in {pin[1]}")
    bounds, place = requires_python(project)
    fitting = [version for version in here if _fits(version, bounds, present)]
    for names, source in ((classifiers(project), "the classifiers"), (named, "tox or nox")):
        if chosen := [v for v in fitting if v in set(names)]:
            return Pythons(tuple(chosen), _told(sorted(set(names), key=_order), chosen, source))
    if bounds and not fitting:
        return Pythons((_lowest(bounds),), f"{place} says {bounds}, and none of that is here")
    if bounds and library:
        return Pythons(tuple(fitting), f"{place} says {bounds}")
    told = (
        f"the newest here that {place} allows"
        if bounds
        else "the newest here, since no file names any"
    )
    return Pythons((fitting[-1],), told)


def _says(project: Project) -> bool:
    return bool(classifiers(project) or requires_python(project)[0])


def _told(names: list[str], chosen: list[str], source: str) -> str:
    absent = [name for name in names if name not in chosen]
    rest = f"; not on this machine, or not allowed: {', '.join(absent)}" if absent else ""
    return f"named by {source}{rest}"


def _pinned(project: Project) -> tuple[str, str] | None:
    """A version that an application is pinned to, and the file that says so."""
    for path, pattern in (
        (".python-version", r"\A\s*(?:cpython-|python-)?(\d+\.\d+(?:\.\d+)?)\s*$"),
        ("runtime.txt", r"\A\s*python-(\d+\.\d+(?:\.\d+)?)"),
        ("Pipfile", r"^python_(?:full_)?version\s*=\s*[\"'](\d+\.\d+(?:\.\d+)?)"),
        (".tool-versions", r"^python\s+(\d+\.\d+(?:\.\d+)?)"),
    ):
        if match := re.search(pattern, project.text(path), re.MULTILINE):
            return match[1], path
    return None


def classifiers(project: Project) -> frozenset[str]:
    """The versions in a project's classifiers."""
    lists = (
        table(project.pyproject, "project").get("classifiers"),
        project.tool("poetry").get("classifiers"),
        project.setup_cfg.get("metadata", "classifiers", fallback="").splitlines()
        or project.setup_cfg.get("metadata", "classifier", fallback="").splitlines(),
        setup_arguments(project.tree).get("classifiers"),
        project.pkg_info.get("classifier"),
    )
    for items in lists:
        texts = [item.strip() for item in items or () if isinstance(item, str)]
        if found := {match[1] for text in texts if (match := _CLASSIFIER.match(text))}:
            return frozenset(found)
    return frozenset()


def requires_python(project: Project) -> tuple[str, str]:
    """The bounds on Python and the place that says so; empty where nothing does."""
    poetry = project.tool("poetry", "dependencies").get("python")
    found = (
        (table(project.pyproject, "project").get("requires-python"), "requires-python"),
        (poetry_requirement("x", poetry)[1:] if isinstance(poetry, str) else "", "pyproject.toml"),
        (project.setup_cfg.get("options", "python_requires", fallback=""), "setup.cfg"),
        (setup_arguments(project.tree).get("python_requires"), "setup.py"),
        ("".join(project.pkg_info.get("requires-python", [])), "PKG-INFO"),
    )
    return next(((v, place) for v, place in found if isinstance(v, str) and v.strip()), ("", ""))


def _fits(version: str, bounds: str, present: tuple[str, ...]) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(bounds)
    except InvalidSpecifier:
        return True
    full = [one for one in present if _minor(one) == version]
    return any(allowed.contains(one, prereleases=True) for one in full)


def _lowest(bounds: str) -> str:
    match = re.search(r"(?:>=|~=|==|>)\s*(\d+(?:\.\d+)?)", bounds)
    return match[1] if match else "3"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
