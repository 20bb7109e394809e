"""Requests that fail, and how much later answers come, while releases come and go.

200 requests a second through a load balancer that forgives nothing; one of 25 is slow, a quarter
are POSTs, half use connections that are kept. A good release, the way back and a release that is
refused take turns, with as much time between them in which nothing is deployed.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.deploy.sizes import Sizes
from bench.deploy.statistic import percentile
from bench.harness import Row
from machines.balancer import Balancer
from machines.loading import Load, Request
from machines.site import FIRST, SECOND, Deploying, Site

RATE = 200
_REFUSED = ("unimportable", "broken", "partly", "lying", "unmigratable")
_SLOW = 0.5  # seconds that a slow request takes by itself


class Times:
    """Stretches of time by what went on in them."""

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[float, float]]] = {"good": [], "refused": [], "none": []}

    def __call__(self, kind: str, wanted: str, work: Callable[[], Deploying]) -> None:
        """Do it, leave as long a time alone, and remember both."""
        began = time.time()
        went = work()
        ended = time.time()
        if went.outcome != wanted:
            raise SystemExit(f"{went.outcome or 'it broke off'} instead of {wanted}:\n{went.said}")
        self.spans[kind].append((began, ended))
        time.sleep(ended - began)
        self.spans["none"].append((ended, time.time()))

    def during(self, kind: str, requests: list[Request]) -> list[Request]:
        """Those that were answered, or should have been, in such a time."""
        spans = self.spans[kind]
        return [one for one in requests if any(a <= one.until and one.at <= b for a, b in spans)]


def measure(site: Site, sizes: Sizes) -> list[Row]:
    """Failed requests and the added 99th percentile."""
    times = Times()
    site.settle()  # machines that were just started answer a moment later
    site.shop.configure(patience=3)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (
            Balancer(site.network, place / "front", site.machines.values()) as front,
            Load(site.network, front.address, front.port, place / "log", rate=RATE) as load,
        ):
            end = time.time() + sizes.requests / RATE
            number = 0
            while time.time() < end:
                times("good", "live", lambda: site.deploy(SECOND))
                times("good", "live", site.rollback)
                bad = _REFUSED[number % len(_REFUSED)]
                times("refused", "refused", lambda bad=bad: site.deploy(bad))
                number += 1
        site.shop.configure()
        if site.live() != site.all_live(FIRST):
            raise SystemExit(f"not all hosts have the first release: {site.live()}")
    return [_failed(load), *_added(times, load)]


def _failed(load: Load) -> Row:
    count, failed = len(load.requests), len(load.failed)
    return Row(
        "failed requests, good and refused releases",
        f"{failed} of {count:,}",
        "0",
        failed == 0,
        load.told() if failed else "",
    )


def _added(times: Times, load: Load) -> list[Row]:
    rows = []
    quiet = _ms(times.during("none", load.requests))
    for kind, name in (("good", "a good release"), ("refused", "a refused one")):
        found = _ms(times.during(kind, load.requests))
        added = percentile(found, 0.99) - percentile(quiet, 0.99)
        shown = ", ".join(
            f"{what} {percentile(those, 0.5):.1f}/{percentile(those, 0.99):.1f} ms"
            for what, those in (("p50/p99 without", quiet), ("with", found))
        )
        met = added <= 20 if kind == "good" else None
        rows.append(Row(f"added p99 while {name} comes", f"{added:.1f} ms", "<= 20 ms", met, shown))
    return rows


def _ms(requests: list[Request]) -> list[float]:
    """Times of the requests that are not slow by themselves."""
    return [1000 * one.took for one in requests if one.path == "/"]
