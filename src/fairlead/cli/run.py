"""`fairlead run`: the pipeline on this machine, to a verdict."""

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from fairlead.cli import context
from fairlead.util.errand import Errand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlead.cli.view import Mode, Sink
    from fairlead.runner.cancel import Cancel
    from fairlead.runner.checkout import Source
    from fairlead.settings import Settings


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
def command(
    *, jobs: tuple[str, ...], pythons: tuple[str, ...], stages: tuple[str, ...],
    commit: str | None, failed: bool, since: str | None, count: int | None, keyword: str,
    no_cache: bool, verify_cache: bool, events: bool, plain: bool, sandbox: str | None,
) -> int:  # fmt: skip
    """Run the pipeline, or some of its JOBs (names or ids), and come to a verdict.

    The files are taken as they are, without those git ignores; nothing of your folder is
    touched but .fairlead/, where results are kept. Exits with 0 passed, 1 failed, 2 errored,
    130 cancelled.
    """
    from fairlead.runner.sandbox.helper import helper

    helper()
    settings = _adjusted(context.settings(), count, sandbox)
    opening = Errand(lambda: context.source(commit))
    _begin_with_a_box(settings)
    # Loaded while git looks at the files and a box is made.
    from fairlead.runner.job import Options
    from fairlead.runner.run import Order, run
    from fairlead.runner.secrets import load
    from fairlead.runner.select import Selection, select

    source = opening.result()
    trigger = source.trigger(since=since)
    only = _failed_before(source) if failed else None
    selection = Selection(names=jobs, pythons=pythons, stages=stages, only=only)
    plan = select(context.make_plan(source, trigger), selection)
    if keyword:
        from fairlead.runner.keyword import narrow

        plan = narrow(plan, keyword)
    order = Order(
        plan=plan,
        source=source,
        trigger=trigger,
        settings=settings,
        host=os.environ,
        options=Options(reuse=not no_cache, verify=verify_cache),
        secrets=load(settings.config, source.root),
    )
    mode: Mode = "events" if events else "plain" if plain else "auto"
    with _view(mode, source) as sink, _cancelled_by_signals() as cancel:
        result = run(order, sink, cancel)
    return result.outcome.exit_code


def _adjusted(settings: "Settings", count: int | None, sandbox: str | None) -> "Settings":
    changes: dict[str, object] = {}
    if count:
        changes["jobs"] = count
    if sandbox:
        changes["sandbox"] = sandbox
    return msgspec.structs.replace(settings, **changes) if changes else settings


def _begin_with_a_box(settings: "Settings") -> None:
    """Have a box made for a job that asks for nothing special, as most do."""
    from fairlead.model import Limits, Network
    from fairlead.runner.sandbox import choose

    limits = Limits(memory=settings.memory, processes=settings.processes)
    choose(settings.sandbox, settings.home).warm(limits, Network().mode)


def _failed_before(source: "Source") -> frozenset[str]:
    from fairlead.errors import UsageError
    from fairlead.runner.history import History, not_passed

    entries = History(source.root).entries()
    if not entries:
        raise UsageError("there is no earlier run whose failed jobs could be run again")
    bad = not_passed(entries)
    if not bad:
        raise UsageError("every job passed when it was last run: there is nothing to repeat")
    return bad


@contextmanager
def _view(mode: "Mode", source: "Source") -> "Iterator[Sink]":
    from fairlead.cli.view import choose_view
    from fairlead.runner.history import History, expected_seconds

    expected = expected_seconds(History(source.root).entries()) if mode == "auto" else {}
    sink = choose_view(sys.stdout, os.environ, mode, expected=expected)
    try:
        yield sink
    finally:
        sink.close()


@contextmanager
def _cancelled_by_signals() -> "Iterator[Cancel]":
    """A switch that Ctrl-C and TERM throw; a second Ctrl-C ends the program at once."""
    from fairlead.runner.cancel import Cancel

    cancel = Cancel()

    def throw(number: int, _frame: object) -> None:
        if cancel.thrown:
            raise KeyboardInterrupt
        cancel.throw("interrupted" if number == signal.SIGINT else "terminated")

    before = {n: signal.signal(n, throw) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        cancel.close()
