"""Starts both servers, measures them in one run, prints the table, and ends both."""

import argparse
import importlib
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from types import FrameType

from bench.server import processes
from bench.server.buildbot import Buildbot
from bench.server.ours import Fairlead
from bench.server.rows import Row, shown, table
from bench.server.sample import chosen
from bench.server.sizes import QUICK, Sizes
from bench.server.wire import Refused
from fairlead.util.fs import remove_tree

NAMES = ("idle", "latency", "noop", "throughput", "log", "push", "pages", "stored")
_LATEST = 900  # seconds; what takes longer hangs
_LONGEST = 200


def main(words: Sequence[str]) -> int:
    """Fail where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, in less than 2 minutes")
    parser.add_argument("--only", action="append", choices=NAMES, help="one measurement")
    told = parser.parse_args(words)
    began = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)  # what we have started is ended on the way out
    signal.alarm(_LATEST)
    rows = _run(told.only or NAMES, QUICK if told.quick else Sizes())
    print(table(rows))
    _say(f"took {time.monotonic() - began:.0f} s")
    return 1 if any(row.broke or row.met is False for row in rows) else 0


def _run(names: Sequence[str], sizes: Sizes) -> list[Row]:
    rows: list[Row] = []
    with ExitStack() as stack:
        lab = Path(tempfile.mkdtemp(prefix="fairlead-bench-"))
        lab.chmod(0o755)  # PostgreSQL, which never runs as root, must pass through
        stack.callback(remove_tree, lab)
        version, python = chosen()
        peers = (Buildbot(lab, python), Fairlead(lab, version))
        for peer in peers:
            _say(f"installing and starting {peer.name} …")
            stack.callback(peer.stop)
            peer.start()
        for name in names:
            processes.settle()
            _say(f"measuring {name} …")
            try:
                found = importlib.import_module(f"bench.server.{name}").measure(peers, sizes)
            except (Refused, OSError, HTTPException) as error:
                # The other measurements are worth having all the same.
                found = [Row(f"{name} broke off: {error}"[:_LONGEST], "", None, None, broke=True)]
            for row in found:  # shown at once: a long measurement may be cut off
                _say(_line(row))
            rows += found
    return rows


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(f"ended by {signal.Signals(number).name}")


def _line(row: Row) -> str:
    theirs, ours = ("-" if figure is None else shown(figure) for figure in (row.theirs, row.ours))
    note = f" ({row.note})" if row.note else ""
    return f"  {row.what}: Buildbot {theirs}, Fairlead {ours} {row.unit}; goal {row.goal}{note}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
