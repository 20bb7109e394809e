"""A person's shell where a job's steps would run: same files, environment, services, sandbox."""

import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fairlead.model import Event, Job
from fairlead.runner.baseline import Baseline
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Checkout, fill_workspace
from fairlead.runner.environments import Environments
from fairlead.runner.history import History
from fairlead.runner.job import Options, Shared
from fairlead.runner.log import Log
from fairlead.runner.places import working_folder
from fairlead.runner.prepare import Going, make_ready, prepare_environment
from fairlead.runner.pythons import find
from fairlead.runner.run import Order
from fairlead.runner.sandbox import choose
from fairlead.util.errand import Aside, Errand
from fairlead.util.redact import Redactor


def open_shell(order: Order, job: Job, say: Callable[[str], None]) -> int:
    """Open an interactive bash in the job's sandbox; returns its exit code.

    ``say`` is told what is being prepared. What is changed in the workspace is gone afterwards.
    Raises the ``FairleadError`` of whatever could not be prepared.
    """
    sandbox = choose(order.settings.sandbox, order.settings.home)
    cancel = Cancel()
    with working_folder(order.settings.home) as work:
        shared = Shared(
            number=0,
            source=order.source,
            trigger=order.trigger,
            settings=order.settings,
            sandbox=sandbox,
            environments=Environments(order.settings.home, order.host),
            secrets=order.secrets,
            options=Options(reuse=False),
            folder=work / "run",
            work=work,
            emit=_ignore,
            host=order.host,
            baseline=Baseline(History(order.source.root), order.source, order.trigger),
            pythons=Errand(lambda: find(order.settings.home, order.host)),
            aside=Aside(),
        )
        log = Log(work / "log", limit=1 << 20, redactor=Redactor(()), emit=lambda _s, _d: None)
        place = work / job.id
        checkout = Checkout(lambda: fill_workspace(order.source, place / "ws"))
        checkout.finish()
        going = Going(
            shared=shared,
            job=job,
            attempt=1,
            place=place,
            environment=prepare_environment(shared, job, place / "ws", say, checkout.finish),
            checkout=checkout,
            log=log,
            cancel=cancel,
            phase=_quiet,
            deadline=time.monotonic() + job.timeout,
        )
        with make_ready(going) as ready:
            assert ready.box is not None  # noqa: S101 — nothing is reused here
            prompt = {"PS1": f"({job.id}) \\w \\$ ", "TERM": order.host.get("TERM", "dumb")}
            argv = ("bash", "--noprofile", "--norc", "-i")
            # From here on Ctrl-C belongs to what runs in the shell, not to us.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            running = ready.box.start(argv, {**ready.variables, **prompt}, interactive=True)
            try:
                return _ended(running.wait_fd(), running.poll)
            finally:
                running.close()


def _ended(descriptor: int, poll: Callable[[], int | None]) -> int:
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    while (code := poll()) is None:
        waiter.poll(1000)
    return code


def _ignore(_event: Event) -> None:
    """A shell has no events."""


@contextmanager
def _quiet(_name: str) -> Iterator[None]:
    yield
