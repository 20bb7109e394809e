"""Which distributions a project names in its requirements, and where."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fairlead.model import Install
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.metadata import (
    extras_of,
    groups_of,
    setup_arguments,
    setup_cfg_section,
    table,
)

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^]]*\])?")
_FILE = re.compile(
    r"(?:[\w.-]*/)?[\w.-]*requirements[\w.-]*\.(?:txt|in)|[\w.-]*requirements/[\w.-]+\.txt"
)
_DEEPEST = 5


class Provider(msgspec.Struct, frozen=True):
    """A place that names a distribution: an extra, a dependency group or a requirements file."""

    kind: str
    name: str
    where: str

    def added_to(self, install: Install) -> Install:
        """``install`` with this place besides."""
        field = {"extra": "extras", "group": "groups", "file": "requirements"}[self.kind]
        names = dict.fromkeys((*getattr(install, field), self.name))
        return msgspec.structs.replace(install, **{field: tuple(names)})


def canonical(text: str) -> str:
    """The normal form (PEP 503) of the name at the beginning of a requirement, or empty."""
    match = _NAME.match(text)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""


def named_by(project: Project, install: Install) -> frozenset[str]:
    """The names of all that ``install`` asks for by itself, not of what that needs in turn."""
    found: list[str] = [*install.packages]
    for path in (*install.requirements, *([install.lock] if install.lock else [])):
        found += requirement_lines(project, path)
    for extra in install.extras:
        found += extra_requirements(project, extra)
    for group in install.groups:
        found += group_requirements(project, group)
    if install.project != "none" or "pyproject.toml" in install.requirements:
        found += [*dependencies(project), *own_name(project)]
    return frozenset(map(canonical, found)) - {""}


def for_tests_only(project: Project, install: Install) -> Install:
    """``install`` without what is for developing, where what is for testing is enough for pytest.

    Tools for developing seldom install on every version that the tests run on.
    """

    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if not _DEVELOPING.search(name))

    narrow = msgspec.structs.replace(
        install,
        requirements=kept(install.requirements),
        extras=kept(install.extras),
        groups=kept(install.groups),
    )
    return narrow if "pytest" in named_by(project, narrow) else install


_DEVELOPING = re.compile(r"(?:^|[-_./])dev(?:elop|elopment)?(?:$|[-_.])")


def providers(project: Project, name: str) -> Iterator[Provider]:
    """All places that name a distribution, those for one purpose only first."""
    found = [(len(lines), provider) for lines, provider in _places(project) if _has(lines, name)]
    yield from (provider for _size, provider in sorted(found, key=lambda item: item[0]))


def _places(project: Project) -> Iterator[tuple[list[str], Provider]]:
    for group in groups_of(project.pyproject):
        provider = Provider("group", group, f"the dependency group {group}")
        yield list(group_requirements(project, group)), provider
    for extra in extras_of(project.tree, project.pyproject):
        provider = Provider("extra", extra, f"the extra {extra}")
        yield list(extra_requirements(project, extra)), provider
    for path in sorted(filter(_FILE.fullmatch, project.paths)):
        yield list(requirement_lines(project, path)), Provider("file", path, path)


def _has(lines: Iterable[str], name: str) -> bool:
    return any(canonical(line) == name for line in lines)


def requirement_lines(project: Project, path: str, depth: int = 0) -> Iterator[str]:
    """The requirements in a file and in those it includes."""
    if path.endswith((".toml", ".lock")) or depth > _DEEPEST:
        return
    for line in project.text(path).splitlines():
        text = line.strip()
        if match := re.match(r"(?:-r|--requirement)[\s=]*([^\s#]+)", text):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
            yield from requirement_lines(project, other, depth + 1)
        elif text and not text.startswith(("#", "-")):
            yield text


def group_requirements(project: Project, group: str, depth: int = 0) -> Iterator[str]:
    """The requirements of a dependency group (PEP 735) and of those it includes."""
    groups = table(project.pyproject, "dependency-groups")
    items = groups.get(group)
    for item in items if isinstance(items, list) and depth <= _DEEPEST else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
            yield from group_requirements(project, item["include-group"], depth + 1)


def extra_requirements(project: Project, extra: str, depth: int = 0) -> Iterator[str]:
    """The requirements of an extra, and of the project's other extras that it names."""
    own = canonical("".join(own_name(project)))
    for item in _extra_items(project, extra):
        match = _NAME.match(item)
        if match and match[2] and own and canonical(item) == own and depth <= _DEEPEST:
            for other in match[2].strip("[]").split(","):
                yield from extra_requirements(project, other.strip(), depth + 1)
        else:
            yield item


def own_name(project: Project) -> list[str]:
    """The name under which the project is published, where it says."""
    names = (
        table(project.pyproject, "project").get("name"),
        project.tool("poetry").get("name"),
        project.setup_cfg.get("metadata", "name", fallback=""),
        *project.pkg_info.get("name", []),
    )
    return [name for name in names if isinstance(name, str) and name][:1]


def _extra_items(project: Project, extra: str) -> list[str]:
    lists = [
        table(project.pyproject, "project", "optional-dependencies").get(extra),
        table(setup_arguments(project.tree), "extras_require").get(extra),
        setup_cfg_section(project.tree, "options.extras_require").get(extra, "").splitlines(),
    ]
    poetry = project.tool("poetry", "extras").get(extra)
    found = [item for items in (*lists, poetry) for item in _texts(items)]
    return found or _published(project, extra)


def _published(project: Project, extra: str) -> list[str]:
    """An extra as a source distribution's own metadata has it, where setup.py computes it."""
    marker = re.compile(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""")
    lines = project.pkg_info.get("requires-dist", [])
    return [line.partition(";")[0].strip() for line in lines if marker.search(line)]


def dependencies(project: Project) -> list[str]:
    """What the project itself needs to run."""
    lists = [
        table(project.pyproject, "project").get("dependencies"),
        list(project.tool("poetry", "dependencies")),
        setup_cfg_section(project.tree, "options").get("install_requires", "").splitlines(),
        setup_arguments(project.tree).get("install_requires"),
        project.pkg_info.get("requires-dist"),
    ]
    found = [item for items in lists for item in _texts(items)]
    return [item for item in found if not re.search(r"\bextra\s*==", item)]


def _texts(items: Any) -> list[str]:
    if not isinstance(items, list | tuple):
        return []
    return [item.strip() for item in items if isinstance(item, str) and item.strip()]
