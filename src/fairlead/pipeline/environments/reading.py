"""From a pipeline file's ``environments``, ``app`` and ``release`` to values, all checked."""

from typing import Any

import msgspec

from fairlead.errors import PipelineError
from fairlead.model.environment import App, Environment, Migrations, Packaging
from fairlead.model.plan import Location, Problem, Value
from fairlead.pipeline.document import Mapping, Node, load
from fairlead.pipeline.environments.app import APP, Written
from fairlead.pipeline.environments.checks import check
from fairlead.pipeline.environments.spec import ENVIRONMENTS, RELEASE
from fairlead.pipeline.environments.told import Told, lock_of, slug, tell
from fairlead.pipeline.native.inherit import default_python
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.tree import Tree

FILES = ("fairlead.yml", "fairlead.yaml", ".travis.yml")


class Deployments(Value, frozen=True, kw_only=True):
    """Where a project is deployed to, how its releases are made, and what is wrong in the file.

    ``file`` is where it stands, empty where there is none. With problems that are no warnings,
    the environments are what could be read.
    """

    environments: tuple[Environment, ...] = ()
    packaging: Packaging = Packaging()
    problems: tuple[Problem, ...] = ()
    file: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The environments by name, as in the file."""
        return tuple(environment.name for environment in self.environments)

    def get(self, name: str) -> Environment | None:
        """The environment of that name, or ``None``."""
        return next((found for found in self.environments if found.name == name), None)


def find_environments(tree: Tree, project: str = "") -> Deployments:
    """What the project's own pipeline file says; ``project`` is its name where no file tells."""
    for file in FILES:
        data = tree.read(file)
        if data is not None:
            return read_environments(data, file, tree, project)
    return Deployments(packaging=_packaging(None, tree))


def read_environments(data: bytes, file: str, tree: Tree, project: str = "") -> Deployments:
    """The environments of a pipeline file, whose text is ``data``, in the order of the file.

    What a key leaves open is told from ``tree``: a Procfile, Django, WSGI and ASGI modules. Never
    raises: ``problems`` holds everything that is wrong, in the order of places.
    """
    try:
        node = load(data, file)
    except PipelineError as error:
        return Deployments(problems=error.problems, file=file)
    if file.endswith("travis.yml"):
        from fairlead.pipeline.travis.environments import read_travis

        found, problems = read_travis(node, project)
        packaging = _packaging(None, tree)
        return Deployments(environments=found, packaging=packaging, problems=problems, file=file)
    return _Reading(tree, project).read(node, file)


class _Reading:
    """One file: reads everything, then puts together what stands in several places."""

    def __init__(self, tree: Tree, project: str) -> None:
        self._tree = tree
        self._project = project
        self._reader = Reader()

    def read(self, node: Node, file: str) -> Deployments:
        parts = dict(self._parts(node))
        written = self._value("environments", ENVIRONMENTS, parts) or ()
        shared: Written = self._value("app", APP, parts) or {}
        release: Packaging | None = self._value("release", RELEASE, parts)
        told = tell(self._tree, self._project) if written else Told()
        environments = tuple(
            environment_of(name.text, name.location, values, shared, told)
            for name, values in written
        )
        packaging = _packaging(release, self._tree)
        self._reader.problems += told.problems
        check(environments, parts, self._reader, self._tree)
        return Deployments(
            environments=environments,
            packaging=packaging,
            problems=_ordered(self._reader.problems, file),
            file=file,
        )

    def _parts(self, node: Node) -> tuple[tuple[str, Node], ...]:
        entries = node.entries if isinstance(node, Mapping) else ()
        return tuple((name.text, value) for name, value in entries)

    def _value(self, key: str, kind: Any, parts: dict[str, Node]) -> Any:
        if key not in parts:
            return None
        with self._reader.under(key):
            return kind.read(parts[key], self._reader)


def environment_of(
    name: str, location: Location, values: Written, shared: Written, told: Told
) -> Environment:
    """An environment of what it says itself, of what all share, and of what the files tell."""
    values = dict(values)
    values["location"] = location
    own = values.pop("app", {})
    for key, field in (
        ("branch", "branches"), ("tag", "tags"), ("domain", "domains"), ("provision", "wanted"),
    ):  # fmt: skip
        if key in values:
            values[field] = values.pop(key)
    values["options"] = tuple((option.text, text) for option, text in values.get("options", ()))
    values["migrations"] = _migrations(values.get("migrations"), told)
    values.setdefault("build_static", told.build_static)
    return Environment(name=name, app=app_of({**shared, **own}, told, name), **values)


def app_of(written: Written, told: Told, environment: str) -> App:
    """The application: keys as written before what the files tell."""
    values = {**told.app, **{k: v for k, v in written.items() if k != "location"}}
    if "run" in values:
        values["command"] = values.pop("run")
    asgi = values.pop("asgi", "")
    if "interface" not in written and ("target" in written or written.get("server") == "uvicorn"):
        values["interface"] = "asgi" if written.get("server") == "uvicorn" else "wsgi"
    if (
        asgi
        and "target" not in written
        and (values.get("interface") == "asgi" or "target" not in values)
    ):
        values |= {"target": asgi, "interface": "asgi"}
    if values.get("interface") == "asgi":
        values.setdefault("server", "uvicorn")
    values["workers"] = _workers(written, told)
    values.setdefault("name", told.name or slug(environment))
    return App(**values)


def _workers(written: Written, told: Told) -> tuple[Any, ...]:
    """The Procfile's processes with what was written of them, then the others that were."""
    known = {process.name: process for process in told.app.get("workers", ())}
    for process in written.get("workers", ()):
        command = process.command or (known[process.name].command if process.name in known else "")
        known[process.name] = msgspec.structs.replace(process, command=command)
    return tuple(process for process in known.values() if process.count)


def _migrations(written: Migrations | None, told: Told) -> Migrations:
    if written is None:
        return told.migrations
    if written.command or not written.files:
        return written
    return msgspec.structs.replace(
        written,
        command=told.migrations.command,
        pending=written.pending or told.migrations.pending,
    )


def _packaging(written: Packaging | None, tree: Tree) -> Packaging:
    found = written or Packaging()
    python = found.python
    if python == Packaging().python:
        python = default_python(tree).versions[0].text
    return msgspec.structs.replace(found, python=python, lock=found.lock or lock_of(tree))


def _ordered(problems: list[Problem], file: str) -> tuple[Problem, ...]:
    """Each once, those of the file itself first and by place."""
    distinct = dict.fromkeys(problems)

    def place(problem: Problem) -> tuple[bool, str, int, int]:
        where = problem.location
        return where.file != file, where.file, where.line, where.column

    return tuple(sorted(distinct, key=place))
