"""`fairlead retry`: the same commit once more, on the server."""

import click

from fairlead.cli import remote


@click.command()
@click.argument("build", metavar="BUILD[.JOB]")
@remote.options
@click.option("--failed", is_flag=True, help="Only jobs that did not pass.")
@click.option("--job", "jobs", multiple=True, metavar="J", help="Only this job (place or key).")
@click.option("--watch", is_flag=True, help="Watch it, and exit with its verdict.")
def command(
    *, build: str, server: str, project: str, failed: bool, jobs: tuple[str, ...], watch: bool
) -> int:
    """Build the commit of BUILD again, as a new build: all of it, or some of its jobs."""
    from fairlead.errors import UsageError

    asked, found, job = remote.find_build(build, server=server, project=project)
    wanted = (*jobs, job) if job else jobs
    if failed and wanted:
        raise UsageError("either --failed or jobs, not both")
    keys = [remote.find_job(found, name).key for name in wanted]
    again = asked.api.retry(found, failed=failed, jobs=keys)
    click.echo(f"build {again.name} is {again.state}: {again.url}")
    if not watch:
        return 0
    from fairlead.cli.watching import watch_build

    return watch_build(asked.api, again)
