"""Which of tox's environments run the tests, and what they do."""

from collections.abc import Iterable

import msgspec

from fairlead.model import Location, Problem
from fairlead.pipeline.detect.environments import Translated, sort_out, translate
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.toxfile import ToxFile
from fairlead.pipeline.detect.toxnames import other_factors, python_of
from fairlead.pipeline.detect.words import Untranslatable


class Environments(msgspec.Struct, frozen=True, kw_only=True):
    """The environments of tox or nox that test; ``foreign`` must be run by the tool itself.

    ``checks`` only look at files, and ``left`` are the names of those that do neither.
    """

    tool: str
    file: str
    translated: tuple[Translated, ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    """Names of environments and their Pythons (empty: the newest)."""
    warnings: tuple[Problem, ...] = ()
    checks: tuple[Translated, ...] = ()
    left: tuple[str, ...] = ()


def tox_pythons(tox: ToxFile) -> frozenset[str]:
    """All versions in the names of tox's environments."""
    return frozenset(filter(None, map(python_of, tox.names())))


def tox_environments(project: Project, tox: ToxFile, versions: Iterable[str]) -> Environments:
    """The testing environments for these versions; ``py`` is run on each of them."""
    wanted = list(versions)
    translated: list[Translated] = []
    foreign: list[tuple[str, str]] = []
    warnings: dict[str, Problem] = {}
    runs = _runs(tox.names(), wanted)
    for name, pythons in runs:
        try:
            env = tox.env(name)
            kind = other_factors(name)
            translated += [translate(project, env, python, kind) for python in pythons]
        except Untranslatable as error:
            foreign += [(name, python) for python in pythons]
            message = f"environments of tox are run by tox itself, because of {error}"
            warnings.setdefault(
                str(error), Problem(location=Location(file=tox.file), message=message, warning=True)
            )
    testing = {name for name, _ in runs}
    others = [n for n in tox.names() if n not in testing and python_of(n) is None]
    checks, left = sort_out(others, lambda n: translate(project, tox.env(n), wanted[-1], n))
    return Environments(
        tool="tox",
        file=tox.file,
        translated=tuple(translated),
        foreign=tuple(foreign),
        warnings=tuple(warnings.values()),
        checks=checks,
        left=left,
    )


def _runs(names: list[str], versions: list[str]) -> list[tuple[str, list[str]]]:
    """Environments that test and the versions they are for; without any Python: by their names."""
    found = []
    for name in names:
        python = python_of(name)
        if python == "":
            found.append((name, versions))
        elif python in versions:
            found.append((name, [python]))
    if found or any(python_of(name) for name in names):
        return found
    return [(name, versions[-1:]) for name in names if "test" in name or name == "unit"]
