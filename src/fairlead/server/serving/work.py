"""The worker and the scheduler, put together from the parts they need."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fairlead.server.configuration import Configuration
from fairlead.server.engine.main import Care, schedule, work
from fairlead.server.engine.rounds import Rounds

if TYPE_CHECKING:
    from fairlead.server.engine.carry import Tools
    from fairlead.server.engine.deploying import Means

log = logging.getLogger(__name__)

_TICK = 5.0
"""Seconds between two looks for what is due: builds by the clock, remotes to be polled."""
_EXPIRE = 600.0
"""Seconds between two times that old deliveries are forgotten."""
_PATIENCE = 5.0  # seconds for a chore that is under way when we stop


def run_worker(told: Configuration, *, alone: bool = True, also: Sequence[Care] = ()) -> None:
    """Take builds until SIGTERM or SIGINT, then as long as told for those under way.

    ``alone`` on its machine, it may have to fetch and store everything through the web nodes;
    ``also`` is what it looks after beside builds.
    """
    from fairlead.server.engine.carry import Tools
    from fairlead.server.engine.confide import make_confide
    from fairlead.server.hosting.locate import make_locate
    from fairlead.server.storage import open_storage
    from fairlead.settings import load_settings

    tools = Tools(
        settings=load_settings(os.environ),
        intervals=told.intervals,
        locate=make_locate(told),
        storage=open_storage(told, worker=alone),
        confide=make_confide(told, alone=alone),
    )
    work(told, tools, means=_means(told, tools, alone=alone), also=also)


def _means(told: Configuration, tools: "Tools", *, alone: bool) -> "Means | None":
    """What deploying takes, unless it is others who do that."""
    from fairlead.server.engine.deploying import Means

    if not (told.deploys if told.deploys is not None else not alone):
        return None
    return Means(told=told, settings=tools.settings, storage=tools.storage, alone=alone)


def run_worker_and_scheduler(told: Configuration) -> None:
    """Both in one process, as on a single machine; the worker asks whether anything is due."""
    from fairlead.server.ticking import ANYTHING_DUE, tick

    stop = threading.Event()
    rounds = Rounds(chores(told))

    def go_round() -> None:
        while not stop.wait(rounds.pause()):
            rounds.go()

    beside = threading.Thread(target=go_round, name="scheduler", daemon=True)
    beside.start()
    try:
        run_worker(told, alone=False, also=[Care(ANYTHING_DUE, lambda: tick(told))])
    finally:
        stop.set()
        beside.join(_PATIENCE)


def run_scheduler(told: Configuration) -> None:
    """Look after builds and start what is due, until SIGTERM or SIGINT."""
    from fairlead.server.ticking import tick

    schedule(told, [(_TICK, lambda: tick(told)), *chores(told)])


def chores(told: Configuration) -> list[tuple[float, Callable[[], object]]]:
    """What a scheduler tidies up now and then, with the seconds between two times."""
    from fairlead.server.operating.sweeping import EVERY, sweep_storage
    from fairlead.server.services.deliveries import expire

    return [(EVERY, lambda: sweep_storage(told)), (_EXPIRE, expire)]
