"""How often one address may be refused: enough for a wrong secret, too little to guess one."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

MOST = 30
"""Refusals of one address in ``WINDOW`` seconds."""
WINDOW = 60.0
ADDRESSES = 4096


class Refusals:
    """Counts by address, in memory for at most ``ADDRESSES``: the longest silent goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until the address is listened to again, 0 where it is now."""
        began, count = self._counts.get(network(address), (0.0, 0))
        left = began + WINDOW - self._clock()
        return left if count >= MOST and left > 0 else 0.0

    def add(self, address: str) -> None:
        """Count one refusal."""
        key, now = network(address), self._clock()
        began, count = self._counts.pop(key, (now, 0))
        self._counts[key] = (began, count + 1) if now - began < WINDOW else (now, 1)
        if len(self._counts) > ADDRESSES:
            self._counts.popitem(last=False)

    def __len__(self) -> int:
        return len(self._counts)


def network(address: str) -> str:
    """What counts as one sender: of IPv6 the network, since one host has all of its addresses."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else found.exploded[:19]
    return str(found)
