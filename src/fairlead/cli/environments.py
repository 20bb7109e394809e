"""`fairlead environments`: where the project is deployed to, as its pipeline file says."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.cli.view.look import Look
    from fairlead.model.environment import App, Environment, Host
    from fairlead.pipeline.environments import Deployments

_WIDTH = 11


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--commit", metavar="REV", help="Those of a commit, not of the files as they are.")
def command(*, name: str | None, as_json: bool, commit: str | None) -> int:
    """Show where the project is deployed to, or all that is known of one environment.

    \b
    For example:
      fairlead environments
      fairlead environments production

    They stand under `environments` in fairlead.yml. What the file leaves open is told from the
    project's files: a Procfile, manage.py, wsgi.py or asgi.py. Nothing is connected to.
    """  # noqa: D301 — click's own sign
    if name:
        chosen = context.environment(name, commit)
        found = context.environments(commit)
        shown: tuple[Environment, ...] = (chosen,)
    else:
        found = context.environments(commit)
        shown = found.environments
    if as_json:
        click.echo(_as_json(found, shown))
        return 0
    from fairlead.cli.view.look import look_of

    look = look_of(sys.stdout, os.environ)
    for line in lines(found, shown, look, whole=bool(name)):
        click.echo(line, color=look.colour)
    return 0


def _as_json(found: "Deployments", shown: "tuple[Environment, ...]") -> str:
    import msgspec

    answer = {
        "file": found.file,
        "environments": [_plain(environment) for environment in shown],
        "release": _plain(found.packaging),
        "problems": found.problems,
    }
    return msgspec.json.format(msgspec.json.encode(answer)).decode()


def _plain(value: object) -> object:
    """A value with every field, also where it has its default."""
    import msgspec

    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def lines(
    found: "Deployments", shown: "tuple[Environment, ...]", look: "Look", *, whole: bool = False
) -> Iterator[str]:
    """The environments as text, each with what it goes by."""
    from fairlead.cli.view.words import plural

    for problem in found.problems:
        yield look.style(str(problem), "yellow")
    if not shown:
        where = f"{found.file} has" if found.file else "there is no fairlead.yml, and so"
        yield f"{where} no environments"
        yield look.style("write where to deploy to under `environments` in fairlead.yml", "dim")
        return
    if not whole:
        yield f"{look.style(plural(len(shown), 'environment'), 'bold')} from {found.file}"
    for environment in shown:
        yield ""
        yield look.style(environment.name, "bold")
        for key, text in (_all if whole else _short)(environment):
            start = f"  {key:<{_WIDTH}} "
            yield start + look.clip(look.plain(text), max(20, look.width - len(start)))


def _short(environment: "Environment") -> Iterator[tuple[str, str]]:
    yield "where", _where(environment)
    if environment.domains:
        scheme = "https" if environment.tls else "http"
        yield "domain", ", ".join(f"{scheme}://{domain}" for domain in environment.domains)
    yield "takes", _rule(environment)
    if environment.provider == "ssh" and environment.app:
        yield "runs", _runs(environment.app)


def _all(environment: "Environment") -> Iterator[tuple[str, str]]:
    yield from _short(environment)
    app, health, watch = environment.app, environment.health, environment.watch
    if environment.provider == "ssh" and app:
        user = environment.user or app.name
        yield "on a host", f"{environment.root or f'/srv/{app.name}'}, as {user}, {app.manager}"
        for at, line in app.cron:
            yield "cron", f"{at}  {line}"
        for address, folder in app.static:
            yield "static", f"{address} from {folder}"
        version = f", version in {health.version}" if health.version else ""
        yield "health", f"{health.path} answers {health.status}{version}"
        share = f"back when {watch.errors:.1%} of at least {watch.requests} answers are above 499"
        yield "watch", f"{watch.seconds:g} s; {share}" if watch.seconds else "not at all"
        yield "migrations", environment.migrations.command or "none"
        yield "keeps", f"{environment.keep} releases" + (", the last warm" * environment.warm)
    if environment.env:
        yield "variables", ", ".join(name for name, _ in environment.env)
    if environment.secrets:
        yield "secrets", ", ".join(environment.secrets)
    for hook in environment.hooks:
        first = " (first host)" if hook.on == "first" else ""
        yield "hook", f"{hook.when} {hook.phase}: {hook.command}{first}"
    for option, value in environment.options:
        yield option, " ".join(value.split())
    if environment.notify:
        yield "tells", f"{', '.join(environment.notify)} (nothing is sent yet)"


def _where(environment: "Environment") -> str:
    if environment.provider != "ssh":
        app = dict(environment.options).get("app", "")
        return f"{environment.provider} {app}".rstrip()
    return ", ".join(map(_host, environment.hosts))


def _host(host: "Host") -> str:
    from fairlead.model.environment import ROLES

    return str(host) if set(host.roles) == set(ROLES) else f"{host} ({', '.join(host.roles)})"


def _rule(environment: "Environment") -> str:
    """What may go there, and what it takes."""
    parts = []
    if environment.branches:
        parts.append(f"branch {' or '.join(environment.branches)}")
    if environment.tags:
        parts.append(f"tag {' or '.join(environment.tags)}")
    rule = ", ".join(parts) or "anything"
    notes = (
        ("automatic", environment.automatic),
        ("approval", environment.approval),
        ("confirmed by name", environment.confirm),
        ("closed while it is deployed", environment.maintenance),
        ("one for each pull request", environment.review),
    )
    return "; ".join((rule, *(text for text, there in notes if there)))


def _runs(app: "App") -> str:
    if app.command:
        web = app.command
    elif app.target:
        web = f"{app.server} {app.target} with {_count(app)}"
    else:
        web = ""
    workers = (f"{p.count} {p.name}" if p.count > 1 else p.name for p in app.workers)
    return "; ".join(filter(None, (web, ", ".join(workers)))) or "nothing"


def _count(app: "App") -> str:
    from fairlead.cli.view.words import plural

    processes = plural(app.processes, "process", "processes")
    return f"{processes} of {plural(app.threads, 'thread')}"
