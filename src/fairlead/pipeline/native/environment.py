"""From ``install`` to what is installed, checked against the files of the project."""

from collections.abc import Iterable
from functools import cached_property

from fairlead.model import Install, Location
from fairlead.pipeline.document import Scalar
from fairlead.pipeline.install import detect_install, project_kind
from fairlead.pipeline.metadata import extras_of, groups_of, read_toml, table
from fairlead.pipeline.native.reader import Reader, did_you_mean, known_or_close
from fairlead.pipeline.native.values import InstallSpec
from fairlead.pipeline.tree import Tree


class Environments:
    """Makes what is to be installed; reads the project's files only when a job asks."""

    def __init__(self, tree: Tree, reader: Reader) -> None:
        self._tree = tree
        self._reader = reader
        self._made: dict[InstallSpec, Install] = {}

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self._tree.paths)

    def make(self, spec: InstallSpec | None, python: str | None) -> Install:
        """What goes into the environment of a cell; nothing where there is no Python."""
        if python is None:
            return Install()
        spec = spec or InstallSpec(detect=True)
        if spec not in self._made:
            self._made[spec] = self._make(spec)
        return self._made[spec]

    def _make(self, spec: InstallSpec) -> Install:
        if spec.detect:
            return detect_install(self._tree)
        lock = (spec.lock,) if spec.lock else ()
        files = (*spec.requirements, *spec.constraints, *lock)
        named = (*files, *spec.groups, *spec.extras)
        if named and self._paths:  # a file that is checked on its own has no project around it
            self._check_files(files)
            self._check_names(spec)
        auto = spec.project == "auto"
        return Install(
            requirements=_texts(spec.requirements),
            constraints=_texts(spec.constraints),
            packages=spec.packages,
            extras=_texts(spec.extras),
            groups=_texts(spec.groups),
            lock=spec.lock.text if spec.lock else "",
            project=project_kind(self._tree, self._pyproject) if auto else spec.project,
        )

    @property
    def _pyproject(self) -> dict[str, object]:
        return read_toml(self._tree, "pyproject.toml")

    def _check_files(self, files: Iterable[Scalar]) -> None:
        for file in files:
            if file.text.removeprefix("./") not in self._paths:
                hint = did_you_mean(file.text, self._paths)
                self._error(file.location, f"the project has no file {file.text!r}", hint)

    def _check_names(self, spec: InstallSpec) -> None:
        pyproject = self._pyproject
        groups = groups_of(pyproject)
        for group in spec.groups:
            if group.text not in groups:
                hint = known_or_close(group.text, groups, "groups in pyproject.toml")
                self._error(group.location, f"there is no dependency group {group.text!r}", hint)
        # What a setup.py computes cannot be known without running it.
        dynamic = table(pyproject, "project").get("dynamic", ())
        if "setup.py" in self._paths or "optional-dependencies" in dynamic:
            return
        extras = extras_of(self._tree, pyproject)
        for extra in spec.extras:
            if extra.text not in extras:
                hint = known_or_close(extra.text, extras, "extras of the project")
                self._error(extra.location, f"the project has no extra {extra.text!r}", hint)

    def _error(self, location: Location, message: str, hint: str) -> None:
        self._reader.error(location, message, hint)


def _texts(scalars: Iterable[Scalar]) -> tuple[str, ...]:
    return tuple(scalar.text for scalar in scalars)
