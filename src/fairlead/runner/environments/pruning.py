"""What is stored, and getting rid of what nobody has used for long."""

import time
from collections.abc import Iterable

from fairlead.errors import StoreError
from fairlead.model.plan import Value
from fairlead.runner.environments.contents import Contents, read_contents
from fairlead.runner.environments.store import Store, Used


class Stored(Value, frozen=True, kw_only=True):
    """A stored environment; times are Unix seconds.

    ``kind`` is environment, tools, helper or ``broken`` (not ours, or damaged by somebody).
    """

    key: str
    path: str
    kind: str
    python: str = ""
    packages: tuple[str, ...] = ()
    bytes: int = 0
    created: float = 0.0
    used: float = 0.0
    in_use: bool = False


def list_stored(store: Store) -> tuple[Stored, ...]:
    """All stored environments, least recently used first."""
    return tuple(map(_stored, store.entries()))


def _stored(one: Used) -> Stored:
    try:
        contents = read_contents(one.path)
    except StoreError:
        contents = Contents(kind="broken", python="", site="")
    return Stored(
        key=one.key,
        path=str(one.path),
        kind=contents.kind,
        python=contents.python,
        packages=contents.installed,
        bytes=contents.bytes,
        created=contents.created,
        used=one.used,
        in_use=one.in_use,
    )


def prune_stored(
    store: Store, *, max_age: float | None, max_bytes: int | None, dry_run: bool = False
) -> tuple[Stored, ...]:
    """Remove what was not used for ``max_age`` seconds, and return it.

    Then the least recently used, until no more than ``max_bytes`` are left. What is in use
    stays. A dry run only tells.
    """
    now = time.time()
    everything = list_stored(store)
    chosen = _chosen(everything, now, max_age, max_bytes)
    if dry_run:
        return chosen
    return tuple(one for one in chosen if store.remove(one.key, unused_since=one.used))


def _chosen(
    everything: Iterable[Stored], now: float, max_age: float | None, max_bytes: int | None
) -> tuple[Stored, ...]:
    everything = tuple(everything)
    left = sum(one.bytes for one in everything)
    chosen = []
    for one in everything:
        old = max_age is not None and now - one.used >= max_age
        if not one.in_use and (old or (max_bytes is not None and left > max_bytes)):
            chosen.append(one)
            left -= one.bytes
    return tuple(chosen)
