"""Limits of a box that the kernel keeps by itself, and words for them."""

import resource

from fairlead.model import Limits

_FILES = 4096  # soft limit: enough for big test suites, few enough for Python 2 to close in a loop
_MOST_FILES = 65536
_LARGE = 1 << 30


def kernel_limits(limits: Limits, *, tasks_before: int = 0) -> list[tuple[int, int, int]]:
    """Triples for ``setrlimit``: which, soft, hard.

    ``tasks_before`` is how many tasks the kernel counts for this user already: it counts them in
    the box alone only where that has a user namespace of its own (Linux 5.14 and newer).
    """
    pairs = [(resource.RLIMIT_CORE, 0, 0)]
    files = limits.files
    pairs.append((resource.RLIMIT_NOFILE, files or _FILES, files or _MOST_FILES))
    if limits.disk is not None:
        pairs.append((resource.RLIMIT_FSIZE, limits.disk, limits.disk))
    if limits.processes is not None:
        most = limits.processes + tasks_before
        pairs.append((resource.RLIMIT_NPROC, most, most))
    return pairs


def spoken_size(size: int) -> str:
    """Bytes for a sentence: ``2.0 GB``, ``64 MB``."""
    if size >= _LARGE:
        return f"{size / _LARGE:.1f} GB"
    return f"{size / (1 << 20):.0f} MB"
