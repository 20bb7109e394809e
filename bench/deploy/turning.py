"""A release that is well and then fails: for how long people get its errors."""

import tempfile
from pathlib import Path

from bench.deploy.sizes import Sizes
from bench.harness import Row
from machines.balancer import Balancer
from machines.loading import Load
from machines.site import FIRST, Site


def measure(site: Site, sizes: Sizes) -> list[Row]:
    """Seconds from the first request that failed to the last one, by when they were sent.

    One in 25 is slow and takes a second and a half, whoever answers: its answer comes later.
    """
    spans, answers, failed, total = [], [], 0, 0
    site.settle()
    site.shop.configure(watch=5)
    for number in range(sizes.turning):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            with (
                Balancer(site.network, place / "front", site.machines.values()) as front,
                Load(site.network, front.address, front.port, place / "log") as load,
            ):
                went = site.deploy("turning")
                load.flow(100)
        if went.outcome != "rolled back" or site.live() != site.all_live(FIRST):
            raise SystemExit(f"round {number}: {went.outcome}\n{went.said}")
        first = min(one.at for one in load.failed)
        spans.append(max(one.at for one in load.failed) - first)
        answers.append(max(one.until for one in load.failed) - first)
        failed += len(load.failed)
        total += len(load.requests)
    site.shop.configure()
    shown = ", ".join(f"{span:.2f}" for span in spans)
    return [
        Row(
            "errors of a release that turns bad",
            f"{max(spans):.2f} s",
            "<= 1 s",
            max(spans) <= 1,
            f"each: {shown} s; last answer after {max(answers):.2f} s; "
            f"{failed} of {total:,} requests",
        )
    ]
