"""`fairlead run`: the pipeline on this machine, to a verdict."""

from typing import Any

import click

from fairlead.cli.running import Wish, carry_out


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--python", "pythons", multiple=True, metavar="V", help="Only jobs on this Python.")
@click.option("--stage", "stages", multiple=True, metavar="S", help="Only jobs of this stage.")
@click.option("--commit", metavar="REV", help="Run a commit, not the files as they are.")
@click.option("--failed", is_flag=True, help="Only jobs that did not pass when last run.")
@click.option("--since", metavar="REV", help="Path filters see what changed since REV.")
@click.option("--jobs", "-j", "count", type=click.IntRange(1), help="Jobs at once.")
@click.option("-k", "keyword", metavar="EXPR", default="", help="Only tests that match EXPR.")
@click.option("--no-cache", is_flag=True, help="Run every step, whatever could be reused.")
@click.option("--verify-cache", is_flag=True, help="Run reusable steps and compare.")
@click.option("--events", is_flag=True, help="Print events as JSON lines.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when not in a terminal.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bubblewrap", "process"]),
    help="How jobs are isolated (default: the best that works).",
)
def command(**options: Any) -> int:
    """Run the pipeline, or some of its JOBs (names or ids), and come to a verdict.

    The files are taken as they are, without those git ignores; nothing of your folder is
    touched but .fairlead/, where results are kept. Exits with 0 passed, 1 failed, 2 errored,
    130 cancelled.
    """
    return carry_out(Wish(**options))
