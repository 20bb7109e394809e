"""``fairlead admin``: users, tokens and projects of the server whose database this machine knows.

Whoever may read the data folder, or log in to the database, is trusted with it.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click

P = ParamSpec("P")


def _with_server(work: Callable[P, None]) -> Callable[P, None]:
    """With Django ready and the tables made; our own database is started where none runs."""

    @wraps(work)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        from fairlead.cli.serving import prepared

        prepared()
        from fairlead.server.serving.administering import administering

        with administering(os.environ):
            work(*args, **kwargs)

    return wrapped


@click.group()
def command() -> None:
    """Manage the server's users, tokens, projects and their secrets."""


@command.group()
def user() -> None:
    """People who sign in."""


@user.command("create")
@click.argument("name")
@_with_server
def create_user(name: str) -> None:
    """Make the administrator NAME and print the link that sets a password, once."""
    from fairlead.server.serving import administering

    click.echo(administering.make_user(name))


@user.command("link")
@click.argument("name")
@_with_server
def link_user(name: str) -> None:
    """Print a new one-time link for NAME, who has forgotten the password or lost the first."""
    from fairlead.server.serving import administering

    click.echo(administering.link_of(name))


@user.command("list")
@_with_server
def list_users() -> None:
    """List who may sign in."""
    from fairlead.server.serving import administering

    _table(administering.users(), "There are no users.")


@command.group()
def token() -> None:
    """What programs and the command line show instead of a password."""


@token.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE",
    help="read, build, push, admin or worker; may be given several times.",
)
@click.option("--user", "owner", metavar="NAME", help="Whose it is; it ends with that account.")
@click.option("--project", metavar="NAME", help="The only project that it is for.")
@click.option("--days", type=click.IntRange(min=1, max=36500), help="For how long it is good.")
@_with_server
def create_token(
    name: str, scopes: tuple[str, ...], owner: str | None, project: str | None, days: int | None
) -> None:
    """Issue a token called NAME and print it: it is shown only now."""
    from fairlead.server.serving import administering

    click.echo(administering.issue(name, scopes, owner=owner, project=project, days=days))


@token.command("list")
@_with_server
def list_tokens() -> None:
    """List tokens by number, never what they are."""
    from fairlead.server.serving import administering

    _table(administering.tokens(), "There are no tokens.")


@token.command("revoke")
@click.argument("number", type=click.IntRange(min=1))
@_with_server
def revoke_token(number: int) -> None:
    """Let the token of that NUMBER open nothing any more."""
    from fairlead.server.serving import administering

    click.echo(f"Revoked {administering.revoke(number)}.")


@command.group()
def project() -> None:
    """Repositories that are hosted or mirrored, and built."""


_VALUES = click.argument("values", nargs=-1, metavar="[FIELD=VALUE]...")


@project.command("create")
@click.argument("name")
@click.option("--mirror", metavar="URL", help="Mirror this repository instead of hosting one.")
@_VALUES
@_with_server
def create_project(name: str, mirror: str | None, values: tuple[str, ...]) -> None:
    """Make the project NAME; fields are those of `fairlead admin project change`."""
    from fairlead.server.serving import administering

    click.echo(administering.create_project(name, mirror, values))


@project.command("list")
@_with_server
def list_projects() -> None:
    """List all projects."""
    from fairlead.server.serving import administering

    _table(administering.projects(), "There are no projects.")


@project.command("change")
@click.argument("name")
@_VALUES
@_with_server
def change_project(name: str, values: tuple[str, ...]) -> None:
    """Set fields of NAME, such as labels=py36,deploy or cron='0 3 * * *'.

    Without any, they are shown.
    """
    from fairlead.server.serving import administering

    _table(administering.change_project(name, values), "")


@project.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with_server
def remove_project(name: str, *, yes: bool) -> None:
    """Remove NAME with its builds, their logs and artifacts, and a hosted repository."""
    from fairlead.server.serving import administering

    found = administering.project_called(name)
    if not yes:
        click.confirm(f"Remove {name} and everything of it?", abort=True)
    administering.remove_project(found)
    click.echo(f"Removed {name}.")


@command.group()
def secret() -> None:
    """What jobs of a project get as variables, in builds of trusted changes."""


@secret.command("set")
@click.argument("project")
@click.argument("name")
@_with_server
def set_secret(project: str, name: str) -> None:
    """Set NAME for PROJECT to a value, asked for or read from standard input."""
    from fairlead.cli.secrets import check_name, read_value
    from fairlead.server.serving import administering

    check_name(name, f"admin secret set {project}")
    administering.set_secret(project, name, read_value(name))
    click.echo(f"Set {name} for {project}.")


@secret.command("list")
@click.argument("project")
@_with_server
def list_secrets(project: str) -> None:
    """List the secrets of PROJECT by name, never their values."""
    from fairlead.server.serving import administering

    _table(administering.secrets_of(project), "There are no secrets.")


@secret.command("remove")
@click.argument("project")
@click.argument("name")
@_with_server
def remove_secret(project: str, name: str) -> None:
    """Forget NAME of PROJECT."""
    from fairlead.server.serving import administering

    administering.remove_secret(project, name)
    click.echo(f"Removed {name} of {project}.")


@command.command("worker-role")
@click.argument("name")
@_with_server
def worker_role(name: str) -> None:
    """Let workers on other hosts log in to the database as NAME, with no more than they need.

    Prints their FAIRLEAD_DATABASE_URL, with a new password. To be done again after an update.
    """
    from fairlead.server.operating.roles import make_worker_role

    click.echo(make_worker_role(name))


def _table(rows: list[tuple[Any, ...]], nothing: str) -> None:
    if not rows and nothing:
        click.echo(nothing, err=True)
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
