"""What processes cost, read from /proc (proc(5))."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


def family(roots: Iterable[int]) -> set[int]:
    """The processes themselves and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (fields := _fields(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found: set[int] = set()
    todo = list(roots)
    while todo:
        pid = todo.pop()
        if pid not in found and Path(f"/proc/{pid}").exists():
            found.add(pid)
            todo += children.get(pid, ())
    return found


def seconds(pids: Iterable[int]) -> float:
    """CPU of processes and of all their children that have ended and been waited for."""
    ticks = 0
    for pid in pids:
        if fields := _fields(pid):
            ticks += sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    return ticks / _TICKS


def running(pids: Iterable[int]) -> float:
    """Seconds that their threads have run: to the nanosecond, but without what has ended.

    For those that do next to nothing: ticks of a hundredth of a second say little of them.
    """
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                total += int(thread.read_text().split()[0])
    return total / 1e9


def memory(pids: Iterable[int]) -> float:
    """MiB of memory, shared pages divided among those who share them."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            if found := _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text()):
                total += int(found[1])
    return total / 1024


def shares(pids: Iterable[int]) -> str:
    """Whose memory is how much, in words, the largest first."""
    named: dict[str, list[float]] = {}
    for pid in pids:
        with suppress(OSError):
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            named.setdefault(name, []).append(memory([pid]))
    largest = sorted(named.items(), key=lambda one: -sum(one[1]))
    return ", ".join(f"{len(each)} {name} {sum(each):.0f} MiB" for name, each in largest)


def end(process: subprocess.Popen[bytes], patience: float = 30.0) -> None:
    """Ask a process of ours to end; kill it and what it left where it does not."""
    if process.poll() is not None:
        return
    left = family([process.pid])
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def settle(quiet: float = 0.35, patience: float = 8.0) -> None:
    """Wait until others leave most of the machine idle for a second, or patience is over."""
    end_of_patience = time.monotonic() + patience
    while time.monotonic() < end_of_patience:
        before = _busy()
        time.sleep(1)
        after = _busy()
        if (after[0] - before[0]) / max(1, after[1] - before[1]) < quiet:
            return


def _busy() -> tuple[int, int]:
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def _fields(pid: int) -> list[str]:
    """The fields of a process's status from its state on; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
