"""What every command that asks a server needs first: which server, which project, which build."""

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fairlead.cli import context
from fairlead.errors import UsageError

if TYPE_CHECKING:
    from fairlead.client.address import Named
    from fairlead.client.api import Api
    from fairlead.client.servers import Server
    from fairlead.client.values import Build, Job

F = TypeVar("F", bound=Callable[..., Any])

_LOOKED_AT = 100


def options(command: F) -> F:
    """The options ``--server`` and ``--project``."""
    command = click.option(
        "--project", metavar="NAME", default="",
        help="The project (default: FAIRLEAD_PROJECT, else the one a git remote is).",
    )(command)  # fmt: skip
    return click.option(
        "--server", metavar="URL", default="",
        help="The server (default: FAIRLEAD_URL, else the one a git remote leads to).",
    )(command)  # fmt: skip


def connect(url: str, token: str) -> "Api":
    """The API of a server, let go of when the command has ended."""
    from fairlead.client.api import Api
    from fairlead.client.http import Connection

    connection = Connection(url, token)
    click.get_current_context().call_on_close(connection.close)
    return Api(connection)


class Remote:
    """A server and a project as they are named, in the folder where the command was called."""

    def __init__(self, server: str = "", project: str = "", named: "Named | None" = None) -> None:
        self._pasted = bool(named and named.server)
        self._server = named.server if named and named.server else server
        self._project = named.project if named and named.project else project

    @cached_property
    def remotes(self) -> tuple[str, ...]:
        """Addresses of the remotes of the repository around us."""
        from fairlead.client.repository import remotes

        return remotes(Path.cwd())

    @cached_property
    def server(self) -> "Server":
        """Which server is meant. Raises ``UsageError`` where none is known."""
        from fairlead.client.servers import Servers, choose

        known = Servers(context.settings().config).all()
        asked = self._server or os.environ.get("FAIRLEAD_URL", "")
        remotes = () if asked else self.remotes
        return choose(known, os.environ, self._server, remotes, pasted=self._pasted)

    @cached_property
    def api(self) -> "Api":
        """The server's API."""
        return connect(self.server.url, self.server.token)

    @cached_property
    def here(self) -> str | None:
        """The project of the server that the repository around us is a clone of."""
        from fairlead.client.servers import project_of

        found = (project_of(remote, self.server.url) for remote in self.remotes)
        return next((name for name in found if name), None)

    @property
    def project(self) -> str:
        """Which project is meant. Raises ``UsageError`` where nothing tells."""
        named = self._project or os.environ.get("FAIRLEAD_PROJECT", "") or self.here
        if named:
            return named
        raise UsageError(
            f"no git remote here leads to a project of {self.server.url}",
            hint="say which with --project NAME, or write project/NUMBER",
        )

    @property
    def branch(self) -> str | None:
        """The branch that is checked out here, where here is a clone of the project."""
        from fairlead.client.repository import branch

        return branch(Path.cwd()) if self.here == self.project else None

    def newest(self) -> "Build":
        """The newest build of the current branch, or of the project where there is none."""
        branch = self.branch
        for build in self.api.builds(project=self.project, branch=branch, most=1):
            return self.api.build(build.project, build.number)
        where = f"branch {branch} of {self.project}" if branch else f"project {self.project}"
        raise UsageError(f"{where} has no build yet", hint="start one: fairlead trigger")


def find_build(text: str | None, *, server: str, project: str) -> tuple[Remote, "Build", str]:
    """Where a build is, the build with its jobs, and the job that ``text`` names, or nothing."""
    from fairlead.client.address import read_build

    named = read_build(text)
    remote = Remote(server, project, named)
    if named.number is None:
        return remote, remote.newest(), named.job
    return remote, remote.api.build(remote.project, named.number), named.job


def find_job(build: "Build", wanted: str) -> "Job":
    """The job of a build by its place from 1, its key, or its name where that is one's alone."""
    jobs = build.jobs
    found = [job for job in jobs if job.key == wanted]
    if not found and wanted.isascii() and wanted.isdecimal():
        found = [job for job in jobs if job.place == int(wanted)]
    found = found or [job for job in jobs if job.name == wanted]
    if len(found) == 1:
        return found[0]
    import difflib

    known = [job.key for job in jobs]
    if not known:
        raise UsageError(f"build {build.name} has no jobs yet", hint=build.waiting or "")
    what = f"{len(found)} jobs called {wanted!r}" if found else f"no job {wanted!r}"
    close = difflib.get_close_matches(wanted, known, n=1)
    listed = ", ".join(f"{job.place} {job.key}" for job in jobs[:_LOOKED_AT])
    hint = f"did you mean {close[0]}?" if close and not found else f"its jobs: {listed}"
    raise UsageError(f"build {build.name} has {what}", hint=hint)
