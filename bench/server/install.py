"""Both servers as people have them: from the registry, by hash, in environments of their own."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent.parent


def buildbot() -> Path:
    """The programs of Buildbot; installed once for each lock and interpreter."""
    lock = ROOT / "requirements/peers.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = base / "fairlead-bench" / digest
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        environment(place, Path(sys.executable))
        fill(place, "--require-hashes", "-r", str(lock))
        (place / "ready").touch()
    return place / "bin"


def fairlead(lab: Path) -> Path:
    """The programs of Fairlead and what it needs to serve, from its wheel."""
    wheels, place = lab / "wheels", lab / "fairlead"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels), cwd=ROOT)
    environment(place, Path(sys.executable))
    fill(place, "--require-hashes", "-r", str(ROOT / "requirements/server.txt"))
    fill(place, "--no-deps", *map(str, wheels.glob("*.whl")))
    return place / "bin"


def environment(place: Path, python: Path) -> None:
    """Make a virtual environment."""
    run(find_uv_bin(), "venv", "-q", "--no-config", "--python", str(python), str(place))


def fill(place: Path, *words: str) -> None:
    """Install into it, byte code included."""
    argv = ("pip", "install", "-q", "--no-config", "--compile-bytecode", "--python", str(place))
    run(find_uv_bin(), *argv, *words)


def run(*argv: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command; what it wrote. Ends us with what it said where it fails."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(argv)} exited with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def surroundings(lab: Path) -> dict[str, str]:
    """An environment that knows nothing of whoever runs us."""
    strange = ("FAIRLEAD", "DJANGO", "GIT_", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(strange)}
    home = lab / "home"
    home.mkdir(exist_ok=True)
    identity = {"GIT_AUTHOR_NAME": "B", "GIT_AUTHOR_EMAIL": "b@example.org"}
    identity |= {name.replace("AUTHOR", "COMMITTER"): text for name, text in identity.items()}
    return kept | identity | {"HOME": str(home), "NO_PROXY": "127.0.0.1", "TZ": "UTC"}
