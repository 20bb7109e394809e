"""Operations a second over SSH, each by sudo, beside Fabric and pyinfra.

Fifteen commands a host that do nothing, from the start of the program to its end.
"""

import statistics

from bench.deploy import peers
from bench.deploy.sizes import Sizes
from bench.harness import Row
from machines.site import Site

COUNT = 15


def measure(site: Site, sizes: Sizes) -> list[Row]:
    """Medians of rounds in which each has its turn."""
    rows = []
    for hosts in (1, 3):
        addresses = [machine.address for machine in site.machines.values()][:hosts]
        times: dict[str, list[float]] = {"ours": [], "Fabric": [], "pyinfra": []}
        for _ in range(sizes.operations):
            times["ours"].append(peers.run(site, peers.OURS, "ours.py", COUNT, *addresses))
            times["Fabric"].append(
                peers.run(site, peers.FABRIC, "fabric_ops.py", COUNT, *addresses)
            )
            times["pyinfra"].append(peers.pyinfra(site, COUNT, addresses))
        found = {name: hosts * COUNT / statistics.median(each) for name, each in times.items()}
        best = max(found["Fabric"], found["pyinfra"])
        rows.append(
            Row(
                f"operations/s on {hosts} host{'s' * (hosts > 1)}",
                f"{found['ours']:.0f}",
                ">= theirs",
                found["ours"] >= best,
                f"Fabric {found['Fabric']:.0f}, pyinfra {found['pyinfra']:.0f}",
            )
        )
    return rows
