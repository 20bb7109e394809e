"""`fairlead package`: a commit as one signed file that can be deployed."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.model.release import Release
    from fairlead.release.local import Request


@click.command()
@click.option("--commit", metavar="REV", help="Of a commit, branch or tag, not of HEAD.")
@click.option("--force", is_flag=True, help="Although the commit's run did not pass.")
@click.option("--no-tag", is_flag=True, help="Make no git tag, whatever fairlead.yml says.")
@click.option("--output", metavar="PLACE", help="Copy the file there too: a folder or a name.")
@click.option("--json", "as_json", is_flag=True, help="Print the release as JSON.")
def command(
    *, commit: str | None, force: bool, no_tag: bool, output: str | None, as_json: bool
) -> None:
    """Make a release of the current commit: one file, signed, that can be deployed.

    It holds the commit's files, the project as it is installed, the wheels of its lock file, and
    what the commands of `release: build` make; and it says which run tested it. The same commit
    gives the same bytes.

    \b
      fairlead run && fairlead package
      fairlead package --commit v1.4.0
    """  # noqa: D301 — click's own sign
    began = time.monotonic()
    request = request_of(commit, force=force, tagging=not no_tag)
    if commit is None:
        _warn_of_changes()
    release = make(request)
    if output:
        _copy(release, Path(output))
    if as_json:
        from fairlead.cli.builds import print_json

        print_json(release)
        return
    _tell(release, time.monotonic() - began)


def request_of(revision: str | None, *, force: bool = False, tagging: bool = True) -> "Request":
    """The release of a revision of the project around the current folder, to be asked for.

    Raises ``PipelineError`` for what is wrong in its ``release`` and ``environments``.
    """
    from fairlead.model.environment import Migrations
    from fairlead.release.local import Request
    from fairlead.util.git import try_git

    source = context.source(revision or "HEAD")
    known = context.environments(at=source)
    rules = tuple({environment.migrations: None for environment in known.environments})
    ref = f"refs/tags/{revision}"
    named = revision and try_git("show-ref", "--verify", "-q", ref, cwd=source.root).code == 0
    return Request(
        source=source,
        packaging=known.packaging,
        settings=context.settings(),
        host=os.environ,
        by=person(),
        branch=source.branch or "",
        tag=revision or "" if named else "",
        force=force,
        tagging=tagging,
        migrations=rules or (Migrations(),),
    )


def make(request: "Request") -> "Release":
    """Make it, telling on standard error what takes long."""
    from fairlead.cli.view.clean import clean
    from fairlead.cli.view.look import look_of
    from fairlead.release.local import make_release

    look = look_of(sys.stderr, os.environ)

    def tell(text: str) -> None:
        line = look.style(look.plain(f"· {clean(text)}"), "dim")
        click.echo(line, err=True, color=look.colour)

    return make_release(request, tell)


def person() -> str:
    """Who is at the keyboard, as logs and histories name them."""
    import getpass

    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return str(os.getuid())


def _warn_of_changes() -> None:
    """Say that what is not committed stays behind."""
    if context.source().dirty:
        click.echo("warning: what is not committed is not in the release", err=True)


def _copy(release: "Release", place: Path) -> None:
    import shutil

    from fairlead.util.fs import unusable

    target = place / Path(release.file).name if place.is_dir() else place
    try:
        shutil.copyfile(release.file, target)
    except OSError as error:
        raise unusable(target, error) from error


def _tell(release: "Release", seconds: float) -> None:
    from fairlead.cli.releases import size_of, tested_by
    from fairlead.cli.view.look import look_of
    from fairlead.cli.view.words import duration, plural

    look = look_of(sys.stdout, os.environ)
    manifest = release.manifest
    tag = f", tagged {release.tag}" if release.tag else ""
    first = f"Release {release.number} of {manifest.project}, version {manifest.version}{tag}"
    holds = [
        plural(len(manifest.members), "file"),
        plural(len(manifest.requirements), "wheel"),
        f"Python {manifest.python}",
        size_of(release.size),
        f"made in {duration(seconds)}",
    ]
    lines = (look.style(first, "bold"), f"  {', '.join(holds)}", f"  {tested_by(release, look)}")
    for line in (*lines, f"  {os.path.relpath(release.file)}"):
        click.echo(look.plain(line), color=look.colour)
