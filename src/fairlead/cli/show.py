"""`fairlead show`: an earlier run, one of its jobs, or a log."""

import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from fairlead.cli import runs

if TYPE_CHECKING:
    from fairlead.cli.view import Look
    from fairlead.cli.view.failures import StepFailure
    from fairlead.model import JobResult, RunResult, Value
    from fairlead.runner.history import Entry, History

_SHOWN = 40


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--job", "-j", metavar="JOB", help="Only this job, with all that is known of it.")
@click.option("--log", is_flag=True, help="Print the job's whole log.")
@click.option("--attempt", type=click.IntRange(1), metavar="N", help="That attempt at the job.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--list", "listed", is_flag=True, help="List the runs that are kept.")
def command(
    *,
    run: str | None,
    job: str | None,
    log: bool,
    attempt: int | None,
    as_json: bool,
    listed: bool,
) -> None:
    """Show an earlier RUN: a number, last (the default) or last-1.

    A log comes as the steps wrote it, secrets masked; on a terminal without the control
    sequences that could do it harm.
    """
    history = runs.open_history()
    if listed:
        _list(history, as_json=as_json)
        return
    result = runs.find_run(history, run)
    if log:
        _log(history, result, runs.find_job(result, job), attempt)
    elif as_json:
        _json(_attempt_only(runs.find_job(result, job), attempt) if job else result)
    elif job or attempt:
        chosen = runs.find_jobs(result, job) if job else (runs.find_job(result, None),)
        _jobs(history, result, [_attempt_only(one, attempt) for one in chosen])
    else:
        _whole(history, result)


def _whole(history: "History", result: "RunResult") -> None:
    from fairlead.cli.view.ending import ending

    look = _look()
    click.echo(look.plain(_title(result)))
    click.echo()
    _print(ending(result, look, output=_output(history, result)))


def _jobs(history: "History", result: "RunResult", jobs: "Sequence[JobResult]") -> None:
    from fairlead.cli.view.job import job_text

    look, output = _look(), _output(history, result)
    _print("\n".join(job_text(result, job, look, output=output) for job in jobs))


def _title(result: "RunResult") -> str:
    from fairlead.cli.view.clean import one_line

    trigger = result.trigger
    place = trigger.tag or trigger.branch or ""
    parts = (place, (trigger.commit or "")[:10], one_line(trigger.message), _when(result.started))
    known = " · ".join(part for part in parts if part)
    return (
        f"run {result.number}"
        + (f" of {trigger.repository}" if trigger.repository else "")
        + (f": {known}" if known else "")
    )


def _output(history: "History", result: "RunResult") -> "Callable[[StepFailure], Sequence[str]]":
    from fairlead.cli.view.clean import clean_lines

    read = runs.log_reader(history, result)

    def lines(failure: "StepFailure") -> Sequence[str]:
        data = read(failure)
        return clean_lines(data, last=_SHOWN, cut=len(data) < failure.step.length)

    return lines


def _attempt_only(job: "JobResult", attempt: int | None) -> "JobResult":
    from msgspec.structs import replace

    if attempt is None:
        return job
    _check(job, attempt)
    return replace(job, attempts=job.attempts[attempt - 1 : attempt])


def _check(job: "JobResult", attempt: int) -> None:
    from fairlead.errors import UsageError

    if attempt > len(job.attempts):
        raise UsageError(
            f"job {job.job} has no attempt {attempt}", hint=f"it had {len(job.attempts)}"
        )


def _log(history: "History", result: "RunResult", job: "JobResult", attempt: int | None) -> None:
    from fairlead.cli.view.clean import clean
    from fairlead.errors import UsageError

    number = attempt or len(job.attempts)
    _check(job, number)
    name = job.attempts[number - 1].log if job.attempts else ""
    try:
        log = (history.folder(result.number) / name).open("rb")
    except OSError as error:
        why = f"{job.outcome}: {job.reason}" if job.reason else str(job.outcome)
        raise UsageError(f"job {job.job} of run {result.number} has no log", hint=why) from error
    with log:
        if not sys.stdout.isatty():
            shutil.copyfileobj(log, sys.stdout.buffer, 1 << 20)
            return
        colour = _look().colour
        for line in log:
            _print(clean(line.decode("utf-8", "replace"), colour=colour))


def _list(history: "History", *, as_json: bool) -> None:
    entries = history.entries()
    if as_json:
        _json(entries)
        return
    look = _look()
    for entry in entries:
        _print(look.plain(_entry_line(entry, look)) + "\n")


def _entry_line(entry: "Entry", look: "Look") -> str:
    notes = [
        note for note, holds in (("partial", entry.partial), ("changed", entry.dirty)) if holds
    ]
    commit = (entry.commit or "")[:10]
    words = f"{entry.number:>4}  {entry.outcome:<9}  {_when(entry.started)}  {commit:<10}"
    said = f" ({', '.join(notes)})" if notes else ""
    return f"{look.symbol(entry.outcome)} {words}  {entry.branch or ''}{said}".rstrip()


def _when(started: float) -> str:
    return f"{datetime.fromtimestamp(started).astimezone():%Y-%m-%d %H:%M}" if started else ""


def _json(value: "Value | Sequence[object]") -> None:
    import msgspec

    from fairlead.model import encode

    text = msgspec.json.format(encode(value), indent=2)
    sys.stdout.buffer.write(text + b"\n")


def _look() -> "Look":
    import os

    from fairlead.cli.view import look_of

    return look_of(sys.stdout, os.environ)


def _print(text: str) -> None:
    """Write text that the stream's encoding may not hold."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
