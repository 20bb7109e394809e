"""Timing commands in pairs, so that a machine's moods fall on both sides."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figure, the goal and whether it is met."""

    name: str
    figure: str
    goal: str
    met: bool | None
    detail: str = ""
    memory: str = ""


@dataclass(frozen=True)
class Timed:
    """One run of a command: wall seconds and the peak memory of its first process, in MiB."""

    seconds: float
    memory: float
    code: int


def timed(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Timed:
    """Run a command with its output in a file, watching the memory of its first process."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(argv, cwd=cwd, env=env, stdout=output, stderr=output)
        peak = _Peak(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - began
        peak.stop()
        if code:
            output.seek(0)
            tail = output.read()[-3000:].decode("utf-8", "replace")
            sys.exit(f"{' '.join(argv)} exited with {code}:\n{tail}")
    return Timed(seconds, peak.mib, code)


class _Peak:
    """The high-water mark of one process's memory, read until it is gone."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._path = Path(f"/proc/{pid}/status")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            try:
                text = self._path.read_text()
            except OSError:
                return
            for line in text.splitlines():
                if line.startswith("VmHWM:"):
                    self.mib = max(self.mib, int(line.split()[1]) / 1024)


@dataclass(frozen=True)
class Pair:
    """Medians of two commands run in turn, and the median of the ratios pair by pair."""

    ours: float
    theirs: float
    ratio: float
    extra: float
    """Median difference in seconds."""
    memory: float


def paired(
    ours: Callable[[], Timed], theirs: Callable[[], Timed], *, rounds: int, warm: int = 1
) -> Pair:
    """Run two things in turn, ``rounds`` times each after ``warm`` uncounted ones."""
    return compared(in_turn(ours, theirs, rounds=rounds, warm=warm))


def in_turn(*works: Callable[[], Timed], rounds: int, warm: int = 1) -> list[tuple[Timed, ...]]:
    """Run several things in turn, ``rounds`` times each after ``warm`` uncounted ones."""
    for _ in range(warm):
        for work in works:
            work()
    return [tuple(work() for work in works) for _ in range(rounds)]


def compared(results: Sequence[tuple[Timed, ...]]) -> Pair:
    """The first two of what was run in turn."""
    return Pair(
        ours=statistics.median(a.seconds for a, *_ in results),
        theirs=statistics.median(b.seconds for _, b, *_ in results),
        ratio=statistics.median(a.seconds / b.seconds for a, b, *_ in results),
        extra=statistics.median(a.seconds - b.seconds for a, b, *_ in results),
        memory=max(a.memory for a, *_ in results),
    )


def others_busy(seconds: float = 2.0) -> float:
    """How many cores this machine is busy with before we do anything; 0 where it does not say."""

    def busy() -> float:
        try:
            fields = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
        except OSError:
            return 0.0
        user, nice, system, _idle, _waiting, hard, soft, stolen = map(int, fields[1:9])
        return (user + nice + system + hard + soft + stolen) / os.sysconf("SC_CLK_TCK")

    before = busy()
    time.sleep(seconds)
    return (busy() - before) / seconds


@cache
def _installed() -> tempfile.TemporaryDirectory[str]:
    """Fairlead as people have it: installed by pip from its wheel, with nothing beside it."""
    place = tempfile.TemporaryDirectory(prefix="fairlead-bench-")
    subprocess.run((sys.executable, "-m", "venv", place.name), check=True)
    project = Path(__file__).parent.parent
    pip = (f"{place.name}/bin/python", "-m", "pip", "install", "-q", "--no-warn-script-location")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    locked = project / "requirements/run.txt"
    subprocess.run((*pip, "-r", str(locked)), env=environment, check=True)
    subprocess.run((*pip, "--no-deps", str(project)), env=environment, check=True)
    return place


def fairlead() -> str:
    """The program that is measured."""
    return f"{_installed().name}/bin/fairlead"


def python() -> str:
    """The interpreter that the program runs on."""
    return f"{_installed().name}/bin/python"


def clean_environment(home: Path) -> dict[str, str]:
    """The caller's environment with a Fairlead home of the benchmark's own."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return env | {"FAIRLEAD_HOME": str(home), "NO_COLOR": "1"}


@contextmanager
def laboratory():
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        yield Path(folder)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| measured | figure | goal | met | peak memory | detail |",
        "|---|---|---|---|---|---|",
    ]
    word = {True: "yes", False: "NO", None: "-"}
    for row in rows:
        cells = (row.name, row.figure, row.goal, word[row.met], row.memory, row.detail)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
