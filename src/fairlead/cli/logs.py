"""`fairlead logs`: what the jobs of a server's build wrote, or an environment's hosts."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import hostlogs, remote

if TYPE_CHECKING:
    from fairlead.client.api import Api
    from fairlead.client.values import Build, Job


@click.command()
@click.argument("build", required=False, metavar="[BUILD[.JOB] | ENVIRONMENT]")
@remote.options
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended, or Ctrl-C.")
@click.option("--attempt", type=click.IntRange(1), metavar="N", help="That attempt at the job.")
@click.option("--tail", type=click.IntRange(0), metavar="N", help="Begin N lines before the end.")
@click.option("--host", "only", multiple=True, metavar="HOST", help="Only of this host.")
@click.option(
    "--of",
    "kind",
    type=click.Choice(("app", "access", "error")),
    default="app",
    help="What hosts wrote: the application (default), nginx's requests or its errors.",
)
def command(
    *,
    build: str | None,
    server: str,
    project: str,
    follow: bool,
    attempt: int | None,
    tail: int | None,
    only: tuple[str, ...],
    kind: str,
) -> None:
    """Print the log of a job of BUILD (12.unit, 12.3), or of all its jobs one after another.

    The bytes are those that the steps wrote, secrets masked; on a terminal without the control
    sequences that could do it harm.

    Of an ENVIRONMENT it is what its hosts wrote last, read over SSH, each line by its host; no
    server is asked. Whatever is not a build's number or address is an environment's name.

    \b
    For example:
      fairlead logs 12.unit -f
      fairlead logs production -f --of access
    """  # noqa: D301 — click's own sign
    from fairlead.errors import UsageError

    if build and hostlogs.is_environment(build):
        if attempt:
            raise UsageError("--attempt is of a build's job")
        hostlogs.show(build, only=only, kind=kind, follow=follow, tail=tail)
        return
    if only or kind != "app":
        raise UsageError("--host and --of are of an environment's hosts")

    asked, found, wanted = remote.find_build(build, server=server, project=project)
    if follow and not found.jobs:
        found = _planned(asked.api, found)
    jobs = (remote.find_job(found, wanted),) if wanted else found.jobs
    if not jobs:
        raise UsageError(
            f"build {found.name} has no logs", hint=found.reason or found.waiting or ""
        )
    if attempt and len(jobs) > 1:
        raise UsageError("--attempt is of one job", hint=f"such as {found.name}.{jobs[0].key}")
    for job in jobs:
        if len(jobs) > 1:
            sys.stdout.flush()
            click.echo(f"==> {job.place} {job.key}", err=True)
        _Log(asked.api, found, job, follow=follow, tail=tail).show(attempt)


def _planned(api: "Api", build: "Build") -> "Build":
    """The build once it is known which jobs it has, or that it will have none."""
    from fairlead.client.following import follow_build

    return next(now for now in follow_build(api, build) if now.jobs or now.ended)


class _Log:
    def __init__(
        self, api: "Api", build: "Build", job: "Job", *, follow: bool, tail: int | None
    ) -> None:
        self._api = api
        self._build = build
        self._job = job
        self._follow = follow
        self._tail = tail

    def show(self, attempt: int | None) -> None:
        """Write the log of one attempt, or of the last one and, following, those after it."""
        from fairlead.client.logs import attempt_of

        job = self._begun(self._job) if self._follow else self._job
        if attempt:
            attempt_of(job, attempt)
        number = attempt or len(job.attempts)
        if not number:
            reason = f": {job.reason}" if job.reason else ""
            click.echo(f"job {job.key} has no log, it is {job.state}{reason}", err=True)
            return
        self._attempt(number)
        while self._follow and not attempt:
            job = self._begun(self._api.job(self._build, job.place), after=number)
            if len(job.attempts) <= number:
                return
            number += 1
            click.echo(f"==> attempt {number}", err=True)
            self._attempt(number)

    def _begun(self, job: "Job", after: int = 0) -> "Job":
        """The job once there is an attempt after that one, or once there will be none."""
        from fairlead.client.following import follow_build

        if job.ended or len(job.attempts) > after:
            return job
        for build in follow_build(self._api, self._build):
            job = next(one for one in build.jobs if one.key == job.key)
            if job.ended or len(job.attempts) > after:
                break
        return job

    def _attempt(self, number: int) -> None:
        from fairlead.client.logs import LogReader

        reader = LogReader(self._api, self._build, self._job.place, number)
        if self._tail is not None:
            _write(last_lines(reader.rest(), self._tail))
            if not self._follow:
                return
        _write(reader.follow() if self._follow else reader.rest())


def last_lines(pieces: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The last ``count`` lines of what ``pieces`` are cut from; an unfinished one counts."""
    lines: deque[bytes] = deque(maxlen=count)
    open_line: list[bytes] = []
    for piece in pieces:
        *whole, rest = piece.split(b"\n")
        for line in whole:
            open_line.append(line)
            lines.append(b"".join(open_line) + b"\n")
            open_line = []
        open_line.append(rest)
    if last := b"".join(open_line):
        lines.append(last)
    yield from lines


def _write(pieces: Iterable[bytes]) -> None:
    """Write bytes as they come; on a terminal whole lines, made harmless."""
    if not sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        return
    from fairlead.cli.view.clean import clean

    held = b""
    for piece in pieces:
        held += piece
        whole, end, held = held.rpartition(b"\n")
        if end:
            _print(clean((whole + end).decode("utf-8", "replace"), colour=True))
    if held:
        _print(clean(held.decode("utf-8", "replace"), colour=True))


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
