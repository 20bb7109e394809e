"""``fairlead serve``: everything on one machine, from one supervisor of all its processes."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from fairlead.server.configuration import Configuration, load_configuration, secret_key
from fairlead.server.links import base_url
from fairlead.server.serving.data import Held, make_data
from fairlead.server.serving.database import embedded, name_database
from fairlead.server.serving.forking import Stopped
from fairlead.server.serving.hatching import Part
from fairlead.server.serving.journal import keep_journal
from fairlead.server.serving.listen import bind, place_of
from fairlead.server.serving.notify import notify
from fairlead.server.serving.supervise import Supervisor, Wakeful
from fairlead.util.serving import served

log = logging.getLogger(__name__)

_DRAIN = "10"  # seconds that builds have when everything on this machine is stopped
_WEB = 15.0  # seconds the web node has; it gives its answers less
_MORE = 20.0  # seconds a worker has beside its draining, to hand over what it could not end

Say = Callable[[str], None]


def serve(say: Say) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; ``say`` takes lines for whoever started us.

    Raises ``FairleadError`` where it cannot begin: then nothing is left running.
    """
    os.environ.setdefault("FAIRLEAD_DRAIN_TIMEOUT", _DRAIN)
    told = load_configuration(os.environ)
    keep_journal(told, "serve")
    held = Held(make_data(told))
    try:
        with bind(told.listen) as taken:
            os.environ["FAIRLEAD_LISTEN"] = place_of(taken)
            secret_key(told)
            url = base_url(load_configuration(os.environ))
            with Wakeful() as wakeful, served(told.data, url), _database(told):
                _run(load_configuration(os.environ), taken, wakeful, say)
    finally:
        held.release()
    say("Stopped.")


@contextmanager
def _database(told: Configuration) -> Iterator[None]:
    """The database that was named, or our own for as long as we serve."""
    if told.database_url:
        yield
        return
    with embedded(told) as postgres:
        name_database(postgres.address.url)
        yield


def _run(told: Configuration, taken: socket.socket, wakeful: Wakeful, say: Say) -> None:
    greeting = _Greeting(told, wakeful, say)
    drain = told.drain_timeout
    parts = (
        Part("web", lambda: _web(told, taken, greeting.tell), _WEB),
        Part("worker", lambda: _worker(told, taken), drain + _MORE if drain else None),
    )
    supervisor = Supervisor(parts, wakeful)
    try:
        greeting.link = supervisor.begin(lambda: _prepare(told))
        supervisor.keep(greeting.look)
    except Stopped:
        return
    finally:
        notify("STOPPING=1")
        supervisor.end()
        greeting.close()


def _prepare(told: Configuration) -> str:
    from fairlead.server.serving.prepare import check_storage, first_link, make_tables

    check_storage(told)
    make_tables(told)
    return first_link(told)


def _web(told: Configuration, taken: socket.socket, ready: Callable[[], None]) -> None:
    from fairlead.server.serving.web import serve_web

    keep_journal(told, "web")
    serve_web(told, taken, ready)


def _worker(told: Configuration, taken: socket.socket) -> None:
    from fairlead.server.serving.work import run_worker_and_scheduler

    taken.close()
    keep_journal(told, "worker")
    run_worker_and_scheduler(told)


class _Greeting:
    """Says where we are, once and only when the web node answers."""

    link = ""
    """Lets whoever has it sign in first; empty where somebody can."""

    def __init__(self, told: Configuration, wakeful: Wakeful, say: Say) -> None:
        self._told, self._wakeful, self._say = told, wakeful, say
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        wakeful.watch(self._reader)
        self._said = False

    def tell(self) -> None:
        """Called in the web node's process."""
        os.write(self._writer, b"!")

    def look(self) -> None:
        """Called in ours, whenever something happened."""
        with suppress(BlockingIOError):
            if os.read(self._reader, 512) and not self._said:
                self._said = True
                self._greet()

    def close(self) -> None:
        """Listen no more."""
        self._wakeful.forget(self._reader)
        os.close(self._reader)
        os.close(self._writer)

    def _greet(self) -> None:
        self._say(f"Fairlead is at {base_url(self._told)}/")
        if self.link:
            self._say(f"Nobody can sign in yet. This link makes you admin, once:\n  {self.link}")
        notify("READY=1")
