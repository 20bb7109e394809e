"""``fairlead worker``: takes builds, on any number of machines."""

import click

from fairlead.cli.serving import prepared


@click.command(help="Take builds and carry them out: one worker of a cluster.")
@click.option(
    "--labels",
    metavar="A,B",
    help="What this machine offers to projects that ask for it, instead of FAIRLEAD_LABELS.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1, max=1000),
    metavar="N",
    help="Builds at once, instead of FAIRLEAD_SLOTS (2).",
)
def command(*, labels: str | None, jobs: int | None) -> None:
    """Returns when it has been stopped, by Ctrl-C or SIGTERM, and its builds have ended."""
    prepared(labels=labels, slots=jobs)
    from fairlead.server.serving.alone import worker

    worker()
