"""How long a deployment takes, beside Fabric doing the plain nine steps.

Ours is the command from start to end with all its checks, and without the time of watching that
one chooses; both bring a release the hosts have not seen, whose packages are installed already.
"""

import statistics
import tarfile
import time
from pathlib import Path

from bench.deploy import peers
from bench.deploy.sizes import Sizes
from bench.harness import Row
from machines.site import FIRST, Site

ONE = ("web1",)
ALL = ("web1", "web2", "web3")


def measure(site: Site, sizes: Sizes) -> list[Row]:
    """Medians of both, in turn, on one host and on three."""
    site.shop.configure(watch=0)
    peers.prepare(site)
    rows = [_pair(site, sizes, hosts) for hosts in (ONE, ALL)]
    site.shop.configure()
    site.add(FIRST)  # of so many releases the first was not kept
    if (went := site.deploy(FIRST)).outcome != "live":
        raise SystemExit(went.said)
    return rows


def _pair(site: Site, sizes: Sizes, hosts: tuple[str, ...]) -> Row:
    ours, theirs = [], []
    for number in range(sizes.speed + 1):
        name = f"{len(hosts)}-{number}"
        site.add(name)
        took = _ours(site, name, hosts), _theirs(site, name, hosts)
        if number:  # the first of each is not counted
            ours.append(took[0])
            theirs.append(took[1])
    mine, their = statistics.median(ours), statistics.median(theirs)
    return Row(
        f"deployment to {len(hosts)} host{'s' * (len(hosts) > 1)}",
        f"{mine:.2f} s",
        "<= Fabric's",
        mine <= their,
        f"Fabric {their:.2f} s; {their / mine:.2f} times ours",
    )


def _ours(site: Site, name: str, hosts: tuple[str, ...]) -> float:
    words = [word for host in hosts for word in ("--host", site.machines[host].address)]
    began = time.perf_counter()
    went = site.deploy(name, *words)
    took = time.perf_counter() - began
    if went.outcome != "live":
        raise SystemExit(went.said)
    return took


def _theirs(site: Site, name: str, hosts: tuple[str, ...]) -> float:
    addresses = [site.machines[host].address for host in hosts]
    payload = _payload(site.file(name), site.desk.home / "payload.tar.gz")
    return peers.run(site, peers.FABRIC, "nine.py", payload, *addresses)


def _payload(release: Path, place: Path) -> Path:
    with tarfile.open(release) as archive:
        found = archive.extractfile("payload.tar.gz")
        if found is None:
            raise SystemExit(f"{release} has no payload")
        place.write_bytes(found.read())
    return place
