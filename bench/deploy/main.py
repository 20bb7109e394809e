"""Brings up the hosts, measures, prints the table, and leaves nothing."""

import argparse
import importlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bench.deploy.sizes import QUICK, Sizes
from bench.harness import Row, table
from bench.server.processes import settle
from machines import debian, network
from machines.site import Site, make_site, start_site

NAMES = ("requests", "turning", "speed", "operations")


def main(words: Sequence[str]) -> int:
    """Fail where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.deploy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--only", action="append", choices=NAMES, help="one measurement")
    told = parser.parse_args(words)
    if trouble := network.why_not():
        print(f"no hosts can be made here: {trouble}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)  # what we have started is ended on the way out
    sizes = QUICK if told.quick else Sizes()
    rows: list[Row] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        site = _site(Path(folder))
        try:
            for name in told.only or NAMES:
                rows += _measure(name, site, sizes)
        finally:
            site.network.close()
    print(table(rows))
    _say(f"took {time.monotonic() - began:.0f} s")
    return 1 if any(row.met is False for row in rows) else 0


def _site(place: Path) -> Site:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    systems = debian.Systems(base / "fairlead-bench/machines")
    _say("making three hosts, from bare to a first release …")
    kept = place / "kept"
    make_site(systems, kept)
    return start_site(systems, kept, place)


def _measure(name: str, site: Site, sizes: Sizes) -> list[Row]:
    settle()
    _say(f"measuring {name} …")
    rows: list[Row] = importlib.import_module(f"bench.deploy.{name}").measure(site, sizes)
    for row in rows:  # shown at once: a long measurement may be cut off
        _say(f"  {row.name}: {row.figure} (goal {row.goal}) {row.detail}")
    return rows


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(f"ended by {signal.Signals(number).name}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
