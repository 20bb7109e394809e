"""``fairlead restore``: a server from the file of a backup."""

from typing import IO

import click

from fairlead.cli.serving import prepared


@click.command(
    help="Make this machine's server what FILE, or standard input (-), holds. It must not run."
)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--force",
    is_flag=True,
    help="Replace an installation; what it held is put aside in its folder.",
)
def command(*, file: IO[bytes], force: bool) -> None:
    """Changes nothing where the backup cannot be used."""
    prepared()
    import os

    from fairlead.server.configuration import load_configuration
    from fairlead.server.operating.restore import restore

    told = load_configuration(os.environ)
    manifest = restore(told, file, force=force)
    counts = manifest.counts
    click.echo(
        f"Restored the backup of {manifest.made}: {counts.get('projects', 0):,} projects,"
        f" {counts.get('builds', 0):,} builds. Start it with: fairlead serve"
    )
