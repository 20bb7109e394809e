"""What is wrong with environments that no single value shows."""

from collections.abc import Iterator
from collections.abc import Mapping as Dictionary

from fairlead.model.environment import Environment, Host
from fairlead.model.plan import Location
from fairlead.pipeline.document import Mapping, Node, Scalar, Sequence
from fairlead.pipeline.durations import parse_duration
from fairlead.pipeline.environments.meeting import matches, shared
from fairlead.pipeline.native.reader import Reader, did_you_mean, known_or_close
from fairlead.pipeline.tree import Tree

_OPTIONS = {
    "ssh": (),
    "heroku": ("app", "method", "api", "git", "timeout"),
    "script": ("deploy", "rollback", "status", "timeout"),
}
_VALUES = (
    ("method", lambda text: text in {"build", "git"}, "`build` or `git`"),
    ("timeout", lambda text: parse_duration(text) is not None, "a duration such as `10 min`"),
    ("api", lambda text: text.startswith(("https://", "http://")), "an address"),
)
_NEEDED = {"heroku": "app", "script": "deploy"}


def check(
    environments: tuple[Environment, ...], parts: Dictionary[str, Node], reader: Reader, tree: Tree
) -> None:
    """Note in ``reader`` what does not go together; ``parts`` are the file's top-level values."""
    nodes = parts.get("environments")
    written = {
        environment: node
        for environment in environments
        if isinstance(nodes, Mapping) and (node := nodes.get(environment.name)) is not None
    }
    for environment, node in written.items():
        _provider(environment, node, reader)
        if environment.provider == "ssh":
            _app(environment, node, reader, alone=not tree.paths)
        _rules(environment, node, reader)
        _secrets(environment, node, reader)
    _hosts(written, reader)
    _domains(written, reader)
    _lock(parts.get("release"), reader, tree)


def _place(node: Node, *path: str) -> Location:
    """The place of the value at ``path``, or of what is there of it."""
    for key in path:
        inner = node.get(key) if isinstance(node, Mapping) else None
        if inner is None:
            break
        node = inner
    return node.location


def _where(environment: Environment, node: Node) -> Location:
    """The place of an environment's name."""
    return environment.location or node.location


def _provider(environment: Environment, node: Node, reader: Reader) -> None:
    provider = environment.provider
    known = _OPTIONS[provider]
    options = node.get("options") if isinstance(node, Mapping) else None
    for name, _ in options.entries if isinstance(options, Mapping) else ():
        if name.text not in known:
            hint = known_or_close(name.text, known, "its options")
            reader.error(name.location, f"{provider} has no option {name.text!r}", hint)
    given = dict(environment.options)
    if (needed := _NEEDED.get(provider)) and not given.get(needed):
        hint = f"write it under `options`: `options: {{{needed}: …}}`"
        reader.error(_where(environment, node), f"{provider} needs the option {needed!r}", hint)
    for key, fits, wanted in _VALUES:
        if key in given and not fits(given[key]):
            reader.error(_place(node, "options", key), f"{key} takes {wanted}, not {given[key]!r}")
    if provider != "ssh" and environment.hosts:
        hint = "leave `hosts` away, or write `provider: ssh`"
        reader.error(_place(node, "hosts"), f"{provider} has no hosts of ours", hint)
    if provider == "ssh" and not environment.hosts and not _named(node, "hosts"):
        hint = "write `hosts: deploy@web1.example.org`, or another `provider`"
        reader.error(_where(environment, node), f"{environment.name} has no hosts", hint)


def _named(node: Node, key: str) -> bool:
    """Whether there is something at a key, though perhaps nothing that could be read."""
    found = node.get(key) if isinstance(node, Mapping) else None
    return found is not None and not (isinstance(found, Scalar) and found.null)


def _app(environment: Environment, node: Node, reader: Reader, *, alone: bool) -> None:
    """A file that is checked ``alone`` has no project around it to tell what is served."""
    app = environment.app
    if app is None:
        return
    serves = any("web" in host.roles for host in environment.hosts)
    if serves and not alone and not app.target and not app.command:
        hint = "write `app: module:callable`, or a Procfile with a line `web:`"
        message = f"nothing tells what {environment.name} serves"
        reader.error(_where(environment, node), message, hint)
    if app.interface == "asgi" and app.server == "gunicorn":
        hint = "write `server: uvicorn`"
        reader.error(_place(node, "app", "server"), "gunicorn does not speak asgi by itself", hint)
    if app.interface == "wsgi" and app.server == "uvicorn" and not app.command:
        hint = "write `server: gunicorn`, or `interface: asgi`"
        reader.error(_place(node, "app", "interface"), "uvicorn does not speak wsgi", hint)
    for process in app.workers:
        if not process.command:
            hint = "write `run`, or a line of that name in the Procfile"
            message = f"the process {process.name!r} has no command"
            reader.error(_place(node, "app", "workers", process.name), message, hint)
        if process.name in {"web", "run", "env", "release"}:
            message = f"a process cannot be called {process.name!r}"
            reader.error(_place(node, "app", "workers"), message, "this name has a meaning already")
    if environment.tls and not environment.domains:
        reader.error(_place(node, "tls"), "a certificate is for a domain", "write `domain`")


def _rules(environment: Environment, node: Node, reader: Reader) -> None:
    if environment.automatic and not (environment.branches or environment.tags):
        message = f"nothing tells which green builds go to {environment.name}"
        reader.error(_place(node, "automatic"), message, "write `branch` or `tag`")
    numbered = [domain for domain in environment.domains if "{number}" in domain]
    if environment.review and not numbered:
        message = "review environments need a domain with {number}"
        hint = "such as `domain: pr-{number}.staging.example.org`"
        reader.error(_place(node, "review"), message, hint)
    if environment.review and environment.provider != "ssh":
        message = f"{environment.provider} makes no places for pull requests of ours"
        reader.error(_place(node, "review"), message, "reviews need `provider: ssh`")
    if numbered and not environment.review:
        message = "only review environments have {number} in a domain"
        reader.error(_place(node, "domain"), message, "write `review: true`")


def _secrets(environment: Environment, node: Node, reader: Reader) -> None:
    for name in sorted(set(dict(environment.env)).intersection(environment.secrets)):
        message = f"{name} is both a variable and a secret of {environment.name}"
        reader.error(_place(node, "env", name), message, "one of them is enough")


def _hosts(written: Dictionary[Environment, Node], reader: Reader) -> None:
    """A host twice in an environment, or two of them that would be one on a host."""
    there: dict[tuple[str, int], list[Environment]] = {}
    for environment, node in written.items():
        seen: set[tuple[str, int]] = set()
        for host, location in _placed(environment.hosts, node):
            machine = host.address.lower(), host.port
            if machine in seen:
                hint = "give one host all its `roles`"
                reader.error(location, f"{host.address} is here twice", hint)
                continue
            seen.add(machine)
            for other in there.setdefault(machine, []):
                if what := shared(environment, other):
                    message = f"{host.address} has {other.name} as {what} already"
                    reader.error(location, message, "give one of them another `name` under `app`")
                    break
            there[machine].append(environment)


def _placed(hosts: tuple[Host, ...], node: Node) -> Iterator[tuple[Host, Location]]:
    """Hosts with their places; that of the list where some of it could not be read."""
    found = node.get("hosts") if isinstance(node, Mapping) else None
    items = found.items if isinstance(found, Sequence) else (found,)
    exact = len(items) == len(hosts)
    for number, host in enumerate(hosts):
        item = items[number] if exact else found
        yield host, (item or node).location


def _domains(written: Dictionary[Environment, Node], reader: Reader) -> None:
    known: dict[str, tuple[str, Location]] = {}
    for environment, node in written.items():
        value = node.get("domain") if isinstance(node, Mapping) else None
        for item in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(item, Scalar):
                continue
            name = item.text.lower().removesuffix(".")
            same = (one for one in known if one == name or matches(one, name) or matches(name, one))
            if (found := next(same, None)) is not None:
                other, first = known[found]
                hint = f"first {first}" + ("" if other == environment.name else f", for {other}")
                reader.error(item.location, f"the domain {name} is here twice", hint)
            known.setdefault(name, (environment.name, item.location))


def _lock(node: Node | None, reader: Reader, tree: Tree) -> None:
    lock = node.get("lock") if isinstance(node, Mapping) else None
    if isinstance(lock, Scalar) and tree.paths and lock.text.removeprefix("./") not in tree.paths:
        hint = did_you_mean(lock.text, tree.paths)
        reader.error(lock.location, f"the project has no file {lock.text!r}", hint)
