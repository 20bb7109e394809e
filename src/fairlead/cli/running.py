"""What ``fairlead run`` does, whichever way its options were read."""

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from fairlead.cli import context
from fairlead.util.errand import Errand, Later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fairlead.cli.view import Mode, Sink
    from fairlead.model import Event
    from fairlead.runner.cancel import Cancel
    from fairlead.runner.checkout import Source
    from fairlead.runner.run import Order
    from fairlead.settings import Settings


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``fairlead run``; what it does without any is the default of each."""

    jobs: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    commit: str | None = None
    failed: bool = False
    since: str | None = None
    count: int | None = None
    keyword: str = ""
    no_cache: bool = False
    verify_cache: bool = False
    events: bool = False
    plain: bool = False
    sandbox: str | None = None


def carry_out(wish: Wish) -> int:
    """Run the pipeline of the project around the current folder; returns the exit code."""
    from fairlead.runner.sandbox.helper import helper

    helper()
    settings = adjusted(context.settings(), wish)
    _begin_with_a_box(settings)
    opening = Errand(lambda: context.source(wish.commit))
    # Loaded while a box is made and git looks at the files.
    from fairlead.runner.job import Options
    from fairlead.runner.run import Order
    from fairlead.runner.secrets import load
    from fairlead.runner.select import Selection, select

    source = opening.result()
    trigger = source.trigger(since=wish.since)
    only = _failed_before(source) if wish.failed else None
    selection = Selection(names=wish.jobs, pythons=wish.pythons, stages=wish.stages, only=only)
    plan = select(context.make_plan(source, trigger), selection)
    if wish.keyword:
        from fairlead.runner.keyword import narrow

        plan = narrow(plan, wish.keyword)
    order = Order(
        plan=plan,
        source=source,
        trigger=trigger,
        settings=settings,
        host=os.environ,
        options=Options(reuse=not wish.no_cache, verify=wish.verify_cache),
        secrets=load(settings.config, source.root),
    )
    mode: Mode = "events" if wish.events else "plain" if wish.plain else "auto"
    return show_run(order, mode)


def show_run(order: "Order", mode: "Mode") -> int:
    """Carry an order out and show it; returns the exit code."""
    from fairlead.runner.run import run

    with _view(mode, order.source) as sink, _cancelled_by_signals() as cancel:
        result = run(order, sink if mode == "events" else _prepared(sink), cancel)
    return result.outcome.exit_code


def _prepared(sink: "Sink") -> "Callable[[Event], None]":
    """What the sink takes; it has what shows the end of a run loaded while the first step runs."""
    from fairlead.model import StepStarted

    ending = Later(_load_the_ending)

    def take(event: "Event") -> None:
        if type(event) is StepStarted:
            ending.begin()
        sink(event)

    return take


def _load_the_ending() -> None:
    import fairlead.cli.view.ending  # noqa: F401 — it stays loaded


def adjusted(settings: "Settings", wish: Wish) -> "Settings":
    """The settings with what a person asks for this once."""
    changes: dict[str, object] = {}
    if wish.count:
        changes["jobs"] = wish.count
    if wish.sandbox:
        changes["sandbox"] = wish.sandbox
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
    from fairlead.cli.view.look import is_terminal
    from fairlead.runner.history import History, expected_seconds

    live = mode == "auto" and is_terminal(sys.stdout)  # only then is there a use for it
    expected = expected_seconds(History(source.root).entries()) if live else {}
    sink = choose_view(sys.stdout, os.environ, mode, expected=expected)
    try:
        yield sink
    finally:
        sink.close()


@contextmanager
def _cancelled_by_signals() -> "Iterator[Cancel]":
    """A switch that Ctrl-C and TERM throw; a second Ctrl-C ends the program at once.

    What was to be ignored before stays so: ``nohup`` has a run outlive its terminal.
    """
    from fairlead.runner.cancel import Cancel

    cancel = Cancel()

    def throw(number: int, _frame: object) -> None:
        if cancel.thrown:
            raise KeyboardInterrupt
        cancel.throw("interrupted" if number == signal.SIGINT else "terminated")

    heeded = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, throw)
        for number in heeded
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        cancel.close()
