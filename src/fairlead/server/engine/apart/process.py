"""The process that carries one deployment out, makes one release, or looks at hosts once.

Run as ``python -m fairlead.server.engine.apart.process``: it knows neither Django nor the database,
and what it loads goes with it. It outlives its worker: that one may be killed at any moment, and
hosts that are half switched are worse than a deployment that nobody hears of. So it goes on to
the end, and all of it is in its journal too, where the next worker finds it (``adopting``).
"""

import asyncio
import fcntl
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from fairlead.errors import FairleadError
from fairlead.model.deployment import DeployFinished, DeployOutcome
from fairlead.server.engine.apart.folder import JOURNAL, LOCK
from fairlead.server.engine.apart.orders import (
    AnyOrder,
    Deploy,
    Look,
    Package,
    Refused,
    Remove,
    RollBack,
)
from fairlead.util.decoding import json_decoder

STOP = b"stop\n"

log = logging.getLogger(__name__)


class Teller:
    """Writes what happens to the journal, and to whoever started us as long as that listens."""

    def __init__(self, folder: Path, out: BinaryIO) -> None:
        self._journal = (folder / JOURNAL).open("ab")
        self._out: BinaryIO | None = out
        self._alone = threading.Lock()
        self.finished = False

    def tell(self, answer: object) -> None:
        """One line."""
        line = msgspec.json.encode(answer) + b"\n"
        with self._alone:
            self.finished = self.finished or isinstance(answer, DeployFinished)
            self._journal.write(line)
            self._journal.flush()
            if self.finished:
                os.fsync(self._journal.fileno())
            self._pass_on(line)

    def _pass_on(self, line: bytes) -> None:
        if self._out is None:
            return
        try:
            self._out.write(line)
            self._out.flush()
        except OSError:
            self._out = None


def main() -> None:
    """Read the order, carry it out, answer."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand between the answers.
    os.dup2(2, 1)
    told = os.fdopen(os.dup(0), "rb")
    order: AnyOrder = json_decoder(AnyOrder).decode(told.readline())
    folder = Path(order.folder)
    # Held until we end, however we end.
    held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    teller = Teller(folder, answers)
    try:
        asyncio.run(_carry_out(order, teller, told))
    except FairleadError as error:
        _end(order, teller, str(error))
    except Exception as error:
        log.exception("what was asked for broke")
        _end(order, teller, f"internal error: {type(error).__name__}: {error}")


async def _carry_out(order: AnyOrder, teller: Teller, told: BinaryIO) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def say() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=_listen, args=(told, say), daemon=True).start()
    # Where all processes of a service are told to end: hosts are left as they were.
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if isinstance(order, Deploy | RollBack):
        from fairlead.server.engine.apart.deploying import carry_out

        await carry_out(order, teller.tell, stop)
    elif isinstance(order, Package):
        from fairlead.server.engine.apart.packaging import make

        teller.tell(await make(order, teller.tell, stop))
    elif isinstance(order, Remove):
        from fairlead.server.engine.apart.reviewing import remove

        teller.tell(await remove(order))
    else:
        from fairlead.server.engine.apart.looking import look

        teller.tell(await look(order))


def _listen(told: BinaryIO, stop: Callable[[], object]) -> None:
    """Until we are told to stop. That whoever started us is gone is nothing to stop for."""
    while line := told.readline():
        if line == STOP:
            stop()
            return


def _end(order: AnyOrder, teller: Teller, reason: str) -> None:
    if isinstance(order, Package | Look | Remove):
        teller.tell(Refused(reason=reason))
    elif not teller.finished:
        refused = DeployOutcome.REFUSED
        teller.tell(DeployFinished(time=time.time(), outcome=refused, sentence=reason))


if __name__ == "__main__":
    main()
