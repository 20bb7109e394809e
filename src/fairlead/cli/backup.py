"""``fairlead backup``: everything that a server holds, in one file."""

from pathlib import Path

import click

from fairlead.cli.serving import prepared


@click.command(
    help="Save everything this server holds in FILE, or standard output (-), while it runs."
)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def command(*, file: str) -> None:
    """Says what was saved, and which files were not there to be saved."""
    prepared()
    import os

    from fairlead.server.configuration import load_configuration
    from fairlead.server.operating.backup import save, save_to

    told = load_configuration(os.environ)
    if file == "-":
        with click.open_file("-", "wb") as output:
            saved = save_to(told, output)
    else:
        saved = save(told, Path(file).absolute())
    counts = saved.manifest.counts
    click.echo(
        f"Saved {counts['projects']:,} projects, {counts['builds']:,} builds,"
        f" {saved.files:,} files and {saved.repositories:,} repositories"
        f" ({saved.size / 1e6:,.1f} MB).",
        err=True,
    )
    for name in saved.missing:
        click.echo(f"{click.style('missing', fg='yellow')}: {name}", err=True)
