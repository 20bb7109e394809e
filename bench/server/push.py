"""``git push`` of a small Flask app to the verdict, over its tests alone where all is installed."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.server import install, jobs
from bench.server.ours import pipeline
from bench.server.peer import Peer
from bench.server.rows import Row
from bench.server.sample import chosen
from bench.server.sizes import Sizes
from bench.server.statistic import median

_GAP = 0.3


class Sample:
    """A clone of the app, and an environment of its own that holds what it needs."""

    def __init__(self, folder: Path) -> None:
        version, python = chosen()
        self.clone, self._environment = folder / "clone", folder / "venv"
        self._env = install.surroundings(folder)
        jobs.write(self.clone, jobs.SAMPLE | {"fairlead.yml": pipeline(version)})
        install.run("git", "init", "-q", "-b", "main", cwd=self.clone, env=self._env)
        install.environment(self._environment, python)
        install.fill(self._environment, "-r", str(self.clone / "requirements.txt"))
        self._count = 0

    def commit(self) -> None:
        """A change."""
        self._count += 1
        (self.clone / "README").write_text(f"{self._count}\n")
        for words in (("add", "-A"), ("commit", "-q", "-m", f"Change {self._count}")):
            install.run("git", *words, cwd=self.clone, env=self._env)

    def alone(self) -> float:
        """Seconds of the tests and nothing else."""
        argv = (str(self._environment / "bin/python"), "-m", "pytest", "-q")
        began = time.perf_counter()
        install.run(*argv, cwd=self.clone, env=self._env)
        return time.perf_counter() - began


def measure(peers: Sequence[Peer], sizes: Sizes) -> list[Row]:
    """Ours keeps the environment by what it holds; Buildbot's steps make one with uv."""
    ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
    bare: list[float] = []
    with TemporaryDirectory(prefix="fairlead-bench-") as folder:
        sample = Sample(Path(folder))
        sample.alone()
        for number in range(sizes.push + 1):
            for peer in peers if number % 2 else reversed(peers):
                sample.commit()
                alone = sample.alone()
                time.sleep(_GAP)
                began = time.perf_counter()
                peer.wait(peer.push(sample.clone))
                if number:
                    ratios[peer.name].append((time.perf_counter() - began) / alone)
                    bare.append(alone)
    theirs, ours = map(median, ratios.values())
    note = f"its tests alone take {median(bare):.2f} s"
    what = "git push of a Flask app to the verdict, over its tests alone"
    return [Row(what, "x", theirs, ours, most=1.5, note=note)]
