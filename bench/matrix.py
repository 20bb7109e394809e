"""A five-version matrix beside bare pytest, tox, tox-uv and nox, warm and cold.

Cold is without any environment, but with what each side keeps to make one: downloaded packages,
and for Fairlead their byte code. A last row leaves that byte code out.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.harness import (
    Row,
    Timed,
    clean_environment,
    compared,
    fairlead,
    in_turn,
    laboratory,
    paired,
    timed,
)
from bench.project import VERSIONS, interpreters, make_project


def measure() -> list[Row]:
    """Warm: everything installed. Cold: no environment yet."""
    present = interpreters(VERSIONS)
    with laboratory() as lab:
        peers = _Peers(lab, present)
        return [*_warm(peers), *_cold(peers)]


class _Peers:
    def __init__(self, lab: Path, present: dict[str, Path]) -> None:
        self.lab = lab
        self.versions = tuple(present)
        self.env = clean_environment(lab / "home")
        # tox and nox find interpreters on PATH.
        folders = [str(path.parent) for path in present.values()]
        self.env["PATH"] = os.pathsep.join([*folders, self.env["PATH"]])
        self.env["UV_CACHE_DIR"] = str(lab / "uv-cache")
        self.env["UV_PYTHON_DOWNLOADS"] = "never"
        self.project = lab / "project"
        make_project(self.project, self.versions)
        self._bare(present)
        self.tox = self._tool("tox", "tox")
        self.tox_uv = self._tool("tox-uv", "tox", "tox-uv")
        self.nox = self._tool("nox", "nox")

    def _bare(self, present: dict[str, Path]) -> None:
        self.bare = []
        for version, python in present.items():
            folder = self.lab / f"bare-{version}"
            uv = str(Path(sys.executable).parent / "uv")
            for args in (
                ("venv", "-q", "--python", str(python), str(folder)),
                ("pip", "install", "-q", "--compile-bytecode", "--python", str(folder),
                 "-r", "requirements.txt"),
            ):  # fmt: skip
                subprocess.run((uv, *args), cwd=self.project, env=self.env, check=True)
            self.bare.append(str(folder / "bin/python"))

    def _tool(self, name: str, *packages: str) -> Path:
        folder = self.lab / f"tool-{name}"
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run((uv, "venv", "-q", str(folder)), check=True)
        install = (uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(folder))
        subprocess.run((*install, *packages), check=True)
        return folder / "bin"

    def run(self, *argv: str) -> Timed:
        return timed(argv, self.project, self.env)

    def ours(self) -> Timed:
        return self.run(fairlead(), "run")

    def sequential(self) -> Timed:
        script = " && ".join(f"{python} -m pytest -q" for python in self.bare)
        return self.run("bash", "-c", script)

    def side_by_side(self) -> Timed:
        """The bare commands two at a time: what this machine allows anybody."""
        script = " ".join(self.bare)
        run = "xargs -n 1 -P 2 sh -c '\"$0\" -m pytest -q'"
        return self.run("bash", "-c", f"printf '%s\\n' {script} | {run}")

    def others(self) -> dict[str, Callable[[], Timed]]:
        tox = ("run-parallel", "-p", "all", "-q", "--workdir")
        return {
            "tox -p": lambda: self.run(str(self.tox / "tox"), *tox, ".tox/plain"),
            "tox-uv -p": lambda: self.run(str(self.tox_uv / "tox"), *tox, ".tox/uv"),
            "nox -R -j2": lambda: self.run(str(self.nox / "nox"), "-R", "-j2"),
        }

    def forget(self) -> None:
        """Remove every environment; what each side keeps to make others stays."""
        for place in (".tox", ".nox"):
            shutil.rmtree(self.project / place, ignore_errors=True)
        for place in ("envs", "projects", "resolutions", "tools"):
            shutil.rmtree(self.lab / "home" / place, ignore_errors=True)


def _warm(peers: _Peers) -> list[Row]:
    count = len(peers.versions)
    turns = in_turn(peers.ours, peers.sequential, peers.side_by_side, rounds=5)
    pair = compared(turns)
    limit = compared([(side, alone) for _, alone, side in turns]).ratio
    beside = compared([(ours, side) for ours, _, side in turns]).ratio
    rows = [
        Row(
            f"{count}-version matrix, warm, over bare sequential pytest",
            f"x {pair.ratio:.2f}",
            "<= 0.60",
            pair.ratio <= 0.60,
            f"{pair.ours:.2f} s beside {pair.theirs:.2f} s; bare, two at a time: x {limit:.2f},"
            f" and ours over those x {beside:.2f}",
            f"{pair.memory:.0f} MiB",
        )
    ]
    for name, other in peers.others().items():
        pair = paired(peers.ours, other, rounds=3)
        detail = f"{pair.ours:.2f} s beside {pair.theirs:.2f} s"
        rows.append(Row(f"warm, over {name}", f"x {pair.ratio:.2f}", "< 1", pair.ratio < 1, detail))
    return rows


def _cold(peers: _Peers) -> list[Row]:
    def cold(work: Callable[[], Timed]) -> Timed:
        peers.forget()
        return work()

    def first() -> Timed:
        shutil.rmtree(peers.lab / "home" / "bytecode", ignore_errors=True)
        return peers.ours()

    rows = []
    others = peers.others()
    for name, other in others.items():
        fresh = other if "nox" not in name else (lambda: peers.run(str(peers.nox / "nox"), "-j2"))
        pair = paired(lambda: cold(peers.ours), lambda f=fresh: cold(f), rounds=2, warm=0)
        detail = f"{pair.ours:.1f} s beside {pair.theirs:.1f} s"
        label = f"cold, over {name.replace('-R ', '')}"
        rows.append(Row(label, f"x {pair.ratio:.2f}", "< 1", pair.ratio < 1, detail))
    pair = paired(lambda: cold(first), lambda: cold(others["tox-uv -p"]), rounds=1, warm=0)
    detail = f"{pair.ours:.1f} s beside {pair.theirs:.1f} s"
    label = "cold and nothing compiled before, over tox-uv -p"
    return [*rows, Row(label, f"x {pair.ratio:.2f}", "", None, detail)]
