"""An environment as it was: requirements that an earlier run recorded, instead of a resolution.

What is recorded is what was installed, a line each: ``name==version``, or ``name @ address`` for
what came from elsewhere than an index (``JobResult.resolution``).
"""

import posixpath
import re
from collections.abc import Iterable

from fairlead.runner.environments.request import EnvironmentRequest, normal_name
from fairlead.runner.environments.requirements import ROOT
from fairlead.runner.environments.resolution import package_name

_ARCHIVE = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.]*(?:-[A-Za-z_][\w.]*)*)-\d.*\.(?:whl|zip|tar\.\w+)"
)


def recorded_lines(text: str) -> tuple[str, ...]:
    """The lines of a recorded resolution, written as a resolver writes them.

    So the environment is the stored one, where this machine has resolved the same already.
    """
    lines = (_normal(line.strip()) for line in text.splitlines() if line.strip())
    return tuple(sorted(lines, key=package_name))


def with_files(request: EnvironmentRequest, recorded: Iterable[str]) -> tuple[str, ...]:
    """Recorded lines with those packages taken from the project's files that came from there."""
    files = tuple(line for line in request.lines if line.startswith(ROOT))
    names = {_name_of_file(line) for line in files}
    return (*files, *(line for line in recorded if package_name(line) not in names))


def _normal(line: str) -> str:
    name, sign, version = line.partition("==")
    return f"{normal_name(name)}=={version}" if sign and "@" not in name else line


def _name_of_file(line: str) -> str:
    base = posixpath.basename(line.partition(" ;")[0].partition("[")[0].strip())
    found = _ARCHIVE.fullmatch(base)
    return normal_name(found["name"]) if found else ""
