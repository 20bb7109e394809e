"""`fairlead artifacts`: the files that the jobs of a server's build left."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import remote

if TYPE_CHECKING:
    from fairlead.client.api import Api
    from fairlead.client.values import Artifact


@click.command()
@click.argument("build", metavar="BUILD[.JOB]")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@remote.options
@click.option("--download", metavar="DIR", help="Put them there, as DIR/JOB/NAME.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(
    *,
    build: str,
    names: tuple[str, ...],
    server: str,
    project: str,
    download: str | None,
    as_json: bool,
) -> None:
    """List the artifacts of BUILD, or download them: all, or those of the NAMEs.

    A NAME may be a pattern: 'dist/*.whl'. A file is there whole or not at all.
    """
    from fairlead.errors import UsageError

    asked, found, job = remote.find_build(build, server=server, project=project)
    key = remote.find_job(found, job).key if job else ""
    every = [one for one in asked.api.artifacts(found) if not key or one.job == key]
    chosen = _chosen(every, names)
    missing = [name for name in names if not _chosen(every, (name,))]
    if missing:
        known = ", ".join(one.path for one in every[:20])
        hint = f"it has: {known}" if known else "it has none"
        raise UsageError(f"build {found.name} has no artifact {missing[0]!r}", hint=hint)
    if as_json:
        from fairlead.cli.builds import print_json

        print_json(chosen)
    elif not chosen:
        click.echo(f"Build {found.name} has no artifacts.", err=True)
    if download:
        _download(asked.api, chosen, Path(download))
    elif not as_json:
        _list(chosen)


def _chosen(every: "Sequence[Artifact]", names: Sequence[str]) -> "list[Artifact]":
    if not names:
        return list(every)
    return [one for one in every if any(_fits(one, name) for name in names)]


def _fits(one: "Artifact", name: str) -> bool:
    paths = (one.path, f"{one.job}/{one.path}")
    return name in paths or any(fnmatchcase(path, name) for path in paths)


def _list(chosen: "Sequence[Artifact]") -> None:
    from fairlead.cli.view.clean import one_line

    for one in chosen:
        click.echo(f"{one.size:>14,}  {one_line(one.job)}/{one_line(one.path)}")


def _download(api: "Api", chosen: "Sequence[Artifact]", folder: Path) -> None:
    from fairlead.cli.view.clean import one_line
    from fairlead.client.files import place_of

    # All names are looked at before anything is written.
    places = [place_of(folder, one.job, one.path) for one in chosen]
    for one, place in zip(chosen, places, strict=True):
        size = _fetch(api, one, folder, place)
        click.echo(f"{one_line(str(place))}  {size:,} bytes", err=True)


def _fetch(api: "Api", one: "Artifact", folder: Path, place: Path) -> int:
    """Download one file; once more from the start where the server goes away in between."""
    import time

    from fairlead.client.errors import ServerUnreachable
    from fairlead.client.files import save

    waits = api.connection.waits()
    while True:
        try:
            with api.artifact(one) as answer:
                return save(folder, place, answer.iter_bytes())
        except ServerUnreachable:
            pause = next(waits, None)
            if pause is None:
                raise
            time.sleep(pause)
