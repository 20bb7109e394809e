"""What a project's files tell of how it is run: Procfile, Django, WSGI and ASGI modules."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from fairlead.model import Problem
from fairlead.model.environment import Migrations, Process
from fairlead.pipeline.environments.webline import read_web
from fairlead.pipeline.metadata import read_toml, table
from fairlead.pipeline.procfile import Entry, read_procfile
from fairlead.pipeline.tree import Tree

_LOCKS = ("uv.lock", "pylock.toml", "requirements.lock", "requirements.txt")
_LOCK_FOLDER = re.compile(
    r"requirements/(?:run|base|prod|production|requirements|main)\.(?:txt|lock)"
)
_HASH = rb"(?m)^[^#\n]*--hash=sha256:"
_CALLABLES = re.compile(rb"(?m)^(application|app)\b[^=\n]*=(?!=)\s*([\w.]*)")
_ASGI = (b"FastAPI", b"Starlette", b"Litestar", b"Quart", b"get_asgi_application")
_ENTRIES = ("wsgi.py", "asgi.py", "main.py", "app.py", "application.py", "__init__.py")
_PLACES = re.compile(
    r"(?:src/)?(?:[A-Za-z_]\w*/){0,2}(?:wsgi|asgi|main|app|application|__init__)\.py"
)
_NO_APP = frozenset({"tests", "test", "docs", "migrations", "examples", "scripts"})
_LARGEST = 200_000


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: values of ``App`` by name, and what goes with them."""

    name: str = ""
    app: dict[str, Any] = msgspec.field(default_factory=dict)
    migrations: Migrations = Migrations()
    build_static: str = ""
    problems: tuple[Problem, ...] = ()


def tell(tree: Tree, project: str = "") -> Told:
    """How the project in ``tree`` is run, as far as its files say; ``project`` is its name."""
    paths = frozenset(tree.paths)
    entries, problems = _procfile(tree, paths)
    processes = {entry.name: entry for entry in entries}
    django = "manage.py" in paths
    app: dict[str, Any] = {"kind": "django"} if django else {}
    app |= _django(tree, paths) if django else _module(tree, paths)
    if "web" in processes:
        values, warnings = _web(processes["web"])
        app |= values
        problems += warnings
    app["workers"] = tuple(
        Process(name=entry.name, command=entry.command)
        for entry in entries
        if entry.name not in {"web", "release"}
    )
    return Told(
        name=_name(tree, project),
        app=app,
        migrations=_migrations(paths, processes.get("release")),
        build_static=_COLLECT if django and app.get("static") else "",
        problems=problems,
    )


_COLLECT = "python manage.py collectstatic --noinput"


def lock_of(tree: Tree) -> str:
    """The lock file of what the application needs to run; empty where there is none to be sure."""
    paths = tree.paths
    named = [name for name in _LOCKS[:2] if name in paths]
    files = [p for p in paths if p in _LOCKS[2:] or _LOCK_FOLDER.fullmatch(p)]
    hashed = [p for p in files if re.search(_HASH, tree.read(p) or b"")]
    order = ("requirements.lock", "requirements.txt", "requirements/run.txt")
    hashed.sort(key=lambda path: order.index(path) if path in order else len(order))
    return next(iter((*named, *hashed)), "")


def slug(text: str) -> str:
    """A name for folders, users and units on a host."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return (found if found[:1].isalpha() else f"app-{found}")[:31].rstrip("-") if found else ""


def _name(tree: Tree, project: str) -> str:
    named = table(read_toml(tree, "pyproject.toml"), "project").get("name")
    return slug(named if isinstance(named, str) else project)


def _procfile(tree: Tree, paths: frozenset[str]) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    return read_procfile(tree.read("Procfile") or b"") if "Procfile" in paths else ((), ())


def _web(entry: Entry) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Values from a web line. One that we cannot start ourselves must know of ``$SOCKET``."""
    if "$SOCKET" in entry.command or "${SOCKET}" in entry.command:
        return {"command": entry.command}, ()
    values, left = read_web(entry.command)
    if values and not left:
        return values, ()
    message, hint = (
        "this does not listen on `$SOCKET`",
        "name the target with `app` in fairlead.yml",
    )
    if values:
        message = f"passed over, as a slot has its own command: {' '.join(left)}"
        hint = "write `run` under `app` in fairlead.yml to have it, with `$SOCKET` to listen on"
    return values, (Problem(location=entry.location, message=message, hint=hint, warning=True),)


def _migrations(paths: frozenset[str], release: Entry | None) -> Migrations:
    django = "manage.py" in paths
    if release:
        pending = "python manage.py migrate --plan" if django else ""
        return Migrations(command=release.command, pending=pending)
    if django:
        return Migrations(
            command="python manage.py migrate --noinput", pending="python manage.py migrate --plan"
        )
    if "alembic.ini" in paths:
        return Migrations(command="alembic upgrade head")
    return Migrations()


def _django(tree: Tree, paths: frozenset[str]) -> dict[str, Any]:
    settings = re.search(
        rb"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)[\"']", tree.read("manage.py") or b""
    )
    module = settings[1].decode() if settings else ""
    package = next((p for p in _packages(module) if f"{p}/wsgi.py" in paths), "")
    found: dict[str, Any] = {}
    if package:
        found["target"] = f"{package.replace('/', '.')}.wsgi:application"
    asgi = next((p for p in _packages(module) if f"{p}/asgi.py" in paths), "")
    if asgi:
        found["asgi"] = f"{asgi.replace('/', '.')}.asgi:application"
    static = _django_static(tree, module, paths)
    return found | ({"static": static} if static else {})


def _packages(module: str) -> Iterator[str]:
    """The folders of a module's packages, innermost first: ``a.settings.b`` is in a/settings, a."""
    parts = module.split(".")[:-1]
    while parts:
        yield "/".join(parts)
        parts.pop()


def _django_static(tree: Tree, module: str, paths: frozenset[str]) -> tuple[tuple[str, str], ...]:
    base = module.replace(".", "/")
    files = [
        f"{base}.py",
        *(f"{p}/{n}.py" for p in _packages(module) for n in ("base", "settings")),
    ]
    for path in dict.fromkeys(files):
        data = tree.read(path) if path in paths else None
        root = re.search(rb"(?m)^STATIC_ROOT\s*=(.*)$", data or b"")
        if root:
            url = re.search(rb"(?m)^STATIC_URL\s*=\s*[\"']/?([\w./-]*?)/?[\"']", data or b"")
            address = f"/{url[1].decode()}/" if url and url[1] else "/static/"
            folder = _joined(root[1])
            return ((address, folder),) if folder else ()
    return ()


def _joined(expression: bytes) -> str:
    """The folder of ``BASE_DIR / "a" / "b"`` or ``os.path.join(BASE_DIR, "a")``, if inside."""
    parts = re.findall(rb"[\"']([\w./-]+)[\"']", expression)
    path = "/".join(part.decode().strip("/") for part in parts)
    inside = b"BASE_DIR" in expression or (parts and not parts[0].startswith(b"/"))
    return path if inside and ".." not in path and b".parent" not in expression else ""


def _module(tree: Tree, paths: frozenset[str]) -> dict[str, Any]:
    """The first module, by name and by depth, that has an application at its top."""
    places = [
        p for p in paths if _PLACES.fullmatch(p) and not _NO_APP.intersection(p.split("/")[:-1])
    ]
    places.sort(key=lambda p: (_ENTRIES.index(posixpath.basename(p)), p.count("/"), p))
    for path in places:
        data = (tree.read(path) or b"")[:_LARGEST]
        if found := _CALLABLES.search(data):
            asgi = posixpath.basename(path) == "asgi.py" or _is_asgi(found[2])
            values: dict[str, Any] = {"target": f"{_dotted(path)}:{found[1].decode()}"}
            values["interface"] = "asgi" if asgi else "wsgi"
            return values | _package_static(path, paths)
    return {}


def _is_asgi(maker: bytes) -> bool:
    return maker.rpartition(b".")[2] in _ASGI


def _dotted(path: str) -> str:
    parts = path.removeprefix("src/").removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _package_static(path: str, paths: frozenset[str]) -> dict[str, Any]:
    """Flask's own: a folder ``static`` beside the module."""
    folder = posixpath.join(posixpath.dirname(path), "static")
    if any(other.startswith(f"{folder}/") for other in paths):
        return {"static": (("/static/", folder),)}
    return {}
