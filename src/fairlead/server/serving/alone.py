"""``fairlead web``, ``worker`` and ``scheduler``: one part a process, for a cluster."""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from fairlead.server.configuration import Configuration, load_configuration
from fairlead.server.serving.data import make_data
from fairlead.server.serving.database import name_database, running_database
from fairlead.server.serving.forking import ask
from fairlead.server.serving.journal import keep_journal
from fairlead.server.serving.listen import bind, place_of
from fairlead.server.serving.loading import keep_loaded, load_django, load_everything
from fairlead.server.serving.notify import notify

log = logging.getLogger(__name__)

Say = Callable[[str], None]


def web(say: Say) -> None:
    """Be a web node until SIGTERM or SIGINT. Raises ``FairleadError`` where it cannot begin."""
    told = _begin("web")
    with bind(told.listen) as taken:
        os.environ["FAIRLEAD_LISTEN"] = place_of(taken)
        load_everything()
        told = _named()
        ask(lambda: _make_tables(told), "prepare")
        keep_loaded()
        from fairlead.server.links import base_url
        from fairlead.server.serving.web import serve_web

        def ready() -> None:
            say(f"The web node is at {base_url(told)}/")
            notify("READY=1")

        serve_web(told, taken, ready)
    _leave()


def worker() -> None:
    """Be a worker until SIGTERM or SIGINT, then until its builds have ended or are handed over.

    It makes no tables: it may log in with a role that must not.
    """
    told = _begin("worker")
    load_django()
    ask(lambda: _await_tables(told), "prepare")
    from fairlead.server.serving.work import run_worker

    notify("READY=1")
    run_worker(told)
    _leave()


def scheduler() -> None:
    """Be a scheduler until SIGTERM or SIGINT; of several, one at a time does each thing."""
    told = _begin("scheduler")
    load_django()
    ask(lambda: _make_tables(told), "prepare")
    from fairlead.server.serving.work import run_scheduler

    notify("READY=1")
    run_scheduler(told)
    _leave()


def _begin(part: str) -> Configuration:
    told = load_configuration(os.environ)
    keep_journal(told, part)
    make_data(told)
    name_database(running_database(told))
    return _named()


def _leave() -> NoReturn:
    """End at once: threads that wait for the next request would be waited for, for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _named() -> Configuration:
    return load_configuration(os.environ)


def _make_tables(told: Configuration) -> str:
    from fairlead.server.serving.prepare import check_storage, make_tables

    check_storage(told)
    make_tables(told)
    return ""


def _await_tables(told: Configuration) -> str:
    from fairlead.server.serving.prepare import await_tables

    await_tables(told)
    return ""
